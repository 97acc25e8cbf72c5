package mstc.cloud.worker.adapters.rabbitmq;

import com.rabbitmq.client.AMQP;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import mstc.cloud.worker.domain.queue.Delivery;
import mstc.cloud.worker.domain.queue.DeliveryHandler;
import mstc.cloud.worker.domain.queue.Disposition;
import mstc.cloud.worker.domain.queue.Handling;
import mstc.cloud.worker.domain.queue.ReplyReceipt;
import mstc.cloud.worker.domain.queue.WorkQueueException;
import mstc.cloud.worker.domain.request.RequestParser;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One delivery, from its handling to its settlement. */
final class DeliveryInHand implements Handling {
  private static final Logger LOG = LoggerFactory.getLogger(DeliveryInHand.class);

  private static final int MAX_DOUBLINGS = 20;

  /** The longest pause before a message is put at the end of the queue. */
  private static final Duration LONGEST_PAUSE = Duration.ofMinutes(5);

  /**
   * How long putting it there is retried, well below the 30 minutes after which a broker takes a
   * delivery back.
   */
  private static final Duration POSTPONING_PATIENCE = Duration.ofMinutes(10);

  private final Message message;
  private final ConsumerChannel channel;
  private final DeliveryHandler handler;
  private final RequestParser parser;
  private final Consumers consumers;
  private final Duration firstPause;
  private final Room.Place place;

  /** Keeps the consumers in line with the demand. */
  interface Consumers {
    /**
     * Starts and cancels consumers until they fit the demand. Blocks until the broker has
     * responded.
     */
    void adjust();

    /** After a moment, gives the room of deliveries that have stepped aside to others. */
    void giveRoomSoon();
  }

  /**
   * A delivery that has come. It is in hand once there is room for it.
   *
   * @param channel the channel that it came over
   * @param firstPause the pause before a message is put at the end of the queue for the second time
   */
  record Received(
      Message message,
      ConsumerChannel channel,
      DeliveryHandler handler,
      RequestParser parser,
      Consumers consumers,
      Duration firstPause)
      implements Room.Arrival {
    @Override
    public void begin(Room.Place place) {
      Thread.ofVirtual().name("delivery").start(new DeliveryInHand(this, place)::handle);
    }

    @Override
    public void giveBack() {
      channel.requeue(message);
    }
  }

  private DeliveryInHand(Received received, Room.Place place) {
    this.message = received.message;
    this.channel = received.channel;
    this.handler = received.handler;
    this.parser = received.parser;
    this.consumers = received.consumers;
    this.firstPause = received.firstPause;
    this.place = place;
  }

  @Override
  public boolean isVoid() {
    return !channel.isOurs(message);
  }

  @Override
  public boolean stepAside() {
    boolean isAside = place.stepAside();
    consumers.giveRoomSoon();
    return isAside;
  }

  @Override
  public boolean stepIn() {
    if (!place.isAside()) {
      return true;
    }
    boolean isIn = place.stepIn();
    if (isIn) {
      consumers.adjust();
    }
    return isIn;
  }

  /** Has the delivery handled, and settles it as the handler says. */
  private void handle() {
    Optional<String> deadReason = message.dueReason();
    if (deadReason.isPresent()) {
      moveToDeadQueue(deadReason.get());
      return;
    }
    switch (disposition()) {
      case Disposition.Acknowledge() -> settle(ConsumerChannel::acknowledge);
      case Disposition.Requeue() -> settle(ConsumerChannel::requeue);
      case Disposition.Postpone() -> postpone(message::postponedProperties);
      case Disposition.DeadLetter(String reason) -> moveToDeadQueue(reason);
    }
  }

  /** The message, which is no request if its reply would go to a queue that is not the client's. */
  private Delivery delivery() {
    RabbitSettings.Names names = channel.session().names();
    return message
        .replyQueue()
        .flatMap(queue -> ReplyQueueRule.violation(queue, names))
        .map(message::toUnreadableDelivery)
        .orElseGet(() -> message.toDelivery(parser));
  }

  private Disposition disposition() {
    try {
      return Objects.requireNonNull(handler.handle(delivery(), this), "disposition");
    } catch (Throwable e) { // whatever was thrown, the message must go back
      LOG.error(
          "The handler failed, the message is postponed, correlationId={} redelivered={}",
          message.printableCorrelationId(),
          message.isRedelivered(),
          e);
      return new Disposition.Postpone();
    }
  }

  private void moveToDeadQueue(String reason) {
    if (!channel.isUsable()) {
      settle(ConsumerChannel::requeue);
      return;
    }
    try {
      channel.session().publishDead(message, reason);
    } catch (WorkQueueException e) {
      LOG.warn(
          "A message could not be moved to the dead-letter queue and is postponed, correlationId={}"
              + " reason={} cause={}",
          message.printableCorrelationId(),
          reason,
          e.getMessage());
      postpone(() -> message.postponedProperties(reason));
      return;
    }
    settle(ConsumerChannel::acknowledge);
  }

  /**
   * Puts the message at the end of the queue, after a pause if it was delivered before. It is
   * acknowledged once the broker has it there. If the broker does not take it for long, or it is
   * unknown whether it did, the message is requeued.
   */
  private void postpone(Supplier<AMQP.BasicProperties> properties) {
    int times = Math.max(message.timesPostponed(), message.isRedelivered() ? 1 : 0);
    Duration waited = Duration.ZERO;
    while (!isVoid() && waited.compareTo(POSTPONING_PATIENCE) < 0) {
      waited = waited.plus(pauseBefore(times++));
      switch (putAtTheEnd(properties)) {
        case DONE -> {
          settle(ConsumerChannel::acknowledge);
          return;
        }
        case UNCERTAIN -> waited = POSTPONING_PATIENCE;
        case NOT_TAKEN ->
            LOG.debug("To be postponed again, correlationId={}", message.printableCorrelationId());
      }
    }
    settle(ConsumerChannel::requeue);
  }

  private enum Postponing {
    DONE,
    NOT_TAKEN,
    UNCERTAIN
  }

  private Postponing putAtTheEnd(Supplier<AMQP.BasicProperties> properties) {
    if (isVoid()) {
      return Postponing.UNCERTAIN;
    }
    BrokerSession session = channel.session();
    if (session.isBlocked()) {
      return Postponing.NOT_TAKEN;
    }
    try {
      ReplyReceipt receipt = session.publish(channel.queue(), properties.get(), message.body());
      if (receipt == ReplyReceipt.CONFIRMED) {
        return Postponing.DONE;
      }
      LOG.warn(
          "A message could not be put at the end of the queue, which does not take it,"
              + " correlationId={} receipt={}",
          message.printableCorrelationId(),
          receipt);
      return Postponing.NOT_TAKEN;
    } catch (WorkQueueException e) {
      LOG.warn(
          "A message could not be put at the end of the queue, correlationId={} cause={}",
          message.printableCorrelationId(),
          e.getMessage());
      return e.isRetryable() ? Postponing.UNCERTAIN : Postponing.NOT_TAKEN;
    }
  }

  /**
   * Waits without taking room from others, or only for a short while if too many wait so.
   *
   * @param times how often the message was postponed
   * @return how long it waited
   */
  private Duration pauseBefore(int times) {
    if (times == 0) {
      return Duration.ZERO;
    }
    Duration pause = stepAside() ? pauseAfter(times) : firstPause;
    try {
      Thread.sleep(pause);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
    return pause;
  }

  private Duration pauseAfter(int times) {
    Duration doubled = firstPause.multipliedBy(1L << Math.min(times - 1, MAX_DOUBLINGS));
    return doubled.compareTo(LONGEST_PAUSE) < 0 ? doubled : LONGEST_PAUSE;
  }

  private void settle(BiConsumer<ConsumerChannel, Message> settlement) {
    Room.Leaving leaving = place.leave();
    if (leaving == Room.Leaving.ADJUST_FIRST) {
      consumers.adjust();
    }
    settlement.accept(channel, message);
    if (leaving == Room.Leaving.ADJUST) {
      consumers.adjust();
    }
  }
}
