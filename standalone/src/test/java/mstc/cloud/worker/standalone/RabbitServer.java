package mstc.cloud.worker.standalone;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import mstc.cloud.worker.faults.service.Broker;

/**
 * A real RabbitMQ server for a test. Taken from {@code MSTC_TEST_RABBITMQ_SERVER}, the path of
 * {@code rabbitmq-server}, or from where packages put it.
 */
final class RabbitServer {
  private RabbitServer() {}

  /**
   * Starts a server, or skips the test where there is none.
   *
   * @param settings lines of its configuration
   */
  static Broker start(Path folder, String... settings) throws IOException, InterruptedException {
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
    return new Broker(program.orElseThrow(), folder, settings);
  }
}
