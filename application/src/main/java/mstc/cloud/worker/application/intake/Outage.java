package mstc.cloud.worker.application.intake;

import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import mstc.cloud.worker.application.intake.SharedCheck.Finding;
import mstc.cloud.worker.application.metrics.IntakePause;
import mstc.cloud.worker.application.retry.Backoff;
import mstc.cloud.worker.application.retry.FailureListener;
import mstc.cloud.worker.domain.PortException;
import mstc.cloud.worker.domain.runtime.JobRuntime;
import mstc.cloud.worker.domain.runtime.JobRuntimeException;
import mstc.cloud.worker.domain.store.ObjectStore;
import mstc.cloud.worker.domain.store.ObjectStoreException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps requests in the queue while the runtime or the store is away: nothing is taken in that
 * could not be run, or whose log could not be stored. Whether one is away is said by its own check,
 * as a call that fails may be the fault of what was asked.
 */
public final class Outage implements FailureListener {
  private static final Logger LOG = LoggerFactory.getLogger(Outage.class);

  /** Held while the admission is told, too, so that it is told in the order of what happened. */
  private final ReentrantLock lock = new ReentrantLock();

  private final Admission admission;
  private final SharedCheck runtimeCheck;
  private final SharedCheck storeCheck;
  private final Backoff backoff;
  private volatile Optional<IntakePause> pause = Optional.of(IntakePause.STARTING);
  private boolean lasting;
  private boolean stopped;
  private @Nullable Thread watcher;

  /** Pauses the admission whenever one of the two is away, until both can be reached. */
  public Outage(Admission admission, JobRuntime runtime, ObjectStore store, Backoff backoff) {
    this.admission = admission;
    this.runtimeCheck = new SharedCheck(runtime::check);
    this.storeCheck = new SharedCheck(store::check);
    this.backoff = backoff;
  }

  /** Lets requests in as soon as both systems can be reached. Returns at once. */
  public void start() {
    var _ = begin(0, IntakePause.STARTING);
  }

  /** Why no requests are taken in; empty while they are. Does not block. */
  public Optional<IntakePause> pause() {
    return pause;
  }

  @Override
  public boolean onFailure(PortException failure) {
    if (isStopped()) {
      return failure.isRetryable();
    }
    return switch (failure) {
      case ObjectStoreException e -> isAway(storeCheck.recently(), IntakePause.STORE, e);
      case JobRuntimeException e -> isAway(runtimeCheck.recently(), IntakePause.RUNTIME, e);
      default -> false;
    };
  }

  private boolean isAway(Finding finding, IntakePause why, PortException failure) {
    if (finding != Finding.THERE && begin(1, why)) {
      LOG.warn("No more requests are taken in: {}", failure.getMessage());
    }
    return finding == Finding.AWAY;
  }

  private boolean isStopped() {
    lock.lock();
    try {
      return stopped;
    } finally {
      lock.unlock();
    }
  }

  /** False where it has begun already. */
  private boolean begin(int failedAttempts, IntakePause why) {
    lock.lock();
    try {
      if (lasting || stopped) {
        return false;
      }
      lasting = true;
      pause = Optional.of(why);
      admission.pause();
      watcher = Thread.ofVirtual().name("outage").start(() -> awaitEnd(failedAttempts));
      return true;
    } finally {
      lock.unlock();
    }
  }

  private void awaitEnd(int failedAttempts) {
    try {
      int attempt = failedAttempts;
      if (attempt > 0) {
        backoff.pauseAfter(attempt);
      }
      while (!isOver()) {
        backoff.pauseAfter(++attempt);
      }
      end();
    } catch (InterruptedException e) {
      LOG.debug("The worker stops during an outage");
    }
  }

  private void end() {
    lock.lock();
    try {
      lasting = false;
      if (!stopped) {
        LOG.info("Requests are taken in");
        pause = Optional.empty();
        admission.resume();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Ends watching, for good. May be repeated, and called before {@link #start}. */
  public void stop() {
    lock.lock();
    try {
      stopped = true;
      if (watcher != null) {
        watcher.interrupt();
      }
    } finally {
      lock.unlock();
    }
  }

  private boolean isOver() {
    if (runtimeCheck.now() != Finding.THERE) {
      pause = Optional.of(IntakePause.RUNTIME);
      return false;
    }
    if (storeCheck.now() != Finding.THERE) {
      pause = Optional.of(IntakePause.STORE);
      return false;
    }
    return true;
  }
}
