package mstc.cloud.worker.application.admission;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import mstc.cloud.worker.domain.PortException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A port's own check, shared by all whose calls failed: made at most once a second. */
final class SharedCheck {
  private static final Logger LOG = LoggerFactory.getLogger(SharedCheck.class);
  private static final Duration INTERVAL = Duration.ofSeconds(1);

  private final ReentrantLock lock = new ReentrantLock();
  private final Runnable check;
  private Optional<Long> madeAtNanos = Optional.empty();
  private Finding finding = Finding.THERE;

  /** The state of a system. */
  enum Finding {
    THERE,
    AWAY,
    /** It responds, but will not do its part until someone changes something. */
    REFUSING
  }

  SharedCheck(Runnable check) {
    this.check = check;
  }

  /**
   * The system's state, at most a second old. Blocks like the check, even if another caller makes
   * it.
   */
  Finding recently() {
    lock.lock();
    try {
      boolean isRecent =
          madeAtNanos.filter(made -> System.nanoTime() - made < INTERVAL.toNanos()).isPresent();
      if (!isRecent) {
        finding = now();
        madeAtNanos =
            Thread.currentThread().isInterrupted()
                ? Optional.empty()
                : Optional.of(System.nanoTime());
      }
      return finding;
    } finally {
      lock.unlock();
    }
  }

  /** The system's state now. Blocks like the check. */
  Finding now() {
    try {
      check.run();
      return Finding.THERE;
    } catch (PortException e) {
      LOG.debug("The check failed: {}", e.getMessage());
      return e.isRetryable() ? Finding.AWAY : Finding.REFUSING;
    } catch (RuntimeException e) {
      LOG.error("The check failed unexpectedly", e);
      return Finding.AWAY;
    }
  }
}
