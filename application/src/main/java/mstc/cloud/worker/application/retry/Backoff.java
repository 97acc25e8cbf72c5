package mstc.cloud.worker.application.retry;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/**
 * How long to wait between attempts. The delay doubles from the first to the longest, and each is
 * shortened at random by up to a half, so that many callers that failed together do not retry
 * together.
 */
public record Backoff(Duration first, Duration longest) {
  private static final int MAX_DOUBLINGS = 20;

  public Backoff {
    if (!first.isPositive() || longest.compareTo(first) < 0) {
      throw new IllegalArgumentException("delays must be positive and not shrink: " + first);
    }
  }

  /**
   * The delay after a failed attempt.
   *
   * @param attempt the number of attempts that have failed, from 1
   */
  public Duration delayAfter(int attempt) {
    Duration full = first.multipliedBy(1L << Math.min(attempt - 1, MAX_DOUBLINGS));
    long nanos = (full.compareTo(longest) < 0 ? full : longest).toNanos();
    return Duration.ofNanos(nanos - ThreadLocalRandom.current().nextLong(nanos / 2 + 1));
  }

  /** Waits for {@link #delayAfter}. */
  public void pauseAfter(int attempt) throws InterruptedException {
    Thread.sleep(delayAfter(attempt));
  }
}
