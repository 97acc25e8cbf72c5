package mstc.cloud.worker.adapters.rabbitmq;

import static org.assertj.core.api.Assertions.assertThat;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Envelope;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import mstc.cloud.worker.domain.queue.Delivery;
import mstc.cloud.worker.domain.request.ParsedRequest;
import mstc.cloud.worker.domain.request.RequestParser;
import mstc.cloud.worker.testkit.request.HandWork;
import mstc.cloud.worker.wire.WorkRequestFormat;
import org.junit.jupiter.api.Test;

final class MessageTest {

  @Test
  void emptyPropertiesAreAbsent() {
    // given
    Message message =
        message(
            new AMQP.BasicProperties.Builder().messageId("").correlationId("").replyTo("").build());

    // when
    Delivery delivery = message.toDelivery(new WorkRequestFormat());

    // then
    assertThat(delivery.messageId()).isEmpty();
    assertThat(delivery.correlationId()).isEmpty();
    assertThat(delivery.replyQueue()).isEmpty();
    assertThat(delivery.redelivered()).isTrue();
  }

  @Test
  void theBrokersTimeIsMorePreciseThanTheClients() {
    // given
    AMQP.BasicProperties byClient =
        new AMQP.BasicProperties.Builder().timestamp(Date.from(Instant.ofEpochSecond(7))).build();
    AMQP.BasicProperties byBroker =
        byClient.builder().headers(Map.of("timestamp_in_ms", 7_123L)).build();

    // when
    Delivery untold = message(new AMQP.BasicProperties()).toDelivery(new WorkRequestFormat());
    Delivery client = message(byClient).toDelivery(new WorkRequestFormat());
    Delivery broker = message(byBroker).toDelivery(new WorkRequestFormat());

    // then
    assertThat(untold.sentAt()).isEmpty();
    assertThat(client.sentAt()).contains(Instant.ofEpochSecond(7));
    assertThat(broker.sentAt()).contains(Instant.ofEpochMilli(7_123));
  }

  @Test
  void aDeadLetterNeitherExpiresNorGoesElsewhereNorClaimsAnotherSender() {
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
  void aPostponedMessageKeepsAllButWhatWouldActAgain() {
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
  void aPostponedMessageCountsAndHasBeenDeliveredBefore() {
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
        .extracting(it -> it.toDelivery(new WorkRequestFormat()).redelivered())
        .containsExactly(false, true, true);
  }

  @Test
  void aHeaderOfAClientThatIsNoCountIsNone() {
    assertThat(postponedBy("often").timesPostponed()).isZero();
    assertThat(postponedBy(-1).timesPostponed()).isZero();
    assertThat(postponedBy(3L).timesPostponed()).isEqualTo(3);
  }

  @Test
  void theBodyIsAnyKindOfWorkThatTheWorkersParserReads() {
    // given
    ParsedRequest work = new ParsedRequest.Valid(new HandWork(), List.of());

    // when
    Delivery delivery = message(NOTHING).toDelivery(new OtherWorkParser(work));

    // then
    assertThat(delivery.request()).isEqualTo(work);
  }

  /** Of a worker that has a request type of its own. */
  private record OtherWorkParser(ParsedRequest work) implements RequestParser {
    @Override
    public ParsedRequest read(byte[] body) {
      return work;
    }

    @Override
    public ParsedRequest read(InputStream body) {
      return work;
    }
  }

  private static Message postponedBy(Object header) {
    return message(
        new AMQP.BasicProperties.Builder().headers(Map.of("mstc-postponed", header)).build());
  }

  @Test
  void aPostponedMessageExpiresWhenItWouldHave() {
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
  void aPostponedMessageThatShouldHaveExpiredDoes() {
    // given
    AMQP.BasicProperties properties = new AMQP.BasicProperties.Builder().expiration("1000").build();
    Message message =
        new Message(FIRST, properties, BODY, new Moment(0, System.currentTimeMillis() - 2_000));

    // then
    assertThat(message.postponedProperties().getExpiration()).isEqualTo("0");
  }

  @Test
  void aDeadLetterThatWasNotTakenIsDueUntilItIs() {
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
  void aMessageIsNamedByItsCorrelationIdOnOneLine() {
    // given
    Message message = message(new AMQP.BasicProperties.Builder().correlationId("a\r\nb").build());

    // then
    assertThat(message.printableCorrelationId()).isEqualTo("\"a\\u000d\\u000ab\"");
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
