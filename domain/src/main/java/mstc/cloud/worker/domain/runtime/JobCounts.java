package mstc.cloud.worker.domain.runtime;

import java.time.Instant;
import java.util.Optional;

/**
 * How many jobs are on record, whoever submitted them. Each counts as one of the two until it is
 * answered.
 *
 * @param inFlight those that have not ended, and those that the runtime is not done with yet
 * @param waiting those that have ended and are not answered
 * @param oldestEnd when the first of the waiting ones ended; empty where there is none
 */
public record JobCounts(int inFlight, int waiting, Optional<Instant> oldestEnd) {
  /** No job is on record. */
  public static final JobCounts NONE = new JobCounts(0, 0, Optional.empty());
}
