package mstc.cloud.worker.adapters.rabbitmq;

import com.rabbitmq.client.ShutdownSignalException;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import mstc.cloud.worker.domain.queue.DeliveryHandler;
import mstc.cloud.worker.domain.request.RequestParser;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes deliveries, never more than asked for: starts and cancels consumers until the deliveries
 * with the handler and those that may still come add up to the demand. {@link Room} counts them,
 * {@link ConsumerPlan} decides the next step, and {@link DeliveryInHand} handles each delivery.
 */
final class Intake implements DeliveryInHand.Consumers {
  private static final Logger LOG = LoggerFactory.getLogger(Intake.class);

  /**
   * How long deliveries that step aside are collected, so that one consumer replaces many of them.
   */
  private static final Duration ASIDE_INTERVAL = Duration.ofMillis(50);

  private final String queue;
  private final Duration rpcTimeout;
  private final Duration firstPause;
  private final RequestParser parser;
  private final Room room = new Room();
  private final AtomicBoolean givingRoomSoon = new AtomicBoolean();

  /**
   * Guards the fields below. Held while the broker is asked, so code that must not wait for the
   * broker must not take it.
   */
  private final ReentrantLock adjusting = new ReentrantLock();

  private final Map<Room.Source, ConsumerChannel> channels = new HashMap<>();
  private @Nullable BrokerSession session;
  private @Nullable DeliveryHandler handler;

  /**
   * @param rpcTimeout how long the broker may take for each response
   * @param firstPause the pause before a message is put at the end of the queue for the second
   *     time; it doubles each time
   * @param parser of the messages' bodies
   */
  Intake(String queue, Duration rpcTimeout, Duration firstPause, RequestParser parser) {
    this.queue = queue;
    this.rpcTimeout = rpcTimeout;
    this.firstPause = firstPause;
    this.parser = parser;
  }

  /** Sets how many deliveries may be in hand. Blocks until the broker has responded. */
  void demand(int deliveries) {
    room.demand(deliveries);
    adjust();
  }

  /** Handles no more deliveries. Does not wait for the broker. */
  void stop() {
    room.demand(0);
  }

  /** Consumes from now on over this session. */
  void attach(BrokerSession connected, DeliveryHandler to) {
    adjusting.lock();
    try {
      session = connected;
      handler = to;
    } finally {
      adjusting.unlock();
    }
    adjust();
  }

  /** Stops using the session, which must have been aborted: what came over it is void. */
  void detach() {
    adjusting.lock();
    try {
      session = null;
      channels.clear();
      room.onLoss();
    } finally {
      adjusting.unlock();
    }
  }

  /**
   * Checks that the queue still has the consumers; to be called now and then. RabbitMQ tells its
   * consumers when someone deletes a queue; other brokers leave them waiting for ever.
   */
  void verify() {
    whileUsable(current -> {
      Optional<ConsumerChannel> channel = room.consuming().map(this::channel);
      if (channel.isPresent() && channel.get().consumerCount() == 0) {
        current.lost("the queue was deleted and declared anew");
      }
    });
  }

  @Override
  public void adjust() {
    whileUsable(current -> {
      while (step(current)) {
        // Each step concerns one consumer; deliveries that come meanwhile affect the next step.
      }
    });
  }

  @Override
  public void giveRoomSoon() {
    if (room.hasRoomToGive() && givingRoomSoon.compareAndSet(false, true)) {
      Thread.ofVirtual().name("aside").start(this::giveRoom);
    }
  }

  private void giveRoom() {
    try {
      Thread.sleep(ASIDE_INTERVAL);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
    givingRoomSoon.set(false);
    room.giveRoom();
    adjust();
  }

  private void whileUsable(Exchange exchange) {
    adjusting.lock();
    try {
      BrokerSession current = session;
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
    void over(BrokerSession session) throws IOException;
  }

  /** Takes one step towards the demand. False if there is no further step for now. */
  private boolean step(BrokerSession current) throws IOException {
    return switch (room.next()) {
      case ConsumerPlan.Step.Begin<Room.Source>(int prefetch) -> begin(current, prefetch);
      case ConsumerPlan.Step.End<Room.Source>(Room.Source source) -> {
        channel(source).cancel();
        room.onEnd(source);
        yield true;
      }
      case ConsumerPlan.Step.GiveBack<Room.Source>() -> {
        room.takeWaiting().forEach(Room.Arrival::giveBack);
        yield false;
      }
      case ConsumerPlan.Step.Rest<Room.Source>() -> false;
    };
  }

  /** False if the broker allows no further consumer. */
  private boolean begin(BrokerSession current, int prefetch) throws IOException {
    Optional<Room.Source> source = room.spare();
    if (source.isEmpty()) {
      source = open(current);
    }
    if (source.isEmpty()) {
      LOG.warn("The broker allows no further channel, requests come more slowly");
      return false;
    }
    room.onBegin(source.get(), prefetch);
    channel(source.get()).consume(prefetch);
    return true;
  }

  private Optional<Room.Source> open(BrokerSession current) throws IOException {
    DeliveryHandler to = Objects.requireNonNull(handler, "a session is attached with a handler");
    Room.Source source = new Room.Source();
    Optional<ConsumerChannel> opened =
        ConsumerChannel.open(
            current,
            queue,
            rpcTimeout,
            (channel, message) ->
                receive(
                    source,
                    new DeliveryInHand.Received(message, channel, to, parser, this, firstPause)));
    opened.ifPresent(channel -> channels.put(source, channel));
    return opened.map(_ -> source);
  }

  private ConsumerChannel channel(Room.Source source) {
    return Objects.requireNonNull(channels.get(source), "a source is of a channel");
  }

  /** Called by the client library, whose thread must not be blocked. */
  private void receive(Room.Source source, DeliveryInHand.Received received) {
    // The broker requeues what came over a lost session.
    if (received.channel().isUsable() && !room.arrive(source, received)) {
      Thread.ofVirtual().name("intake").start(this::adjust);
    }
  }
}
