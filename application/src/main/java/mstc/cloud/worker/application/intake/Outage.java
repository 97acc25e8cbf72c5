package mstc.cloud.worker.application.intake;

import java.util.concurrent.atomic.AtomicBoolean;
import mstc.cloud.worker.application.retry.Backoff;
import mstc.cloud.worker.application.retry.FailureListener;
import mstc.cloud.worker.domain.PortException;
import mstc.cloud.worker.domain.runtime.JobRuntime;
import mstc.cloud.worker.domain.store.ObjectStore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps requests in the queue while the runtime or the store is away: nothing is taken in that
 * could not be run, or whose log could not be stored.
 */
public final class Outage implements FailureListener {
  private static final Logger LOG = LoggerFactory.getLogger(Outage.class);

  private final AtomicBoolean lasting = new AtomicBoolean();
  private final Admission admission;
  private final JobRuntime runtime;
  private final ObjectStore store;
  private final Backoff backoff;
  private volatile Thread thread = Thread.currentThread();

  /** Pauses the admission whenever one of the two fails, until both can be reached. */
  public Outage(Admission admission, JobRuntime runtime, ObjectStore store, Backoff backoff) {
    this.admission = admission;
    this.runtime = runtime;
    this.store = store;
    this.backoff = backoff;
  }

  /** Lets requests in as soon as both systems can be reached. Returns at once. */
  public void start() {
    lasting.set(true);
    awaitEnd(0);
  }

  @Override
  public void onFailure(PortException failure) {
    if (lasting.compareAndSet(false, true)) {
      LOG.warn("No more requests are taken in: {}", failure.getMessage());
      admission.pause();
      awaitEnd(1);
    }
  }

  private void awaitEnd(int failedAttempts) {
    thread =
        Thread.ofVirtual()
            .name("outage")
            .start(() -> {
              try {
                int attempt = failedAttempts;
                if (attempt > 0) {
                  backoff.pauseAfter(attempt);
                }
                while (!isOver()) {
                  backoff.pauseAfter(++attempt);
                }
                LOG.info("Requests are taken in");
                lasting.set(false);
                admission.resume();
              } catch (InterruptedException e) {
                LOG.debug("The worker stops during an outage");
              }
            });
  }

  /** Ends watching. */
  public void stop() {
    thread.interrupt();
  }

  private boolean isOver() {
    try {
      runtime.check();
      store.check();
      return true;
    } catch (PortException e) {
      LOG.debug("Still away: {}", e.getMessage());
      return false;
    }
  }
}
