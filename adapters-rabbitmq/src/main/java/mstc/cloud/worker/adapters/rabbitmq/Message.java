package mstc.cloud.worker.adapters.rabbitmq;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Envelope;
import com.rabbitmq.client.LongString;
import java.time.Instant;
import java.util.Date;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import mstc.cloud.worker.domain.PrintableText;
import mstc.cloud.worker.domain.queue.Delivery;
import mstc.cloud.worker.domain.request.ParsedRequest;
import mstc.cloud.worker.domain.request.RequestParser;
import org.jspecify.annotations.Nullable;

/** A message as the broker delivered it. The body is neither copied nor changed. */
final class Message {
  /** Why a message is in the dead-letter queue. */
  static final String REASON_HEADER = "mstc-reason";

  /** How often a message was put at the end of the queue. */
  static final String POSTPONED_HEADER = "mstc-postponed";

  /** When such a message expires, in milliseconds since 1970. */
  static final String EXPIRES_HEADER = "mstc-expires-at";

  /** How often a quorum queue has delivered a message. */
  private static final String DELIVERY_COUNT = "x-delivery-count";

  /**
   * When the message came to the broker, in milliseconds since 1970.
   *
   * @see <a href="https://www.rabbitmq.com/docs/message-interceptors">Message interceptors</a>
   */
  private static final String BROKER_TIME_HEADER = "timestamp_in_ms";

  private static final int MAX_REASON_LENGTH = 1_000;
  private static final int PERSISTENT = 2;

  /** A time to live; RabbitMQ accepts no longer ones. */
  private static final Pattern MILLIS = Pattern.compile("[0-9]{1,15}");

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

  /** The delivery for the handler. */
  Delivery toDelivery(RequestParser parser) {
    return toDelivery(parser.read(body), replyQueue());
  }

  /** The same, for a message that is no request, and whose client cannot be answered. */
  Delivery toUnreadableDelivery(String reason) {
    return toDelivery(new ParsedRequest.Unreadable(reason), Optional.empty());
  }

  private Delivery toDelivery(ParsedRequest request, Optional<String> answeredIn) {
    return new Delivery(
        request,
        text(properties.getMessageId()),
        correlationId(),
        answeredIn,
        isRedelivered(),
        sentAt());
  }

  /** The broker's time to the millisecond, if it is configured to note it, else the client's. */
  private Optional<Instant> sentAt() {
    return header(BROKER_TIME_HEADER) instanceof Number millis
        ? Optional.of(Instant.ofEpochMilli(millis.longValue()))
        : Optional.ofNullable(properties.getTimestamp()).map(Date::toInstant);
  }

  Optional<String> correlationId() {
    return text(properties.getCorrelationId());
  }

  Optional<String> replyQueue() {
    return text(properties.getReplyTo());
  }

  boolean isRedelivered() {
    return envelope.isRedeliver() || timesPostponed() > 0;
  }

  /** How often it was put at the end of the queue. */
  int timesPostponed() {
    return header(POSTPONED_HEADER) instanceof Number times ? Math.max(0, times.intValue()) : 0;
  }

  /** Why it is still to be moved to the dead-letter queue: an earlier attempt failed. */
  Optional<String> dueReason() {
    return timesPostponed() > 0
        ? Optional.ofNullable(header(REASON_HEADER)).map(Object::toString)
        : Optional.empty();
  }

  /**
   * The properties with which the message is moved to the dead-letter queue: its own and the
   * reason, without those that would act on the broker again. An expiration would delete it there,
   * the sender's user id would be refused because it is not the worker's, and {@code CC} and {@code
   * BCC} would send copies to other queues; they are kept as headers with other names.
   *
   * @see <a href="https://www.rabbitmq.com/docs/sender-selected">Sender-selected distribution</a>
   * @see <a href="https://www.rabbitmq.com/docs/validated-user-id">Validated user id</a>
   */
  AMQP.BasicProperties deadLetterProperties(String reason) {
    Map<String, Object> headers = headers();
    headers.remove(POSTPONED_HEADER);
    headers.remove(EXPIRES_HEADER);
    text(properties.getExpiration()).ifPresent(it -> headers.put("mstc-original-expiration", it));
    headers.put(REASON_HEADER, PrintableText.oneLine(reason, MAX_REASON_LENGTH));
    return properties
        .builder()
        .headers(headers)
        .expiration(null)
        .userId(null)
        .deliveryMode(PERSISTENT)
        .build();
  }

  /**
   * The properties with which the message is put at the end of the queue: its own, without those
   * that would act on the broker again, as in {@link #deadLetterProperties}. An expiration counts
   * from when the message was first received, as nothing tells how long it had waited before.
   */
  AMQP.BasicProperties postponedProperties() {
    Map<String, Object> headers = headers();
    headers.remove(REASON_HEADER);
    headers.remove(DELIVERY_COUNT);
    headers.put(POSTPONED_HEADER, timesPostponed() + 1);
    Optional<Long> expiresAt = expiresAtMillis();
    expiresAt.ifPresent(millis -> headers.put(EXPIRES_HEADER, millis));
    return properties
        .builder()
        .headers(headers)
        .expiration(
            expiresAt
                .map(millis -> Long.toString(Math.max(0, millis - System.currentTimeMillis())))
                .orElse(null))
        .userId(null)
        .build();
  }

  /** The same, for a message that has to be moved to the dead-letter queue when it comes again. */
  AMQP.BasicProperties postponedProperties(String dueReason) {
    AMQP.BasicProperties dead = deadLetterProperties(dueReason);
    Map<String, Object> headers = new HashMap<>(dead.getHeaders());
    headers.put(POSTPONED_HEADER, timesPostponed() + 1);
    return dead.builder().headers(headers).build();
  }

  private Optional<Long> expiresAtMillis() {
    return text(properties.getExpiration())
        .filter(MILLIS.asMatchPredicate())
        .map(expiration ->
            header(EXPIRES_HEADER) instanceof Number millis
                ? millis.longValue()
                : received.millis() + Long.parseLong(expiration));
  }

  /** Its own headers, without those that would act on the broker again. */
  private Map<String, Object> headers() {
    Map<String, Object> headers = new HashMap<>();
    if (properties.getHeaders() != null) {
      headers.putAll(properties.getHeaders());
    }
    rename(headers, "CC", "mstc-original-cc");
    rename(headers, "BCC", "mstc-original-bcc");
    text(properties.getUserId()).ifPresent(it -> headers.put("mstc-original-user-id", it));
    return headers;
  }

  private @Nullable Object header(String name) {
    Map<String, Object> headers = properties.getHeaders();
    return headers == null ? null : headers.get(name);
  }

  /** The correlation id, made safe for one line of a log. */
  String printableCorrelationId() {
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
