package mstc.cloud.worker.application.intake;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import mstc.cloud.worker.domain.PortException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A port's own check, for everyone whose call failed: made once a second at most. */
final class SharedCheck {
  private static final Logger LOG = LoggerFactory.getLogger(SharedCheck.class);
  private static final Duration INTERVAL = Duration.ofSeconds(1);

  private final ReentrantLock lock = new ReentrantLock();
  private final Runnable check;
  private Optional<Long> madeAtNanos = Optional.empty();
  private Finding finding = Finding.THERE;

  /** How a system is. */
  enum Finding {
    THERE,
    AWAY,
    /** It answers, and will not do its part until someone changes something. */
    REFUSING
  }

  SharedCheck(Runnable check) {
    this.check = check;
  }

  /** How the system is, or was a moment ago. Blocks as the check, and for one of another caller. */
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

  /** How the system is. Blocks as the check. */
  Finding now() {
    try {
      check.run();
      return Finding.THERE;
    } catch (PortException e) {
      LOG.debug("Not there: {}", e.getMessage());
      return e.isRetryable() ? Finding.AWAY : Finding.REFUSING;
    } catch (RuntimeException e) {
      LOG.error("Neither there nor away", e);
      return Finding.AWAY;
    }
  }
}
