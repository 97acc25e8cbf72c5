package mstc.cloud.worker.domain.store;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/** A TCP proxy that cuts all connections once it has passed on so many bytes to the server. */
public final class CuttingProxy implements AutoCloseable {
  private final ServerSocket listener;
  private final URI server;
  private final AtomicLong bytesUntilCut;
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();

  private CuttingProxy(ServerSocket listener, URI server, long bytesUntilCut) {
    this.listener = listener;
    this.server = server;
    this.bytesUntilCut = new AtomicLong(bytesUntilCut);
  }

  /** Starts on a free port of 127.0.0.1. */
  public static CuttingProxy before(URI server, long bytesUntilCut) throws IOException {
    var listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    var proxy = new CuttingProxy(listener, server, bytesUntilCut);
    Thread.ofVirtual().start(proxy::accept);
    return proxy;
  }

  /** Where clients connect to. */
  public URI endpoint() {
    return URI.create("http://127.0.0.1:" + listener.getLocalPort());
  }

  /** From now on passes on everything. */
  public void heal() {
    bytesUntilCut.set(Long.MAX_VALUE);
  }

  @Override
  public void close() throws IOException {
    listener.close();
    cut();
  }

  private void accept() {
    while (!listener.isClosed()) {
      try {
        Socket client = listener.accept();
        if (bytesUntilCut.get() <= 0) {
          client.close();
          continue;
        }
        open.add(client);
        var upstream = new Socket(server.getHost(), server.getPort());
        open.add(upstream);
        Thread.ofVirtual().start(() -> pump(client, upstream, true));
        Thread.ofVirtual().start(() -> pump(upstream, client, false));
      } catch (IOException e) {
        // The proxy was closed, or the server is not there: the client sees a closed connection.
        cut();
      }
    }
  }

  private void pump(Socket from, Socket to, boolean towardsServer) {
    byte[] buffer = new byte[8192];
    try (from;
        to) {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
        if (towardsServer && bytesUntilCut.addAndGet(-count) <= 0) {
          cut();
          return;
        }
        out.write(buffer, 0, count);
      }
    } catch (IOException e) {
      // One side has gone: closing both is all that a proxy can do.
      open.remove(from);
    }
  }

  private void cut() {
    open.removeIf(CuttingProxy::closed);
  }

  private static boolean closed(Socket socket) {
    try {
      socket.close();
      return true;
    } catch (IOException e) {
      // Its peer has gone, which is what was wanted.
      return true;
    }
  }
}
