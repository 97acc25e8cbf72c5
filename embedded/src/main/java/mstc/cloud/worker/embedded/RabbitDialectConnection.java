package mstc.cloud.worker.embedded;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.qpid.server.bytebuffer.QpidByteBuffer;
import org.apache.qpid.server.message.InstanceProperties;
import org.apache.qpid.server.message.MessageContentSource;
import org.apache.qpid.server.model.Broker;
import org.apache.qpid.server.model.Protocol;
import org.apache.qpid.server.model.Transport;
import org.apache.qpid.server.model.port.AmqpPort;
import org.apache.qpid.server.protocol.v0_8.AMQChannel;
import org.apache.qpid.server.protocol.v0_8.AMQMessage;
import org.apache.qpid.server.protocol.v0_8.AMQPConnection_0_8Impl;
import org.apache.qpid.server.protocol.v0_8.AMQShortString;
import org.apache.qpid.server.protocol.v0_8.ClientDeliveryMethod;
import org.apache.qpid.server.protocol.v0_8.FieldTable;
import org.apache.qpid.server.protocol.v0_8.ProtocolOutputConverter;
import org.apache.qpid.server.protocol.v0_8.transport.AMQDataBlock;
import org.apache.qpid.server.protocol.v0_8.transport.AMQFrame;
import org.apache.qpid.server.protocol.v0_8.transport.BasicAckBody;
import org.apache.qpid.server.protocol.v0_8.transport.BasicNackBody;
import org.apache.qpid.server.protocol.v0_8.transport.ConnectionStartBody;
import org.apache.qpid.server.protocol.v0_8.transport.ContentHeaderBody;
import org.apache.qpid.server.protocol.v0_8.transport.MessagePublishInfo;
import org.apache.qpid.server.protocol.v0_8.transport.ServerChannelMethodProcessor;
import org.apache.qpid.server.transport.AggregateTicker;
import org.apache.qpid.server.transport.ServerNetworkConnection;

/**
 * A connection that does what clients of RabbitMQ expect and Qpid's own does not.
 *
 * <p>It announces its capabilities, without which pika refuses publisher confirms. It returns an
 * unroutable mandatory message, then acknowledges it, while it refuses one that a full queue
 * rejects, without returning it; Qpid's own does both to both. Its channels are {@link
 * RabbitDialectChannel}s, and messages leave it with the properties that their clients gave them.
 */
final class RabbitDialectConnection extends AMQPConnection_0_8Impl {
  private static final Map<String, Object> CAPABILITIES =
      Map.of("publisher_confirms", true, "basic.nack", true);

  /** Qpid's code in the return of such a message. */
  private static final int REJECTED_BY_FULL_QUEUE = 506;

  private final List<AMQFrame> refusals = new ArrayList<>();
  private final Map<Integer, RabbitDialectChannel> channels = new ConcurrentHashMap<>();
  private boolean receiving;

  RabbitDialectConnection(
      Broker<?> broker,
      ServerNetworkConnection network,
      AmqpPort<?> port,
      Transport transport,
      Protocol protocol,
      long id,
      AggregateTicker aggregateTicker) {
    super(broker, network, port, transport, protocol, id, aggregateTicker);
  }

  // Refusals wait until everything read is handled, as nothing may interrupt the frames of a
  // returned message.
  @Override
  protected void onReceive(QpidByteBuffer received) {
    startReceiving();
    try {
      super.onReceive(received);
    } finally {
      sendRefusals();
    }
  }

  private synchronized void startReceiving() {
    receiving = true;
  }

  private synchronized void sendRefusals() {
    receiving = false;
    refusals.forEach(super::writeFrame);
    refusals.clear();
  }

  @Override
  public synchronized void writeFrame(AMQDataBlock block) {
    if (block instanceof AMQFrame frame) {
      if (frame.getBodyFrame() instanceof BasicNackBody && receiving) {
        refusals.add(frame);
        return;
      }
      if (frame.getBodyFrame() instanceof ConnectionStartBody start) {
        super.writeFrame(withCapabilities(start).generateFrame(frame.getChannel()));
        return;
      }
    }
    super.writeFrame(block);
  }

  @Override
  public ServerChannelMethodProcessor getChannelMethodProcessor(int channelId) {
    ServerChannelMethodProcessor standard = super.getChannelMethodProcessor(channelId);
    if (standard instanceof AMQChannel channel) {
      // A number is given again once its channel is closed.
      return channels.compute(
          channelId,
          (number, known) ->
              known != null && known.isOf(channel) ? known : new RabbitDialectChannel(channel));
    }
    return standard;
  }

  // RabbitMQ leaves bodies alone. Qpid would inflate one for a client that does not say that it
  // can do so itself, to any size, and deflate long ones for one that does.
  @Override
  public boolean isCompressionSupported() {
    return true;
  }

  @Override
  public int getMessageCompressionThreshold() {
    return Integer.MAX_VALUE;
  }

  // What consumers get does not pass through the converter below.
  @Override
  public ClientDeliveryMethod createDeliveryMethod(int channelId) {
    ClientDeliveryMethod standard = super.createDeliveryMethod(channelId);
    return (consumer, message, properties, deliveryTag) ->
        standard.deliverToClient(
            consumer, TimeToLive.asPublished(message), properties, deliveryTag);
  }

  private static ConnectionStartBody withCapabilities(ConnectionStartBody start) {
    Map<String, Object> properties =
        new LinkedHashMap<>(FieldTable.convertToMap(start.getServerProperties()));
    properties.put("capabilities", CAPABILITIES);
    return new ConnectionStartBody(
        start.getVersionMajor(),
        start.getVersionMinor(),
        FieldTable.convertToFieldTable(properties),
        start.getMechanisms(),
        start.getLocales());
  }

  /** A refused message that is returned has just been refused, and only for that. */
  private synchronized void acknowledgeReturned(int channel) {
    int last = refusals.size() - 1;
    if (last >= 0
        && refusals.get(last).getChannel() == channel
        && refusals.get(last).getBodyFrame() instanceof BasicNackBody refusal) {
      refusals.set(last, new AMQFrame(channel, new BasicAckBody(refusal.getDeliveryTag(), false)));
    }
  }

  @Override
  public ProtocolOutputConverter getProtocolOutputConverter() {
    return new RabbitDialectOutput(super.getProtocolOutputConverter());
  }

  private final class RabbitDialectOutput implements ProtocolOutputConverter {
    private final ProtocolOutputConverter delegate;

    private RabbitDialectOutput(ProtocolOutputConverter delegate) {
      this.delegate = delegate;
    }

    @Override
    public void writeReturn(
        MessagePublishInfo publishInfo,
        ContentHeaderBody header,
        MessageContentSource content,
        int channelId,
        int replyCode,
        AMQShortString replyText) {
      if (replyCode == REJECTED_BY_FULL_QUEUE) {
        return;
      }
      delegate.writeReturn(
          publishInfo, TimeToLive.asPublished(header), content, channelId, replyCode, replyText);
      acknowledgeReturned(channelId);
    }

    @Override
    public void confirmConsumerAutoClose(int channelId, AMQShortString consumerTag) {
      delegate.confirmConsumerAutoClose(channelId, consumerTag);
    }

    @Override
    public long writeDeliver(
        AMQMessage message,
        InstanceProperties properties,
        int channelId,
        long deliveryTag,
        AMQShortString consumerTag) {
      return delegate.writeDeliver(message, properties, channelId, deliveryTag, consumerTag);
    }

    @Override
    public long writeGetOk(
        AMQMessage message,
        InstanceProperties properties,
        int channelId,
        long deliveryTag,
        int queueSize) {
      return delegate.writeGetOk(
          TimeToLive.asPublished(message), properties, channelId, deliveryTag, queueSize);
    }

    @Override
    public void writeFrame(AMQDataBlock block) {
      delegate.writeFrame(block);
    }
  }
}
