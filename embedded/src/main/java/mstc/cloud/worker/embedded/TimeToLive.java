package mstc.cloud.worker.embedded;

import org.apache.qpid.server.protocol.v0_8.AMQMessage;
import org.apache.qpid.server.protocol.v0_8.AMQShortString;
import org.apache.qpid.server.protocol.v0_8.transport.BasicContentHeaderProperties;
import org.apache.qpid.server.protocol.v0_8.transport.ContentHeaderBody;

/**
 * Translates the property {@code expiration}: to RabbitMQ's clients it is how long a message lives
 * in a queue, in milliseconds; to Qpid it is the moment, in milliseconds since 1970, at which it
 * expires.
 *
 * <p>While Qpid has a message, {@code expiration} is the moment, and {@code cluster-id} keeps what
 * the client wrote. (That property is reserved in AMQP 0-9-1 and unused.) Both are stored with the
 * message, so it does not live longer for a restart.
 *
 * @see <a href="https://www.rabbitmq.com/docs/ttl#per-message-ttl-in-publishers">Per-message
 *     TTL</a>
 */
final class TimeToLive {
  /** RabbitMQ's limit. */
  private static final long LONGEST_MILLIS = 0xFFFF_FFFFL;

  /** So that a consumer that waits gets a message with a time to live of 0, as from RabbitMQ. */
  private static final long SHORTEST_MILLIS = 100;

  private TimeToLive() {}

  /** Whether RabbitMQ takes such a message, too. */
  static boolean isValid(BasicContentHeaderProperties published) {
    return published.getExpiration() >= 0 && published.getExpiration() <= LONGEST_MILLIS;
  }

  /** Turns what a client wrote into what Qpid understands. */
  static void begin(BasicContentHeaderProperties published) {
    if (published.hasExpiration()) {
      long millis = published.getExpiration();
      published.setClusterId(Long.toString(millis));
      published.setExpiration(System.currentTimeMillis() + Math.max(millis, SHORTEST_MILLIS));
    }
  }

  /** The message as its client published it. */
  static AMQMessage asPublished(AMQMessage message) {
    ContentHeaderBody header = message.getContentHeaderBody();
    return isTranslated(header) ? new WithHeader(message, asPublished(header)) : message;
  }

  /** The header as its client published it; the same one if nothing was changed. */
  static ContentHeaderBody asPublished(ContentHeaderBody header) {
    if (!isTranslated(header)) {
      return header;
    }
    var properties = new BasicContentHeaderProperties(header.getProperties());
    properties.setExpiration(Long.parseLong(properties.getClusterId().toString()));
    properties.setClusterId((AMQShortString) null);
    return new ContentHeaderBody(properties, header.getBodySize());
  }

  private static boolean isTranslated(ContentHeaderBody header) {
    return header.getProperties().hasExpiration() && header.getProperties().getClusterId() != null;
  }

  private static final class WithHeader extends AMQMessage {
    private final ContentHeaderBody header;

    WithHeader(AMQMessage message, ContentHeaderBody header) {
      super(message.getStoredMessage());
      this.header = header;
    }

    @Override
    public ContentHeaderBody getContentHeaderBody() {
      return header;
    }
  }
}
