package mstc.cloud.worker.application.metrics;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.IntSupplier;
import mstc.cloud.worker.domain.job.JobOutcome;

/**
 * Counts jobs since this worker's start. Of several replicas each counts what it did itself: the
 * counts add up, while {@link #unanswered} is the same everywhere. Any thread; does not block.
 */
public final class JobMetrics {
  private final IntSupplier unanswered;
  private final int limit;
  private final LongAdder created = new LongAdder();
  private final ConcurrentMap<JobOutcome.Kind, Long> answered = new ConcurrentHashMap<>();

  /**
   * @param unanswered how many jobs take up room, whoever submitted them
   * @param limit how many may
   */
  public JobMetrics(IntSupplier unanswered, int limit) {
    this.unanswered = unanswered;
    this.limit = limit;
  }

  /** A request has become a job. */
  public void onCreated() {
    created.increment();
  }

  /** That everyone who waited for a job was answered is on its record. */
  public void onAnswered(JobOutcome.Kind outcome) {
    answered.merge(outcome, 1L, Long::sum);
  }

  /** How many jobs were created. */
  public long created() {
    return created.sum();
  }

  /** How many jobs that ended so were answered. */
  public long answeredAs(JobOutcome.Kind outcome) {
    return answered.getOrDefault(outcome, 0L);
  }

  /** How many jobs are not answered yet. */
  public int unanswered() {
    return unanswered.getAsInt();
  }

  /** How many jobs may be unanswered at once. */
  public int limit() {
    return limit;
  }
}
