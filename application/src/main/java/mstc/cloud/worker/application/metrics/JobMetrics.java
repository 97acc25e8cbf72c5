package mstc.cloud.worker.application.metrics;

import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.reply.StoredLog;
import mstc.cloud.worker.domain.runtime.JobCounts;
import mstc.cloud.worker.domain.runtime.LogSpool;

/**
 * Counts jobs since this worker's start. Of several replicas each counts what it did itself: the
 * counts add up, while how many jobs there are is the same everywhere. Any thread; does not block.
 */
public final class JobMetrics {
  private final Supplier<JobCounts> counts;
  private final Supplier<Optional<LogSpool>> logSpool;
  private final Supplier<Set<IntakePause>> pauses;
  private final int limit;
  private final int unansweredLimit;
  private final InstantSource clock;
  private final LongAdder created = new LongAdder();
  private final LongAdder incompleteLogs = new LongAdder();
  private final ConcurrentMap<JobOutcome.Kind, Long> answered = new ConcurrentHashMap<>();

  /**
   * @param counts how many jobs there are, whoever submitted them
   * @param logSpool where logs wait for the object store
   * @param pauses why no requests are taken in
   * @param limit how many jobs may be in flight
   * @param unansweredLimit how many that have ended may be unanswered
   */
  public JobMetrics(
      Supplier<JobCounts> counts,
      Supplier<Optional<LogSpool>> logSpool,
      Supplier<Set<IntakePause>> pauses,
      int limit,
      int unansweredLimit,
      InstantSource clock) {
    this.counts = counts;
    this.logSpool = logSpool;
    this.pauses = pauses;
    this.limit = limit;
    this.unansweredLimit = unansweredLimit;
    this.clock = clock;
  }

  /** A request has become a job. */
  public void onCreated() {
    created.increment();
  }

  /** That everyone who waited for a job was answered is on its record. */
  public void onAnswered(Reply reply) {
    answered.merge(reply.outcome(), 1L, Long::sum);
    if (reply.log().filter(StoredLog::complete).isEmpty()) {
      incompleteLogs.increment();
    }
  }

  /** How many jobs were created. */
  public long created() {
    return created.sum();
  }

  /** How many jobs that ended so were answered. */
  public long answeredAs(JobOutcome.Kind outcome) {
    return answered.getOrDefault(outcome, 0L);
  }

  /** Of how many of them the log is not stored, or not sure to be complete. */
  public long incompleteLogs() {
    return incompleteLogs.sum();
  }

  /** How many jobs there are now. */
  public JobCounts counts() {
    return counts.get();
  }

  /** Where logs wait for the object store, as this worker has it; empty where they need not. */
  public Optional<LogSpool> logSpool() {
    return logSpool.get();
  }

  /** How long the first of the jobs that have ended and are not answered waits; else nothing. */
  public Duration longestWait() {
    return counts
        .get()
        .oldestEnd()
        .map(end -> Duration.between(end, clock.instant()))
        .filter(Duration::isPositive)
        .orElse(Duration.ZERO);
  }

  /** How many jobs may be in flight at once. */
  public int limit() {
    return limit;
  }

  /** How many jobs that have ended may be unanswered before no more requests are taken in. */
  public int unansweredLimit() {
    return unansweredLimit;
  }

  /** Why no requests are taken in now; nothing while they are, as far as there is room. */
  public Set<IntakePause> pauses() {
    return pauses.get();
  }
}
