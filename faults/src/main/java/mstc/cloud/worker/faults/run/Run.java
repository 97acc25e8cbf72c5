package mstc.cloud.worker.faults.run;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import mstc.cloud.worker.faults.history.Event.Drained;
import mstc.cloud.worker.faults.history.Event.LeftBehind;
import mstc.cloud.worker.faults.history.Event.Mended;
import mstc.cloud.worker.faults.history.Event.RunBegun;
import mstc.cloud.worker.faults.history.FaultKind;
import mstc.cloud.worker.faults.history.History;
import mstc.cloud.worker.faults.history.HistoryFile;
import mstc.cloud.worker.faults.schedule.Fault;
import mstc.cloud.worker.faults.schedule.PlannedFault;
import mstc.cloud.worker.faults.schedule.Schedule;
import mstc.cloud.worker.faults.schedule.Service;
import mstc.cloud.worker.faults.service.Await;
import mstc.cloud.worker.faults.service.Broker;
import mstc.cloud.worker.faults.service.FaultsException;
import mstc.cloud.worker.faults.service.WorkerNamespace;

/** One run: starts everything, carries out the schedule, waits for the end and ends everything. */
public final class Run implements AutoCloseable {
  private static final Duration LONGEST_DRAIN = Duration.ofMinutes(4);
  private static final Duration TIDYING = Duration.ofSeconds(60);
  private static final Duration BETWEEN_MEASURES = Duration.ofSeconds(5);
  private static final int HTTPS_PORT = 443;

  private final Settings settings;
  private final Console console;
  private final Programs programs;
  private final Path folder;
  private final HistoryFile history;
  private final Deque<AutoCloseable> started = new ArrayDeque<>();

  /**
   * What a run needs.
   *
   * @param home the project's folder
   * @param application the folder with the worker's jars
   * @param image of the jobs: one with a shell and Python
   */
  public record Settings(long seed, int minutes, Path home, Path application, String image) {}

  /**
   * Finds what a run needs, and begins its history; starts nothing yet.
   *
   * @throws FaultsException if something is missing
   */
  public Run(Settings settings, Console console) throws IOException {
    this.settings = settings;
    this.console = console;
    programs = Programs.find(System.getenv());
    folder = Files.createTempDirectory("mstc-faults-");
    history = HistoryFile.create(historyFile());
  }

  /** Where the history is kept. */
  public Path historyFile() {
    return folder.resolve("history.jsonl");
  }

  /**
   * Executes the run, and returns its history.
   *
   * @throws FaultsException if the run itself failed
   */
  public History make() throws Exception {
    Schedule schedule = Schedule.draw(settings.seed(), settings.minutes());
    console.say(
        "seed %d, %d minutes: %d requests, %d faults; in %s"
            .formatted(
                settings.seed(),
                settings.minutes(),
                schedule.requests().size(),
                schedule.faults().size(),
                folder));
    WorkerNamespace namespace = started(new WorkerNamespace(settings.home(), "mstc-faults-"));
    Cluster cluster = new Cluster(namespace);
    Broker broker = started(new Broker(programs.rabbitmq(), folder.resolve("rabbitmq")));
    Store store = started(new Store(programs.minio(), folder.resolve("minio")));
    Proxies proxies =
        started(
            new Proxies(
                programs.toxiproxy(),
                folder.resolve("toxiproxy"),
                Map.of(
                    Service.API_SERVER, address(namespace.apiServer()),
                    Service.BROKER, "127.0.0.1:" + broker.port(),
                    Service.STORE, "127.0.0.1:" + store.port())));
    proxies.start();
    List<ScratchDisk> disks = new ArrayList<>();
    for (int number = 0; number < Fault.REPLICAS; number++) {
      disks.add(started(ScratchDisk.create(folder(number).resolve("scratch"))));
    }
    List<PlannedFault> faults = possible(schedule, disks, cluster);
    ClusterWatch watch = started(new ClusterWatch(cluster, history));
    Client client = started(new Client(broker, history));
    List<Replica> replicas = new ArrayList<>();
    for (int number = 0; number < Fault.REPLICAS; number++) {
      replicas.add(started(replica(number, disks.get(number), namespace, proxies)));
    }
    for (Replica replica : replicas) {
      replica.awaitReady();
    }
    console.say("three workers are ready in namespace " + cluster.namespace());

    Instant begin = Instant.now();
    console.runBegins(begin);
    Instant end = begin.plus(schedule.length());
    Load load = new Load(cluster, watch, client, replicas, history, settings.image(), end);
    Breaker breaker = new Breaker(cluster, client, store, proxies, replicas, history, console);
    Thread measuring = Thread.ofVirtual().start(() -> measure(replicas));
    load.begin(schedule.requests(), begin);
    breaker.begin(faults, begin);
    breaker.awaitEnd();
    fail(breaker.failure());
    Thread.sleep(Duration.between(Instant.now(), end));
    history.note(new Mended(Instant.now()));
    console.say("all is mended");
    Leftovers leftovers = new Leftovers(cluster, client, store, replicas, history);
    awaitDrained(load, cluster, client);
    measuring.interrupt();
    noteLeftovers(leftovers);
    new StoredLogs(store, history).note(schedule.requests());
    fail(load.failure());
    return history.soFar();
  }

  private synchronized <T extends AutoCloseable> T started(T part) {
    started.push(part);
    return part;
  }

  private static String address(URI url) {
    return url.getHost() + ":" + (url.getPort() < 0 ? HTTPS_PORT : url.getPort());
  }

  private Path folder(int replica) throws IOException {
    return Files.createDirectories(folder.resolve("worker-" + replica));
  }

  private Replica replica(int number, ScratchDisk disk, WorkerNamespace namespace, Proxies proxies)
      throws IOException {
    Path ownFolder = folder(number);
    Path kubeconfig =
        Files.writeString(
            ownFolder.resolve("kubeconfig"),
            namespace.kubeconfigThrough(proxies.port(Service.API_SERVER, number)));
    Map<String, String> environment =
        Map.of(
            "KUBECONFIG",
            kubeconfig.toString(),
            "WORK_QUEUE_HOST",
            "127.0.0.1",
            "WORK_QUEUE_PORT",
            Integer.toString(proxies.port(Service.BROKER, number)),
            "MINIO_SERVICE_HOST",
            "127.0.0.1",
            "MINIO_SERVICE_PORT",
            Integer.toString(proxies.port(Service.STORE, number)),
            "MINIO_ROOT_USER",
            Store.USER,
            "MINIO_ROOT_PASSWORD",
            Store.PASSWORD,
            "MSTC_RUNTIME_KUBERNETES_NAMESPACE",
            namespace.name());
    return new Replica(number, ownFolder, disk, settings.application(), environment, history);
  }

  /** The faults that this machine allows. */
  private List<PlannedFault> possible(Schedule schedule, List<ScratchDisk> disks, Cluster cluster) {
    List<String> leftOut =
        disks.stream().map(ScratchDisk::whyNotToFill).flatMap(Optional::stream).distinct().toList();
    leftOut.forEach(console::say);
    history.note(
        new RunBegun(
            Instant.now(), settings.seed(), settings.minutes(), cluster.namespace(), leftOut));
    return schedule.faults().stream()
        .filter(planned -> leftOut.isEmpty() || planned.fault().kind() != FaultKind.SPOOL_FULL)
        .toList();
  }

  private void measure(List<Replica> replicas) {
    try {
      while (true) {
        for (Replica replica : replicas) {
          replica.measure().ifPresent(history::note);
        }
        Thread.sleep(BETWEEN_MEASURES);
      }
    } catch (InterruptedException e) {
      // The run is over.
      Thread.currentThread().interrupt();
    }
  }

  private static void fail(Optional<Throwable> failure) {
    failure.ifPresent(e -> {
      throw new FaultsException("the run itself went wrong", e);
    });
  }

  private void awaitDrained(Load load, Cluster cluster, Client client) throws InterruptedException {
    boolean drained =
        Await.until(
            Instant.now().plus(LONGEST_DRAIN),
            () ->
                load.isOver()
                    && load.unanswered().isEmpty()
                    && client.waiting() == 0
                    && cluster.jobs().stream().allMatch(ClusterWatch::isAnswered));
    if (drained) {
      history.note(new Drained(Instant.now()));
      console.say("all is answered");
    } else {
      console.say("not all is answered: " + load.unanswered());
    }
  }

  private void noteLeftovers(Leftovers leftovers) throws Exception {
    Await.until(Instant.now().plus(TIDYING), () -> leftovers.find().isEmpty());
    List<LeftBehind> found = leftovers.find();
    found.forEach(history::note);
    leftovers.takeDeadLetters().forEach(history::note);
  }

  /** Ends everything that was started. */
  @Override
  public synchronized void close() throws Exception {
    List<Exception> failures = new ArrayList<>();
    while (!started.isEmpty()) {
      try {
        started.pop().close();
      } catch (Exception e) {
        failures.add(e);
      }
    }
    history.close();
    if (!failures.isEmpty()) {
      throw failures.getFirst();
    }
  }

  /** Removes the run's folder with all its content, after its end. */
  public void removeFolder() throws IOException {
    try (Stream<Path> paths = Files.walk(folder)) {
      for (Path path : paths.toList().reversed()) {
        Files.deleteIfExists(path);
      }
    }
  }
}
