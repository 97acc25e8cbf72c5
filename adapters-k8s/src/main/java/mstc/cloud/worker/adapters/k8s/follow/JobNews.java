package mstc.cloud.worker.adapters.k8s.follow;

import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import mstc.cloud.worker.domain.runtime.JobListener;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Passes on what happens to Jobs, one event at a time, never on a thread that holds a lock. */
public final class JobNews {
  private static final Logger LOG = LoggerFactory.getLogger(JobNews.class);

  private final ExecutorService messages =
      Executors.newSingleThreadExecutor(Thread.ofVirtual().name("job-messages").factory());
  private volatile @Nullable JobListener listener;

  /** Tells that listener from now on; events before that are dropped. */
  public void listen(JobListener toTell) {
    listener = toTell;
  }

  /** Tells the listener soon. Returns at once. */
  public void tell(Consumer<JobListener> message) {
    run(() -> {
      JobListener to = listener;
      if (to != null) {
        message.accept(to);
      }
    });
  }

  /** Runs that soon, in order with what the listener is told. Returns at once. */
  void run(Runnable message) {
    try {
      messages.execute(() -> {
        try {
          message.run();
        } catch (RuntimeException e) {
          LOG.error("A change of a job was not passed on", e);
        }
      });
    } catch (RejectedExecutionException e) {
      LOG.debug("Closed: a change of a job is not passed on");
    }
  }

  /** Passes on what is queued, and nothing after that. Blocks, but no longer than that. */
  public void close(Duration atMost) {
    messages.shutdown();
    try {
      if (!messages.awaitTermination(atMost.toMillis(), TimeUnit.MILLISECONDS)) {
        var _ = messages.shutdownNow();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
