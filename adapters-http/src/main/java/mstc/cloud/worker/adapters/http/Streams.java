package mstc.cloud.worker.adapters.http;

import java.util.concurrent.Semaphore;

/**
 * Bounds how many responses are streamed at once, as each keeps a thread and what it reads from.
 */
final class Streams {
  private final int most;
  private final Semaphore free;

  Streams(int most) {
    this.most = most;
    this.free = new Semaphore(most);
  }

  /** False if there are too many already. Whoever got true calls {@link #end}. */
  boolean tryBegin() {
    return free.tryAcquire();
  }

  void end() {
    free.release();
  }

  /** How many there are now. */
  int count() {
    return most - free.availablePermits();
  }
}
