package mstc.cloud.worker.wire;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import mstc.cloud.worker.domain.job.JobOutcome;

/**
 * How a job ended, as a runtime keeps it.
 *
 * @param startedAt when its first process started; empty if none did
 * @param logComplete whether its whole log was read; empty if the record does not say so
 */
public record RecordedEnd(
    JobOutcome outcome,
    Optional<Instant> startedAt,
    Instant finishedAt,
    Optional<Boolean> logComplete,
    List<String> warnings) {
  public RecordedEnd {
    warnings = List.copyOf(warnings);
  }
}
