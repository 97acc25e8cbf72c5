package mstc.cloud.worker.adapters.k8s.view;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import mstc.cloud.worker.adapters.k8s.cluster.Timestamps;
import mstc.cloud.worker.adapters.k8s.job.JobAnnotations;
import mstc.cloud.worker.adapters.k8s.job.RecordReader;
import mstc.cloud.worker.adapters.k8s.job.TrackedJob;
import mstc.cloud.worker.adapters.k8s.job.TrackedJob.Snapshot;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.request.ContainerWork;
import mstc.cloud.worker.domain.runtime.Answer;
import mstc.cloud.worker.domain.view.JobState;
import mstc.cloud.worker.domain.view.JobView;

/** A job that is shown. Its record is read once, when the Job is seen for the first time. */
final class ViewedJob {
  private final Job job;
  private final TrackedJob tracked;
  private final Duration timeout;
  private final Instant createdAt;
  private final Set<Runnable> readers = ConcurrentHashMap.newKeySet();

  private volatile Optional<Answer> answer = Optional.empty();
  private volatile boolean gone;

  // Only used by the thread that shows it.
  private Optional<JobView> shown = Optional.empty();
  private boolean failed;

  ViewedJob(Job job, TrackedJob tracked) {
    this.job = job;
    this.tracked = tracked;
    this.timeout = ContainerWork.of(job.work()).timeout();
    this.createdAt =
        Timestamps.parse(tracked.snapshot().job().getMetadata().getCreationTimestamp())
            .orElseGet(Instant::now);
  }

  UniqueName name() {
    return job.name();
  }

  Job job() {
    return job;
  }

  Snapshot snapshot() {
    return tracked.snapshot();
  }

  Sight look(Snapshot known) {
    return Sight.of(known, timeout);
  }

  /** Calls that whenever something changes, until it is removed. */
  void addReader(Runnable toWake) {
    readers.add(toWake);
  }

  void removeReader(Runnable toWake) {
    readers.remove(toWake);
  }

  void wakeReaders() {
    readers.forEach(Runnable::run);
  }

  /** It was answered after its Job was deleted. */
  void noteAnswer(Answer given) {
    answer = Optional.of(given);
  }

  void noteGone() {
    gone = true;
  }

  boolean isGone() {
    return gone;
  }

  /** False once it is answered and its pods are gone, and so is what they wrote. */
  boolean hasLog() {
    Snapshot known = snapshot();
    return !JobAnnotations.isAnswered(known.job())
        || Sight.attempts(known).stream().anyMatch(attempt -> !attempt.gone());
  }

  /** Whether it is the first time that it could not be shown. */
  boolean isFirstFailure() {
    boolean isFirst = !failed;
    failed = true;
    return isFirst;
  }

  /**
   * What is to be shown of it now; empty if it is the same as before.
   *
   * @throws IllegalArgumentException if its answer cannot be read
   */
  Optional<JobView> next(RecordReader reader) {
    Snapshot known = snapshot();
    Sight sight = look(known);
    if (answer.isEmpty()) {
      answer = reader.answer(known.job());
    }
    JobView view = answer.map(given -> answered(sight, given)).orElseGet(() -> unanswered(sight));
    if (shown.filter(view::equals).isPresent()) {
      return Optional.empty();
    }
    shown = Optional.of(view);
    return shown;
  }

  private JobView answered(Sight sight, Answer given) {
    return view(
        sight,
        JobState.ENDED,
        given.reply().startedAt(),
        Optional.of(given.reply().finishedAt().orElse(given.at())),
        Optional.of(given));
  }

  private JobView unanswered(Sight sight) {
    // Where nothing tells when it ended, that is when it was noticed first.
    Optional<Instant> endedAt =
        sight.isOver()
            ? shown
                .flatMap(JobView::endedAt)
                .or(sight::endedAt)
                .or(() -> Optional.of(Instant.now()))
            : Optional.empty();
    return view(sight, sight.state(), sight.startedAt(), endedAt, Optional.empty());
  }

  private JobView view(
      Sight sight,
      JobState state,
      Optional<Instant> startedAt,
      Optional<Instant> endedAt,
      Optional<Answer> given) {
    return new JobView(
        job,
        state,
        state == JobState.PENDING ? sight.hint() : Optional.empty(),
        createdAt,
        startedAt,
        endedAt,
        sight.cancelled(),
        given.map(Answer::reply));
  }
}
