package mstc.cloud.worker.adapters.http;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import mstc.cloud.worker.adapters.http.Connections.Connection;
import mstc.cloud.worker.adapters.http.Resources.Call;
import mstc.cloud.worker.adapters.http.Resources.Resource;
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
 *   <tr><td>{@code DELETE /mstc/jobs/{name}}</td><td>cancels a job; its reply says so</td></tr>
 *   <tr><td>{@code GET /health/live}</td><td>200 while the process works</td></tr>
 *   <tr><td>{@code GET /health/ready}</td><td>200 when a request could be run, else 503 and why</td></tr>
 *   <tr><td>{@code GET /metrics}</td><td>figures for Prometheus</td></tr>
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
    this.resources =
        new Resources(worker, parser, new MetricsPage(metrics, worker, connections, version));
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
        send(Answer.text(503, "the worker stops").closing(), response, ended);
      }
      return true;
    }
  }

  private void serve(
      Request request, Response response, Callback callback, Connection connection, long deadline) {
    Answer answer;
    try {
      answer = respond(request, connection, deadline);
    } catch (RequestBody.LateException e) {
      connection.bodyIsLate();
      answer = Answer.text(408, "the request took too long to arrive").closing();
    } catch (InterruptedException e) {
      answer = Answer.text(503, "the worker stops").closing();
    } catch (RequestBody.BrokenException e) {
      callback.failed(e.getCause());
      return;
    }
    send(answer, response, callback);
  }

  private Answer respond(Request request, Connection connection, long deadline)
      throws InterruptedException, RequestBody.LateException, RequestBody.BrokenException {
    String path = request.getHttpURI().getDecodedPath();
    Optional<Resource> found = resources.find(path);
    Optional<Answer> refusal =
        found.isEmpty()
            ? Optional.of(Answer.text(404, "nothing is here"))
            : refuse(found.get(), request);
    int kept = refusal.isPresent() ? 0 : found.map(Resource::maxBodyBytes).orElse(0);
    byte[] body = RequestBody.read(request, kept, deadline);
    if (refusal.isPresent()) {
      return refusal.get();
    }
    connection.requestArrived();
    Resource resource = found.orElseThrow();
    Call call = new Call(path, request.getHeaders(), new ByteArrayInputStream(body));
    return resource.isLong() ? answerLong(resource, call, request) : resource.answer(call);
  }

  private Optional<Answer> refuse(Resource resource, Request request) {
    if (!resource.allows(request.getMethod())) {
      String allowed = resource.allowed();
      return Optional.of(Answer.text(405, "use " + allowed, Map.of("Allow", allowed)));
    }
    return resource.changesSomething() ? access.deny(request.getHeaders()) : Optional.empty();
  }

  private static Answer answerLong(Resource resource, Call call, Request request) {
    try (var _ =
        new ClientWatch(
            request.getConnectionMetaData().getConnection().getEndPoint(),
            request.getComponents().getScheduler())) {
      return resource.answer(call).closing();
    }
  }

  private static void send(Answer answer, Response response, Callback callback) {
    response.setStatus(answer.status());
    response.getHeaders().put("Content-Type", answer.contentType());
    answer.headers().forEach(response.getHeaders()::put);
    response.write(true, ByteBuffer.wrap(answer.body().getBytes(StandardCharsets.UTF_8)), callback);
  }
}
