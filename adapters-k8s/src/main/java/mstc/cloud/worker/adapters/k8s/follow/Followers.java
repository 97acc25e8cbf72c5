package mstc.cloud.worker.adapters.k8s.follow;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import mstc.cloud.worker.adapters.k8s.job.JobAnnotations;
import mstc.cloud.worker.adapters.k8s.job.JobCalls;
import mstc.cloud.worker.adapters.k8s.job.JobRecords;
import mstc.cloud.worker.adapters.k8s.job.RecordReader;
import mstc.cloud.worker.adapters.k8s.job.TrackedJob;
import mstc.cloud.worker.adapters.k8s.job.TrackedJobs;
import mstc.cloud.worker.adapters.k8s.log.LogCollection;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.runtime.Answer;
import mstc.cloud.worker.domain.runtime.JobEnd;
import mstc.cloud.worker.domain.runtime.JobHandedOverException;
import mstc.cloud.worker.domain.runtime.JobListener;
import mstc.cloud.worker.domain.runtime.JobRecord;
import mstc.cloud.worker.domain.runtime.JobRuntimeException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The followers of all unanswered Jobs, if this replica leads; none if it does not. Tells the
 * listener which Jobs it begins to follow, and what becomes of them.
 */
public final class Followers implements JobRecords.Following {
  private static final Logger LOG = LoggerFactory.getLogger(Followers.class);

  /** How soon a wait for a release notices that the job is another replica's. */
  private static final Duration RELEASE_CHECK_INTERVAL = Duration.ofSeconds(1);

  /** Between checks whether this replica is sure to lead. */
  private static final Duration LOOK_AGAIN = Duration.ofMillis(100);

  /** Between tries to list what a new leader follows. */
  private static final Duration LIST_AGAIN = Duration.ofMillis(500);

  private final RecordReader reader;
  private final JobCalls calls;
  private final JobNews news;
  private final Executor threads;
  private final Duration startGrace;
  private final Duration suspensionLimit;
  private final TrackedJobs tracked;

  private final ReentrantLock lock = new ReentrantLock();

  @GuardedBy("lock")
  private final Map<UniqueName, JobFollower> followers = new LinkedHashMap<>();

  @GuardedBy("lock")
  private boolean leading;

  /** Counts how often this replica has begun or ceased to lead. */
  @GuardedBy("lock")
  private long term;

  @GuardedBy("lock")
  private boolean closed;

  private volatile @Nullable LogCollection logs;

  /**
   * Follows nothing yet.
   *
   * @param changes told of every change of the Jobs that are tracked
   * @param startGrace how long an error that keeps a pod from starting may last
   * @param suspensionLimit how long after its creation a Job may be suspended by others
   */
  public Followers(
      RecordReader reader,
      JobCalls calls,
      JobNews news,
      TrackedJobs.Changes changes,
      Executor threads,
      Duration startGrace,
      Duration suspensionLimit) {
    this.reader = reader;
    this.tracked = new TrackedJobs(new Tracking(), changes, reader);
    this.calls = calls;
    this.news = news;
    this.threads = threads;
    this.startGrace = startGrace;
    this.suspensionLimit = suspensionLimit;
  }

  /** What is known of Jobs; its changes are followed here. */
  public TrackedJobs tracked() {
    return tracked;
  }

  /** Must be called before anything is followed. */
  public void collectInto(LogCollection collection) {
    logs = collection;
  }

  private LogCollection logs() {
    LogCollection collection = logs;
    if (collection == null) {
      throw new IllegalStateException("the runtime is not started");
    }
    return collection;
  }

  /**
   * Whether another worker would follow a job further. Not once it is answered, or deleted: then
   * only this replica knows of it.
   */
  public boolean isToBeFollowed(UniqueName name) {
    return tracked.findUnanswered(name).filter(job -> !job.snapshot().gone()).isPresent();
  }

  @Override
  public boolean isFollowed(UniqueName name) {
    lock.lock();
    try {
      return followers.containsKey(name);
    } finally {
      lock.unlock();
    }
  }

  /** Whether this replica is the leader. */
  public boolean isLeading() {
    lock.lock();
    try {
      return leading;
    } finally {
      lock.unlock();
    }
  }

  // Waiting for a job.

  /** False if it is still held after that time. */
  public boolean awaitRelease(UniqueName name, Duration atMost)
      throws InterruptedException, JobHandedOverException {
    long deadline = System.nanoTime() + atMost.toNanos();
    while (true) {
      var _ = requireFollowed(name);
      TrackedJob job =
          tracked.findUnanswered(name).orElseThrow(() -> new JobHandedOverException(name));
      TrackedJob.Snapshot snapshot = job.snapshot();
      long left = deadline - System.nanoTime();
      if (snapshot.gone() || !JobAnnotations.isHeld(snapshot.job())) {
        return true;
      }
      if (left <= 0) {
        return false;
      }
      job.awaitChange(snapshot, Duration.ofNanos(Math.min(left, RELEASE_CHECK_INTERVAL.toNanos())));
    }
  }

  /**
   * How a job ended.
   *
   * @param isSure whether no other replica can be leading
   */
  public JobEnd awaitEnd(UniqueName name, BooleanSupplier isSure)
      throws InterruptedException, JobHandedOverException {
    JobFollower follower = requireFollowed(name);
    JobEnd end = follower.awaitEnd();
    while (!isSure.getAsBoolean()) {
      // It has stalled, and does not know yet whether another leads meanwhile.
      if (follower.isClosed()) {
        throw new JobHandedOverException(name);
      }
      Thread.sleep(LOOK_AGAIN);
    }
    return end;
  }

  private JobFollower requireFollowed(UniqueName name)
      throws InterruptedException, JobHandedOverException {
    JobFollower follower;
    lock.lockInterruptibly();
    try {
      if (leading && !followers.containsKey(name)) {
        tracked.findUnanswered(name).ifPresent(job -> beginFollowing(name, job, true));
      }
      follower = followers.get(name);
    } finally {
      lock.unlock();
    }
    if (follower == null) {
      throw new JobHandedOverException(name);
    }
    return follower;
  }

  // Leading.

  /**
   * From now on this replica may follow all Jobs. What it remembers of them may be old: they may
   * have been answered since. Returns at once.
   *
   * @param relist brings what is known up to date; false if the cluster cannot be asked
   */
  public void lead(BooleanSupplier relist) {
    lock.lock();
    try {
      if (!closed) {
        long begun = ++term;
        threads.execute(() -> lead(begun, relist));
      }
    } finally {
      lock.unlock();
    }
  }

  private void lead(long begun, BooleanSupplier relist) {
    try {
      while (isTerm(begun) && !relist.getAsBoolean()) {
        Thread.sleep(LIST_AGAIN);
      }
    } catch (InterruptedException e) {
      LOG.debug("This replica stops before it leads");
      return;
    }
    lock.lock();
    try {
      if (term != begun || closed) {
        return;
      }
      // Deleted while this replica did not lead, and perhaps answered long ago.
      forgetDeleted();
      leading = true;
      tracked.listUnanswered().forEach((name, job) -> beginFollowing(name, job, true));
    } finally {
      lock.unlock();
    }
  }

  private boolean isTerm(long begun) {
    lock.lock();
    try {
      return term == begun && !closed;
    } finally {
      lock.unlock();
    }
  }

  /**
   * @param inherited whether another worker may have followed it before, or nobody its beginning
   */
  @GuardedBy("lock")
  private void beginFollowing(UniqueName name, TrackedJob job, boolean inherited) {
    JobRecord record;
    try {
      record = reader.read(job.snapshot().job());
    } catch (JobRuntimeException e) {
      LOG.error("job={} cannot be followed: {}", name, e.getMessage());
      return;
    }
    JobFollower follower =
        new JobFollower(record.job(), inherited, job, calls, logs(), startGrace, suspensionLimit);
    if (followers.putIfAbsent(name, follower) == null) {
      follower.start();
      news.tell(to -> to.onUnanswered(record));
    }
  }

  /** Another replica follows all Jobs, or none does. */
  public void stopFollowing() {
    lock.lock();
    try {
      term++;
      leading = false;
      followers.forEach((name, follower) -> {
        follower.close();
        logs().keeping().forget(name);
      });
      followers.clear();
      forgetDeleted();
    } finally {
      lock.unlock();
    }
  }

  /** The next leader has no record of them to resume from. */
  private void forgetDeleted() {
    tracked.forgetDeleted().forEach(this::endFollowing);
  }

  private void endFollowing(UniqueName name) {
    lock.lock();
    try {
      JobFollower follower = followers.remove(name);
      if (follower != null) {
        follower.close();
      }
    } finally {
      lock.unlock();
    }
    LogCollection collected = logs();
    collected.keeping().forget(name);
    threads.execute(() -> {
      collected.archive().finish(name);
      collected.spool().remove(name.value());
    });
  }

  @Override
  public void onDeletedAnswered(UniqueName name, Answer answer) {
    endFollowing(name);
    news.tell(to -> to.onAnswered(name, answer));
  }

  /** Stops following. Blocks while what was read of logs is handed over to the next leader. */
  public void close(LogHandover handover) {
    List<JobFollower> following;
    lock.lock();
    try {
      closed = true;
      following = List.copyOf(followers.values());
    } finally {
      lock.unlock();
    }
    if (!following.isEmpty()) {
      handover.handOver(following, logs().keeping());
    }
    stopFollowing();
  }

  /** Passes on what happens to Jobs, on the threads of the watches and of callers. */
  private final class Tracking implements TrackedJobs.Observer {
    @Override
    public void onUnanswered(UniqueName name, TrackedJob job) {
      news.run(() -> {
        lock.lock();
        try {
          if (leading && !closed) {
            beginFollowing(name, job, false);
          }
        } finally {
          lock.unlock();
        }
      });
    }

    @Override
    public void onAnswered(UniqueName name, Job job) {
      news.run(() -> {
        endFollowing(name);
        reader.read(job).answer().ifPresent(answer -> news.tell(to -> to.onAnswered(name, answer)));
      });
    }

    @Override
    public void onDeleted(UniqueName name) {
      news.run(() -> {
        if (!isLeading()) {
          tracked.forget(name);
          endFollowing(name);
        }
      });
    }

    @Override
    public void onGivenUp(UniqueName name) {
      news.tell(to -> to.onGivenUp(name));
    }

    @Override
    public void onCountChanged() {
      news.tell(JobListener::onCountsChanged);
    }
  }
}
