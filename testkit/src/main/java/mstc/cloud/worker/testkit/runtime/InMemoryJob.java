package mstc.cloud.worker.testkit.runtime;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.reply.ReplyAddress;
import mstc.cloud.worker.domain.runtime.Answer;
import mstc.cloud.worker.domain.runtime.JobEnd;
import mstc.cloud.worker.domain.runtime.JobRecord;
import mstc.cloud.worker.domain.view.JobState;
import mstc.cloud.worker.domain.view.JobView;

/** A job of the {@link InMemoryJobRuntime}, guarded by its records' lock. */
final class InMemoryJob {
  final Job job;
  final UUID id = UUID.randomUUID();
  final Instant createdAt;
  final List<ReplyAddress> replyAddresses = new ArrayList<>();
  final InMemoryLog log = new InMemoryLog();
  Optional<Instant> startedAt = Optional.empty();
  Optional<String> hint = Optional.empty();
  Optional<JobEnd> end = Optional.empty();
  Optional<Answer> answer = Optional.empty();
  boolean runs;
  boolean cancelled;
  boolean handedOver;
  boolean submissionLost;
  boolean held;
  boolean givenUp;
  long version;

  InMemoryJob(Job job, Instant createdAt) {
    this.job = job;
    this.createdAt = createdAt;
  }

  JobRecord toRecord() {
    return new JobRecord(job, replyAddresses, held, givenUp, answer, id + "/" + version);
  }

  boolean isOf(JobRecord record) {
    return record.version().startsWith(id + "/");
  }

  JobView toView() {
    return new JobView(
        job,
        state(),
        state() == JobState.PENDING ? hint : Optional.empty(),
        createdAt,
        answer
            .flatMap(given -> given.reply().startedAt())
            .or(() -> end.isPresent() ? end.get().startedAt() : startedAt),
        answer
            .map(given -> given.reply().finishedAt().orElse(given.at()))
            .or(() -> end.map(JobEnd::finishedAt)),
        cancelled,
        answer.map(Answer::reply));
  }

  private JobState state() {
    if (answer.isPresent()) {
      return JobState.ENDED;
    }
    if (end.isPresent()) {
      return JobState.ENDING;
    }
    return runs ? JobState.RUNNING : JobState.PENDING;
  }
}
