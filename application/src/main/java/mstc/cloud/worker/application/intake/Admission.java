package mstc.cloud.worker.application.intake;

import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import mstc.cloud.worker.domain.queue.WorkQueue;
import mstc.cloud.worker.domain.runtime.JobCounts;
import mstc.cloud.worker.domain.runtime.JobRuntime;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets in as many requests as there is room for: the limit, less the jobs in flight, less those
 * being created. Tells the queue so that no more are delivered than can be run.
 *
 * <p>The room only shrinks by deliveries that turn into jobs and by {@link #tryReserve}. A delivery
 * counts as taken from the moment it may come, so the limit holds exactly as long as every one that
 * became a job calls {@link #update} before it is acknowledged.
 *
 * <p>A job that has ended takes nobody's room, however long its answer takes. Only where that many
 * of them are not answered that something must be wrong, there is no room until a tenth of them is;
 * jobs in flight end on top of them.
 */
public final class Admission {
  private static final Logger LOG = LoggerFactory.getLogger(Admission.class);

  /** How long a request may wait to know whether there is room for it. */
  private static final Duration SETTLING = Duration.ofSeconds(1);

  /** The demand after an attempt to change it failed. */
  private static final int UNKNOWN = -1;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition released = lock.newCondition();
  private final WorkQueue queue;
  private final JobRuntime runtime;
  private final int maxConcurrentJobs;
  private final int maxUnansweredJobs;
  private final int maxDeliveries;
  private int reserved;
  private boolean paused = true;
  private boolean closed;
  private volatile boolean tooManyUnanswered;
  private int demand;

  /**
   * @param maxConcurrentJobs how many jobs may be in flight at once
   * @param maxUnansweredJobs how many jobs that have ended may be unanswered
   * @param maxDeliveries how many requests the queue may hand over at once
   */
  public Admission(
      WorkQueue queue,
      JobRuntime runtime,
      int maxConcurrentJobs,
      int maxUnansweredJobs,
      int maxDeliveries) {
    this.queue = queue;
    this.runtime = runtime;
    this.maxConcurrentJobs = maxConcurrentJobs;
    this.maxUnansweredJobs = maxUnansweredJobs;
    this.maxDeliveries = maxDeliveries;
  }

  /**
   * Tells the queue how many more requests there is room for. Blocks as {@link WorkQueue#demand};
   * what fails is done by the next update.
   */
  public void update() {
    lock.lock();
    try {
      int room = room();
      int wanted = isOpen() ? Math.clamp(room, 0, maxDeliveries) : 0;
      if (wanted != demand) {
        demand = UNKNOWN;
        queue.demand(wanted);
        demand = wanted;
      }
    } catch (RuntimeException e) {
      // Whoever calls has done its part, and must not undo it for this.
      LOG.error("The queue was not told what there is room for, the next update tells it", e);
    } finally {
      lock.unlock();
    }
  }

  /** Takes no more requests from the queue until {@link #resume}. */
  public void pause() {
    setPaused(true);
  }

  /** Takes requests from now on, or again. Nothing is taken before this was called first. */
  public void resume() {
    setPaused(false);
  }

  private void setPaused(boolean value) {
    lock.lock();
    try {
      paused = value;
      update();
    } finally {
      lock.unlock();
    }
  }

  /** Takes no more requests from anywhere. */
  public void close() {
    lock.lock();
    try {
      closed = true;
      update();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Reserves room for one job that does not come from the queue. Who got true calls {@link
   * #release} once the job is on record or has failed to be. Deliveries already with the handler
   * may exceed the limit then, by {@code maxDeliveries} at most.
   *
   * <p>A job that is being put on record counts twice for a moment. Where that alone leaves no
   * room, this waits for it, for a second at most.
   */
  public boolean tryReserve() throws InterruptedException {
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
      update();
      return true;
    } finally {
      lock.unlock();
    }
  }

  private boolean isOpen() {
    return !closed && !paused;
  }

  /** Gives a reservation back. */
  public void release() {
    lock.lock();
    try {
      reserved--;
      released.signalAll();
      update();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Whether nothing is let in as too many jobs have ended and are not answered, as of the last
   * update. Does not block.
   */
  public boolean hasTooManyUnanswered() {
    return tooManyUnanswered;
  }

  private boolean hasTooManyUnanswered(int waiting) {
    if (!tooManyUnanswered && waiting >= maxUnansweredJobs) {
      tooManyUnanswered = true;
      LOG.warn(
          "No more requests are taken in: {} jobs have ended and are not answered"
              + " (mstc.jobs.max-unanswered)",
          waiting);
    } else if (tooManyUnanswered && waiting <= maxUnansweredJobs - 1 - maxUnansweredJobs / 10) {
      tooManyUnanswered = false;
      LOG.warn("Requests may be taken in again: {} jobs have ended and are not answered", waiting);
    }
    return tooManyUnanswered;
  }

  private int room() {
    JobCounts jobs = runtime.counts();
    int unreserved = hasTooManyUnanswered(jobs.waiting()) ? 0 : maxConcurrentJobs - jobs.inFlight();
    return unreserved - reserved;
  }
}
