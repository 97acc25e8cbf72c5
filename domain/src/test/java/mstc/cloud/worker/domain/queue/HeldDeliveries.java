package mstc.cloud.worker.domain.queue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;

/** A handler that keeps every delivery until the test says what becomes of it. */
final class HeldDeliveries implements DeliveryHandler {
  private final ReentrantLock lock = new ReentrantLock();
  private final List<Held> held = new ArrayList<>();
  private final List<Delivery> all = new ArrayList<>();
  private int ceiling = Integer.MAX_VALUE;
  private int excess;

  private static final class Held {
    final Handling handling;
    final CompletableFuture<Disposition> disposition = new CompletableFuture<>();
    boolean aside;

    Held(Handling handling) {
      this.handling = handling;
    }
  }

  @Override
  public Disposition handle(Delivery delivery, Handling handling) {
    Held entry = new Held(handling);
    lock.lock();
    try {
      held.add(entry);
      all.add(delivery);
      if (held.stream().filter(it -> !it.aside).count() > ceiling) {
        excess++;
      }
    } finally {
      lock.unlock();
    }
    return entry.disposition.join();
  }

  /** Counts as excess, from now on, what comes while this many are held. */
  void ceiling(int deliveries) {
    lock.lock();
    try {
      ceiling = deliveries;
    } finally {
      lock.unlock();
    }
  }

  int excess() {
    lock.lock();
    try {
      return excess;
    } finally {
      lock.unlock();
    }
  }

  int count() {
    lock.lock();
    try {
      return held.size();
    } finally {
      lock.unlock();
    }
  }

  /** Every delivery there ever was, in the order of their coming. */
  List<Delivery> all() {
    lock.lock();
    try {
      return List.copyOf(all);
    } finally {
      lock.unlock();
    }
  }

  /** Whether each of those held is void, the longest held first. */
  List<Boolean> areVoid() {
    return handlings().stream().map(Handling::isVoid).toList();
  }

  private List<Handling> handlings() {
    lock.lock();
    try {
      return held.stream().map(it -> it.handling).toList();
    } finally {
      lock.unlock();
    }
  }

  /** Has all those held step aside, and returns how many did. */
  int stepAside() {
    List<Held> present;
    lock.lock();
    try {
      present = List.copyOf(held);
      // Before the queue is told: another may come at once.
      present.forEach(it -> it.aside = true);
    } finally {
      lock.unlock();
    }
    return (int) present.stream().filter(it -> it.handling.stepAside()).count();
  }

  /** Has those step in that stepped aside, and returns how many found room. */
  int stepIn() {
    List<Held> waiting;
    lock.lock();
    try {
      waiting = held.stream().filter(it -> it.aside).toList();
    } finally {
      lock.unlock();
    }
    int steppedIn = 0;
    for (Held each : waiting) {
      if (each.handling.stepIn()) {
        noteStepIn(each);
        steppedIn++;
      }
    }
    return steppedIn;
  }

  private void noteStepIn(Held entry) {
    lock.lock();
    try {
      entry.aside = false;
    } finally {
      lock.unlock();
    }
  }

  /** Ends the handling of the longest held deliveries. */
  void release(int deliveries, Disposition disposition) {
    List<Held> released;
    lock.lock();
    try {
      List<Held> first = held.subList(0, Math.min(deliveries, held.size()));
      released = List.copyOf(first);
      first.clear();
    } finally {
      lock.unlock();
    }
    released.forEach(it -> it.disposition.complete(disposition));
  }
}
