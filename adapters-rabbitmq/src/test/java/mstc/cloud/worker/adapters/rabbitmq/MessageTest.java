package mstc.cloud.worker.adapters.rabbitmq;

import static org.assertj.core.api.Assertions.assertThat;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Envelope;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Date;
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
  void a_postponed_message_keeps_all_but_what_would_act_again() {
    // given
    Message message =
        message(
            new AMQP.BasicProperties.Builder()
                .messageId("m1")
                .correlationId("c1")
                .replyTo("amq.rabbitmq.reply-to.g1h2")
                .contentType("application/json")
                .contentEncoding("utf-8")
                .deliveryMode(1)
                .priority(7)
                .timestamp(Date.from(Instant.ofEpochSecond(1)))
                .type("type")
                .appId("app")
                .userId("someone")
                .headers(
                    Map.of("CC", List.of("a"), "x-mine", "kept", "x-delivery-count", 3, "mine", 7))
                .build());

    // when
    AMQP.BasicProperties postponed = message.postponedProperties();

    // then
    assertThat(postponed)
        .isEqualTo(
            new AMQP.BasicProperties.Builder()
                .messageId("m1")
                .correlationId("c1")
                .replyTo("amq.rabbitmq.reply-to.g1h2")
                .contentType("application/json")
                .contentEncoding("utf-8")
                .deliveryMode(1)
                .priority(7)
                .timestamp(Date.from(Instant.ofEpochSecond(1)))
                .type("type")
                .appId("app")
                .headers(
                    Map.of(
                        "mstc-original-cc",
                        List.of("a"),
                        "mstc-original-user-id",
                        "someone",
                        "x-mine",
                        "kept",
                        "mine",
                        7,
                        "mstc-postponed",
                        1))
                .build());
  }

  @Test
  void a_postponed_message_counts_and_has_been_delivered_before() {
    // given
    Message first = new Message(FIRST, NOTHING, BODY, Moment.now());

    // when
    Message second = new Message(FIRST, first.postponedProperties(), BODY, Moment.now());
    Message third = new Message(FIRST, second.postponedProperties(), BODY, Moment.now());

    // then
    assertThat(List.of(first, second, third))
        .extracting(Message::timesPostponed)
        .containsExactly(0, 1, 2);
    assertThat(List.of(first, second, third))
        .extracting(it -> it.toDelivery().redelivered())
        .containsExactly(false, true, true);
  }

  @Test
  void a_header_of_a_client_that_is_no_count_is_none() {
    assertThat(postponedBy("often").timesPostponed()).isZero();
    assertThat(postponedBy(-1).timesPostponed()).isZero();
    assertThat(postponedBy(3L).timesPostponed()).isEqualTo(3);
  }

  private static Message postponedBy(Object header) {
    return message(
        new AMQP.BasicProperties.Builder().headers(Map.of("mstc-postponed", header)).build());
  }

  @Test
  void a_postponed_message_expires_when_it_would_have() {
    // given one that was received ten seconds ago, and may live a minute
    long now = System.currentTimeMillis();
    AMQP.BasicProperties properties =
        new AMQP.BasicProperties.Builder().expiration("60000").build();
    Message first = new Message(FIRST, properties, BODY, new Moment(0, now - 10_000));

    // when it is postponed twice
    Message second = new Message(FIRST, first.postponedProperties(), BODY, new Moment(0, now));
    AMQP.BasicProperties twice = second.postponedProperties();

    // then
    assertThat(twice.getHeaders()).containsEntry("mstc-expires-at", now + 50_000);
    assertThat(Long.parseLong(twice.getExpiration())).isBetween(1L, 50_000L);
  }

  @Test
  void a_postponed_message_that_should_have_expired_does() {
    // given
    AMQP.BasicProperties properties = new AMQP.BasicProperties.Builder().expiration("1000").build();
    Message message =
        new Message(FIRST, properties, BODY, new Moment(0, System.currentTimeMillis() - 2_000));

    // then
    assertThat(message.postponedProperties().getExpiration()).isEqualTo("0");
  }

  @Test
  void a_dead_letter_that_was_not_taken_is_due_until_it_is() {
    // given
    Message message =
        message(new AMQP.BasicProperties.Builder().expiration("1000").replyTo("r").build());

    // when
    Message due = message(message.postponedProperties("nobody can run this"));
    Message dead = message(due.deadLetterProperties("nobody can run this"));

    // then
    assertThat(message.dueReason()).isEmpty();
    assertThat(due.dueReason()).contains("nobody can run this");
    assertThat(due.timesPostponed()).isEqualTo(1);
    assertThat(due.postponedProperties("again").getExpiration()).isNull();
    // and whoever puts a dead letter into the work queue has it handled again, however often
    assertThat(dead.dueReason()).isEmpty();
    assertThat(dead.timesPostponed()).isZero();
    assertThat(message(dead.postponedProperties()).dueReason()).isEmpty();
  }

  private static final Envelope FIRST = new Envelope(1, false, "", "");
  private static final AMQP.BasicProperties NOTHING = new AMQP.BasicProperties();
  private static final byte[] BODY = RabbitBrokerSide.body("job").getBytes(StandardCharsets.UTF_8);

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
