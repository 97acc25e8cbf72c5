package mstc.cloud.worker.faults.service;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Callable;

/** Waits for conditions. */
public final class Await {
  private static final Duration PAUSE = Duration.ofMillis(200);

  private Await() {}

  /**
   * Waits until a condition holds. One that throws does not hold, except that a {@link
   * FaultsException} is thrown on.
   *
   * @return whether it held in time
   */
  public static boolean until(Instant end, Callable<Boolean> condition)
      throws InterruptedException {
    while (true) {
      if (holds(condition)) {
        return true;
      }
      if (Instant.now().isAfter(end)) {
        return false;
      }
      Thread.sleep(PAUSE);
    }
  }

  private static boolean holds(Callable<Boolean> condition) throws InterruptedException {
    try {
      return condition.call();
    } catch (InterruptedException | FaultsException e) {
      throw e;
    } catch (Exception e) {
      return false;
    }
  }

  /**
   * Waits until a condition holds.
   *
   * @throws FaultsException if it does not in time
   */
  public static void require(String what, Duration patience, Callable<Boolean> condition)
      throws InterruptedException {
    if (!until(Instant.now().plus(patience), condition)) {
      throw new FaultsException("waited %d s in vain for %s".formatted(patience.toSeconds(), what));
    }
  }
}
