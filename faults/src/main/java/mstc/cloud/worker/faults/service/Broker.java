package mstc.cloud.worker.faults.service;

import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeoutException;

/**
 * A RabbitMQ that can be killed and started again on the same port; its messages are kept in a
 * folder.
 */
public final class Broker implements AutoCloseable {
  private final int port = FreePort.find();
  private final Server server;

  /**
   * Starts it and waits until it serves.
   *
   * @param program the path of {@code rabbitmq-server}
   * @param settings lines of its configuration
   */
  public Broker(Path program, Path folder, String... settings)
      throws IOException, InterruptedException {
    Files.createDirectories(folder.resolve("home"));
    Path configuration =
        Files.writeString(
            folder.resolve("rabbitmq.conf"),
            "loopback_users = none\n" + String.join("\n", settings) + "\n");
    Path plugins = Files.writeString(folder.resolve("enabled_plugins"), "[].\n");
    server =
        new Server(
            "RabbitMQ",
            folder.resolve("output"),
            List.of(program.toString()),
            Map.of(
                "HOME", folder.resolve("home").toString(),
                "RABBITMQ_NODENAME", "mstc-faults-" + port + "@localhost",
                "RABBITMQ_NODE_PORT", Integer.toString(port),
                "RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1",
                "RABBITMQ_DIST_PORT", Integer.toString(FreePort.find()),
                "RABBITMQ_MNESIA_BASE", folder.resolve("mnesia").toString(),
                "RABBITMQ_LOG_BASE", folder.resolve("log").toString(),
                "RABBITMQ_CONFIG_FILE", configuration.toString(),
                "RABBITMQ_ENABLED_PLUGINS_FILE", plugins.toString()),
            () -> {
              connect("mstc-faults probe").close();
              return true;
            });
    server.start();
  }

  /** Where it listens, on loopback. */
  public int port() {
    return port;
  }

  /** A connection that recovers by itself. */
  public Connection connect(String name) throws IOException, TimeoutException {
    ConnectionFactory factory = new ConnectionFactory();
    factory.setHost("127.0.0.1");
    factory.setPort(port);
    factory.setNetworkRecoveryInterval(500);
    return factory.newConnection(name);
  }

  /** Ends it and all its processes with SIGKILL. */
  public void kill() throws InterruptedException {
    server.kill();
  }

  /** Starts it again with what it had stored, and waits until it serves. */
  public void restart() throws IOException, InterruptedException {
    server.start();
  }

  @Override
  public void close() throws InterruptedException {
    server.close();
  }
}
