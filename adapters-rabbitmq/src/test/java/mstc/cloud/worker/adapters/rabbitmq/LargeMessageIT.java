package mstc.cloud.worker.adapters.rabbitmq;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Connection;
import java.time.Duration;
import mstc.cloud.worker.domain.queue.ReplyReceipt;
import org.junit.jupiter.api.Test;

/** A message above RabbitMQ's {@code max_message_size}, for which it closes the channel. */
final class LargeMessageIT {
  /** From version 4 on, RabbitMQ takes 16 MiB at most unless configured otherwise. */
  private static final byte[] TOO_LARGE = new byte[17 * 1024 * 1024];

  private static final byte[] SMALL = {1};
  private static final AMQP.BasicProperties NONE = new AMQP.BasicProperties();

  @Test
  void aMessageThatIsTooLargeIsRefusedAndCostsTheOthersTheirChannelOnce() throws Exception {
    // given
    try (RabbitBrokerSide broker = new RabbitBrokerSide(TestBroker.anotherRabbitMq())) {
      Connection connection = broker.connection();
      String queue = connection.createChannel().queueDeclare().getQueue();
      ConfirmedPublisher publisher = new ConfirmedPublisher(connection, Duration.ofSeconds(30));

      // when
      ReplyReceipt first = publisher.publish(queue, NONE, TOO_LARGE);
      ReplyReceipt small = publisher.publish(queue, NONE, SMALL);
      try (RecordedLog log = new RecordedLog()) {
        ReplyReceipt second = publisher.publish(queue, NONE, TOO_LARGE);

        // then
        assertThat(second).isEqualTo(ReplyReceipt.REFUSED);
        assertThat(log.at(Level.WARN)).isEmpty();
      }
      assertThat(first).isEqualTo(ReplyReceipt.REFUSED);
      assertThat(small).isEqualTo(ReplyReceipt.CONFIRMED);
    }
  }
}
