package mstc.cloud.worker.adapters.local;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.reply.ReplyAddress;
import mstc.cloud.worker.domain.runtime.Answer;
import mstc.cloud.worker.domain.runtime.JobEnd;
import mstc.cloud.worker.domain.runtime.JobLog;
import mstc.cloud.worker.domain.runtime.JobRecord;

/**
 * The whole record of a job.
 *
 * @param id tells this record from an earlier one of the same name
 * @param held whether it is not to be started yet
 * @param startNoted when it was decided to start its first process; a job that has this is never
 *     started again
 * @param cancelled whether someone cancelled it before it ended
 * @param givenUp whether someone cancelled it afterwards
 * @param ending how it ended; empty until then
 */
record StoredJob(
    Job job,
    String id,
    List<ReplyAddress> replyAddresses,
    boolean held,
    Optional<Instant> startNoted,
    boolean cancelled,
    boolean givenUp,
    Optional<Ending> ending,
    Optional<Answer> answer) {

  /**
   * How a job ended.
   *
   * @param startedAt when its first process started; empty if none did
   */
  record Ending(
      JobOutcome outcome,
      Optional<Instant> startedAt,
      Instant finishedAt,
      boolean logComplete,
      List<String> warnings) {
    Ending {
      warnings = List.copyOf(warnings);
    }

    JobEnd toJobEnd(Path log) {
      return new JobEnd(outcome, startedAt, finishedAt, new JobLog(log, logComplete), warnings);
    }
  }

  StoredJob {
    replyAddresses = List.copyOf(replyAddresses);
  }

  static StoredJob submitted(Job job, Optional<ReplyAddress> replyAddress, boolean held) {
    return new StoredJob(
        job,
        UUID.randomUUID().toString(),
        replyAddress.stream().toList(),
        held,
        Optional.empty(),
        false,
        false,
        Optional.empty(),
        Optional.empty());
  }

  UniqueName name() {
    return job.name();
  }

  StoredJob withReplyAddress(ReplyAddress address) {
    List<ReplyAddress> more = Stream.concat(replyAddresses.stream(), Stream.of(address)).toList();
    return new StoredJob(job, id, more, held, startNoted, cancelled, givenUp, ending, answer);
  }

  StoredJob withRelease() {
    return new StoredJob(
        job, id, replyAddresses, false, startNoted, cancelled, givenUp, ending, answer);
  }

  StoredJob withStartNoted(Instant at) {
    return new StoredJob(
        job, id, replyAddresses, held, Optional.of(at), cancelled, givenUp, ending, answer);
  }

  /** A job that is cancelled need not be released first: it ends without having run. */
  StoredJob withCancelled() {
    return new StoredJob(job, id, replyAddresses, false, startNoted, true, givenUp, ending, answer);
  }

  StoredJob withGivenUp() {
    return new StoredJob(
        job, id, replyAddresses, held, startNoted, cancelled, true, ending, answer);
  }

  StoredJob withEnding(Ending how) {
    return new StoredJob(
        job, id, replyAddresses, held, startNoted, cancelled, givenUp, Optional.of(how), answer);
  }

  StoredJob withAnswer(Answer given) {
    return new StoredJob(
        job, id, replyAddresses, false, startNoted, cancelled, givenUp, ending, Optional.of(given));
  }

  JobRecord toRecord(Instant createdAt) {
    return new JobRecord(
        job, Optional.of(createdAt), replyAddresses, held, givenUp, answer, version());
  }

  /**
   * Of a {@link JobRecord}, only these parts change: addresses are added, it is released or given
   * up, one answer is recorded.
   */
  String version() {
    return id
        + "/"
        + replyAddresses.size()
        + (held ? "-held" : "")
        + (givenUp ? "-given-up" : "")
        + (answer.isPresent() ? "-answered" : "");
  }

  /** Whether a record is of this very job. */
  boolean isOf(JobRecord record) {
    return record.version().startsWith(id + "/");
  }
}
