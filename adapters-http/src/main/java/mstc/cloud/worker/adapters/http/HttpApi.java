package mstc.cloud.worker.adapters.http;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import mstc.cloud.worker.adapters.http.Answer.Whole;
import mstc.cloud.worker.adapters.http.Connections.Connection;
import mstc.cloud.worker.adapters.http.Resource.Call;
import mstc.cloud.worker.adapters.http.Resource.Operation;
import mstc.cloud.worker.adapters.http.Resources.Found;
import mstc.cloud.worker.application.Worker;
import mstc.cloud.worker.domain.request.RequestParser;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves the HTTP API, every request on a virtual thread of its own.
 *
 * <table>
 *   <caption>Resources</caption>
 *   <tr><td>{@code GET /mstc/worker}</td><td>{@code hello}</td></tr>
 *   <tr><td>{@code POST /mstc/worker/execute}</td><td>runs a request; the reply when the job has ended</td></tr>
 *   <tr><td>{@code GET /mstc/jobs}</td><td>lists jobs</td></tr>
 *   <tr><td>{@code POST /mstc/jobs}</td><td>submits a request; the job's name once it is on record</td></tr>
 *   <tr><td>{@code POST /mstc/jobs:cancel}</td><td>cancels many jobs, or shows which they would be</td></tr>
 *   <tr><td>{@code GET /mstc/jobs/{name}}</td><td>shows a job</td></tr>
 *   <tr><td>{@code DELETE /mstc/jobs/{name}}</td><td>cancels a job; its reply says so</td></tr>
 *   <tr><td>{@code GET /mstc/jobs/{name}/log}</td><td>a job's log, also as it grows</td></tr>
 *   <tr><td>{@code GET /mstc/jobs/{name}/outputs}</td><td>the objects under its prefix</td></tr>
 *   <tr><td>{@code GET /mstc/events}</td><td>tells of jobs as they change</td></tr>
 *   <tr><td>{@code GET /mstc/openapi.yaml}</td><td>describes all this</td></tr>
 *   <tr><td>{@code GET /health/live}</td><td>200 while the process works</td></tr>
 *   <tr><td>{@code GET /health/ready}</td><td>200 when a request could be run, else 503 and why</td></tr>
 *   <tr><td>{@code GET /metrics}</td><td>figures for Prometheus</td></tr>
 *   <tr><td>{@code GET /}</td><td>the page, which uses the rest</td></tr>
 * </table>
 */
public final class HttpApi implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(HttpApi.class);

  /** Clients that have connected and are not accepted yet. */
  private static final int BACKLOG = 512;

  /** The longest time for the last responses to be written. */
  private static final int STOP_SECONDS = 1;

  private final ExecutorService threads =
      Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("http-", 0).factory());
  private final Connections connections;
  private final Streams streams;
  private final Resources resources;
  private final Access access;
  private final ServerSocketChannel socket;
  private final JettyServer server;

  /**
   * Listens; nothing is served before {@link #start}.
   *
   * @param parser of the requests that are to be executed
   * @param metrics those of that worker
   * @param version of the software
   * @throws IllegalStateException when the port is in use, the host is not an address of this
   *     machine, or the certificate cannot be used
   */
  public HttpApi(
      HttpSettings settings,
      Worker worker,
      RequestParser parser,
      PrometheusMetrics metrics,
      String version) {
    InetSocketAddress address = new InetSocketAddress(settings.host(), settings.port());
    if (address.isUnresolved()) {
      throw new IllegalStateException(
          "HTTP cannot listen on %s: there is no such host; set mstc.http.host"
              .formatted(settings.host()));
    }
    this.connections = new Connections(settings.limits());
    this.streams = new Streams(settings.limits().streams());
    MetricsPage page = new MetricsPage(metrics, worker, connections, streams, version);
    this.resources =
        new Resources(
            List.of(
                new WorkerResources(worker, parser, page).all(),
                new JobResources(worker, parser).all(),
                new LogResource(worker.readLog()).all(),
                new EventStream(worker.listJobs()).all(),
                new Description(version).all()),
            new StaticFiles());
    this.access = new Access(address.getAddress(), settings.token());
    this.server =
        new JettyServer(settings.limits(), settings.tls().map(ServerCertificate::new), connections);
    this.socket = listen(address);
  }

  private static ServerSocketChannel listen(InetSocketAddress address) {
    try {
      ServerSocketChannel socket = ServerSocketChannel.open();
      try {
        return socket.bind(address, BACKLOG);
      } catch (IOException e) {
        socket.close();
        throw e;
      }
    } catch (IOException e) {
      throw new IllegalStateException(
          "HTTP cannot listen on %s:%d (%s); set mstc.http.host or mstc.http.port"
              .formatted(address.getHostString(), address.getPort(), e.getMessage()),
          e);
    }
  }

  public void start() {
    server.start(socket, new Dispatching());
    LOG.info("HTTP listens on {}:{}", socket.socket().getInetAddress().getHostAddress(), port());
  }

  /** The port it listens on. */
  public int port() {
    return socket.socket().getLocalPort();
  }

  /** What is served, but for the page. */
  List<Resource> resources() {
    return resources.all();
  }

  /**
   * Stops listening; requests in progress get a response that they were broken off, and their jobs
   * run on.
   */
  @Override
  public void close() {
    threads.shutdownNow();
    try {
      var _ = threads.awaitTermination(STOP_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    server.stop();
    try {
      socket.close();
    } catch (IOException e) {
      throw new UncheckedIOException("HTTP cannot stop listening on port " + port(), e);
    }
  }

  /** Gives every request a thread of its own, as Jetty's few threads must not block. */
  private final class Dispatching extends Handler.Abstract.NonBlocking {
    @Override
    public boolean handle(Request request, Response response, Callback callback) {
      // How long a response may take is for us to say; what is written must be read, though.
      request.addIdleTimeoutListener(timeout -> false);
      Connection connection = Connections.of(request);
      Callback ended = Callback.from(connection::requestEnded, callback);
      long deadline = connection.beginReading();
      try {
        threads.execute(() -> serve(request, response, ended, connection, deadline));
      } catch (RejectedExecutionException stopping) {
        Failures.of(request.getHttpURI().getDecodedPath())
            .answer(503, "the worker stops")
            .closing()
            .writeTo(response, ended);
      }
      return true;
    }
  }

  private void serve(
      Request request, Response response, Callback callback, Connection connection, long deadline) {
    Failures failures = Failures.of(request.getHttpURI().getDecodedPath());
    Answer answer;
    try {
      answer = respond(request, connection, deadline);
    } catch (RequestBody.LateException e) {
      connection.bodyIsLate();
      answer = failures.answer(408, "the request took too long to arrive").closing();
    } catch (InterruptedException e) {
      answer = failures.answer(503, "the worker stops").closing();
    } catch (RequestBody.BrokenException e) {
      callback.failed(e.getCause());
      return;
    }
    switch (answer) {
      case Answer.Whole whole -> whole.writeTo(response, callback);
      case Answer.Streamed streamed -> streams.serve(streamed, request, response, callback);
    }
  }

  private Answer respond(Request request, Connection connection, long deadline)
      throws InterruptedException, RequestBody.LateException, RequestBody.BrokenException {
    String path = request.getHttpURI().getDecodedPath();
    Failures failures = Failures.of(path);
    Optional<Found> found = resources.find(path);
    Optional<Operation> operation =
        found.flatMap(there -> there.resource().operation(request.getMethod()));
    Optional<Whole> refusal = refuse(found, operation, request, failures);
    int kept = refusal.isPresent() ? 0 : operation.map(Operation::maxBodyBytes).orElse(0);
    byte[] body = RequestBody.read(request, kept, deadline);
    if (refusal.isPresent()) {
      return refusal.get();
    }
    connection.requestArrived();
    Query query;
    try {
      query = new Query(Request.extractQueryParameters(request));
    } catch (RuntimeException e) {
      return failures.answer(400, "the query is not in UTF-8, percent-encoded");
    }
    Call call =
        new Call(
            path,
            found.orElseThrow().variable(),
            query,
            request.getHeaders(),
            new ByteArrayInputStream(body));
    Operation chosen = operation.orElseThrow();
    return chosen.isLong() ? answerLong(chosen, call, request) : chosen.answer(call);
  }

  private Optional<Whole> refuse(
      Optional<Found> found, Optional<Operation> operation, Request request, Failures failures) {
    if (found.isEmpty()) {
      return Optional.of(failures.answer(404, "nothing is here"));
    }
    if (operation.isEmpty()) {
      String allowed = found.get().resource().allowed();
      return Optional.of(failures.answer(405, "use " + allowed, Map.of("Allow", allowed)));
    }
    Optional<Access.Denial> denied =
        switch (operation.get().audience()) {
          case EVERYONE -> Optional.empty();
          case READERS -> access.denyLook(request.getHeaders());
          case SUBMITTERS -> access.denyChange(request.getHeaders());
        };
    return denied.map(denial -> failures.answer(denial.status(), denial.line(), denial.headers()));
  }

  private static Answer answerLong(Operation operation, Call call, Request request) {
    try (var _ = ClientWatch.of(request)) {
      return switch (operation.answer(call)) {
        case Whole whole -> whole.closing();
        case Answer.Streamed streamed -> streamed;
      };
    }
  }
}
