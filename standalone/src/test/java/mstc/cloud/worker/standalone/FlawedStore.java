package mstc.cloud.worker.standalone;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A server that speaks enough S3 for one small object in one bucket, and ignores every header: who
 * asks, and {@code If-None-Match}.
 */
final class FlawedStore implements AutoCloseable {
  private final HttpServer server;
  private final Map<String, byte[]> objects = new ConcurrentHashMap<>();
  private final Duration ahead;
  private final boolean writable;

  /**
   * Starts it.
   *
   * @param ahead how far its clock is ahead
   * @param writable whether it takes objects
   */
  FlawedStore(Duration ahead, boolean writable) throws IOException {
    this.ahead = ahead;
    this.writable = writable;
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::answer);
    server.start();
  }

  int port() {
    return server.getAddress().getPort();
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      byte[] body = exchange.getRequestBody().readAllBytes();
      String path = exchange.getRequestURI().getPath();
      boolean object = path.indexOf('/', 1) > 0 && path.length() > path.indexOf('/', 1) + 1;
      if (!object) {
        send(exchange, 200, "<ListAllMyBucketsResult><Buckets/></ListAllMyBucketsResult>");
        return;
      }
      switch (exchange.getRequestMethod()) {
        case "PUT" -> put(exchange, path, body);
        case "DELETE" -> {
          objects.remove(path);
          send(exchange, 204, "");
        }
        default -> {
          Optional<byte[]> found = Optional.ofNullable(objects.get(path));
          if (found.isPresent()) {
            send(exchange, 200, new String(found.get(), StandardCharsets.UTF_8));
          } else {
            send(exchange, 404, "<Error><Code>NoSuchKey</Code></Error>");
          }
        }
      }
    }
  }

  private void put(HttpExchange exchange, String path, byte[] body) throws IOException {
    if (writable) {
      objects.put(path, body);
      send(exchange, 200, "");
    } else {
      send(exchange, 403, "<Error><Code>AccessDenied</Code><Message>no</Message></Error>");
    }
  }

  private void send(HttpExchange exchange, int status, String text) throws IOException {
    exchange
        .getResponseHeaders()
        .set(
            "Date",
            DateTimeFormatter.RFC_1123_DATE_TIME.format(
                ZonedDateTime.now(ZoneOffset.UTC).plus(ahead)));
    exchange.getResponseHeaders().set("ETag", "\"e\"");
    exchange.getResponseHeaders().set("Last-Modified", "Fri, 27 Nov 2026 09:00:00 GMT");
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    boolean hasBody =
        bytes.length > 0 && status != 204 && !exchange.getRequestMethod().equals("HEAD");
    exchange.sendResponseHeaders(status, hasBody ? bytes.length : -1);
    if (hasBody) {
      exchange.getResponseBody().write(bytes);
    }
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
