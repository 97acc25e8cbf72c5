package mstc.cloud.worker.application.retry;

import java.time.Duration;

/**
 * When to say that something still fails: at once, then after a minute, after two more, after four
 * more and so on. For one thread at a time.
 */
public final class Reminders {
  private static final Duration FIRST = Duration.ofMinutes(1);

  private Duration interval = Duration.ZERO;
  private long saidAtNanos = System.nanoTime();

  /** Whether it is to be said now; then it is as good as said. */
  public boolean isDue() {
    long now = System.nanoTime();
    if (now - saidAtNanos < interval.toNanos()) {
      return false;
    }
    interval = interval.isZero() ? FIRST : interval.multipliedBy(2);
    saidAtNanos = now;
    return true;
  }
}
