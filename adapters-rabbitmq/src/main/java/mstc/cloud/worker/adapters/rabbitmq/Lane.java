package mstc.cloud.worker.adapters.rabbitmq;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.DefaultConsumer;
import com.rabbitmq.client.Envelope;
import com.rabbitmq.client.ShutdownSignalException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A channel with at most one consumer at a time. The counters belong to {@link Intake} and are
 * guarded by its lock; the rest may be called from any thread.
 */
final class Lane {
  private static final Logger log = LoggerFactory.getLogger(Lane.class);
  private static final boolean MANUAL_ACK = false;
  private static final boolean REQUEUE = true;

  /** How many deliveries the consumer may leave unsettled; 0 while there is no consumer. */
  int prefetch;

  /** What the broker delivered on this channel and has not been told the end of. */
  int unsettled;

  /** Deliveries for which there was no room. */
  final Deque<Message> parked = new ArrayDeque<>();

  /** Whether the link is lost, so that nothing can be settled any more. */
  boolean detached;

  private final Link link;
  private final Channel channel;
  private final Duration answer;
  private final BiConsumer<Lane, Message> receiver;

  /** Held by whoever asks the broker something about deliveries. */
  private final ReentrantLock asking = new ReentrantLock();

  private volatile Subscription subscription;

  /**
   * Opens a channel; empty where the broker allows no further one.
   *
   * @param answer how long to wait for the broker
   * @param receiver called in the order of the channel; must not block
   */
  static Optional<Lane> open(Link link, Duration answer, BiConsumer<Lane, Message> receiver)
      throws IOException {
    return link.openChannel().map(channel -> new Lane(link, channel, answer, receiver));
  }

  private Lane(Link link, Channel channel, Duration answer, BiConsumer<Lane, Message> receiver) {
    this.link = link;
    this.channel = channel;
    this.answer = answer;
    this.receiver = receiver;
    subscription = new Subscription();
    channel.addShutdownListener(_ -> subscription.ended.complete(null));
  }

  /** Starts a consumer; only where there is none. */
  void consume(String queue, int consumerPrefetch) throws IOException {
    subscription = new Subscription();
    channel.basicQos(consumerPrefetch);
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
      // The library answers the call before it has handed over the deliveries that came first.
      current.ended.orTimeout(answer.toMillis(), TimeUnit.MILLISECONDS).join();
    } catch (CompletionException e) {
      throw new IOException("a consumer did not end within " + answer, e);
    }
  }

  /** How many consumers the queue has; an error when there is no such queue. */
  long consumerCount(String queue) throws IOException {
    return channel.consumerCount(queue);
  }

  boolean isUsable() {
    return link.isUsable();
  }

  /**
   * Whether a delivery is this worker's still. Asks the broker where it has not been heard on for
   * long; where it does not answer, the link is lost.
   */
  boolean isOurs(Message message, String queue) {
    if (!isUsable() || link.isFresh(message.received())) {
      return isUsable();
    }
    asking.lock();
    try {
      if (isUsable() && !link.isFresh(message.received())) {
        Moment asked = link.now();
        channel.messageCount(queue);
        link.answered(asked);
      }
    } catch (IOException | ShutdownSignalException e) {
      link.lost(BrokerFailure.of(e).reason());
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
      log.debug(
          "A delivery is void, its connection is lost, correlationId={} reason={}",
          message.mark(),
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
      receiver.accept(Lane.this, new Message(envelope, properties, body, link.now()));
    }

    @Override
    public void handleCancelOk(String consumerTag) {
      ended.complete(null);
    }

    @Override
    public void handleCancel(String consumerTag) {
      link.lost("the broker ended the consumer: its queue was deleted or moved");
      ended.complete(null);
    }
  }
}
