package mstc.cloud.worker.application.admission;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import mstc.cloud.worker.application.metrics.IntakePause;
import mstc.cloud.worker.domain.queue.WorkQueue;
import mstc.cloud.worker.domain.runtime.JobCounts;
import mstc.cloud.worker.domain.runtime.JobRuntime;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets in as many requests as there is room for: the limit, less the jobs in flight, less those
 * being created. Tells the queue, so that no more are delivered than can be run.
 *
 * <p>The room shrinks only when deliveries become jobs, and by {@link #tryReserve}. A delivery
 * counts as taken from the moment it may come. So the limit holds exactly if {@link #update} is
 * called for each delivery that became a job before it is acknowledged.
 *
 * <p>A job that has ended takes up no room, however long its answer takes. But if so many of them
 * wait for their answer that something must be wrong, there is no room until a tenth of them are
 * answered; jobs in flight still end and add to them.
 */
public final class Admission {
  private static final Logger LOG = LoggerFactory.getLogger(Admission.class);

  /** How long a request may wait to learn whether there is room for it. */
  private static final Duration SETTLING = Duration.ofSeconds(1);

  /** The demand after an attempt to change it failed. */
  private static final int UNKNOWN = -1;

  /**
   * Held while the queue is told, so that changes are told one by one; taken before {@link #lock}.
   */
  private final ReentrantLock telling = new ReentrantLock();

  /** Guards the fields below; never held while blocking. */
  private final ReentrantLock lock = new ReentrantLock();

  private final Condition released = lock.newCondition();
  private final WorkQueue queue;
  private final JobRuntime runtime;
  private final int maxConcurrentJobs;
  private final int maxWaitingJobs;
  private final int maxDeliveries;
  private int reserved;
  private boolean paused = true;
  private boolean closed;
  private volatile Optional<Pause> tooManyWaiting = Optional.empty();

  /** What the queue was told; guarded by {@link #telling}. */
  private int demand;

  /**
   * @param maxConcurrentJobs how many jobs may be in flight at once
   * @param maxWaitingJobs how many jobs that have ended may wait for their answer
   * @param maxDeliveries how many requests the queue may hand over at once
   */
  public Admission(
      WorkQueue queue,
      JobRuntime runtime,
      int maxConcurrentJobs,
      int maxWaitingJobs,
      int maxDeliveries) {
    this.queue = queue;
    this.runtime = runtime;
    this.maxConcurrentJobs = maxConcurrentJobs;
    this.maxWaitingJobs = maxWaitingJobs;
    this.maxDeliveries = maxDeliveries;
  }

  /**
   * Tells the queue how many more requests there is room for. Blocks like {@link WorkQueue#demand};
   * if this fails, the next update makes up for it.
   */
  public void update() {
    telling.lock();
    try {
      int wanted = wanted();
      if (wanted != demand) {
        demand = UNKNOWN;
        queue.demand(wanted);
        demand = wanted;
      }
    } catch (RuntimeException e) {
      // The caller has done its part, and must not undo it because of this.
      LOG.error("The queue was not told the demand, the next update tells it", e);
    } finally {
      telling.unlock();
    }
  }

  private int wanted() {
    lock.lock();
    try {
      int room = room();
      return isOpen() ? Math.clamp(room, 0, maxDeliveries) : 0;
    } finally {
      lock.unlock();
    }
  }

  /** Leaves no room until {@link #resume}. The next {@link #update} tells the queue. */
  public void pause() {
    setPaused(true);
  }

  /**
   * Lets requests in, for the first time or again; there is no room before the first call. The next
   * {@link #update} tells the queue.
   */
  public void resume() {
    setPaused(false);
  }

  private void setPaused(boolean value) {
    lock.lock();
    try {
      paused = value;
    } finally {
      lock.unlock();
    }
  }

  /** Leaves no room any more. The next {@link #update} tells the queue. */
  public void close() {
    lock.lock();
    try {
      closed = true;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Reserves room for one job that does not come from the queue. A caller that got true calls
   * {@link #release} once the job is on record or could not be put there. Deliveries already with
   * the handler may then exceed the limit, by at most {@code maxDeliveries}.
   *
   * <p>A job that is being put on record counts twice for a moment. If only that leaves no room,
   * this waits for it, for at most a second. Then it tells the queue, like {@link #update}.
   */
  public boolean tryReserve() throws InterruptedException {
    if (!reserve()) {
      return false;
    }
    update();
    return true;
  }

  private boolean reserve() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      long left = SETTLING.toNanos();
      while (isOpen() && room() <= 0 && room() + reserved > 0 && left > 0) {
        left = released.awaitNanos(left);
      }
      if (!isOpen() || room() <= 0) {
        return false;
      }
      reserved++;
      return true;
    } finally {
      lock.unlock();
    }
  }

  private boolean isOpen() {
    return !closed && !paused;
  }

  /** Gives a reservation back, and tells the queue, like {@link #update}. */
  public void release() {
    lock.lock();
    try {
      reserved--;
      released.signalAll();
    } finally {
      lock.unlock();
    }
    update();
  }

  /**
   * Whether, at the last update, nothing was let in because too many ended jobs waited for their
   * answer. Does not block.
   */
  public boolean hasTooManyWaiting() {
    return tooManyWaiting.isPresent();
  }

  /** The pause because of that; empty if there is none. Does not block. */
  public Optional<Pause> waitingPause() {
    return tooManyWaiting;
  }

  /** Compares with the limit, and logs a change. Returns {@link #hasTooManyWaiting} from now on. */
  private boolean updateTooManyWaiting(int waiting) {
    if (tooManyWaiting.isEmpty() && waiting >= maxWaitingJobs) {
      tooManyWaiting = Optional.of(Pause.beginning(IntakePause.UNANSWERED));
      // The key of bootstrap's section of jobs: whoever reads the log needs it to raise the limit.
      LOG.warn(
          "No more requests are taken in: {} jobs have ended and are not answered"
              + " (mstc.jobs.max-unanswered)",
          waiting);
    } else if (tooManyWaiting.isPresent() && waiting <= maxWaitingJobs - 1 - maxWaitingJobs / 10) {
      tooManyWaiting = Optional.empty();
      LOG.warn("Requests may be taken in again: {} jobs have ended and are not answered", waiting);
    }
    return tooManyWaiting.isPresent();
  }

  private int room() {
    JobCounts jobs = runtime.counts();
    int unreserved = updateTooManyWaiting(jobs.waiting()) ? 0 : maxConcurrentJobs - jobs.inFlight();
    return unreserved - reserved;
  }
}
