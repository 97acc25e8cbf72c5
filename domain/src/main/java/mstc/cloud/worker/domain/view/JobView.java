package mstc.cloud.worker.domain.view;

import java.time.Instant;
import java.util.Optional;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.reply.Reply;

/**
 * What is shown of a job.
 *
 * @param hint what the job waits for, in the words of the system that runs it, such as {@code
 *     Unschedulable: 0/3 nodes are available: 3 Insufficient cpu}; one line of printable text,
 *     empty if nothing is known or the job does not wait
 * @param createdAt when the job was put on record
 * @param startedAt when the process of its first attempt started; empty if none is known to have
 * @param endedAt when it ended; empty until then
 * @param cancelled whether someone has asked for its end
 * @param reply what its clients are told; empty until it is answered
 */
public record JobView(
    Job job,
    JobState state,
    Optional<String> hint,
    Instant createdAt,
    Optional<Instant> startedAt,
    Optional<Instant> endedAt,
    boolean cancelled,
    Optional<Reply> reply) {

  public UniqueName name() {
    return job.name();
  }
}
