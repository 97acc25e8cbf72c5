package mstc.cloud.worker.adapters.k8s.view;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.time.Duration;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import mstc.cloud.worker.adapters.k8s.cluster.WakeableTimer;
import mstc.cloud.worker.adapters.k8s.job.RecordReader;
import mstc.cloud.worker.adapters.k8s.job.TrackedJob;
import mstc.cloud.worker.adapters.k8s.job.TrackedJobs;
import mstc.cloud.worker.adapters.k8s.log.LogSource;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.runtime.Answer;
import mstc.cloud.worker.domain.view.JobWatcher;
import mstc.cloud.worker.domain.view.LogReader;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Shows the Jobs that this replica tracks. A change only marks its Job; one thread then looks at
 * all that are marked, so many changes of a Job cost one look.
 */
public final class ViewedJobs implements TrackedJobs.Changes, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ViewedJobs.class);

  /** For changes that follow each other: a pod that starts changes several times. */
  private static final Duration PAUSE = Duration.ofMillis(100);

  private final RecordReader reader;
  private final Executor threads;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition marked = lock.newCondition();
  private final Set<ClusterLogReader> open = ConcurrentHashMap.newKeySet();
  private final Thread showing = Thread.ofVirtual().name("job-views").unstarted(this::show);

  @GuardedBy("lock")
  private final Map<TrackedJob, ViewedJob> jobs = new IdentityHashMap<>();

  @GuardedBy("lock")
  private final Map<UniqueName, ViewedJob> byName = new HashMap<>();

  @GuardedBy("lock")
  private Set<ViewedJob> changed = new LinkedHashSet<>();

  private volatile @Nullable JobWatcher watcher;
  private volatile boolean closed;

  /** Shows nothing yet. */
  public ViewedJobs(RecordReader reader, Executor threads) {
    this.reader = reader;
    this.threads = threads;
  }

  /** Shows jobs to that watcher from now on. Called once, before any Job is known. */
  public void watch(JobWatcher toTell) {
    watcher = toTell;
    showing.start();
  }

  // What changes, on threads that hold a lock.

  @Override
  public void onBegun(Job job, TrackedJob tracked) {
    lock.lock();
    try {
      ViewedJob viewed = new ViewedJob(job, tracked);
      jobs.put(tracked, viewed);
      byName.put(job.name(), viewed);
      mark(viewed);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void onChanged(TrackedJob tracked) {
    lock.lock();
    try {
      ViewedJob viewed = jobs.get(tracked);
      if (viewed != null) {
        mark(viewed);
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void onDeletedAnswered(TrackedJob tracked, Answer answer) {
    lock.lock();
    try {
      ViewedJob viewed = jobs.get(tracked);
      if (viewed != null) {
        viewed.noteAnswer(answer);
        mark(viewed);
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void onGone(TrackedJob tracked) {
    lock.lock();
    try {
      ViewedJob viewed = jobs.remove(tracked);
      if (viewed != null) {
        viewed.noteGone();
        mark(viewed);
      }
    } finally {
      lock.unlock();
    }
  }

  @GuardedBy("lock")
  private void mark(ViewedJob viewed) {
    viewed.wakeReaders();
    if (watcher != null) {
      changed.add(viewed);
      marked.signalAll();
    } else if (viewed.isGone()) {
      byName.remove(viewed.name(), viewed);
    }
  }

  // Showing it.

  private void show() {
    try {
      while (!closed) {
        awaitChanged().forEach(this::show);
        Thread.sleep(PAUSE);
      }
    } catch (InterruptedException e) {
      LOG.debug("Jobs are shown no longer");
    }
  }

  private Set<ViewedJob> awaitChanged() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (changed.isEmpty()) {
        marked.await();
      }
      Set<ViewedJob> taken = changed;
      changed = new LinkedHashSet<>();
      return taken;
    } finally {
      lock.unlock();
    }
  }

  private void show(ViewedJob viewed) {
    JobWatcher to = watcher;
    if (to == null || closed) {
      return;
    }
    boolean gone = viewed.isGone();
    try {
      viewed.next(reader).filter(_ -> hasName(viewed)).ifPresent(to::onChanged);
    } catch (RuntimeException e) {
      if (viewed.isFirstFailure()) {
        LOG.warn("job={} is not shown as it is: {}", viewed.name(), e.toString());
      }
    }
    if (gone && removeName(viewed)) {
      to.onGone(viewed.name());
    }
  }

  /** Whether it is the newest Job of its name. */
  private boolean hasName(ViewedJob viewed) {
    lock.lock();
    try {
      return viewed.equals(byName.get(viewed.name()));
    } finally {
      lock.unlock();
    }
  }

  /** False if another Job has that name by now. */
  private boolean removeName(ViewedJob viewed) {
    lock.lock();
    try {
      return byName.remove(viewed.name(), viewed);
    } finally {
      lock.unlock();
    }
  }

  // Logs.

  /**
   * Opens what a job writes.
   *
   * @param after a position; empty for all there is
   * @return empty if no such job is tracked, or it is answered and its pods are gone
   * @throws IllegalArgumentException if that is no position
   */
  public Optional<LogReader> openLog(
      LogSource source, UniqueName name, Optional<String> after, boolean follow) {
    Optional<AttemptPosition> position = after.map(AttemptPosition::parse);
    return find(name)
        .filter(ViewedJob::hasLog)
        .map(job ->
            open(
                new ClusterLogReader(
                    job, source, position, follow, threads, new WakeableTimer(), open::remove)));
  }

  private ClusterLogReader open(ClusterLogReader opened) {
    open.add(opened);
    if (closed) {
      opened.breakOff();
    }
    return opened;
  }

  private Optional<ViewedJob> find(UniqueName name) {
    lock.lock();
    try {
      return Optional.ofNullable(byName.get(name)).filter(job -> !job.isGone());
    } finally {
      lock.unlock();
    }
  }

  /** Shows nothing any more, and breaks off what is read. */
  @Override
  public void close() {
    closed = true;
    showing.interrupt();
    List.copyOf(open).forEach(ClusterLogReader::breakOff);
  }
}
