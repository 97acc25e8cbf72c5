package mstc.cloud.worker.adapters.rabbitmq;

import static org.junit.jupiter.api.Assumptions.abort;

import java.util.Optional;
import mstc.cloud.worker.embedded.BrokerSettings;
import mstc.cloud.worker.embedded.EmbeddedBroker;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.utility.DockerImageName;

/** A RabbitMQ for tests: what the environment names, else a container, else none. */
record TestBroker(String host, int port, String user, String password) {
  private static final int AMQP_PORT = 5672;

  /** The broker; aborts the test where there is none. */
  static TestBroker rabbitMq() {
    return Shared.BROKER.orElseGet(
        () -> abort("needs a RabbitMQ: set WORK_QUEUE_HOST, or start Docker"));
  }

  /**
   * Another RabbitMQ, of another version, with the default user and password; aborts the test where
   * the environment names none.
   */
  static TestBroker anotherRabbitMq() {
    String host = System.getenv("MSTC_TEST_ANOTHER_RABBITMQ_HOST");
    return host == null
        ? abort("needs a second RabbitMQ: set MSTC_TEST_ANOTHER_RABBITMQ_HOST")
        : new TestBroker(host, AMQP_PORT, "guest", "guest");
  }

  /** The first one, or the embedded broker where there is none. */
  static TestBroker any() {
    return Shared.BROKER.orElseGet(() -> Embedded.BROKER);
  }

  /** Runs as long as this JVM. */
  private static final class Embedded {
    static final TestBroker BROKER = start();

    // Closed with the JVM; it keeps nothing.
    @SuppressWarnings("resource")
    private static TestBroker start() {
      BrokerSettings settings = BrokerSettings.inMemory();
      EmbeddedBroker broker = EmbeddedBroker.start(settings);
      return new TestBroker(broker.host(), broker.port(), settings.user(), settings.password());
    }
  }

  private static final class Shared {
    static final Optional<TestBroker> BROKER = find();

    private static Optional<TestBroker> find() {
      String host = System.getenv("WORK_QUEUE_HOST");
      if (host != null) {
        return Optional.of(
            new TestBroker(
                host,
                Integer.parseInt(variable("WORK_QUEUE_PORT", Integer.toString(AMQP_PORT))),
                variable("WORK_QUEUE_USER", "guest"),
                variable("WORK_QUEUE_PASS", "guest")));
      }
      if (!DockerClientFactory.instance().isDockerAvailable()) {
        return Optional.empty();
      }
      return Optional.of(startContainer());
    }

    // Ended by the library when this JVM ends.
    @SuppressWarnings("resource")
    private static TestBroker startContainer() {
      GenericContainer<?> container =
          new GenericContainer<>(
                  DockerImageName.parse(variable("MSTC_TEST_RABBITMQ_IMAGE", "rabbitmq:4")))
              .withExposedPorts(AMQP_PORT);
      container.start();
      return new TestBroker(
          container.getHost(), container.getMappedPort(AMQP_PORT), "guest", "guest");
    }

    private static String variable(String name, String otherwise) {
      return Optional.ofNullable(System.getenv(name)).orElse(otherwise);
    }
  }
}
