package mstc.cloud.worker.domain.runtime;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.reply.ReplyAddress;

/**
 * What the runtime has on record of a job.
 *
 * @param createdAt when the job was put on record, on Kubernetes in whole seconds; empty if that is
 *     not known
 * @param replyAddresses everyone who waits for the reply
 * @param held whether the job is kept from running until it is released
 * @param givenUp whether it was cancelled after it had ended, so that its answer no longer waits
 *     for anything
 * @param answer the reply that was given; empty until then
 * @param version changes whenever the record does; opaque
 */
public record JobRecord(
    Job job,
    Optional<Instant> createdAt,
    List<ReplyAddress> replyAddresses,
    boolean held,
    boolean givenUp,
    Optional<Answer> answer,
    String version) {
  public JobRecord {
    replyAddresses = List.copyOf(replyAddresses);
  }
}
