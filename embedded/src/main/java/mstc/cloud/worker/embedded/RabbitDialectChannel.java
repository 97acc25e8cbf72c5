package mstc.cloud.worker.embedded;

import java.util.Map;
import java.util.UUID;
import org.apache.qpid.server.model.LifetimePolicy;
import org.apache.qpid.server.model.Queue;
import org.apache.qpid.server.protocol.v0_8.AMQChannel;
import org.apache.qpid.server.protocol.v0_8.AMQShortString;
import org.apache.qpid.server.protocol.v0_8.FieldTable;
import org.apache.qpid.server.protocol.v0_8.transport.BasicContentHeaderProperties;
import org.jspecify.annotations.Nullable;

/**
 * A channel on which a message's expiration is a time to live, and direct reply-to works.
 *
 * <p>Who consumes from {@code amq.rabbitmq.reply-to} gets a queue with a name that nobody can
 * guess, which ends with the consumer or the channel. In what this channel publishes, that name
 * replaces {@code amq.rabbitmq.reply-to} as the reply address.
 *
 * @see <a href="https://www.rabbitmq.com/docs/direct-reply-to">Direct reply-to</a>
 */
final class RabbitDialectChannel extends ForwardingChannel {
  private static final String REPLY_TO = "amq.rabbitmq.reply-to";

  /** AMQP's reply code. */
  private static final int PRECONDITION_FAILED = 406;

  private final AMQChannel channel;
  private @Nullable AMQShortString replyAddress;
  private @Nullable AMQShortString replyConsumer;

  RabbitDialectChannel(AMQChannel channel) {
    super(channel);
    this.channel = channel;
  }

  @SuppressWarnings("ReferenceEquality") // A later channel of that number is another one.
  boolean isOf(AMQChannel other) {
    return channel == other;
  }

  /** Clients ask in this way whether the broker has direct reply-to. */
  @Override
  public void receiveQueueDeclare(
      AMQShortString queue,
      boolean passive,
      boolean durable,
      boolean exclusive,
      boolean autoDelete,
      boolean nowait,
      FieldTable arguments) {
    if (!isReplyTo(queue)) {
      super.receiveQueueDeclare(queue, passive, durable, exclusive, autoDelete, nowait, arguments);
    } else if (!nowait) {
      var connection = channel.getConnection();
      connection.writeFrame(
          connection
              .getMethodRegistry()
              .createQueueDeclareOkBody(queue, 0, 1)
              .generateFrame(channel.getChannelId()));
    }
  }

  @Override
  public void receiveBasicConsume(
      AMQShortString queue,
      @Nullable AMQShortString consumerTag,
      boolean noLocal,
      boolean noAck,
      boolean exclusive,
      boolean nowait,
      FieldTable arguments) {
    if (!isReplyTo(queue)) {
      super.receiveBasicConsume(queue, consumerTag, noLocal, noAck, exclusive, nowait, arguments);
    } else if (!noAck) {
      refuse("reply consumer cannot acknowledge");
    } else if (replyAddress != null) {
      refuse("reply consumer already set");
    } else {
      AMQShortString address = newReplyQueue();
      AMQShortString tag =
          consumerTag == null
              ? AMQShortString.valueOf("amq.ctag-" + UUID.randomUUID())
              : consumerTag;
      replyAddress = address;
      replyConsumer = tag;
      super.receiveBasicConsume(address, tag, false, true, exclusive, nowait, arguments);
    }
  }

  private AMQShortString newReplyQueue() {
    String name = REPLY_TO + "." + UUID.randomUUID();
    channel
        .getAddressSpace()
        .createMessageSource(
            Queue.class,
            Map.of(
                Queue.NAME,
                name,
                Queue.DURABLE,
                false,
                Queue.LIFETIME_POLICY,
                LifetimePolicy.DELETE_ON_SESSION_END));
    return AMQShortString.valueOf(name);
  }

  @Override
  public void receiveBasicCancel(AMQShortString consumerTag, boolean noWait) {
    super.receiveBasicCancel(consumerTag, noWait);
    AMQShortString address = replyAddress;
    if (address != null && consumerTag.equals(replyConsumer)) {
      replyAddress = null;
      replyConsumer = null;
      super.receiveQueueDelete(address, false, false, true);
    }
  }

  @Override
  public void receiveMessageHeader(BasicContentHeaderProperties properties, long bodySize) {
    if (!TimeToLive.isValid(properties)) {
      refuse(properties, "invalid expiration '%d'".formatted(properties.getExpiration()));
      return;
    }
    if (isReplyTo(properties.getReplyTo())) {
      if (replyAddress == null) {
        refuse(properties, "fast reply consumer does not exist");
        return;
      }
      properties.setReplyTo(replyAddress);
    }
    TimeToLive.begin(properties);
    super.receiveMessageHeader(properties, bodySize);
  }

  private void refuse(BasicContentHeaderProperties properties, String reason) {
    properties.dispose();
    refuse(reason);
  }

  private void refuse(String reason) {
    channel
        .getConnection()
        .closeChannelAndWriteFrame(channel, PRECONDITION_FAILED, "PRECONDITION_FAILED - " + reason);
  }

  private static boolean isReplyTo(@Nullable AMQShortString queue) {
    return REPLY_TO.equals(AMQShortString.toString(queue));
  }
}
