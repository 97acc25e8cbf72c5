package mstc.cloud.worker.bootstrap.remote;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;

/** An HTTP server that answers requests in their order with what a test has prepared. */
public final class ScriptedWorker implements AutoCloseable {
  private final HttpServer server;
  private final Queue<Answer> answers;
  private final List<Received> received = new CopyOnWriteArrayList<>();

  /** What was asked, with the header that carries the token and that of the last event. */
  public record Received(
      String request, String body, Optional<String> authorization, Optional<String> lastEvent) {}

  /**
   * An answer.
   *
   * @param broken whether the connection breaks behind the text
   */
  public record Answer(int status, String type, String text, boolean broken) {}

  /** Starts it; the last answer is given to all further requests. */
  public ScriptedWorker(Answer... answers) throws IOException {
    this.answers = new ConcurrentLinkedQueue<>(Arrays.asList(answers));
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext("/", this::answer);
    server.start();
  }

  public static Answer json(String text) {
    return new Answer(200, "application/json", text, false);
  }

  public static Answer problem(int status, String detail) {
    return new Answer(
        status,
        "application/problem+json",
        "{\"title\": \"No\", \"status\": %d, \"detail\": \"%s\"}".formatted(status, detail),
        false);
  }

  public static Answer events(String text) {
    return new Answer(200, "text/event-stream", text, false);
  }

  public static Answer brokenEvents(String text) {
    return new Answer(200, "text/event-stream", text, true);
  }

  /** Its address, without a token. */
  public String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  public WorkerApi api() {
    return new WorkerApi(WorkerAddress.of(url(), Optional.empty()));
  }

  public List<Received> received() {
    return List.copyOf(received);
  }

  private void answer(HttpExchange exchange) throws IOException {
    String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    received.add(
        new Received(
            exchange.getRequestMethod() + " " + exchange.getRequestURI(),
            body,
            Optional.ofNullable(exchange.getRequestHeaders().getFirst("Authorization")),
            Optional.ofNullable(exchange.getRequestHeaders().getFirst("Last-Event-ID"))));
    Answer answer = answers.size() > 1 ? answers.remove() : answers.element();
    byte[] text = answer.text().getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", answer.type());
    // More than comes, if it breaks.
    exchange.sendResponseHeaders(answer.status(), text.length + (answer.broken() ? 100 : 0));
    OutputStream out = exchange.getResponseBody();
    out.write(text);
    out.flush();
    exchange.close();
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
