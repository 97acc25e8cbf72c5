package mstc.cloud.worker.application.completion;

import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;

/** The threads that only wait, so that they can be interrupted without losing work. */
final class IdleThreads {
  /** Guards the fields below. */
  private final ReentrantLock lock = new ReentrantLock();

  private final Set<Thread> idle = new HashSet<>();
  private boolean closing;
  private boolean abandoning;

  /**
   * Marks the current thread as waiting.
   *
   * @throws InterruptedException if no thread may wait any more
   */
  void enter() throws InterruptedException {
    lock.lock();
    try {
      if (closing) {
        throw new InterruptedException("the worker stops");
      }
      idle.add(Thread.currentThread());
    } finally {
      lock.unlock();
    }
  }

  /** Marks the current thread as no longer waiting. */
  void leave() {
    lock.lock();
    try {
      idle.remove(Thread.currentThread());
      if (!abandoning) {
        // An interrupt that came too late to end the wait must not end what comes after it.
        Thread.interrupted();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Interrupts every wait, and lets no other begin. May be repeated. */
  void interrupt() {
    lock.lock();
    try {
      closing = true;
      idle.forEach(Thread::interrupt);
    } finally {
      lock.unlock();
    }
  }

  /** From now on an interrupt also ends work. */
  void abandon() {
    lock.lock();
    try {
      abandoning = true;
    } finally {
      lock.unlock();
    }
  }
}
