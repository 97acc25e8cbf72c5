package mstc.cloud.worker.adapters.http;

import java.io.Closeable;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;

/** A client that keeps a connection without sending a whole request. */
final class Intruder implements Closeable {
  private static final int LOOK_MILLIS = 5;

  private final Socket socket;
  private final StringBuilder received = new StringBuilder();
  private boolean cut;

  private Intruder(Socket socket) {
    this.socket = socket;
  }

  static Intruder of(Api api) throws IOException {
    return from("127.0.0.1", api);
  }

  /**
   * @param address one of this machine
   */
  static Intruder from(String address, Api api) throws IOException {
    Socket socket = new Socket();
    socket.bind(new InetSocketAddress(address, 0));
    socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), api.http.port()));
    socket.setSoTimeout(LOOK_MILLIS);
    return new Intruder(socket);
  }

  /** Sends a part of a request; lines end as the protocol wants. */
  Intruder send(String part) {
    try {
      socket.getOutputStream().write(part.replace("\n", "\r\n").getBytes(StandardCharsets.UTF_8));
    } catch (IOException reset) {
      cut = true;
    }
    return this;
  }

  /** Sends one more byte and looks whether the server has closed the connection. */
  boolean isCutWhileSending(String part) {
    return send(part).isCut();
  }

  /** Whether the server has closed the connection. */
  boolean isCut() {
    byte[] bytes = new byte[4096];
    try {
      while (!cut) {
        int count = socket.getInputStream().read(bytes);
        cut = count < 0;
        received.append(new String(bytes, 0, Math.max(0, count), StandardCharsets.UTF_8));
      }
    } catch (SocketTimeoutException open) {
      return false;
    } catch (IOException reset) {
      cut = true;
    }
    return true;
  }

  /** What the server has said so far. */
  String received() {
    return received.toString();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
