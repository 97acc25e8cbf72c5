package mstc.cloud.worker.embedded;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.GetResponse;
import com.rabbitmq.client.MessageProperties;
import com.rabbitmq.client.PossibleAuthenticationFailureException;
import com.rabbitmq.client.Return;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What clients may rely on, with a broker in memory. */
class EmbeddedBrokerTest extends BrokerInMemory {
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  private static final int CONFIRM_MILLIS = 20_000;

  @Test
  void returnsAnUnroutableMandatoryMessageAndKeepsTheConnection() throws Exception {
    // given
    BlockingQueue<Return> returns = new LinkedBlockingQueue<>();
    channel.addReturnListener(returns::add);

    // when
    channel.basicPublish(
        "", "nobody", true, MessageProperties.PERSISTENT_BASIC, "reply".getBytes(UTF_8));
    channel.waitForConfirmsOrDie(CONFIRM_MILLIS);

    // then: returned before it was confirmed, as with RabbitMQ
    assertThat(returns)
        .singleElement()
        .satisfies(returned -> {
          assertThat(returned.getReplyCode()).isEqualTo(AMQP.NO_ROUTE);
          assertThat(returned.getRoutingKey()).isEqualTo("nobody");
          assertThat(returned.getBody()).asString(UTF_8).isEqualTo("reply");
        });
    assertThat(connection.isOpen()).isTrue();
    assertThat(channel.isOpen()).isTrue();
  }

  @Test
  void refusesWhatAFullQueueRejectsAndDoesNotReturnIt() throws Exception {
    // given
    BlockingQueue<Return> returns = new LinkedBlockingQueue<>();
    channel.addReturnListener(returns::add);
    channel.queueDeclare(
        "full", false, false, true, Map.of("qpid.max_count", 1, "qpid.policy_type", "reject"));
    channel.basicPublish("", "full", true, null, new byte[1]);
    channel.waitForConfirmsOrDie(CONFIRM_MILLIS);

    // when
    channel.basicPublish("", "full", true, null, new byte[1]);
    boolean confirmed = channel.waitForConfirms(CONFIRM_MILLIS);

    // then
    assertThat(confirmed).isFalse();
    channel.queuePurge("full");
    channel.basicPublish("", "full", true, null, new byte[1]);
    channel.waitForConfirmsOrDie(CONFIRM_MILLIS);
    assertThat(returns).isEmpty();
    assertThat(connection.isOpen()).isTrue();
  }

  @Test
  void confirmsAnUnroutableMessageThatIsNotMandatory() throws Exception {
    // when
    channel.basicPublish("", "nobody", null, new byte[1]);

    // then
    assertThat(channel.waitForConfirms(CONFIRM_MILLIS)).isTrue();
  }

  @Test
  void acceptsTheWorkQueueDeclaredAnewByEachClient() throws Exception {
    // given
    channel.exchangeDeclare("mstc.exchange", "direct", true);
    channel.queueDeclare("mstc.queue.work", true, false, false, Map.of());
    channel.queueBind("mstc.queue.work", "mstc.exchange", "mstc.queue.work");

    // when
    channel.exchangeDeclare("mstc.exchange", "direct", true);
    channel.queueDeclare("mstc.queue.work", true, false, false, Map.of());
    channel.queueBind("mstc.queue.work", "mstc.exchange", "mstc.queue.work");
    channel.exchangeDeclarePassive("mstc.exchange");
    AMQP.Queue.DeclareOk passive = channel.queueDeclarePassive("mstc.queue.work");

    // then
    assertThat(passive.getMessageCount()).isZero();
  }

  @Test
  void acceptsArgumentsThatOnlyRabbitMqKnows() throws Exception {
    // when
    var declared =
        channel.queueDeclare(
            "rabbit",
            false,
            false,
            true,
            Map.of("x-message-ttl", 60_000, "x-queue-type", "classic"));

    // then
    assertThat(declared.getQueue()).isEqualTo("rabbit");
  }

  @Test
  void deletesAnExclusiveReplyQueueWithItsConnection() throws Exception {
    // given
    String replies;

    // when
    try (var client = Clients.amqp(broker.port()).newConnection();
        var clientChannel = client.createChannel()) {
      replies = clientChannel.queueDeclare("", false, true, false, null).getQueue();
      channel.basicPublish("", replies, true, null, new byte[1]);
      channel.waitForConfirmsOrDie(CONFIRM_MILLIS);
    }

    // then
    awaitReturnFrom(replies);
  }

  @Test
  void deletesAConsumedAutoDeleteReplyQueueWithItsConnection() throws Exception {
    // given: what a client of RabbitMQ gets by default
    String replies;
    BlockingQueue<byte[]> received = new LinkedBlockingQueue<>();

    // when
    try (var client = Clients.amqp(broker.port()).newConnection();
        var clientChannel = client.createChannel()) {
      replies = clientChannel.queueDeclare().getQueue();
      clientChannel.basicConsume(
          replies, true, (tag, delivery) -> received.add(delivery.getBody()), tag -> {});
      channel.basicPublish("", replies, true, null, new byte[1]);
      assertThat(received.poll(10, TimeUnit.SECONDS)).hasSize(1);
    }

    // then
    awaitReturnFrom(replies);
  }

  private void awaitReturnFrom(String queue) {
    BlockingQueue<Return> returns = new LinkedBlockingQueue<>();
    channel.addReturnListener(returns::add);
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> {
          channel.basicPublish("", queue, true, null, new byte[1]);
          channel.waitForConfirmsOrDie(CONFIRM_MILLIS);
          assertThat(returns).isNotEmpty();
        });
  }

  @Test
  void marksAMessageThatComesAgain() throws Exception {
    // given
    channel.queueDeclare("again", false, false, true, null);
    channel.basicPublish("", "again", null, new byte[1]);
    channel.waitForConfirmsOrDie(CONFIRM_MILLIS);
    GetResponse first = channel.basicGet("again", false);

    // when
    channel.basicNack(first.getEnvelope().getDeliveryTag(), false, true);

    // then
    GetResponse second = channel.basicGet("again", false);
    assertThat(first.getEnvelope().isRedeliver()).isFalse();
    assertThat(second.getEnvelope().isRedeliver()).isTrue();
  }

  @Test
  void deliversNoMoreThanThePrefetchUntilAnAck() throws Exception {
    // given
    channel.queueDeclare("prefetch", false, false, true, null);
    for (int i = 0; i < 5; i++) {
      channel.basicPublish("", "prefetch", null, new byte[1]);
    }
    channel.waitForConfirmsOrDie(CONFIRM_MILLIS);
    Channel consumer = connection.createChannel();
    BlockingQueue<Long> tags = new LinkedBlockingQueue<>();
    consumer.basicQos(2);

    // when
    consumer.basicConsume(
        "prefetch",
        false,
        (consumerTag, delivery) -> tags.add(delivery.getEnvelope().getDeliveryTag()),
        consumerTag -> {});
    long first = tags.poll(10, TimeUnit.SECONDS);
    tags.poll(10, TimeUnit.SECONDS);

    // then: the round trip comes after whatever the broker had sent before
    assertThat(consumer.messageCount("prefetch")).isGreaterThanOrEqualTo(3);
    assertThat(tags).isEmpty();
    consumer.basicAck(first, false);
    assertThat(tags.poll(10, TimeUnit.SECONDS)).isEqualTo(3L);
  }

  @Test
  void carriesAMessageOfTenMegabytes() throws Exception {
    // given
    byte[] body = new byte[10 * 1024 * 1024];
    body[body.length - 1] = 42;
    channel.queueDeclare("large", false, false, true, null);

    // when
    channel.basicPublish("", "large", null, body);
    channel.waitForConfirmsOrDie(CONFIRM_MILLIS);

    // then
    assertThat(channel.basicGet("large", true).getBody()).isEqualTo(body);
  }

  @Test
  void asksForHeartbeatsAsRabbitMqDoes() {
    assertThat(connection.getHeartbeat()).isEqualTo(60);
  }

  @Test
  void letsNobodyInWithAnotherPassword() {
    // given
    var factory = Clients.amqp(broker.port());
    factory.setPassword("other");

    // when
    assertThatThrownBy(factory::newConnection)
        // then
        .isInstanceOf(PossibleAuthenticationFailureException.class);
  }

  @Test
  void takesThePasswordLiterally() throws Exception {
    // given
    String password = "a$b$$c${user.home}\"\\ü";
    var settings = new BrokerSettings("127.0.0.1", 0, "me", password, Optional.empty());

    // when
    try (var other = EmbeddedBroker.start(settings)) {
      var factory = Clients.amqp(other.port());
      factory.setUsername("me");
      factory.setPassword(password);

      // then
      try (var opened = factory.newConnection()) {
        assertThat(opened.isOpen()).isTrue();
      }
    }
  }

  @Test
  void namesAPortThatIsInUse() {
    // given
    var settings =
        new BrokerSettings("127.0.0.1", broker.port(), "guest", "guest", Optional.empty());

    // when
    assertThatThrownBy(() -> EmbeddedBroker.start(settings))
        // then
        .isInstanceOf(PortInUseException.class)
        .hasMessageContaining("127.0.0.1:" + broker.port())
        .hasMessageContaining("configure another port");
  }

  @Test
  void writesNothingToTheFolderThatTheProcessWasStartedIn() {
    assertThat(Path.of("derby.log")).doesNotExist();
    assertThat(Path.of("work")).doesNotExist();
    assertThat(Files.exists(Path.of("null"))).isFalse();
  }
}
