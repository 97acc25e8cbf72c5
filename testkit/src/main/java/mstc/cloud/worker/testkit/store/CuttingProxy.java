package mstc.cloud.worker.testkit.store;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A TCP proxy that cuts all connections, or holds everything back, once it has forwarded that many
 * bytes to the server.
 */
public final class CuttingProxy implements AutoCloseable {
  private final ServerSocket listener;
  private final URI server;
  private final AtomicLong bytesUntilCut;
  private final boolean holdsBack;
  private final CountDownLatch reached = new CountDownLatch(1);
  private final CountDownLatch healed = new CountDownLatch(1);
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();

  private CuttingProxy(ServerSocket listener, URI server, long bytesUntilCut, boolean holdsBack) {
    this.listener = listener;
    this.server = server;
    this.bytesUntilCut = new AtomicLong(bytesUntilCut);
    this.holdsBack = holdsBack;
  }

  /** Starts one that cuts, on a free port of 127.0.0.1. */
  public static CuttingProxy before(URI server, long bytesUntilCut) throws IOException {
    return start(server, bytesUntilCut, false);
  }

  /** Starts one that holds back, on a free port of 127.0.0.1. */
  public static CuttingProxy holdingBack(URI server, long bytesUntilThen) throws IOException {
    return start(server, bytesUntilThen, true);
  }

  private static CuttingProxy start(URI server, long bytes, boolean holdsBack) throws IOException {
    var listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    var proxy = new CuttingProxy(listener, server, bytes, holdsBack);
    Thread.ofVirtual().start(proxy::accept);
    return proxy;
  }

  /** Where clients connect to. */
  public URI endpoint() {
    return URI.create("http://127.0.0.1:" + listener.getLocalPort());
  }

  /** Returns once that many bytes were forwarded. */
  public void awaitReached() throws InterruptedException {
    reached.await();
  }

  /** From now on forwards everything. */
  public void heal() {
    bytesUntilCut.set(Long.MAX_VALUE);
    healed.countDown();
  }

  @Override
  public void close() throws IOException {
    listener.close();
    healed.countDown();
    cut();
  }

  private void accept() {
    while (!listener.isClosed()) {
      try {
        Socket client = listener.accept();
        if (bytesUntilCut.get() <= 0 && !holdsBack) {
          client.close();
          continue;
        }
        open.add(client);
        var upstream = new Socket(server.getHost(), server.getPort());
        open.add(upstream);
        Thread.ofVirtual().start(() -> pump(client, upstream, true));
        Thread.ofVirtual().start(() -> pump(upstream, client, false));
      } catch (IOException e) {
        // The proxy was closed, or there is no server: the client sees a closed connection.
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
          reached.countDown();
          if (!holdsBack) {
            cut();
            return;
          }
          healed.await();
        }
        out.write(buffer, 0, count);
      }
    } catch (IOException | InterruptedException e) {
      // One side has closed: closing both is all that a proxy can do.
      open.remove(from);
    }
  }

  private void cut() {
    open.removeIf(CuttingProxy::closed);
  }

  private static boolean closed(Socket socket) {
    try {
      // Otherwise the server sees an orderly end first, and its response may still get through.
      socket.setSoLinger(true, 0);
      socket.close();
      return true;
    } catch (IOException e) {
      // The peer has closed it, which is what was wanted.
      return true;
    }
  }
}
