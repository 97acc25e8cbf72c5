package mstc.cloud.worker.domain.runtime;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import mstc.cloud.worker.domain.job.JobOutcome;

/**
 * How and when a job ended, and what it wrote.
 *
 * @param startedAt when the process of its first attempt started; empty if none did
 * @param warnings what the client should know besides the outcome
 */
public record JobEnd(
    JobOutcome outcome,
    Optional<Instant> startedAt,
    Instant finishedAt,
    JobLog log,
    List<String> warnings) {
  public JobEnd {
    warnings = List.copyOf(warnings);
  }
}
