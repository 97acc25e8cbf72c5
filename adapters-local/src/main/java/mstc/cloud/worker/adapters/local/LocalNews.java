package mstc.cloud.worker.adapters.local;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.runtime.JobListener;
import mstc.cloud.worker.domain.view.JobWatcher;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Passes on what happens to jobs, one call at a time, never on a thread that holds a lock. */
final class LocalNews {
  private static final Logger LOG = LoggerFactory.getLogger(LocalNews.class);

  private final ExecutorService messages =
      Executors.newSingleThreadExecutor(Thread.ofVirtual().name("local-job-messages").factory());
  private volatile boolean stopped;
  private volatile @Nullable JobListener listener;
  private volatile @Nullable JobWatcher watcher;

  void listen(JobListener toTell) {
    listener = toTell;
  }

  void watch(JobWatcher toTell) {
    watcher = toTell;
  }

  /** Tells the listener soon, if there is one. Returns at once, like the others. */
  void tell(Consumer<JobListener> message) {
    JobListener to = listener;
    if (to != null) {
      send(() -> message.accept(to));
    }
  }

  /** Shows what is known of a job by then, unless its record is gone. */
  void show(Supplier<LocalView> job) {
    JobWatcher to = watcher;
    if (to != null) {
      send(() -> {
        LocalView known = job.get();
        if (!known.gone()) {
          to.onChanged(known.toJobView());
        }
      });
    }
  }

  /** The record of a job is gone. */
  void gone(UniqueName name) {
    JobWatcher to = watcher;
    if (to != null) {
      send(() -> to.onGone(name));
    }
  }

  private void send(Runnable message) {
    if (stopped) {
      return;
    }
    try {
      messages.execute(() -> {
        if (!stopped) {
          message.run();
        }
      });
    } catch (RejectedExecutionException e) {
      LOG.debug("Closed: a change of a job is not passed on");
    }
  }

  /** Passes on nothing from now on. */
  void stop() {
    stopped = true;
  }

  /** Returns when no call is in progress any more. */
  void close() {
    stop();
    messages.close();
  }
}
