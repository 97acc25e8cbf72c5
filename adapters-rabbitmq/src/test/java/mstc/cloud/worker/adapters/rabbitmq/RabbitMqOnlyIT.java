package mstc.cloud.worker.adapters.rabbitmq;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import mstc.cloud.worker.domain.queue.Disposition;
import mstc.cloud.worker.domain.queue.ReplyReceipt;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.reply.ReplyAddress;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What only RabbitMQ does. */
final class RabbitMqOnlyIT {
  @BeforeAll
  static void requireRabbitMq() {
    TestBroker.rabbitMq();
  }

  private static final String DIRECT_REPLY_TO = "amq.rabbitmq.reply-to";

  private RabbitBrokerSide broker;
  private RabbitWorkQueue queue;

  @BeforeEach
  void connect() throws Exception {
    broker = new RabbitBrokerSide(TestBroker.rabbitMq());
    queue = new RabbitWorkQueue(broker.settings());
  }

  @AfterEach
  void close() {
    queue.close();
    broker.close();
  }

  @Test
  void a_queue_with_other_arguments_is_told_once_and_waited_for() {
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
  void direct_replies_arrive_and_are_confirmed() throws Exception {
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

  private static ConditionFactory await() {
    return Awaitility.await().pollInterval(Duration.ofMillis(20)).atMost(Duration.ofSeconds(30));
  }
}
