package mstc.cloud.worker.application.intake;

import java.util.concurrent.locks.ReentrantLock;
import mstc.cloud.worker.application.retry.Backoff;
import mstc.cloud.worker.application.retry.FailureListener;
import mstc.cloud.worker.domain.PortException;
import mstc.cloud.worker.domain.runtime.JobRuntime;
import mstc.cloud.worker.domain.store.ObjectStore;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps requests in the queue while the runtime or the store is away: nothing is taken in that
 * could not be run, or whose log could not be stored.
 */
public final class Outage implements FailureListener {
  private static final Logger LOG = LoggerFactory.getLogger(Outage.class);

  /** Held while the admission is told, too, so that it is told in the order of what happened. */
  private final ReentrantLock lock = new ReentrantLock();

  private final Admission admission;
  private final JobRuntime runtime;
  private final ObjectStore store;
  private final Backoff backoff;
  private boolean lasting;
  private boolean stopped;
  private @Nullable Thread watcher;

  /** Pauses the admission whenever one of the two fails, until both can be reached. */
  public Outage(Admission admission, JobRuntime runtime, ObjectStore store, Backoff backoff) {
    this.admission = admission;
    this.runtime = runtime;
    this.store = store;
    this.backoff = backoff;
  }

  /** Lets requests in as soon as both systems can be reached. Returns at once. */
  public void start() {
    begin(0);
  }

  @Override
  public void onFailure(PortException failure) {
    if (begin(1)) {
      LOG.warn("No more requests are taken in: {}", failure.getMessage());
    }
  }

  /** False where it has begun already. */
  private boolean begin(int failedAttempts) {
    lock.lock();
    try {
      if (lasting || stopped) {
        return false;
      }
      lasting = true;
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
    try {
      runtime.check();
      store.check();
      return true;
    } catch (PortException e) {
      LOG.debug("Still away: {}", e.getMessage());
      return false;
    } catch (RuntimeException e) {
      LOG.error("Neither there nor away", e);
      return false;
    }
  }
}
