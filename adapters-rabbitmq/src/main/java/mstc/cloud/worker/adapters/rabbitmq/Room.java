package mstc.cloud.worker.adapters.rabbitmq;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;

/**
 * Counts the room that the demand gives, and what takes it up: deliveries in hand, those that wait
 * for room, those that stepped aside a moment ago, and those that the consumers may still bring.
 * Any thread; does not block.
 *
 * <p>Deliveries in hand are counted across connections: a handler may outlive the connection that
 * its delivery came over.
 */
final class Room {
  /** The most deliveries that may step aside. */
  private static final int MAX_ASIDE = 1_000;

  /** The most channels used for them; some brokers allow no more than 255. */
  private static final int MAX_SOURCES = 128;

  private final ReentrantLock lock = new ReentrantLock();

  /** The channels of the current connection; each has a consumer or a delivery. */
  private final Set<Source> sources = new LinkedHashSet<>();

  private int demand;
  private int inHand;
  private int aside;

  /** How many of those that stepped aside still have their room. */
  private int roomToGive;

  /** The deliveries of one channel, as the room counts them. */
  static final class Source {
    /** 0 while there is no consumer. */
    private int prefetch;

    /** How many deliveries have come and are not settled. */
    private int unacknowledged;

    /** Deliveries for which there was no room. */
    private final Deque<Arrival> waiting = new ArrayDeque<>();
  }

  interface Arrival {
    /** Begins its handling. Must not block. */
    void begin(Place place);

    /** Requeues it where it was. */
    void giveBack();
  }

  /** What has to be done when a delivery leaves the room. */
  enum Leaving {
    /** Nothing: its consumer brings the next delivery. */
    REFILLED,
    /** Adjust the consumers. */
    ADJUST,
    /**
     * Adjust them before the broker is told: else it would fill a place that was given to another.
     */
    ADJUST_FIRST
  }

  /** The place that one delivery in hand takes up. */
  final class Place {
    private final Source source;
    private boolean isAside;

    private Place(Source source) {
      this.source = source;
    }

    boolean isAside() {
      lock.lock();
      try {
        return isAside;
      } finally {
        lock.unlock();
      }
    }

    /** Leaves the room to another. False if so many have done so that this one keeps it. */
    boolean stepAside() {
      lock.lock();
      try {
        if (!isAside && aside < MAX_ASIDE && sources.size() < MAX_SOURCES) {
          isAside = true;
          aside++;
          inHand--;
          roomToGive++;
        }
        return isAside;
      } finally {
        lock.unlock();
      }
    }

    /** Takes room again. False if there is none. */
    boolean stepIn() {
      lock.lock();
      try {
        if (isAside && inHand < demand) {
          endAside();
          isAside = false;
          inHand++;
        }
        return !isAside;
      } finally {
        lock.unlock();
      }
    }

    /** Call this before telling the broker, which may bring the next delivery at once. */
    Leaving leave() {
      lock.lock();
      try {
        if (isAside) {
          endAside();
        } else {
          inHand--;
        }
        source.unacknowledged--;
        int committed = committed();
        if (committed == demand) {
          return Leaving.REFILLED;
        }
        return isAside && committed > demand ? Leaving.ADJUST_FIRST : Leaving.ADJUST;
      } finally {
        lock.unlock();
      }
    }

    private void endAside() {
      aside--;
      roomToGive = Math.min(roomToGive, aside);
    }
  }

  void demand(int deliveries) {
    lock.lock();
    try {
      demand = deliveries;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Begins to handle a delivery that has come, if there is room for it.
   *
   * @return false if there is none: the delivery waits for room
   */
  boolean arrive(Source source, Arrival arrival) {
    lock.lock();
    try {
      source.unacknowledged++;
      if (inHand >= demand) {
        source.waiting.add(arrival);
        return false;
      }
      begin(source, arrival);
      return true;
    } finally {
      lock.unlock();
    }
  }

  private void begin(Source source, Arrival arrival) {
    inHand++;
    arrival.begin(new Place(source));
  }

  /** The next step, after deliveries that wait have been given the room that there is now. */
  ConsumerPlan.Step<Source> next() {
    lock.lock();
    try {
      beginWhereThereIsRoom();
      return ConsumerPlan.next(demand, taken(), consumers().toList());
    } finally {
      lock.unlock();
    }
  }

  /** The deliveries that still wait for room; they are no longer counted. */
  List<Arrival> takeWaiting() {
    lock.lock();
    try {
      beginWhereThereIsRoom();
      List<Arrival> taken = new ArrayList<>();
      for (Source source : sources) {
        source.unacknowledged -= source.waiting.size();
        taken.addAll(source.waiting);
        source.waiting.clear();
      }
      return taken;
    } finally {
      lock.unlock();
    }
  }

  private void beginWhereThereIsRoom() {
    for (Source source : sources) {
      while (inHand < demand && !source.waiting.isEmpty()) {
        begin(source, source.waiting.remove());
      }
    }
  }

  /** A consumer is about to start; what it may bring counts from now on. */
  void onBegin(Source source, int prefetch) {
    lock.lock();
    try {
      source.prefetch = prefetch;
      sources.add(source);
    } finally {
      lock.unlock();
    }
  }

  /** A consumer was cancelled, and brings nothing more. */
  void onEnd(Source source) {
    lock.lock();
    try {
      source.prefetch = 0;
    } finally {
      lock.unlock();
    }
  }

  /** The connection is lost, and with it every delivery of it that is not in hand. */
  void onLoss() {
    lock.lock();
    try {
      sources.clear();
    } finally {
      lock.unlock();
    }
  }

  /**
   * A source whose channel has neither consumer nor delivery, so that it can have another consumer.
   */
  Optional<Source> spare() {
    lock.lock();
    try {
      return sources.stream().filter(it -> it.prefetch == 0 && it.unacknowledged == 0).findAny();
    } finally {
      lock.unlock();
    }
  }

  Optional<Source> consuming() {
    lock.lock();
    try {
      return consumers().map(ConsumerPlan.Consumer::key).findAny();
    } finally {
      lock.unlock();
    }
  }

  /** Gives the room of those that stepped aside to others. */
  void giveRoom() {
    lock.lock();
    try {
      roomToGive = 0;
    } finally {
      lock.unlock();
    }
  }

  /** Whether some of those that stepped aside still have their room. */
  boolean hasRoomToGive() {
    lock.lock();
    try {
      return roomToGive > 0;
    } finally {
      lock.unlock();
    }
  }

  private Stream<ConsumerPlan.Consumer<Source>> consumers() {
    return sources.stream()
        .filter(it -> it.prefetch > 0)
        .map(it -> new ConsumerPlan.Consumer<>(it, it.prefetch, it.unacknowledged));
  }

  private int taken() {
    return inHand + roomToGive + sources.stream().mapToInt(it -> it.waiting.size()).sum();
  }

  private int committed() {
    return taken() + consumers().mapToInt(ConsumerPlan.Consumer::open).sum();
  }
}
