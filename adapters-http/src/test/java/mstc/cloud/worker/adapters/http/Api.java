package mstc.cloud.worker.adapters.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import mstc.cloud.worker.application.Worker;
import mstc.cloud.worker.application.WorkerSettings;
import mstc.cloud.worker.application.retry.Backoff;
import mstc.cloud.worker.application.view.ViewPorts;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.request.RequestParser;
import mstc.cloud.worker.domain.request.RequestPolicy;
import mstc.cloud.worker.domain.store.BucketName;
import mstc.cloud.worker.domain.store.ObjectAttributes;
import mstc.cloud.worker.domain.store.ObjectLocation;
import mstc.cloud.worker.testkit.queue.InMemoryWorkQueue;
import mstc.cloud.worker.testkit.runtime.InMemoryJobRuntime;
import mstc.cloud.worker.testkit.store.InMemoryObjectStore;
import mstc.cloud.worker.wire.ReplyJson;
import mstc.cloud.worker.wire.WorkRequestFormat;
import org.awaitility.core.ConditionFactory;

/** The HTTP API of a worker on services in memory, and a client of it. */
final class Api implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  static final String EXECUTE = "/mstc/worker/execute";
  static final String REQUEST =
      """
      {"image": "solver:1", "jobName": "solve", "inputBucket": "results"}\
      """;

  final InMemoryWorkQueue queue = new InMemoryWorkQueue();
  final InMemoryJobRuntime runtime = new InMemoryJobRuntime();
  final CountedViews views = new CountedViews(runtime);
  final InMemoryObjectStore store = InMemoryObjectStore.creatingBuckets();
  final HttpApi http;
  private final PrometheusMetrics metrics = new PrometheusMetrics();
  private final HttpClient client = HttpClient.newHttpClient();
  private final Worker worker;

  Api() {
    this("127.0.0.1", Optional.empty());
  }

  Api(String host, Optional<String> token) {
    this(host, token, Duration.ofMillis(100));
  }

  /**
   * @param logPatience for how long a log is tried that the store does not take
   */
  Api(String host, Optional<String> token, Duration logPatience) {
    this(new HttpSettings(host, 0, token), logPatience);
  }

  Api(HttpSettings settings) {
    this(settings, Duration.ofMillis(100));
  }

  private Api(HttpSettings settings, Duration logPatience) {
    this(settings, logPatience, 2);
  }

  /** With room for so many jobs. */
  Api(HttpSettings settings, int jobs) {
    this(settings, Duration.ofMillis(100), jobs);
  }

  private Api(HttpSettings settings, Duration logPatience, int jobs) {
    worker =
        new Worker(
            queue,
            runtime,
            store,
            new ReplyJson(),
            new WorkerSettings(
                jobs,
                jobs,
                16,
                RequestPolicy.OPEN,
                Duration.ofSeconds(5),
                Duration.ofSeconds(5),
                logPatience,
                Duration.ofHours(1),
                Duration.ofMillis(100),
                new Backoff(Duration.ofMillis(2), Duration.ofMillis(20))),
            Clock.systemUTC(),
            metrics,
            new ViewPorts(views, store, new WorkRequestFormat(), settings.recent()));
    http = another(settings);
    worker.start();
    http.start();
    eventually().until(() -> queue.demand() > 0);
  }

  static ConditionFactory eventually() {
    return await().atMost(PATIENCE).pollInterval(Duration.ofMillis(2));
  }

  HttpRequest.Builder to(String path) {
    return to(http, path);
  }

  static HttpRequest.Builder to(HttpApi api, String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:%d%s".formatted(api.port(), path)))
        .timeout(Duration.ofSeconds(30));
  }

  HttpRequest.Builder execute(String body) {
    return to(EXECUTE).POST(BodyPublishers.ofString(body));
  }

  HttpResponse<String> send(HttpRequest.Builder request) {
    return begin(request).join();
  }

  CompletableFuture<HttpResponse<String>> begin(HttpRequest.Builder request) {
    return client.sendAsync(request.build(), BodyHandlers.ofString());
  }

  HttpResponse<String> post(String path, String body) {
    return send(to(path).POST(BodyPublishers.ofString(body)));
  }

  /** The name of a job that was submitted, and runs. */
  UniqueName submit(String body) {
    HttpResponse<String> response = post("/mstc/jobs", body);
    assertThat(response.statusCode()).isEqualTo(202);
    return new UniqueName(
        response.headers().firstValue("Location").orElseThrow().replaceFirst(".*/", ""));
  }

  /** Stores objects, each with its name as content. */
  void put(String bucket, String... names) {
    for (String name : names) {
      try {
        Path file = Files.writeString(Files.createTempFile("mstc", null), name);
        store.put(
            new ObjectLocation(new BucketName(bucket), name),
            file,
            ObjectAttributes.ofType("text/plain"));
        Files.delete(file);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /** Waits until a job is answered, and that is seen over HTTP. */
  void awaitEnded(UniqueName job) {
    eventually().until(() -> get("/mstc/jobs/" + job).body().contains("\"state\":\"ENDED\""));
  }

  EventClient events(HttpRequest.Builder request) throws IOException, InterruptedException {
    return new EventClient(client, request);
  }

  /** A response of which nothing but its beginning is wanted. */
  HttpResponse<InputStream> statusOf(HttpRequest.Builder request) {
    HttpResponse<InputStream> response =
        client.sendAsync(request.build(), BodyHandlers.ofInputStream()).join();
    try {
      response.body().close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return response;
  }

  HttpResponse<String> get(String path) {
    return send(to(path));
  }

  /** The value of a metric, as whoever scrapes it sees it. */
  double metric(String name) {
    return get("/metrics")
        .body()
        .lines()
        .filter(line -> line.startsWith(name + " "))
        .map(line -> Double.parseDouble(line.substring(name.length() + 1)))
        .findFirst()
        .orElseThrow();
  }

  /** What a client that sends these headers gets, as it comes; the server closes. */
  String raw(String head, String body) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), http.port())) {
      // A request that is let in by mistake runs a job; a timeout of JUnit's does not end a read.
      socket.setSoTimeout((int) PATIENCE.toMillis());
      write(socket, head, body);
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  static void write(Socket socket, String head, String body) throws IOException {
    String request =
        head.replace("\n", "\r\n")
            + "Connection: close\r\nContent-Length: %d\r\n\r\n%s".formatted(body.length(), body);
    socket.getOutputStream().write(request.getBytes(StandardCharsets.UTF_8));
    socket.getOutputStream().flush();
  }

  /** The jobs that run, or have run, and that nobody has been answered. */
  List<UniqueName> started() {
    return runtime.jobs().stream()
        .filter(record -> record.answer().isEmpty() && !record.held())
        .map(record -> record.job().name())
        .toList();
  }

  UniqueName awaitJob() {
    return awaitJobs(1).getFirst();
  }

  List<UniqueName> awaitJobs(int count) {
    return eventually().until(this::started, jobs -> jobs.size() == count);
  }

  void succeed(UniqueName job) {
    runtime.end(job, new JobOutcome.Succeeded(), "log");
  }

  /** Another API of the same worker, listening elsewhere. */
  HttpApi another(HttpSettings settings) {
    return another(settings, new WorkRequestFormat());
  }

  /** Another API of the same worker, listening elsewhere for requests of another form. */
  HttpApi another(HttpSettings settings, RequestParser parser) {
    return new HttpApi(settings, worker, parser, metrics, "1.2.3");
  }

  void stopWorker() {
    worker.stop(Duration.ofSeconds(5));
  }

  @Override
  public void close() {
    stopWorker();
    http.close();
    client.close();
    queue.close();
    runtime.close();
    store.close();
  }
}
