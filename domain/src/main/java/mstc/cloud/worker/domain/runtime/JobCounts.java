package mstc.cloud.worker.domain.runtime;

import java.time.Instant;
import java.util.Optional;

/**
 * How many jobs are on record, whoever submitted them. Every unanswered job is either in flight or
 * waiting.
 *
 * @param inFlight those that have not ended, or that the runtime has not finished with
 * @param waiting those that have ended and are not answered
 * @param oldestEnd when the first of those waiting ended; empty if none waits
 */
public record JobCounts(int inFlight, int waiting, Optional<Instant> oldestEnd) {
  public static final JobCounts NONE = new JobCounts(0, 0, Optional.empty());
}
