package mstc.cloud.worker.adapters.rabbitmq;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.DefaultConsumer;
import com.rabbitmq.client.Envelope;
import com.rabbitmq.client.ShutdownSignalException;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A channel with at most one consumer at a time. Any thread. */
final class ConsumerChannel {
  private static final Logger LOG = LoggerFactory.getLogger(ConsumerChannel.class);
  private static final boolean MANUAL_ACK = false;
  private static final boolean REQUEUE = true;

  private final BrokerSession session;
  private final Channel channel;
  private final String queue;
  private final Duration rpcTimeout;
  private final BiConsumer<ConsumerChannel, Message> receiver;

  /** Held while the broker is asked about deliveries. */
  private final ReentrantLock asking = new ReentrantLock();

  private volatile Subscription subscription;

  /**
   * Opens a channel; empty if the broker allows no further one.
   *
   * @param queue the queue that its consumers consume from
   * @param rpcTimeout how long to wait for each of the broker's responses
   * @param receiver called in the order of the channel; must not block
   */
  static Optional<ConsumerChannel> open(
      BrokerSession session,
      String queue,
      Duration rpcTimeout,
      BiConsumer<ConsumerChannel, Message> receiver)
      throws IOException {
    return session
        .openChannel()
        .map(channel -> new ConsumerChannel(session, channel, queue, rpcTimeout, receiver));
  }

  private ConsumerChannel(
      BrokerSession session,
      Channel channel,
      String queue,
      Duration rpcTimeout,
      BiConsumer<ConsumerChannel, Message> receiver) {
    this.session = session;
    this.channel = channel;
    this.queue = queue;
    this.rpcTimeout = rpcTimeout;
    this.receiver = receiver;
    subscription = new Subscription();
    channel.addShutdownListener(_ -> subscription.ended.complete(null));
  }

  /** The session that the channel belongs to, and is lost with. */
  BrokerSession session() {
    return session;
  }

  String queue() {
    return queue;
  }

  /** Starts a consumer; there must be none. */
  void consume(int prefetch) throws IOException {
    subscription = new Subscription();
    channel.basicQos(prefetch);
    channel.basicConsume(queue, MANUAL_ACK, subscription.tag, subscription);
  }

  /**
   * Ends the consumer; when this returns, every delivery that the broker had sent has been
   * received.
   */
  void cancel() throws IOException {
    Subscription current = subscription;
    channel.basicCancel(current.tag);
    try {
      // The library returns from the call before it has passed on the deliveries that came first.
      current.ended.orTimeout(rpcTimeout.toMillis(), TimeUnit.MILLISECONDS).join();
    } catch (CompletionException e) {
      throw new IOException("a consumer did not end within " + rpcTimeout, e);
    }
  }

  /** How many consumers the queue has; fails if there is no such queue. */
  long consumerCount() throws IOException {
    return channel.consumerCount(queue);
  }

  boolean isUsable() {
    return session.isUsable();
  }

  /**
   * Whether a delivery is still this worker's. Asks the broker if nothing has come from it for
   * long; if it does not respond, the session is lost.
   */
  boolean isOurs(Message message) {
    if (!isUsable() || session.isFresh(message.received())) {
      return isUsable();
    }
    asking.lock();
    try {
      if (isUsable() && !session.isFresh(message.received())) {
        Moment asked = session.now();
        channel.messageCount(queue);
        session.responded(asked);
      }
    } catch (IOException | ShutdownSignalException e) {
      session.lost(BrokerFailure.of(e).reason());
    } finally {
      asking.unlock();
    }
    return isUsable();
  }

  void acknowledge(Message message) {
    settle(message, () -> channel.basicAck(message.deliveryTag(), false));
  }

  void requeue(Message message) {
    settle(message, () -> channel.basicNack(message.deliveryTag(), false, REQUEUE));
  }

  private void settle(Message message, Settlement settlement) {
    try {
      settlement.send();
    } catch (IOException | ShutdownSignalException e) {
      LOG.debug(
          "A delivery is void, its connection is lost, correlationId={} reason={}",
          message.printableCorrelationId(),
          e.toString());
    }
  }

  private interface Settlement {
    void send() throws IOException;
  }

  private final class Subscription extends DefaultConsumer {
    private final String tag = "mstc-" + UUID.randomUUID();
    private final CompletableFuture<Void> ended = new CompletableFuture<>();

    Subscription() {
      super(channel);
    }

    @Override
    public void handleDelivery(
        String consumerTag, Envelope envelope, AMQP.BasicProperties properties, byte[] body) {
      receiver.accept(ConsumerChannel.this, new Message(envelope, properties, body, session.now()));
    }

    @Override
    public void handleCancelOk(String consumerTag) {
      ended.complete(null);
    }

    @Override
    public void handleCancel(String consumerTag) {
      session.lost("the broker ended the consumer: its queue was deleted or moved");
      ended.complete(null);
    }
  }
}
