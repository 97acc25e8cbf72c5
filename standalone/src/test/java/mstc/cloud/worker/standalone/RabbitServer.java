package mstc.cloud.worker.standalone;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.rabbitmq.client.ConnectionFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A real RabbitMQ server that the test can kill and start again; its messages are kept in a folder.
 * Taken from {@code MSTC_TEST_RABBITMQ_SERVER}, the path of {@code rabbitmq-server}, or from where
 * packages put it.
 */
final class RabbitServer implements AutoCloseable {
  private static final Duration START = Duration.ofSeconds(90);

  private final ProcessBuilder builder;
  private final int port;
  private Process process;

  private RabbitServer(Path program, Path folder, String... settings) throws IOException {
    port = FreePort.find();
    Files.createDirectories(folder.resolve("home"));
    Path configuration =
        Files.writeString(
            folder.resolve("rabbitmq.conf"),
            "loopback_users = none\n" + String.join("\n", settings) + "\n");
    Path plugins = Files.writeString(folder.resolve("enabled_plugins"), "[].\n");
    builder =
        new ProcessBuilder(program.toString())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(folder.resolve("output").toFile()));
    builder
        .environment()
        .putAll(
            Map.of(
                "HOME", folder.resolve("home").toString(),
                "RABBITMQ_NODENAME", "mstc-test-" + port + "@localhost",
                "RABBITMQ_NODE_PORT", Integer.toString(port),
                "RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1",
                "RABBITMQ_DIST_PORT", Integer.toString(FreePort.find()),
                "RABBITMQ_MNESIA_BASE", folder.resolve("mnesia").toString(),
                "RABBITMQ_LOG_BASE", folder.resolve("log").toString(),
                "RABBITMQ_CONFIG_FILE", configuration.toString(),
                "RABBITMQ_ENABLED_PLUGINS_FILE", plugins.toString()));
    process = builder.start();
  }

  /**
   * Starts a server, or skips the test where there is none.
   *
   * @param settings lines of its configuration
   */
  static RabbitServer start(Path folder, String... settings) throws IOException {
    Optional<Path> program =
        Stream.of(
                System.getenv().getOrDefault("MSTC_TEST_RABBITMQ_SERVER", ""),
                "/usr/lib/rabbitmq/bin/rabbitmq-server",
                "/opt/homebrew/sbin/rabbitmq-server")
            .filter(path -> !path.isEmpty())
            .map(Path::of)
            .filter(Files::isExecutable)
            .findFirst();
    assumeTrue(
        program.isPresent(),
        "no rabbitmq-server on this machine; set MSTC_TEST_RABBITMQ_SERVER to its path");
    RabbitServer server = new RabbitServer(program.orElseThrow(), folder, settings);
    server.awaitReady();
    return server;
  }

  private void awaitReady() {
    ConnectionFactory factory = new ConnectionFactory();
    factory.setHost("127.0.0.1");
    factory.setPort(port);
    await()
        .alias("RabbitMQ on port " + port)
        .atMost(START)
        .pollInterval(Duration.ofMillis(250))
        .failFast("rabbitmq-server has ended", () -> !process.isAlive())
        .ignoreExceptions()
        .until(() -> {
          factory.newConnection("test probe").close();
          return true;
        });
  }

  int port() {
    return port;
  }

  /** Ends the server and all its processes with SIGKILL. */
  void kill() throws InterruptedException {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly().waitFor();
  }

  /** Starts it again on the same port, with what it had stored. */
  void restart() throws IOException {
    process = builder.start();
    awaitReady();
  }

  @Override
  public void close() throws InterruptedException {
    kill();
  }
}
