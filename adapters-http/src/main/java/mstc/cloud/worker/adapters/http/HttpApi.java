package mstc.cloud.worker.adapters.http;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import mstc.cloud.worker.application.CancelJob;
import mstc.cloud.worker.application.CheckReadiness;
import mstc.cloud.worker.application.Worker;
import mstc.cloud.worker.application.intake.ExecuteWork;
import mstc.cloud.worker.application.intake.ExecuteWork.Execution;
import mstc.cloud.worker.domain.PortException;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.request.ParsedRequest;
import mstc.cloud.worker.wire.ReplyJson;
import mstc.cloud.worker.wire.RequestJson;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves the HTTP API, every request on a virtual thread of its own.
 *
 * <table>
 *   <caption>Resources</caption>
 *   <tr><td>{@code GET /mstc/worker}</td><td>{@code hello}</td></tr>
 *   <tr><td>{@code POST /mstc/worker/execute}</td><td>runs a request; the reply when it is over</td></tr>
 *   <tr><td>{@code DELETE /mstc/jobs/{name}}</td><td>cancels a job; it is answered as such</td></tr>
 *   <tr><td>{@code GET /health/live}</td><td>200 while the process works</td></tr>
 *   <tr><td>{@code GET /health/ready}</td><td>200 when a request could be run, else 503 and why</td></tr>
 *   <tr><td>{@code GET /metrics}</td><td>figures for Prometheus</td></tr>
 * </table>
 */
public final class HttpApi implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(HttpApi.class);
  private static final String JOBS = "/mstc/jobs/";
  private static final String TEXT = "text/plain; charset=utf-8";
  private static final String JSON = "application/json";
  private static final int MAX_KEY_LENGTH = 255;
  private static final int NO_BODY = -1;

  /**
   * More than anyone sends by mistake, and not so much that it could occupy the server for long.
   */
  private static final long MAX_DISCARDED_BYTES = 64L << 20;

  private static final String RETRY_AFTER_SECONDS = "5";

  /** At most, for the last responses to be written. */
  private static final int STOP_SECONDS = 1;

  private final ExecutorService threads =
      Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("http-", 0).factory());
  private final ReplyJson replyJson = new ReplyJson();
  private final Map<String, Resource> resources =
      Map.of(
          "/mstc/worker", new Resource("GET", exchange -> text(200, "hello")),
          "/mstc/worker/execute", new Resource("POST", this::execute),
          "/health/live", new Resource("GET", exchange -> text(200, "live")),
          "/health/ready", new Resource("GET", exchange -> ready()),
          "/metrics", new Resource("GET", exchange -> metrics()));
  private final ExecuteWork executeWork;
  private final CancelJob cancelJob;
  private final CheckReadiness checkReadiness;
  private final Metrics metrics;
  private final Access access;
  private final HttpServer server;

  private record Resource(String method, Handler handler) {}

  @FunctionalInterface
  private interface Handler {
    Response handle(HttpExchange exchange) throws IOException, InterruptedException;
  }

  private record Response(
      int status, String contentType, String body, Map<String, String> headers) {}

  /**
   * Listens; nothing is served before {@link #start}.
   *
   * @throws IllegalStateException when the port is in use or the host is no address of this machine
   */
  public HttpApi(HttpSettings settings, Worker worker) {
    this.executeWork = worker.executeWork();
    this.cancelJob = worker.cancelJob();
    this.checkReadiness = worker.checkReadiness();
    this.metrics = new Metrics(worker.jobMetrics());
    InetSocketAddress address = new InetSocketAddress(settings.host(), settings.port());
    if (address.isUnresolved()) {
      throw new IllegalStateException(
          "HTTP cannot listen on %s: there is no such host; set mstc.http.host"
              .formatted(settings.host()));
    }
    this.access = new Access(address.getAddress(), settings.token());
    try {
      server = HttpServer.create(address, 0);
    } catch (BindException e) {
      throw new IllegalStateException(
          "HTTP cannot listen on %s:%d (%s); set mstc.http.host or mstc.http.port"
              .formatted(settings.host(), settings.port(), e.getMessage()),
          e);
    } catch (IOException e) {
      throw new UncheckedIOException("HTTP cannot listen on " + address, e);
    }
    server.setExecutor(threads);
    server.createContext("/", this::serve);
  }

  /** Serves from now on. */
  public void start() {
    server.start();
    LOG.info("HTTP listens on {}:{}", server.getAddress().getHostString(), port());
  }

  /** The port it listens on. */
  public int port() {
    return server.getAddress().getPort();
  }

  /**
   * Stops listening; requests under way are answered that they are broken off, their jobs run on.
   */
  @Override
  public void close() {
    threads.shutdownNow();
    server.stop(STOP_SECONDS);
  }

  private void serve(HttpExchange exchange) throws IOException {
    try (exchange) {
      Response response = respond(exchange);
      discardRest(exchange.getRequestBody());
      exchange.getResponseHeaders().set("Content-Type", response.contentType());
      response.headers().forEach(exchange.getResponseHeaders()::set);
      byte[] body = response.body().getBytes(StandardCharsets.UTF_8);
      if (isHead(exchange)) {
        exchange.getResponseHeaders().set("Content-Length", Integer.toString(body.length));
        exchange.sendResponseHeaders(response.status(), NO_BODY);
      } else {
        exchange.sendResponseHeaders(response.status(), body.length);
        exchange.getResponseBody().write(body);
      }
    }
  }

  /**
   * Reads what is left of a body: to close a connection whose client still writes resets it, and
   * the client never sees the response.
   */
  private static void discardRest(InputStream body) throws IOException {
    long left = MAX_DISCARDED_BYTES;
    long skipped;
    do {
      skipped = body.skip(left);
      left -= skipped;
    } while (skipped > 0 && left > 0);
  }

  private static boolean isHead(HttpExchange exchange) {
    return exchange.getRequestMethod().equals("HEAD");
  }

  private Response respond(HttpExchange exchange) throws IOException {
    Optional<Resource> found = find(exchange.getRequestURI().getPath());
    if (found.isEmpty()) {
      return text(404, "nothing is here");
    }
    Resource resource = found.get();
    String method = isHead(exchange) ? "GET" : exchange.getRequestMethod();
    if (!resource.method().equals(method)) {
      String allowed = resource.method().equals("GET") ? "GET, HEAD" : resource.method();
      return text(405, "use " + allowed, Map.of("Allow", allowed));
    }
    try {
      return resource.handler().handle(exchange);
    } catch (PortException e) {
      LOG.warn("{} failed: {}", exchange.getRequestURI().getPath(), e.getMessage());
      return text(500, e.getMessage());
    } catch (InterruptedException e) {
      return text(503, "the worker stops; a job that has begun runs on");
    } catch (RuntimeException e) {
      LOG.error("{} failed", exchange.getRequestURI().getPath(), e);
      return text(500, "the worker failed: " + e);
    }
  }

  private Optional<Resource> find(String path) {
    return path.startsWith(JOBS)
        ? Optional.of(
            new Resource("DELETE", exchange -> cancel(exchange, path.substring(JOBS.length()))))
        : Optional.ofNullable(resources.get(path));
  }

  private Optional<Response> deny(HttpExchange exchange) {
    return access
        .check(exchange.getRequestHeaders())
        .map(denial -> text(denial.status(), denial.reason(), denial.headers()));
  }

  private Response cancel(HttpExchange exchange, String job) {
    return deny(exchange)
        .orElseGet(() ->
            parseName(job).filter(cancelJob::cancel).isPresent()
                ? text(202, "the job is being cancelled; whoever waits for it is answered")
                : text(404, "there is no such job, or no longer"));
  }

  private static Optional<UniqueName> parseName(String job) {
    try {
      return Optional.of(new UniqueName(job));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private Response execute(HttpExchange exchange) throws IOException, InterruptedException {
    Optional<Response> denial = deny(exchange);
    if (denial.isPresent()) {
      return denial.get();
    }
    Optional<String> key =
        Optional.ofNullable(exchange.getRequestHeaders().getFirst("Idempotency-Key"));
    if (key.filter(value -> value.isEmpty() || value.length() > MAX_KEY_LENGTH).isPresent()) {
      return text(400, "Idempotency-Key must have 1 to " + MAX_KEY_LENGTH + " characters");
    }
    ParsedRequest request = RequestJson.parse(exchange.getRequestBody());
    return switch (executeWork.execute(request, key)) {
      case Execution.Ended(var reply) -> json(200, reply);
      case Execution.Invalid(var reply) -> json(400, reply);
      case Execution.NoRoom() ->
          text(
              503,
              "no room for another job at the moment, try again",
              Map.of("Retry-After", RETRY_AFTER_SECONDS));
    };
  }

  private Response ready() throws InterruptedException {
    List<String> problems = checkReadiness.check();
    return problems.isEmpty() ? text(200, "ready") : text(503, String.join("\n", problems));
  }

  private Response metrics() throws IOException {
    return new Response(200, Metrics.CONTENT_TYPE, metrics.text(), Map.of());
  }

  private static Response text(int status, String line) {
    return text(status, line, Map.of());
  }

  private static Response text(int status, String line, Map<String, String> headers) {
    return new Response(status, TEXT, line + "\n", headers);
  }

  private Response json(int status, Reply reply) {
    return new Response(
        status,
        JSON,
        new String(replyJson.toBytes(reply), StandardCharsets.UTF_8) + "\n",
        Map.of());
  }
}
