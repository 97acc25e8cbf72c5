package mstc.cloud.worker.application.retry;

import java.time.Duration;
import java.util.Optional;

/**
 * How long something is tried whose system is there and fails for it alone. Time in which the
 * system itself was away does not count. For one thread at a time.
 */
public final class Patience {
  private final Duration limit;
  private Duration used = Duration.ZERO;
  private Optional<Long> failedAtNanos = Optional.empty();

  /**
   * @param limit from the first failure on
   */
  public Patience(Duration limit) {
    this.limit = limit;
  }

  /**
   * Notes a further failure.
   *
   * @param away whether the system as a whole was away
   * @return whether it is given up
   */
  public boolean endsWithFailure(boolean away) {
    if (away) {
      failedAtNanos = Optional.empty();
      return false;
    }
    long now = System.nanoTime();
    used = used.plusNanos(now - failedAtNanos.orElse(now));
    failedAtNanos = Optional.of(now);
    return used.compareTo(limit) >= 0;
  }
}
