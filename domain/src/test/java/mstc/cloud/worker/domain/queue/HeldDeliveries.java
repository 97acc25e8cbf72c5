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

  private record Held(Delivery delivery, CompletableFuture<Disposition> disposition) {}

  @Override
  public Disposition handle(Delivery delivery) {
    Held entry = new Held(delivery, new CompletableFuture<>());
    lock.lock();
    try {
      held.add(entry);
      all.add(delivery);
      if (held.size() > ceiling) {
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
