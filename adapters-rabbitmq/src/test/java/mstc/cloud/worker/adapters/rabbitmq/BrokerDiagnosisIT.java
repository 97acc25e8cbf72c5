package mstc.cloud.worker.adapters.rabbitmq;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import mstc.cloud.worker.testkit.diagnosis.Findings;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** What is told of a broker, and what to do about it. */
@Execution(ExecutionMode.CONCURRENT)
class BrokerDiagnosisIT {
  private final TestBroker broker = TestBroker.any();
  private final RabbitSettings.Names names = ownNames();

  @TempDir private Path folder;

  private static RabbitSettings.Names ownNames() {
    String suffix = "." + UUID.randomUUID();
    return new RabbitSettings.Names(
        "mstc.exchange" + suffix, "mstc.queue.work" + suffix, "mstc.queue.dead" + suffix);
  }

  private RabbitSettings settings() {
    return RabbitSettings.of(broker.host(), broker.port(), broker.user(), broker.password())
        .withNames(names);
  }

  private Connection connect() throws Exception {
    ConnectionFactory factory = new ConnectionFactory();
    factory.setHost(broker.host());
    factory.setPort(broker.port());
    factory.setUsername(broker.user());
    factory.setPassword(broker.password());
    return factory.newConnection();
  }

  private static Findings examined(RabbitSettings settings) throws InterruptedException {
    return Findings.of(RabbitWorkQueue.diagnosis(settings));
  }

  @Test
  void aBrokerThatWorksIsSaidTo() throws Exception {
    // when
    Findings findings = examined(settings());

    // then
    findings.assertPassedBut();
    findings.assertSeen("broker consumers", "requests that wait: 0, consumers: 0");
    remove();
  }

  @Test
  void requestsThatWaitAreCountedAndLeftAlone() throws Exception {
    try (Connection connection = connect();
        Channel channel = connection.createChannel()) {
      // given
      channel.queueDeclare(names.queue(), true, false, false, null);
      channel.confirmSelect();
      channel.basicPublish("", names.queue(), null, new byte[0]);
      channel.waitForConfirmsOrDie();

      // when
      Findings findings = examined(settings());

      // then
      findings.assertSeen("broker consumers", "requests that wait: 1, consumers: 0");
      assertThat(channel.basicGet(names.queue(), true).getEnvelope().isRedeliver()).isFalse();
    }
    remove();
  }

  @Test
  void aQueueWithOtherPropertiesIsNamed() throws Exception {
    try (Connection connection = connect();
        Channel channel = connection.createChannel()) {
      // given
      boolean autoDelete = true;
      channel.queueDeclare(names.queue(), true, false, autoDelete, null);

      // when
      Findings findings = examined(settings());

      // then
      findings.assertFailed("broker work queue", names.queue(), "delete it once it is empty");
    }
    remove();
  }

  @Test
  void aWrongPasswordIsToldWithItsKey() throws Exception {
    // The embedded broker hangs up on clients that this machine has no time for.
    await()
        .atMost(Duration.ofMinutes(1))
        .untilAsserted(() -> {
          // when
          Findings findings =
              examined(RabbitSettings.of(broker.host(), broker.port(), broker.user(), "wrong"));

          // then
          findings.assertFailed("broker login", "login refused", "mstc.work-queue.password");
          findings.assertSkipped("broker virtual host", "no login");
          findings.assertSkipped("broker dead queue", "no login");
        });
  }

  @Test
  void aClosedPortAndAnUnknownHostAreToldApart() throws Exception {
    // when
    Findings closed = examined(RabbitSettings.of("127.0.0.1", closedPort(), "guest", "guest"));
    Findings unknown = examined(RabbitSettings.of("broker.invalid", 5672, "guest", "guest"));

    // then
    closed.assertFailed("broker address", "nothing listens", "start RabbitMQ there");
    unknown.assertFailed("broker address", "unknown host", "mstc.work-queue.host");
  }

  @Test
  void aServerThatSaysNothingHoldsNobodyUp() throws Exception {
    try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      // when
      Findings findings =
          examined(RabbitSettings.of("127.0.0.1", silent.getLocalPort(), "guest", "guest"));

      // then
      findings.assertSeen("broker address", "");
      findings.assertFailed("broker login", "Timeout", "mstc.work-queue.tls.enabled");
    }
  }

  @Test
  void whatIsWrongWithTlsIsTold() throws Exception {
    // given
    TestAuthority authority = TestAuthority.create(folder, "localhost");
    TestAuthority other = TestAuthority.create(folder.resolve("other"), "localhost");

    try (FaultyProxy proxy =
        new FaultyProxy(broker.host(), broker.port(), authority.serverSockets())) {
      // when
      Findings untrusted = examined(encrypted("localhost", proxy.port(), other));
      Findings anotherName = examined(encrypted("127.0.0.1", proxy.port(), authority));
      Findings plain = examined(encrypted(broker.host(), broker.port(), authority));

      // then
      untrusted.assertFailed("broker TLS", "path", "mstc.work-queue.tls.ca-certificate");
      anotherName.assertFailed("broker TLS", "127.0.0.1", "a name in it");
      plain.assertFailed("broker TLS", "", "mstc.work-queue.port");
      plain.assertSkipped("broker login", "not reached");
      // The embedded broker hangs up on clients that this machine has no time for.
      await()
          .atMost(Duration.ofMinutes(1))
          .untilAsserted(
              () -> examined(encrypted("localhost", proxy.port(), authority)).assertPassedBut());
    }
    remove();
  }

  private RabbitSettings encrypted(String host, int port, TestAuthority trusted) {
    return RabbitSettings.of(host, port, broker.user(), broker.password())
        .withNames(names)
        .withTls(new RabbitSettings.Tls(true, Optional.of(trusted.pem()), true));
  }

  private static int closedPort() throws Exception {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  private void remove() throws Exception {
    try (Connection connection = connect();
        Channel channel = connection.createChannel()) {
      channel.queueDelete(names.queue());
      channel.queueDelete(names.deadQueue());
      channel.exchangeDelete(names.exchange());
    }
  }
}
