package mstc.cloud.worker.application.retry;

import java.time.Duration;
import java.util.Optional;

/**
 * How long something is tried whose system is available but fails for it alone. Time in which the
 * system itself was unavailable does not count. For one thread at a time.
 */
public final class Patience {
  private final Duration limit;
  private final boolean coversRefusals;
  private Duration used = Duration.ZERO;
  private Optional<Long> failedAtNanos = Optional.empty();

  private Patience(Duration limit, boolean coversRefusals) {
    this.limit = limit;
    this.coversRefusals = coversRefusals;
  }

  /**
   * For what can be done without: a permanent failure ends it at once.
   *
   * @param limit counts from the first failure on
   */
  public static Patience untilRefused(Duration limit) {
    return new Patience(limit, false);
  }

  /**
   * For what is worth waiting until someone has removed the cause of a permanent failure.
   *
   * @param limit counts from the first failure on
   */
  public static Patience evenIfRefused(Duration limit) {
    return new Patience(limit, true);
  }

  /** Whether what failed permanently is tried again. */
  public boolean coversRefusals() {
    return coversRefusals;
  }

  /**
   * Notes another failure.
   *
   * @param away whether the system as a whole was unavailable
   * @return whether to give up
   */
  public boolean noteFailure(boolean away) {
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
