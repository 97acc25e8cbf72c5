package mstc.cloud.worker.adapters.rabbitmq;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.rabbitmq.client.AMQP;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import mstc.cloud.worker.domain.queue.Disposition;
import mstc.cloud.worker.domain.request.ParsedRequest;
import mstc.cloud.worker.wire.WorkRequestFormat;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What becomes of a request whose reply would do harm. */
final class ReplyQueueIT {
  private RabbitBrokerSide broker;
  private RabbitWorkQueue queue;

  @BeforeEach
  void connect() throws Exception {
    broker = new RabbitBrokerSide(TestBroker.any());
    queue = new RabbitWorkQueue(broker.settings(), new WorkRequestFormat());
  }

  @AfterEach
  void close() {
    queue.close();
    broker.close();
  }

  @Test
  void aRequestThatWantsItsReplyInAQueueOfOthersIsMovedToTheDeadQueue() {
    // given
    List<String> handled = new CopyOnWriteArrayList<>();
    queue.open((delivery, _) -> {
      handled.add(delivery.replyQueue().orElse("nobody"));
      return delivery.request() instanceof ParsedRequest.Unreadable(String reason)
          ? new Disposition.DeadLetter(reason)
          : new Disposition.Acknowledge();
    });
    await().atMost(Duration.ofSeconds(60)).until(queue::isConnected);
    queue.demand(4);
    RabbitSettings.Names names = broker.settings().names();

    // when
    publish(names.queue());
    publish(names.deadQueue());
    publish("amq.rabbitmq.log");
    publish("replies");

    // then
    await()
        .atMost(Duration.ofSeconds(60))
        .untilAsserted(() -> {
          assertThat(broker.deadMessages())
              .extracting(dead -> dead.reason())
              .satisfiesExactlyInAnyOrder(
                  reason -> assertThat(reason).contains(names.queue(), "is the work queue"),
                  reason ->
                      assertThat(reason).contains(names.deadQueue(), "is the dead-letter queue"),
                  reason -> assertThat(reason).contains("amq.rabbitmq.log", "broker's own"));
          assertThat(handled).containsExactlyInAnyOrder("nobody", "nobody", "nobody", "replies");
          assertThat(broker.waiting()).isZero();
        });
  }

  private void publish(String replyTo) {
    broker.publish(
        new AMQP.BasicProperties.Builder().replyTo(replyTo).build(),
        RabbitBrokerSide.body("job").getBytes(StandardCharsets.UTF_8));
  }
}
