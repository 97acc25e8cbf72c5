package mstc.cloud.worker.testkit.queue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import mstc.cloud.worker.domain.queue.Delivery;
import mstc.cloud.worker.domain.queue.DeliveryHandler;
import mstc.cloud.worker.domain.queue.Disposition;
import mstc.cloud.worker.domain.queue.Handling;

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

  /** From now on, a delivery that comes while this many are held counts as excess. */
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

  /** Every delivery so far, in the order in which they came. */
  List<Delivery> all() {
    lock.lock();
    try {
      return List.copyOf(all);
    } finally {
      lock.unlock();
    }
  }

  /** Whether each held delivery is void, the longest held first. */
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

  /** Lets all held deliveries step aside, and returns how many did. */
  int stepAside() {
    List<Held> present;
    lock.lock();
    try {
      present = List.copyOf(held);
      // Done before the queue is told, as another may come at once.
      present.forEach(it -> it.aside = true);
    } finally {
      lock.unlock();
    }
    return (int) present.stream().filter(it -> it.handling.stepAside()).count();
  }

  /** Lets deliveries that stepped aside step in again, and returns how many found room. */
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

  /** Ends the handling of that many deliveries, the longest held first. */
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
