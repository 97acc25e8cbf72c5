package mstc.cloud.worker.adapters.http;

import java.io.IOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Optional;
import mstc.cloud.worker.adapters.http.HttpSettings.Limits;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.io.SocketChannelEndPoint;
import org.eclipse.jetty.server.ConnectionFactory;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.SecureRequestCustomizer;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.jspecify.annotations.Nullable;

/**
 * Jetty, as small as it gets: two or three threads that read and write for all connections. It is
 * made when it starts, as its classes would delay the start of everything else.
 */
final class JettyServer {
  private static final int MAX_THREADS = 8;
  private static final int MIN_THREADS = 2;

  private final Limits limits;
  private final Optional<ServerCertificate> certificate;
  private final Connections connections;
  private @Nullable Server server;

  JettyServer(Limits limits, Optional<ServerCertificate> certificate, Connections connections) {
    this.limits = limits;
    this.certificate = certificate;
    this.connections = connections;
  }

  /**
   * Serves the clients of a socket.
   *
   * @param handler must not block
   */
  void start(ServerSocketChannel socket, Handler handler) {
    QueuedThreadPool threads = new QueuedThreadPool(MAX_THREADS, MIN_THREADS);
    threads.setName("http-io");
    threads.setReservedThreads(0);
    Server created = new Server(threads);
    created.setHandler(handler);
    created.setErrorHandler(JettyServer::describe);
    try {
      ServerConnector connector = connector(created);
      connector.setIdleTimeout(limits.idle().toMillis());
      connector.open(socket);
      created.addConnector(connector);
      server = created;
      created.start();
    } catch (Exception e) {
      throw new IllegalStateException("HTTP cannot be served: " + e.getMessage(), e);
    }
    certificate.ifPresent(files -> files.keepReading(created.getScheduler()));
  }

  private ServerConnector connector(Server created) {
    HttpConnectionFactory http = new HttpConnectionFactory(configuration());
    ConnectionFactory[] protocols =
        certificate
            .map(files ->
                new ConnectionFactory[] {
                  new SslConnectionFactory(files.context(), http.getProtocol()), http
                })
            .orElseGet(() -> new ConnectionFactory[] {http});
    return new ServerConnector(created, 1, 1, protocols) {
      @Override
      protected SocketChannelEndPoint newEndPoint(
          SocketChannel channel, ManagedSelector selector, SelectionKey key) throws IOException {
        SocketChannelEndPoint connection =
            connections.accept(channel, selector, key, getScheduler());
        connection.setIdleTimeout(getIdleTimeout());
        return connection;
      }
    };
  }

  private HttpConfiguration configuration() {
    HttpConfiguration configuration = new HttpConfiguration();
    configuration.setRequestHeaderSize(limits.headerBytes());
    configuration.setSendServerVersion(false);
    // Buffers count as heap, which is what bounds the memory of this process.
    configuration.setUseInputDirectByteBuffers(false);
    configuration.setUseOutputDirectByteBuffers(false);
    // Probes, Prometheus and port-forwards come by an address that the certificate does not name.
    configuration.addCustomizer(new SecureRequestCustomizer(false));
    return configuration;
  }

  /** Describes a request that is none. */
  private static boolean describe(Request request, Response response, Callback callback) {
    int status = response.getStatus();
    Failures.of(String.valueOf(request.getHttpURI().getPath()))
        .answer(status, HttpStatus.getMessage(status))
        .writeTo(response, callback);
    return true;
  }

  /** Closes all connections. */
  void stop() {
    if (server == null) {
      return;
    }
    try {
      server.stop();
    } catch (Exception e) {
      throw new IllegalStateException("HTTP cannot be stopped: " + e.getMessage(), e);
    }
  }
}
