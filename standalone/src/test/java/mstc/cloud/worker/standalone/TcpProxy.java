package mstc.cloud.worker.standalone;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import javax.net.SocketFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/**
 * A way to a server that a test can cut and mend. Towards a server with TLS it may end the
 * encryption, so that it sees the requests and can lose the answer to one.
 */
final class TcpProxy implements AutoCloseable {
  private static final int CHUNK_BYTES = 64 * 1024;

  private final String host;
  private final int port;
  private final SocketFactory far;
  private final int ownPort;
  private final AtomicReference<@Nullable String> unanswered = new AtomicReference<>();
  private final AtomicReference<@Nullable Pattern> refused = new AtomicReference<>();
  private final AtomicReference<Delay> delay = new AtomicReference<>(new Delay("nothing"));
  private final Queue<String> requests = new ConcurrentLinkedQueue<>();
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private @Nullable ServerSocket server;

  TcpProxy(URI target) throws IOException {
    this(target, SocketFactory.getDefault());
  }

  private TcpProxy(URI target, SocketFactory far) throws IOException {
    this.far = far;
    this.host = target.getHost();
    this.port = target.getPort();
    ServerSocket first = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    ownPort = first.getLocalPort();
    accept(first);
  }

  /**
   * A proxy that is spoken to in plain HTTP/1.1 and speaks TLS to its target.
   *
   * @param authority the certificate that signs the target's, in PEM
   */
  static TcpProxy toTls(URI target, byte[] authority) throws IOException, GeneralSecurityException {
    KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
    trusted.load(null, null);
    trusted.setCertificateEntry(
        "authority",
        CertificateFactory.getInstance("X.509")
            .generateCertificate(new ByteArrayInputStream(authority)));
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    return new TcpProxy(target, context.getSocketFactory());
  }

  int port() {
    return ownPort;
  }

  /** Hands the next request that begins so to the server, and cuts the connection at its answer. */
  void loseAnswerTo(String beginning) {
    unanswered.set(beginning);
  }

  /** Whether the answer to be lost has not come yet. */
  boolean isToLose() {
    return unanswered.get() != null;
  }

  /** Requests that begin so wait on their way, whatever becomes of who made them. */
  static final class Delay {
    private final String beginning;
    private final CountDownLatch reached = new CountDownLatch(1);
    private final CountDownLatch over = new CountDownLatch(1);

    private Delay(String beginning) {
      this.beginning = beginning;
    }

    /** Whether there was such a request. */
    boolean isReached() {
      return reached.getCount() == 0;
    }

    /** Lets them go on to the server. */
    void end() {
      over.countDown();
    }

    private void pass(String request) {
      if (request.startsWith(beginning)) {
        reached.countDown();
        try {
          over.await();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
      }
    }
  }

  /** Delays requests that begin so from now on, and no others any longer. */
  Delay delay(String beginning) {
    Delay next = new Delay(beginning);
    delay.getAndSet(next).end();
    return next;
  }

  /**
   * Keeps requests from the server: their connections are cut.
   *
   * @param beginning a regular expression for how they begin; null: no longer
   */
  void refuse(@Nullable String beginning) {
    refused.set(beginning == null ? null : Pattern.compile(beginning));
  }

  /** Method and path of each request so far; of what is not HTTP, nothing that makes sense. */
  List<String> requests() {
    return List.copyOf(requests);
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
    AtomicBoolean losing = new AtomicBoolean();
    try (near;
        Socket target = far.createSocket(host, port)) {
      sockets.add(target);
      Thread back = Thread.ofVirtual().start(() -> copyAnswers(target, near, losing));
      copyRequests(near, target, losing);
      back.join();
    } catch (IOException e) {
      sockets.remove(near);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** A client waits for the answer before its next request, so each request begins a chunk. */
  private void copyRequests(Socket from, Socket to, AtomicBoolean losing) {
    copy(
        from,
        to,
        chunk -> {
          String begin = chunk.lines().findFirst().orElse("").replace(" HTTP/1.1", "");
          if (begin.matches("[A-Z]+ /.*")) {
            requests.add(begin);
            delay.get().pass(begin);
            losing.compareAndSet(false, beginsWith(begin, unanswered.get()));
            Pattern kept = refused.get();
            return kept == null || !kept.matcher(begin).lookingAt();
          }
          return true;
        });
  }

  private static boolean beginsWith(String request, @Nullable String beginning) {
    return beginning != null && request.startsWith(beginning);
  }

  private void copyAnswers(Socket from, Socket to, AtomicBoolean losing) {
    copy(
        from,
        to,
        _ -> {
          if (losing.get()) {
            unanswered.set(null);
            return false;
          }
          return true;
        });
  }

  /** Copies until an end, or until a chunk is not to be passed on. */
  private void copy(Socket from, Socket to, Predicate<String> passes) {
    try (from;
        to) {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      byte[] chunk = new byte[CHUNK_BYTES];
      for (int read = in.read(chunk); read >= 0; read = in.read(chunk)) {
        if (!passes.test(new String(chunk, 0, Math.min(read, 1024), StandardCharsets.ISO_8859_1))) {
          return;
        }
        out.write(chunk, 0, read);
        out.flush();
      }
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
