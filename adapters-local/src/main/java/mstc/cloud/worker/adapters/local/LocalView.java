package mstc.cloud.worker.adapters.local;

import java.time.Instant;
import java.util.Optional;
import mstc.cloud.worker.domain.runtime.Answer;
import mstc.cloud.worker.domain.runtime.JobRuntimeException;
import mstc.cloud.worker.domain.view.JobState;
import mstc.cloud.worker.domain.view.JobView;

/**
 * What is known of a job at one moment.
 *
 * @param startedAt when the process of its first attempt started
 * @param ending how it ended, on record or not yet
 * @param holdUp why it is not started, if something keeps it
 * @param gone whether its record is removed
 * @param closed whether this worker runs no jobs any more
 */
record LocalView(
    StoredJob stored,
    Instant createdAt,
    Optional<Instant> startedAt,
    Optional<StoredJob.Ending> ending,
    Optional<String> holdUp,
    boolean gone,
    boolean closed) {

  /**
   * Whether nothing more is written to its log.
   *
   * @throws JobRuntimeException retryably, if something is, but not while this worker runs
   */
  boolean isLogOver() {
    boolean isOver = gone || ending.isPresent() || stored.answer().isPresent();
    // One that runs ends with the worker.
    if (!isOver && closed && startedAt.isEmpty()) {
      throw JobRuntimeException.retryable("the local runtime is closed", null);
    }
    return isOver;
  }

  /** What is shown of it. */
  JobView toJobView() {
    return new JobView(
        stored.job(),
        state(),
        state() == JobState.PENDING ? holdUp : Optional.empty(),
        createdAt,
        stored
            .answer()
            .flatMap(answer -> answer.reply().startedAt())
            .or(() -> ending.isPresent() ? ending.get().startedAt() : startedAt),
        stored.answer().map(LocalView::end).or(() -> ending.map(StoredJob.Ending::finishedAt)),
        stored.cancelled(),
        stored.answer().map(Answer::reply));
  }

  private JobState state() {
    if (stored.answer().isPresent()) {
      return JobState.ENDED;
    }
    if (ending.isPresent()) {
      return JobState.ENDING;
    }
    return startedAt.isPresent() ? JobState.RUNNING : JobState.PENDING;
  }

  private static Instant end(Answer answer) {
    return answer.reply().finishedAt().orElse(answer.at());
  }
}
