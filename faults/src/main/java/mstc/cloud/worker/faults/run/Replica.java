package mstc.cloud.worker.faults.run;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import mstc.cloud.worker.faults.history.Event.Misbehaved;
import mstc.cloud.worker.faults.history.Event.ProcessSeen;
import mstc.cloud.worker.faults.history.HistoryFile;
import org.jspecify.annotations.Nullable;

/** A replica of the worker: the built application in a process of its own. */
final class Replica implements AutoCloseable {
  private static final Duration START = Duration.ofSeconds(90);
  private static final int LONGEST_STOP_SECONDS = 60;
  private static final Duration SETTLED = Duration.ofSeconds(30);
  private static final Duration PROBE = Duration.ofSeconds(3);

  private final int number;
  private final ScratchDisk scratch;
  private final Path temporaryFiles;
  private final int httpPort = FreePort.find();
  private final HttpClient http = HttpClient.newHttpClient();
  private final HistoryFile history;
  private final ProcessBuilder builder;
  private @Nullable Process process;
  private Instant started = Instant.MAX;
  private AtomicBoolean mayEnd = new AtomicBoolean();

  /**
   * @param folder of its own
   * @param application the folder with the application's jars
   * @param environment where its services are
   */
  Replica(
      int number,
      Path folder,
      Path application,
      Map<String, String> environment,
      HistoryFile history)
      throws IOException, InterruptedException {
    this.number = number;
    this.history = history;
    scratch = ScratchDisk.create(folder.resolve("scratch"));
    temporaryFiles = Files.createDirectories(folder.resolve("tmp"));
    builder =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-Xmx256m",
                "-XX:-UsePerfData",
                "-Djava.io.tmpdir=" + temporaryFiles,
                "-cp",
                application + "/*",
                "mstc.cloud.worker.standalone.Main",
                "worker",
                "--set",
                "mstc.http.port=" + httpPort)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(folder.resolve("output").toFile()));
    builder.environment().keySet().removeIf(Replica::isConfiguration);
    builder.environment().putAll(environment);
    builder.environment().put("SCRATCH_DIR", scratch.folder().toString());
  }

  private static boolean isConfiguration(String variable) {
    return Stream.of("MSTC_", "WORK_QUEUE_", "MINIO_", "AWS_").anyMatch(variable::startsWith);
  }

  /** Starts it; it may not be ready yet. */
  synchronized void start() throws IOException {
    Process begun = builder.start();
    AtomicBoolean mayEndNow = new AtomicBoolean();
    process = begun;
    mayEnd = mayEndNow;
    started = Instant.now();
    Thread.ofVirtual().start(() -> watch(begun, mayEndNow));
  }

  private void watch(Process begun, AtomicBoolean mayEndNow) {
    try {
      int code = begun.waitFor();
      if (!mayEndNow.get()) {
        misbehaved("its process ended by itself with exit code " + code);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void misbehaved(String words) {
    history.note(new Misbehaved(Instant.now(), number, words));
  }

  void awaitReady() throws InterruptedException {
    Await.require(
        "worker " + number,
        START,
        () -> call("GET", "/health/ready", "", PROBE).statusCode() == 200);
  }

  synchronized void kill() throws InterruptedException {
    mayEnd.set(true);
    if (process != null) {
      process.destroyForcibly().waitFor();
    }
  }

  /** Asks it to stop; does not wait. */
  synchronized void terminate() {
    mayEnd.set(true);
    if (process != null) {
      process.destroy();
    }
  }

  /** Waits for its end after it was asked to stop. */
  synchronized void awaitEnd() throws InterruptedException {
    if (process != null && !process.waitFor(LONGEST_STOP_SECONDS, TimeUnit.SECONDS)) {
      misbehaved("it did not end within %d s of SIGTERM".formatted(LONGEST_STOP_SECONDS));
      process.destroyForcibly().waitFor();
    }
  }

  /** Has it stand still. */
  synchronized void pause() throws IOException, InterruptedException {
    signal("-STOP");
  }

  /** Has it go on. */
  synchronized void resume() throws IOException, InterruptedException {
    signal("-CONT");
  }

  private void signal(String signal) throws IOException, InterruptedException {
    if (process != null) {
      new ProcessBuilder("kill", signal, Long.toString(process.pid())).start().waitFor();
    }
  }

  ScratchDisk scratch() {
    return scratch;
  }

  /** Its temporary files that are there. */
  List<Path> temporaryFiles() throws IOException {
    try (Stream<Path> paths = Files.walk(temporaryFiles)) {
      return paths.filter(Files::isRegularFile).toList();
    }
  }

  /** A call of its HTTP API. */
  HttpResponse<String> call(
      String method, String path, String body, Duration timeout, String... headers)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + httpPort + path))
            .timeout(timeout)
            .method(method, HttpRequest.BodyPublishers.ofString(body));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  /** What its process takes; empty where it is young, stands still, or the system does not tell. */
  Optional<ProcessSeen> measure() throws InterruptedException {
    Process running;
    synchronized (this) {
      running = process;
      if (running == null || Instant.now().isBefore(started.plus(SETTLED))) {
        return Optional.empty();
      }
    }
    Path proc = Path.of("/proc", Long.toString(running.pid()));
    try (Stream<Path> descriptors = Files.list(proc.resolve("fd"))) {
      String metrics = call("GET", "/metrics", "", PROBE).body();
      int count = (int) descriptors.count();
      return ProcessFigures.threads(Files.readString(proc.resolve("status")))
          .flatMap(threadCount ->
              ProcessFigures.oldGenerationKibibytes(metrics)
                  .map(heap ->
                      new ProcessSeen(
                          Instant.now(), number, running.pid(), threadCount, count, heap)));
    } catch (IOException e) {
      // It died meanwhile, stands still, or this is no Linux.
      return Optional.empty();
    }
  }

  @Override
  public void close() throws InterruptedException {
    kill();
    http.close();
    scratch.close();
  }
}
