package mstc.cloud.worker.adapters.k8s.view;

import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import mstc.cloud.worker.adapters.k8s.job.HoldUps;
import mstc.cloud.worker.adapters.k8s.job.JobAnnotations;
import mstc.cloud.worker.adapters.k8s.job.JobConditions;
import mstc.cloud.worker.adapters.k8s.job.JobJudgement;
import mstc.cloud.worker.adapters.k8s.job.JobVerdict;
import mstc.cloud.worker.adapters.k8s.job.PodStates;
import mstc.cloud.worker.adapters.k8s.job.TrackedJob.Snapshot;
import mstc.cloud.worker.adapters.k8s.job.TrackedJob.TrackedPod;
import mstc.cloud.worker.domain.view.JobState;

/**
 * What can be seen of a job by what is known of its Job and its pods at one moment.
 *
 * @param endedAt empty also if it has ended and nothing tells when
 */
record Sight(
    JobState state,
    Optional<String> hint,
    Optional<Instant> startedAt,
    Optional<Instant> endedAt,
    boolean cancelled) {

  static Sight of(Snapshot known, Duration timeout) {
    if (JobAnnotations.isAnswered(known.job())) {
      return seen(known, JobState.ENDED, startedAt(known), lastEnd(known));
    }
    return switch (JobJudgement.of(known, timeout, Optional.empty(), Instant.now())) {
      case JobVerdict.Ended end -> seen(known, end);
      case JobVerdict.Settled settled -> seen(known, settled.end());
      case JobVerdict.Unseen _, JobVerdict.Overdue _ ->
          seen(known, JobState.ENDING, startedAt(known), lastEnd(known));
      case JobVerdict.Underway _,
          JobVerdict.Suspended _,
          JobVerdict.Stuck _,
          JobVerdict.Lingering _ ->
          notEnded(known);
    };
  }

  private static Sight seen(Snapshot known, JobVerdict.Ended end) {
    return seen(known, JobState.ENDING, end.startedAt(), Optional.of(end.finishedAt()));
  }

  private static Sight notEnded(Snapshot known) {
    Optional<Instant> startedAt = startedAt(known);
    boolean runs =
        known.pods().stream().anyMatch(pod -> !pod.isOver() && pod.startedAt().isPresent());
    if (runs) {
      return seen(known, JobState.RUNNING, startedAt, Optional.empty());
    }
    // Its last process has ended, which its Job is about to notice.
    return startedAt.isPresent() && isToEnd(known)
        ? seen(known, JobState.ENDING, startedAt, lastEnd(known))
        : seen(known, JobState.PENDING, startedAt, Optional.empty());
  }

  private static boolean isToEnd(Snapshot known) {
    return known.gone()
        || JobAnnotations.isCancelled(known.job())
        || JobAnnotations.unstartable(known.job()).isPresent();
  }

  private static Sight seen(
      Snapshot known, JobState state, Optional<Instant> startedAt, Optional<Instant> endedAt) {
    return new Sight(
        state,
        state == JobState.PENDING ? HoldUps.of(known) : Optional.empty(),
        startedAt,
        endedAt,
        isCancelled(known));
  }

  /** Also by whoever deleted the Job before it was answered; later its time is simply over. */
  private static boolean isCancelled(Snapshot known) {
    return JobAnnotations.isCancelled(known.job())
        || (known.gone() && !JobAnnotations.isAnswered(known.job()));
  }

  private static Optional<Instant> startedAt(Snapshot known) {
    return known.pods().stream()
        .flatMap(pod -> pod.startedAt().stream())
        .min(Comparator.naturalOrder());
  }

  private static Optional<Instant> lastEnd(Snapshot known) {
    return known.pods().stream()
        .flatMap(pod -> PodStates.finishedAt(pod.pod()).stream())
        .max(Comparator.naturalOrder())
        .or(() -> JobConditions.finishedAt(known.job()));
  }

  /** Whether no process of the job runs any more, or ever will. */
  boolean isOver() {
    return state == JobState.ENDING || state == JobState.ENDED;
  }

  /** The pods that had a process of the job, oldest first. */
  static List<TrackedPod> attempts(Snapshot known) {
    return known.pods().stream().filter(pod -> pod.startedAt().isPresent()).toList();
  }
}
