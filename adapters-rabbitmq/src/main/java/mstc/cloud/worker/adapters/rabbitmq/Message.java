package mstc.cloud.worker.adapters.rabbitmq;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Envelope;
import com.rabbitmq.client.LongString;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import mstc.cloud.worker.domain.PrintableText;
import mstc.cloud.worker.domain.queue.Delivery;
import mstc.cloud.worker.wire.RequestJson;
import org.jspecify.annotations.Nullable;

/** A message as the broker delivered it. The body is neither copied nor changed. */
final class Message {
  /** Why a message is in the dead-letter queue. */
  static final String REASON_HEADER = "mstc-reason";

  private static final int MAX_REASON_LENGTH = 1_000;
  private static final int PERSISTENT = 2;

  private final Envelope envelope;
  private final AMQP.BasicProperties properties;
  private final byte[] body;
  private final Moment received;

  Message(Envelope envelope, AMQP.BasicProperties properties, byte[] body, Moment received) {
    this.received = received;
    this.envelope = envelope;
    this.properties = properties;
    this.body = body;
  }

  long deliveryTag() {
    return envelope.getDeliveryTag();
  }

  Moment received() {
    return received;
  }

  byte[] body() {
    return body;
  }

  /** What the handler gets. Parses the body. */
  Delivery toDelivery() {
    return new Delivery(
        RequestJson.parse(body),
        text(properties.getMessageId()),
        correlationId(),
        text(properties.getReplyTo()),
        isRedelivered());
  }

  Optional<String> correlationId() {
    return text(properties.getCorrelationId());
  }

  boolean isRedelivered() {
    return envelope.isRedeliver();
  }

  /**
   * The properties with which the message is moved to the dead-letter queue: its own and the
   * reason, but for what would act on the broker again. An expiration would delete it there, the
   * user id of its sender would be refused as not ours, and {@code CC} and {@code BCC} would send
   * copies to other queues; they are kept as headers of other names.
   *
   * @see <a href="https://www.rabbitmq.com/docs/sender-selected">Sender-selected distribution</a>
   * @see <a href="https://www.rabbitmq.com/docs/validated-user-id">Validated user id</a>
   */
  AMQP.BasicProperties deadLetterProperties(String reason) {
    Map<String, Object> headers = new HashMap<>();
    if (properties.getHeaders() != null) {
      headers.putAll(properties.getHeaders());
    }
    rename(headers, "CC", "mstc-original-cc");
    rename(headers, "BCC", "mstc-original-bcc");
    text(properties.getExpiration()).ifPresent(it -> headers.put("mstc-original-expiration", it));
    text(properties.getUserId()).ifPresent(it -> headers.put("mstc-original-user-id", it));
    headers.put(REASON_HEADER, PrintableText.oneLine(reason, MAX_REASON_LENGTH));
    return properties
        .builder()
        .headers(headers)
        .expiration(null)
        .userId(null)
        .deliveryMode(PERSISTENT)
        .build();
  }

  /** Names the message in a log line; foreign text is made printable. */
  String mark() {
    return correlationId().map(PrintableText::quote).orElse("none");
  }

  private static void rename(Map<String, Object> headers, String from, String to) {
    Object value = headers.remove(from);
    if (value != null) {
      headers.put(to, value instanceof LongString text ? text.toString() : value);
    }
  }

  private static Optional<String> text(@Nullable String value) {
    return Optional.ofNullable(value).filter(it -> !it.isEmpty());
  }
}
