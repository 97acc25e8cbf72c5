package mstc.cloud.worker.adapters.rabbitmq;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import mstc.cloud.worker.domain.queue.Delivery;
import mstc.cloud.worker.domain.queue.Disposition;
import mstc.cloud.worker.domain.queue.ReplyReceipt;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.reply.ReplyAddress;
import mstc.cloud.worker.wire.WorkRequestFormat;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** What only RabbitMQ does. */
@Isolated
final class RabbitMqOnlyIT {
  @BeforeAll
  static void requireRabbitMq() {
    TestBroker.rabbitMq();
  }

  private static final String DIRECT_REPLY_TO = "amq.rabbitmq.reply-to";

  private final List<String> quorumQueues = new ArrayList<>();
  private RabbitBrokerSide broker;
  private RabbitWorkQueue queue;

  @BeforeEach
  void connect() throws Exception {
    broker = new RabbitBrokerSide(TestBroker.rabbitMq());
    queue = new RabbitWorkQueue(broker.settings(), new WorkRequestFormat());
  }

  @AfterEach
  void close() {
    queue.close();
    quorumQueues.forEach(name -> broker.onChannel(channel -> channel.queueDelete(name)));
    broker.close();
  }

  @Test
  void aQueueWithOtherArgumentsIsToldOnceAndWaitedFor() {
    // given
    String work = broker.settings().names().queue();
    broker.onChannel(
        channel -> channel.queueDeclare(work, true, false, false, Map.of("x-message-ttl", 60_000)));
    try (RecordedLog log = new RecordedLog()) {

      // when
      queue.open((_, _) -> new Disposition.Acknowledge());

      // then
      await()
          .until(() ->
              log.at(Level.DEBUG).stream().filter(it -> it.startsWith("Connecting failed")).count()
                  >= 3);
      assertThat(log.at(Level.ERROR))
          .singleElement()
          .asString()
          .contains("other properties", "PRECONDITION_FAILED", work);

      // when
      broker.deleteWorkQueue();

      // then
      await().until(queue::isConnected);
    }
  }

  @Test
  void directRepliesArriveAndAreConfirmed() throws Exception {
    // given
    BlockingQueue<String> addresses = new LinkedBlockingQueue<>();
    BlockingQueue<String> received = new LinkedBlockingQueue<>();
    queue.open((delivery, _) -> {
      addresses.add(delivery.replyQueue().orElse(""));
      return new Disposition.Acknowledge();
    });
    await().until(queue::isConnected);
    queue.demand(1);
    Channel client = broker.connection().createChannel();
    client.basicConsume(
        DIRECT_REPLY_TO,
        true,
        (_, message) -> received.add(new String(message.getBody(), StandardCharsets.UTF_8)),
        _ -> {});

    // when
    client.basicPublish(
        broker.settings().names().exchange(),
        broker.settings().names().queue(),
        new AMQP.BasicProperties.Builder().replyTo(DIRECT_REPLY_TO).build(),
        RabbitBrokerSide.body("job").getBytes(StandardCharsets.UTF_8));
    String address = addresses.poll(30, TimeUnit.SECONDS);
    assertThat(address).startsWith(DIRECT_REPLY_TO + ".");
    ReplyReceipt receipt =
        queue.reply(new ReplyAddress(address, Optional.empty()), Reply.invalid("no image"));

    // then
    assertThat(receipt).isEqualTo(ReplyReceipt.CONFIRMED);
    assertThat(received.poll(30, TimeUnit.SECONDS)).contains("no image");
  }

  /** The premise of the next test. */
  @Test
  void aQuorumQueueDropsWhatGoesBackToItsPlaceTooOften() throws Exception {
    // given
    String quorum = newQuorumQueue(2);
    AtomicInteger handled = new AtomicInteger();
    try (BareIntake intake =
        new BareIntake(
            broker.settings(),
            quorum,
            Duration.ofMillis(1),
            (_, _) -> {
              handled.incrementAndGet();
              return new Disposition.Requeue();
            })) {
      intake.demand(1);

      // when
      broker.publishTo(quorum, "c1");

      // then
      await().until(() -> handled.get() == 3);
      Awaitility.await()
          .during(Duration.ofSeconds(1))
          .atMost(Duration.ofSeconds(30))
          .until(() -> handled.get() == 3);
    }
  }

  @Test
  void aQuorumQueueKeepsWhatIsPostponedHoweverOften() throws Exception {
    // given
    String quorum = newQuorumQueue(2);
    BlockingQueue<Delivery> handled = new LinkedBlockingQueue<>();
    try (BareIntake intake =
        new BareIntake(
            broker.settings(),
            quorum,
            Duration.ofNanos(1),
            (delivery, _) -> {
              handled.add(delivery);
              return handled.size() < 12
                  ? new Disposition.Postpone()
                  : new Disposition.Acknowledge();
            })) {
      intake.demand(1);

      // when
      broker.publishTo(quorum, "c1");

      // then
      await().until(() -> handled.size() == 12);
      assertThat(handled)
          .allMatch(it -> it.correlationId().equals(Optional.of("c1")))
          .extracting(Delivery::redelivered)
          .startsWith(false, true)
          .endsWith(true);
    }
  }

  private String newQuorumQueue(int deliveryLimit) {
    String name = broker.settings().names().queue() + ".quorum";
    broker.onChannel(channel ->
        channel.queueDeclare(
            name,
            true,
            false,
            false,
            Map.of("x-queue-type", "quorum", "x-delivery-limit", deliveryLimit)));
    quorumQueues.add(name);
    return name;
  }

  @Test
  void aRequestThatWasPostponedIsAnsweredToItsDirectReplyAddress() throws Exception {
    // given
    BlockingQueue<Delivery> handled = new LinkedBlockingQueue<>();
    BlockingQueue<String> received = new LinkedBlockingQueue<>();
    queue.open((delivery, _) -> {
      handled.add(delivery);
      return delivery.redelivered() ? new Disposition.Acknowledge() : new Disposition.Postpone();
    });
    await().until(queue::isConnected);
    queue.demand(1);
    Channel client = broker.connection().createChannel();
    client.basicConsume(
        DIRECT_REPLY_TO,
        true,
        (_, message) -> received.add(new String(message.getBody(), StandardCharsets.UTF_8)),
        _ -> {});

    // when
    client.basicPublish(
        broker.settings().names().exchange(),
        broker.settings().names().queue(),
        new AMQP.BasicProperties.Builder().replyTo(DIRECT_REPLY_TO).build(),
        RabbitBrokerSide.body("job").getBytes(StandardCharsets.UTF_8));
    await().until(() -> handled.size() == 2);
    Delivery first = handled.remove();
    Delivery again = handled.remove();
    ReplyReceipt receipt =
        queue.reply(again.replyAddress().orElseThrow(), Reply.invalid("no image"));

    // then
    assertThat(again.replyAddress()).isEqualTo(first.replyAddress());
    assertThat(receipt).isEqualTo(ReplyReceipt.CONFIRMED);
    assertThat(received.poll(30, TimeUnit.SECONDS)).contains("no image");
  }

  /** No client has such an address, but anybody may write it into a request. */
  @Test
  void aDirectReplyAddressThatIsNoneHarmsNobody() {
    // given
    queue.open((_, _) -> new Disposition.Acknowledge());
    await().until(queue::isConnected);
    ReplyAddress good = new ReplyAddress(broker.newReplyQueue(), Optional.empty());

    // when
    try (RecordedLog log = new RecordedLog()) {
      for (String end : List.of("", ".", ".none", ".g2dkAA", ".g1hkAAB.", ".é.é", ".g2dkAA==.k")) {
        ReplyAddress none = new ReplyAddress(DIRECT_REPLY_TO + end, Optional.empty());
        // What becomes of it depends on the broker's version.
        assertThat(queue.reply(none, Reply.invalid("no"))).isNotNull();
        assertThat(queue.reply(good, Reply.invalid("no"))).isEqualTo(ReplyReceipt.CONFIRMED);
      }

      // then
      assertThat(queue.isConnected()).isTrue();
      assertThat(log.at(Level.WARN)).isEmpty();
    }
  }

  /** Which is why it is not tried for ever. */
  @Test
  void aFullQueueThatDeadLettersWhatItRejectsRefusesAndHasACopyOfEachAttempt() {
    // given
    String rejected = broker.newReplyQueue();
    String full =
        broker.onChannel(channel ->
            channel
                .queueDeclare(
                    "",
                    false,
                    true,
                    true,
                    Map.of(
                        "x-max-length",
                        1,
                        "x-overflow",
                        "reject-publish-dlx",
                        "x-dead-letter-exchange",
                        "",
                        "x-dead-letter-routing-key",
                        rejected))
                .getQueue());
    broker.publishTo(full, "filler");
    queue.open((_, _) -> new Disposition.Acknowledge());
    await().until(queue::isConnected);
    ReplyAddress address = new ReplyAddress(full, Optional.of("c1"));

    // when
    List<ReplyReceipt> receipts =
        List.of(
            queue.reply(address, Reply.invalid("no")), queue.reply(address, Reply.invalid("no")));

    // then
    assertThat(receipts).containsOnly(ReplyReceipt.REFUSED);
    await().untilAsserted(() -> assertThat(broker.replies(rejected)).hasSize(2));
  }

  private static ConditionFactory await() {
    return Awaitility.await().pollInterval(Duration.ofMillis(20)).atMost(Duration.ofSeconds(30));
  }
}
