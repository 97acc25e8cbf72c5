package mstc.cloud.worker.application.retry;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * When to log that something still fails: at once, then after a minute, after two more, after four
 * more and so on. For one thread at a time.
 */
public final class Reminders {
  private static final Duration FIRST = Duration.ofMinutes(1);

  private final LongSupplier nanoTime;
  private Duration interval = Duration.ZERO;
  private long saidAtNanos;

  /** Uses the system's time. */
  public Reminders() {
    this(System::nanoTime);
  }

  /**
   * @param nanoTime nanoseconds since an arbitrary moment
   */
  public Reminders(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
    this.saidAtNanos = nanoTime.getAsLong();
  }

  /** Whether to log it now; if so, it counts as logged. */
  public boolean tryRemind() {
    long now = nanoTime.getAsLong();
    if (now - saidAtNanos < interval.toNanos()) {
      return false;
    }
    interval = interval.isZero() ? FIRST : interval.multipliedBy(2);
    saidAtNanos = now;
    return true;
  }
}
