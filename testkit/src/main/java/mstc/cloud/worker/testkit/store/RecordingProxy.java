package mstc.cloud.worker.testkit.store;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * An HTTP proxy on loopback that lets nothing through, and says what came to it. As it answers
 * itself, servers behind it need not exist. It is a server that refuses everything as well, to see
 * what comes there directly.
 */
public final class RecordingProxy implements AutoCloseable {
  private static final String LOGIN = "proxy-authorization:";

  private final ServerSocket socket;
  private final boolean asksForLogin;
  private final List<String> requests = new CopyOnWriteArrayList<>();
  private final List<String> logins = new CopyOnWriteArrayList<>();

  private RecordingProxy(boolean asksForLogin) {
    this.asksForLogin = asksForLogin;
    try {
      this.socket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new IllegalStateException("no port is free for a proxy", e);
    }
    Thread.ofVirtual().name("recording-proxy").start(this::accept);
  }

  /** Refuses every request with 403. */
  public static RecordingProxy start() {
    return new RecordingProxy(false);
  }

  /** The same, but asks for a login before. */
  public static RecordingProxy startAskingForLogin() {
    return new RecordingProxy(true);
  }

  /** Where it listens: {@code http://127.0.0.1:port}. */
  public URI url() {
    return URI.create("http://127.0.0.1:" + socket.getLocalPort());
  }

  /**
   * Methods and targets in the order in which they came, such as {@code GET
   * http://server:9000/bucket} or, of TLS, {@code CONNECT server:443}; without a query.
   */
  public List<String> requests() {
    return List.copyOf(requests);
  }

  /** The values of the headers {@code Proxy-Authorization} that came. */
  public List<String> logins() {
    return List.copyOf(logins);
  }

  private void accept() {
    while (!socket.isClosed()) {
      try {
        Socket connection = socket.accept();
        Thread.ofVirtual().name("recording-proxy-connection").start(() -> answer(connection));
      } catch (IOException closed) {
        return;
      }
    }
  }

  private void answer(Socket connection) {
    try (connection) {
      BufferedReader reader =
          new BufferedReader(new InputStreamReader(connection.getInputStream(), ISO_8859_1));
      String[] words = String.valueOf(reader.readLine()).split("[ ?]", -1);
      Optional<String> login =
          reader
              .lines()
              .takeWhile(line -> !line.isEmpty())
              .filter(line -> line.toLowerCase(Locale.ROOT).startsWith(LOGIN))
              .map(line -> line.substring(LOGIN.length()).strip())
              .findFirst();
      login.ifPresent(logins::add);
      requests.add(words.length < 2 ? words[0] : words[0] + " " + words[1]);
      String status =
          asksForLogin && login.isEmpty()
              ? "407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"proxy\""
              : "403 Forbidden";
      connection
          .getOutputStream()
          .write(
              ("HTTP/1.1 " + status + "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                  .getBytes(ISO_8859_1));
    } catch (IOException clientHasGone) {
      requests.add("cut off");
    }
  }

  @Override
  public void close() {
    try {
      socket.close();
    } catch (IOException e) {
      throw new IllegalStateException("the proxy could not be stopped", e);
    }
  }
}
