package mstc.cloud.worker.adapters.rabbitmq;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.ShutdownSignalException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.stream.Stream;
import mstc.cloud.worker.domain.queue.DeliveryHandler;
import mstc.cloud.worker.domain.queue.Disposition;
import mstc.cloud.worker.domain.queue.Handling;
import mstc.cloud.worker.domain.queue.ReplyReceipt;
import mstc.cloud.worker.domain.queue.WorkQueueException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes deliveries, never more than asked for: what the handler has and what may still come is at
 * most the demand.
 *
 * <p>A broker applies a prefetch to new consumers only, and a channel-wide one is deprecated (and
 * some brokers know no other). So a consumer, with a channel of its own, is added for what the
 * demand exceeds the sum of what the handler has and the consumers may bring, and consumers are
 * ended, and waited for, where that sum exceeds the demand. Deliveries of an ended consumer remain
 * valid; when they are settled, their room goes to a new consumer. With an unchanged demand this
 * comes to rest, and the broker alone refills.
 *
 * <p>What the handler has is counted across connections: a handler may outlive the one its delivery
 * came from. What steps aside is counted no longer; its room goes to a new consumer, after a
 * moment, as one consumer for many is better than one for each.
 */
final class Intake {
  private static final Logger log = LoggerFactory.getLogger(Intake.class);

  /** More consumers than this are merged. */
  private static final int MAX_CONSUMERS = 16;

  private static final int MAX_PREFETCH = 65_535;

  /** Deliveries that only wait. */
  private static final int MAX_ASIDE = 1_000;

  /** More channels than this are not used for them; some brokers allow no more than 255. */
  private static final int MAX_LANES = 128;

  private static final int MAX_DOUBLINGS = 20;

  /** The longest pause before a message is put at the end of the queue. */
  private static final Duration LONGEST_PAUSE = Duration.ofMinutes(5);

  /**
   * For how long it is tried to put it there, well below the 30 minutes after which a broker takes
   * a delivery back.
   */
  private static final Duration POSTPONING_PATIENCE = Duration.ofMinutes(10);

  /** For how long deliveries that step aside are gathered before their room is given away. */
  private static final Duration ASIDE_INTERVAL = Duration.ofMillis(50);

  private final String queue;
  private final Duration answer;
  private final Duration firstPause;

  /** Held while the broker is talked to; taken before {@link #state}. */
  private final ReentrantLock adjusting = new ReentrantLock();

  /** Guards the counters; never held while blocking. */
  private final ReentrantLock state = new ReentrantLock();

  private final List<Lane> lanes = new ArrayList<>();
  private @Nullable Link link;
  private @Nullable DeliveryHandler handler;
  private int demand;
  private int inHand;
  private int aside;

  /** How many of those aside have their room still. */
  private int roomToGive;

  /**
   * @param answer how long the broker may take for an answer
   * @param firstPause before a message is put at the end of the queue for the second time; it
   *     doubles from time to time
   */
  Intake(String queue, Duration answer, Duration firstPause) {
    this.queue = queue;
    this.answer = answer;
    this.firstPause = firstPause;
  }

  void demand(int deliveries) {
    state.lock();
    try {
      demand = deliveries;
    } finally {
      state.unlock();
    }
    adjust();
  }

  /** Consumes from now on over this link. */
  void attach(Link connected, DeliveryHandler to) {
    state.lock();
    try {
      link = connected;
      handler = to;
    } finally {
      state.unlock();
    }
    adjust();
  }

  /** Stops using the link, which must have been aborted: what came over it is void. */
  void detach() {
    adjusting.lock();
    state.lock();
    try {
      lanes.forEach(lane -> lane.detached = true);
      lanes.clear();
      link = null;
    } finally {
      state.unlock();
      adjusting.unlock();
    }
  }

  /**
   * Asks whether the queue still has the consumers; to be called now and then. RabbitMQ tells when
   * someone deletes a queue, other brokers leave its consumers waiting for ever.
   */
  void verify() {
    whileUsable(current -> {
      Optional<Lane> lane = anyConsuming();
      if (lane.isPresent() && lane.get().consumerCount(queue) == 0) {
        current.lost("the queue was deleted and declared anew");
      }
    });
  }

  /** Adds and ends consumers until they fit the demand. */
  private void adjust() {
    whileUsable(current -> {
      while (step(current)) {
        // Each step is one consumer; deliveries that come meanwhile change the next one.
      }
    });
  }

  private void whileUsable(Exchange exchange) {
    adjusting.lock();
    try {
      Link current = link();
      if (current == null || !current.isUsable()) {
        return;
      }
      try {
        exchange.over(current);
      } catch (IOException | ShutdownSignalException e) {
        current.lost(BrokerFailure.of(e).reason());
      }
    } finally {
      adjusting.unlock();
    }
  }

  private interface Exchange {
    void over(Link link) throws IOException;
  }

  private @Nullable Link link() {
    state.lock();
    try {
      return link;
    } finally {
      state.unlock();
    }
  }

  /** Does the next thing that brings the consumers nearer to the demand, if there is one. */
  private boolean step(Link current) throws IOException {
    int missing;
    Optional<Lane> ending;
    List<Parked> excess = List.of();
    state.lock();
    try {
      handOverParked();
      missing = demand - committed();
      ending = missing < 0 ? laneToEnd(-missing) : missing > 0 ? laneToMerge() : Optional.empty();
      if (missing < 0 && ending.isEmpty()) {
        excess = takeParked();
      }
    } finally {
      state.unlock();
    }
    if (ending.isPresent()) {
      end(ending.get());
      return true;
    }
    if (missing > 0) {
      return begin(current, Math.min(missing, MAX_PREFETCH));
    }
    excess.forEach(it -> it.lane.requeue(it.message));
    return false;
  }

  /** False where the broker allows no further consumer. */
  private boolean begin(Link current, int prefetch) throws IOException {
    Optional<Lane> lane = spareLane();
    if (lane.isEmpty()) {
      lane = Lane.open(current, answer, this::receive);
    }
    if (lane.isEmpty()) {
      log.warn("The broker allows no further channel, requests come more slowly");
      return false;
    }
    state.lock();
    try {
      lane.get().prefetch = prefetch;
      if (!lanes.contains(lane.get())) {
        lanes.add(lane.get());
      }
    } finally {
      state.unlock();
    }
    lane.get().consume(queue, prefetch);
    return true;
  }

  private void end(Lane lane) throws IOException {
    lane.cancel();
    state.lock();
    try {
      lane.prefetch = 0;
    } finally {
      state.unlock();
    }
  }

  private Optional<Lane> anyConsuming() {
    state.lock();
    try {
      return consuming().findAny();
    } finally {
      state.unlock();
    }
  }

  private Optional<Lane> spareLane() {
    state.lock();
    try {
      return lanes.stream().filter(it -> it.prefetch == 0 && it.unsettled == 0).findAny();
    } finally {
      state.unlock();
    }
  }

  /** What the handler has, what waits here for room, and what consumers may still bring. */
  private int committed() {
    int sum = inHand + roomToGive;
    for (Lane lane : lanes) {
      sum += lane.parked.size() + open(lane);
    }
    return sum;
  }

  private static int open(Lane lane) {
    return Math.max(0, lane.prefetch - lane.unsettled);
  }

  /** The consumer whose end frees enough with the least to be begun again, else the widest. */
  private Optional<Lane> laneToEnd(int surplus) {
    return consuming()
        .filter(it -> open(it) >= surplus)
        .min(Comparator.comparingInt(Intake::open))
        .or(() -> consuming().max(Comparator.comparingInt(Intake::open)));
  }

  private Optional<Lane> laneToMerge() {
    return consuming().count() < MAX_CONSUMERS
        ? Optional.empty()
        : consuming().max(Comparator.comparingInt(Intake::open));
  }

  private Stream<Lane> consuming() {
    return lanes.stream().filter(it -> it.prefetch > 0);
  }

  private void handOverParked() {
    for (Lane lane : lanes) {
      while (inHand < demand && !lane.parked.isEmpty()) {
        handOver(lane, lane.parked.remove());
      }
    }
  }

  private List<Parked> takeParked() {
    List<Parked> taken = new ArrayList<>();
    for (Lane lane : lanes) {
      while (!lane.parked.isEmpty()) {
        taken.add(new Parked(lane, lane.parked.remove()));
        lane.unsettled--;
      }
    }
    return taken;
  }

  private record Parked(Lane lane, Message message) {}

  /** Called by the client library, which must not be blocked. */
  private void receive(Lane lane, Message message) {
    state.lock();
    try {
      if (lane.detached || !lane.isUsable()) {
        return; // goes back to the queue with the connection
      }
      lane.unsettled++;
      if (inHand < demand) {
        handOver(lane, message);
      } else {
        lane.parked.add(message);
        Thread.ofVirtual().name("intake").start(this::adjust);
      }
    } finally {
      state.unlock();
    }
  }

  private void handOver(Lane lane, Message message) {
    DeliveryHandler to = Objects.requireNonNull(handler, "a link is attached with a handler");
    inHand++;
    InHand delivery = new InHand(lane, message);
    Thread.ofVirtual().name("delivery").start(() -> handle(delivery, to));
  }

  /** A delivery with the handler. */
  private final class InHand implements Handling {
    private final Lane lane;
    private final Message message;

    /** Guarded by {@link #state}. */
    private boolean isAside;

    InHand(Lane lane, Message message) {
      this.lane = lane;
      this.message = message;
    }

    @Override
    public boolean isVoid() {
      return isDetached(lane) || !lane.isOurs(message, queue);
    }

    @Override
    public boolean stepAside() {
      state.lock();
      try {
        if (isAside) {
          return true;
        }
        if (aside >= MAX_ASIDE || lanes.size() >= MAX_LANES) {
          return false;
        }
        isAside = true;
        aside++;
        inHand--;
        if (roomToGive++ == 0) {
          Thread.ofVirtual().name("aside").start(Intake.this::giveRoom);
        }
        return true;
      } finally {
        state.unlock();
      }
    }

    @Override
    public boolean stepIn() {
      state.lock();
      try {
        if (!isAside) {
          return true;
        }
        if (inHand >= demand) {
          return false;
        }
        isAside = false;
        aside--;
        roomToGive = Math.min(roomToGive, aside);
        inHand++;
      } finally {
        state.unlock();
      }
      adjust();
      return true;
    }

    /** The handler is done with it. */
    void end() {
      if (isAside) {
        aside--;
        roomToGive = Math.min(roomToGive, aside);
      } else {
        inHand--;
      }
    }
  }

  private void giveRoom() {
    try {
      Thread.sleep(ASIDE_INTERVAL);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
    state.lock();
    try {
      roomToGive = 0;
    } finally {
      state.unlock();
    }
    adjust();
  }

  private void handle(InHand delivery, DeliveryHandler to) {
    Message message = delivery.message;
    Optional<String> dueReason = message.dueReason();
    if (dueReason.isPresent()) {
      moveToDeadQueue(delivery, dueReason.get());
      return;
    }
    Disposition disposition;
    try {
      disposition =
          Objects.requireNonNull(to.handle(message.toDelivery(), delivery), "disposition");
    } catch (Throwable e) { // whatever it is, the message must go back
      log.error(
          "The handler failed, the message is postponed, correlationId={} redelivered={}",
          message.mark(),
          message.isRedelivered(),
          e);
      disposition = new Disposition.Postpone();
    }
    switch (disposition) {
      case Disposition.Acknowledge() -> settle(delivery, Lane::acknowledge);
      case Disposition.Requeue() -> settle(delivery, Lane::requeue);
      case Disposition.Postpone() -> postpone(delivery, message::postponedProperties);
      case Disposition.DeadLetter(String reason) -> moveToDeadQueue(delivery, reason);
    }
  }

  private void moveToDeadQueue(InHand delivery, String reason) {
    Message message = delivery.message;
    Link current = link();
    if (current == null || isDetached(delivery.lane)) {
      settle(delivery, Lane::requeue);
      return;
    }
    try {
      current.publishDead(message, reason);
    } catch (WorkQueueException e) {
      log.warn(
          "A message could not be moved to the dead-letter queue and is postponed, correlationId={}"
              + " reason={} cause={}",
          message.mark(),
          reason,
          e.getMessage());
      postpone(delivery, () -> message.postponedProperties(reason));
      return;
    }
    settle(delivery, Lane::acknowledge);
  }

  /**
   * Puts the message at the end of the queue, after a pause for one that was here before. It is
   * acknowledged once the broker has it there; where that does not take it for long, or may have
   * done so, it goes back to where it was.
   */
  private void postpone(InHand delivery, Supplier<AMQP.BasicProperties> properties) {
    Message message = delivery.message;
    int times = Math.max(message.timesPostponed(), message.isRedelivered() ? 1 : 0);
    Duration waited = Duration.ZERO;
    while (!delivery.isVoid() && waited.compareTo(POSTPONING_PATIENCE) < 0) {
      waited = waited.plus(pauseBefore(delivery, times++));
      switch (putAtTheEnd(delivery, properties)) {
        case DONE -> {
          settle(delivery, Lane::acknowledge);
          return;
        }
        case UNCERTAIN -> waited = POSTPONING_PATIENCE;
        case NOT_TAKEN -> log.debug("To be postponed again, correlationId={}", message.mark());
      }
    }
    settle(delivery, Lane::requeue);
  }

  private enum Postponing {
    DONE,
    NOT_TAKEN,
    UNCERTAIN
  }

  private Postponing putAtTheEnd(InHand delivery, Supplier<AMQP.BasicProperties> properties) {
    Message message = delivery.message;
    Link current = link();
    if (current == null || delivery.isVoid()) {
      return Postponing.UNCERTAIN;
    }
    if (current.isBlocked()) {
      return Postponing.NOT_TAKEN;
    }
    try {
      ReplyReceipt receipt = current.publish(queue, properties.get(), message.body());
      if (receipt == ReplyReceipt.CONFIRMED) {
        return Postponing.DONE;
      }
      log.warn(
          "A message could not be put at the end of the queue, which does not take it,"
              + " correlationId={} receipt={}",
          message.mark(),
          receipt);
      return Postponing.NOT_TAKEN;
    } catch (WorkQueueException e) {
      log.warn(
          "A message could not be put at the end of the queue, correlationId={} cause={}",
          message.mark(),
          e.getMessage());
      return e.isRetryable() ? Postponing.UNCERTAIN : Postponing.NOT_TAKEN;
    }
  }

  /**
   * Waits without taking room from others, but only for a short while where too many do.
   *
   * @param times how often the message was postponed
   * @return how long that was
   */
  private Duration pauseBefore(InHand delivery, int times) {
    if (times == 0) {
      return Duration.ZERO;
    }
    Duration pause = delivery.stepAside() ? pauseAfter(times) : firstPause;
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

  private void settle(InHand delivery, Settlement settlement) {
    Lane lane = delivery.lane;
    Message message = delivery.message;
    Release release = release(delivery);
    if (release.placeWasGivenAway()) {
      // To be taken back before the broker fills it again.
      adjust();
    }
    if (isDetached(lane)) {
      log.debug("A delivery is void, its connection is lost, correlationId={}", message.mark());
    } else {
      settlement.of(lane, message);
    }
    if (release.needsAdjusting() && !release.placeWasGivenAway()) {
      adjust();
    }
  }

  private interface Settlement {
    void of(Lane lane, Message message);
  }

  private record Release(boolean needsAdjusting, boolean placeWasGivenAway) {}

  /**
   * Notes that the handler is done, before the broker is told: its next delivery may come at once.
   */
  private Release release(InHand delivery) {
    state.lock();
    try {
      delivery.end();
      delivery.lane.unsettled--;
      int committed = committed();
      return new Release(committed != demand, delivery.isAside && committed > demand);
    } finally {
      state.unlock();
    }
  }

  private boolean isDetached(Lane lane) {
    state.lock();
    try {
      return lane.detached;
    } finally {
      state.unlock();
    }
  }
}
