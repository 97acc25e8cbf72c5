package mstc.cloud.worker.standalone;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** A way to a server that a test can cut and mend. */
final class TcpProxy implements AutoCloseable {
  private final String host;
  private final int port;
  private final int ownPort;
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private @Nullable ServerSocket server;

  TcpProxy(URI target) throws IOException {
    this.host = target.getHost();
    this.port = target.getPort();
    ServerSocket first = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    ownPort = first.getLocalPort();
    accept(first);
  }

  int port() {
    return ownPort;
  }

  private synchronized void accept(ServerSocket listening) {
    server = listening;
    Thread.ofVirtual()
        .start(() -> {
          try {
            while (true) {
              Socket near = listening.accept();
              sockets.add(near);
              Thread.ofVirtual().start(() -> connect(near));
            }
          } catch (IOException e) {
            // Cut.
            closeAll();
          }
        });
  }

  private void connect(Socket near) {
    try (near;
        Socket far = new Socket(host, port)) {
      sockets.add(far);
      Thread back = Thread.ofVirtual().start(() -> copy(far, near));
      copy(near, far);
      back.join();
    } catch (IOException e) {
      sockets.remove(near);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void copy(Socket from, Socket to) {
    try (from;
        to) {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      in.transferTo(out);
    } catch (IOException e) {
      sockets.remove(from);
    }
  }

  private void closeAll() {
    sockets.removeIf(socket -> {
      try {
        socket.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      return true;
    });
  }

  /** Ends every connection and takes no new ones. */
  synchronized void cut() throws IOException {
    ServerSocket listening = server;
    if (listening != null) {
      listening.close();
    }
    closeAll();
  }

  /** Takes connections again, at the same port. */
  void mend() throws IOException {
    ServerSocket again = new ServerSocket();
    again.setReuseAddress(true);
    again.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), ownPort));
    accept(again);
  }

  @Override
  public void close() throws IOException {
    cut();
  }
}
