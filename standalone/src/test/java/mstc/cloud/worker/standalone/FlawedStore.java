package mstc.cloud.worker.standalone;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;

/**
 * A server that speaks enough S3 for one small object in one bucket, and ignores every header: who
 * asks, and {@code If-None-Match}.
 */
final class FlawedStore implements AutoCloseable {
  private static final String LISTING =
      "<ListAllMyBucketsResult><Owner><ID>a</ID><DisplayName>a</DisplayName></Owner><Buckets/>"
          + "</ListAllMyBucketsResult>";
  private static final Pattern CHUNK = Pattern.compile("[0-9a-f]+;chunk-signature=[^\\r]*\\r\\n");

  private final HttpServer server;
  private final Map<String, byte[]> objects = new ConcurrentHashMap<>();
  private final boolean writable;

  /**
   * Starts it.
   *
   * @param writable whether it takes objects
   */
  FlawedStore(boolean writable) throws IOException {
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
      byte[] body = content(exchange);
      String path = exchange.getRequestURI().getPath();
      boolean object = path.indexOf('/', 1) > 0 && path.length() > path.indexOf('/', 1) + 1;
      if (!object) {
        send(exchange, 200, LISTING);
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

  /** A text, without the frames of signed chunks. */
  private static byte[] content(HttpExchange exchange) throws IOException {
    String text = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    if (!CHUNK.matcher(text).find()) {
      return text.getBytes(StandardCharsets.UTF_8);
    }
    String first = text.substring(text.indexOf('\n') + 1);
    return first.substring(0, first.indexOf('\r')).getBytes(StandardCharsets.UTF_8);
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
    exchange.getResponseHeaders().set("Content-Type", "application/xml");
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
