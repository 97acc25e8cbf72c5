package mstc.cloud.worker.adapters.rabbitmq;

import static org.assertj.core.api.Assertions.assertThat;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Envelope;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import mstc.cloud.worker.domain.queue.Delivery;
import org.junit.jupiter.api.Test;

final class MessageTest {

  @Test
  void empty_properties_are_absent() {
    // given
    Message message =
        message(
            new AMQP.BasicProperties.Builder().messageId("").correlationId("").replyTo("").build());

    // when
    Delivery delivery = message.toDelivery();

    // then
    assertThat(delivery.messageId()).isEmpty();
    assertThat(delivery.correlationId()).isEmpty();
    assertThat(delivery.replyQueue()).isEmpty();
    assertThat(delivery.redelivered()).isTrue();
  }

  @Test
  void a_dead_letter_neither_expires_nor_goes_elsewhere_nor_claims_another_sender() {
    // given
    Message message =
        message(
            new AMQP.BasicProperties.Builder()
                .messageId("m1")
                .deliveryMode(1)
                .expiration("1000")
                .userId("someone")
                .headers(Map.of("CC", List.of("a"), "BCC", List.of("b"), "mine", 7))
                .build());

    // when
    AMQP.BasicProperties dead = message.deadLetterProperties("two\nlines");

    // then
    assertThat(dead.getMessageId()).isEqualTo("m1");
    assertThat(dead.getDeliveryMode()).isEqualTo(2);
    assertThat(dead.getExpiration()).isNull();
    assertThat(dead.getUserId()).isNull();
    assertThat(dead.getHeaders())
        .isEqualTo(
            Map.of(
                "mine",
                7,
                "mstc-original-cc",
                List.of("a"),
                "mstc-original-bcc",
                List.of("b"),
                "mstc-original-expiration",
                "1000",
                "mstc-original-user-id",
                "someone",
                "mstc-reason",
                "two\\u000alines"));
  }

  @Test
  void a_message_is_named_by_its_correlation_id_on_one_line() {
    // given
    Message message = message(new AMQP.BasicProperties.Builder().correlationId("a\r\nb").build());

    // then
    assertThat(message.mark()).isEqualTo("\"a\\u000d\\u000ab\"");
    assertThat(message.correlationId()).isEqualTo(Optional.of("a\r\nb"));
  }

  private static Message message(AMQP.BasicProperties properties) {
    return new Message(
        new Envelope(1, true, "", ""),
        properties,
        RabbitBrokerSide.body("job").getBytes(StandardCharsets.UTF_8),
        Moment.now());
  }
}
