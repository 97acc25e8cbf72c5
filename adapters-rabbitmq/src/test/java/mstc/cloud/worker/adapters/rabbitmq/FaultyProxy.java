package mstc.cloud.worker.adapters.rabbitmq;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import javax.net.ServerSocketFactory;

/** Passes TCP connections on to a server, cuts them, holds them up, or refuses them. */
final class FaultyProxy implements AutoCloseable {
  private static final int BUFFER_BYTES = 64 * 1024;

  private final InetSocketAddress server;
  private final ServerSocket listener;
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition flowing = lock.newCondition();
  private boolean held;
  private boolean refusing;

  FaultyProxy(String host, int port) throws IOException {
    this(host, port, ServerSocketFactory.getDefault());
  }

  /**
   * @param sockets what clients connect to, such as one that speaks TLS
   */
  FaultyProxy(String host, int port, ServerSocketFactory sockets) throws IOException {
    server = new InetSocketAddress(host, port);
    listener = sockets.createServerSocket();
    listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    Thread.ofVirtual().start(this::acceptAll);
  }

  int port() {
    return listener.getLocalPort();
  }

  /** Breaks every connection there is. */
  void cut() {
    open.forEach(FaultyProxy::reset);
    open.clear();
  }

  /** Lets nothing through, without breaking anything, until {@link #flow}. */
  void hold() {
    setHeld(true);
  }

  /** Undoes {@link #hold}. */
  void flow() {
    setHeld(false);
  }

  private void setHeld(boolean value) {
    lock.lock();
    try {
      held = value;
      flowing.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Breaks every connection, and new ones at once, until {@link #accept}. The port stays taken, so
   * that nobody else gets it meanwhile.
   */
  void refuse() {
    setRefusing(true);
    cut();
  }

  /** Undoes {@link #refuse}. */
  void accept() {
    setRefusing(false);
  }

  private void setRefusing(boolean value) {
    lock.lock();
    try {
      refusing = value;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() throws IOException {
    listener.close();
    refuse();
    flow();
  }

  private void acceptAll() {
    try (listener) {
      while (true) {
        Socket client = listener.accept();
        Thread.ofVirtual().start(() -> connect(client));
      }
    } catch (IOException _) {
      // Closed by the test.
      return;
    }
  }

  private void connect(Socket client) {
    Socket upstream = new Socket();
    open.add(client);
    open.add(upstream);
    try {
      upstream.connect(server);
      client.setTcpNoDelay(true);
      upstream.setTcpNoDelay(true);
    } catch (IOException _) {
      reset(client);
      reset(upstream);
      return;
    }
    if (isRefusing()) {
      reset(client);
      reset(upstream);
      return;
    }
    Thread.ofVirtual().start(() -> pump(client, upstream));
    Thread.ofVirtual().start(() -> pump(upstream, client));
  }

  private boolean isRefusing() {
    lock.lock();
    try {
      return refusing;
    } finally {
      lock.unlock();
    }
  }

  private void pump(Socket from, Socket to) {
    byte[] buffer = new byte[BUFFER_BYTES];
    try (from;
        to) {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      int read;
      while ((read = in.read(buffer)) >= 0) {
        awaitFlow();
        out.write(buffer, 0, read);
        out.flush();
      }
    } catch (IOException _) {
      // One side is gone, so the other goes too.
      return;
    } finally {
      open.remove(from);
      open.remove(to);
    }
  }

  private void awaitFlow() {
    lock.lock();
    try {
      while (held) {
        flowing.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
  }

  private static void reset(Socket socket) {
    try (socket) {
      socket.setOption(StandardSocketOptions.SO_LINGER, 0);
    } catch (IOException | UnsupportedOperationException _) {
      // It is closed all the same.
      return;
    }
  }
}
