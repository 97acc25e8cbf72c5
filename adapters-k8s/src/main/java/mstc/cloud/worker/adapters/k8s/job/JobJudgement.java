package mstc.cloud.worker.adapters.k8s.job;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobCondition;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import mstc.cloud.worker.adapters.k8s.cluster.Timestamps;
import mstc.cloud.worker.adapters.k8s.job.JobAnnotations.Unstartable;
import mstc.cloud.worker.adapters.k8s.job.JobVerdict.Ended;
import mstc.cloud.worker.adapters.k8s.job.JobVerdict.Lingering;
import mstc.cloud.worker.adapters.k8s.job.JobVerdict.Overdue;
import mstc.cloud.worker.adapters.k8s.job.JobVerdict.Settled;
import mstc.cloud.worker.adapters.k8s.job.JobVerdict.Suspended;
import mstc.cloud.worker.adapters.k8s.job.JobVerdict.Underway;
import mstc.cloud.worker.adapters.k8s.job.JobVerdict.Unseen;
import mstc.cloud.worker.adapters.k8s.job.TrackedJob.Snapshot;
import mstc.cloud.worker.adapters.k8s.job.TrackedJob.TrackedPod;
import mstc.cloud.worker.domain.job.JobOutcome;

/**
 * Judges what a Job and its pods say. Pods outweigh the Job, whose controller learns of them a
 * second or two later. A pod's own reason outweighs its container's exit code, as a container may
 * well exit with 0 because its pod's time was over.
 */
public final class JobJudgement {
  /**
   * If a Job was deleted and its pods with it, their deletion is requested soon. If its pods are to
   * stay, it is never requested.
   */
  private static final Duration PODS_FOLLOW = Duration.ofSeconds(5);

  private final Job job;
  private final List<TrackedPod> pods;
  private final Optional<Instant> jobGoneAt;
  private final Optional<String> refusal;
  private final Duration timeout;
  private final boolean wasClusterAsked;
  private final List<PodTrace> unseen;
  private final Instant now;

  private JobJudgement(
      Snapshot snapshot, Duration timeout, Optional<List<PodTrace>> traces, Instant now) {
    this.job = snapshot.job();
    this.pods = snapshot.pods();
    this.jobGoneAt = snapshot.goneAt();
    this.refusal = snapshot.refusal();
    this.timeout = timeout;
    this.wasClusterAsked = traces.isPresent();
    List<String> seen = pods.stream().map(AttemptEnd::name).toList();
    this.unseen =
        traces.orElse(List.of()).stream().filter(trace -> !seen.contains(trace.name())).toList();
    this.now = now;
  }

  /**
   * Judges what was known at one moment.
   *
   * @param timeout of the job's request
   * @param traces of the pods that are gone, if the cluster was asked for all there are, and
   *     nothing is newer than those known; empty if it was not asked
   * @param now if nothing in the cluster tells when the job ended
   */
  public static JobVerdict of(
      Snapshot snapshot, Duration timeout, Optional<List<PodTrace>> traces, Instant now) {
    return new JobJudgement(snapshot, timeout, traces, now).verdict();
  }

  private JobVerdict verdict() {
    return onRecord()
        .or(this::endedBeforeItsPod)
        .or(this::succeeded)
        .or(this::stopped)
        .or(this::timedOut)
        .or(this::failed)
        .or(this::failedAsAJob)
        .orElseGet(this::notEnded);
  }

  /** As judged before the worker ended the Job for it, whatever came of that. */
  private Optional<JobVerdict> onRecord() {
    return JobAnnotations.ended(job, timeout)
        .map(end ->
            new Ended(
                end.outcome(),
                end.startedAt(),
                end.finishedAt(),
                end.warnings(),
                attemptsUntil(end.finishedAt())));
  }

  /** Without the pods that the Job created although the job had ended. */
  private List<TrackedPod> attemptsUntil(Instant finished) {
    return pods.stream()
        .filter(tracked ->
            Timestamps.parse(tracked.pod().getMetadata().getCreationTimestamp())
                .filter(finished::isBefore)
                .isEmpty())
        .toList();
  }

  /** The end of the job's own container is the job's, whatever the containers beside it do. */
  private Optional<JobVerdict> endedBeforeItsPod() {
    if (isToBeStopped()) {
      return Optional.empty();
    }
    return pods.stream()
        .filter(tracked ->
            tracked.endedByItself()
                && PodStates.isShared(tracked.pod())
                && !PodStates.isPhase(tracked.pod(), "Succeeded")
                && !AttemptEnd.isCalledLate(tracked.pod()))
        .flatMap(tracked ->
            (AttemptEnd.exitedWith0(tracked.pod()) ? successInIt(tracked) : failureInIt(tracked))
                .stream())
        .findFirst();
  }

  private Optional<JobVerdict> successInIt(TrackedPod attempt) {
    boolean isOver = attempt.isOver();
    if (!isOver && !PodStates.isKeptByOthers(attempt.pod())) {
      return Optional.empty();
    }
    JobVerdict end = endedIn(attempt, new JobOutcome.Succeeded());
    return Optional.of(isOver && hasNoAttemptLeft() ? end : settled(end, attempt));
  }

  private Optional<JobVerdict> failureInIt(TrackedPod attempt) {
    if (attempt.isOver()
        || !PodStates.endedByItself(attempt.pod())
        || !PodStates.isKeptByOthers(attempt.pod())) {
      return Optional.empty();
    }
    boolean isLast = failedAttempts().size() >= retries() || failure().isPresent();
    return Optional.of(
        isLast
            ? settled(endedIn(attempt, AttemptEnd.outcome(attempt)), attempt)
            : new Lingering(attempt));
  }

  private JobVerdict endedIn(TrackedPod attempt, JobOutcome outcome) {
    Instant finished = PodStates.finishedAt(attempt.pod()).orElse(now);
    return ended(outcome, deletions(), attemptsUntil(finished), finished);
  }

  private static JobVerdict settled(JobVerdict verdict, TrackedPod attempt) {
    return verdict instanceof Ended end ? new Settled(end, attempt) : verdict;
  }

  private Optional<JobVerdict> succeeded() {
    boolean isComplete = condition("Complete").isPresent();
    boolean podSucceeded =
        pods.stream()
            .map(TrackedPod::pod)
            .filter(pod -> isComplete || !PodStates.isBeingDeleted(pod))
            .anyMatch(pod ->
                (PodStates.isPhase(pod, "Succeeded") && !AttemptEnd.hasTimedOut(pod))
                    || succeededUnnoticed(pod));
    if (podSucceeded) {
      return Optional.of(ended(new JobOutcome.Succeeded(), deletions()));
    }
    if (!isComplete) {
      return Optional.empty();
    }
    return Optional.of(
        wasClusterAsked
            ? ended(new JobOutcome.Succeeded(), List.of(goneTooSoon(isOneSeenThatDidNotFail())))
            : new Unseen());
  }

  private static String goneTooSoon(boolean isSeen) {
    return "its pod was gone before " + (isSeen ? "its end" : "it") + " was seen";
  }

  private boolean isOneSeenThatDidNotFail() {
    return pods.stream().anyMatch(tracked -> !PodStates.isPhase(tracked.pod(), "Failed"));
  }

  /**
   * The kubelet learns a second or two late that a container has ended, and reports the pod as late
   * if the pod's time was over meanwhile. Its Job would then try again, if it may.
   */
  private boolean succeededUnnoticed(Pod pod) {
    return AttemptEnd.isCalledLate(pod)
        && PodStates.endedInTime(pod)
        && AttemptEnd.exitedWith0(pod)
        && hasNoAttemptLeft();
  }

  private boolean hasNoAttemptLeft() {
    return failedAttempts().size() > retries() || failure().isPresent();
  }

  private boolean isToBeStopped() {
    return jobGoneAt.isPresent()
        || JobAnnotations.isCancelled(job)
        || JobAnnotations.unstartable(job).isPresent();
  }

  /** Ended by someone, but only once all of its processes have, unless they are left to run. */
  private Optional<JobVerdict> stopped() {
    if (!isToBeStopped()) {
      return Optional.empty();
    }
    boolean noMorePods =
        jobGoneAt.isPresent() || failure().isPresent() || JobConditions.isWithdrawn(job);
    if (!noMorePods || !(areOver() || areOrphaned())) {
      return Optional.of(new Underway());
    }
    return Optional.of(
        ended(
            JobAnnotations.unstartable(job)
                .map(Unstartable::outcome)
                .orElseGet(JobOutcome.Cancelled::new)));
  }

  private boolean areOrphaned() {
    return jobGoneAt.filter(gone -> !now.isBefore(gone.plus(PODS_FOLLOW))).isPresent()
        && pods.stream().noneMatch(TrackedPod::isEnding);
  }

  private Optional<JobVerdict> timedOut() {
    List<TrackedPod> late =
        pods.stream()
            .filter(tracked -> tracked.isOver() && AttemptEnd.isCalledLate(tracked.pod()))
            .toList();
    if (late.isEmpty()) {
      return Optional.empty();
    }
    if (!hasNoAttemptLeft()) {
      return Optional.of(new Overdue());
    }
    Optional<Pod> timedOut =
        late.stream()
            .map(TrackedPod::pod)
            .filter(pod -> AttemptEnd.hasTimedOut(pod) && !wasEndedByItsJob(pod))
            .reduce((one, next) -> next);
    if (timedOut.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(areOver() ? ended(lateness(timedOut.get()), deletions()) : new Underway());
  }

  /** The pod's own deadline passed only while its Job was ending it. */
  private boolean wasEndedByItsJob(Pod pod) {
    return isJobOverdue()
        && failure()
            .flatMap(failed -> Timestamps.parse(failed.getLastTransitionTime()))
            .flatMap(over -> PodStates.finishedAt(pod).map(over::isBefore))
            .orElse(false);
  }

  private JobOutcome lateness(Pod pod) {
    return PodStates.disruption(pod)
        .filter(reason -> PodStates.isDisruptedInTime(pod))
        .<JobOutcome>map(JobOutcome.Evicted::new)
        .orElseGet(() -> new JobOutcome.TimedOut(timeout, PodStates.holdUp(pod)));
  }

  private int retries() {
    return Objects.requireNonNullElse(job.getSpec().getBackoffLimit(), 0);
  }

  /** No process runs any more, except on nodes that have been out of reach for long. */
  private boolean areOver() {
    return pods.stream()
        .allMatch(tracked -> tracked.isOver() || PodStates.isOutOfReach(tracked.pod(), now));
  }

  /** Failed as often as it may. Why a pod was deleted is told by its Job. */
  private Optional<JobVerdict> failed() {
    List<TrackedPod> failed = failedAttempts();
    if (!failed.isEmpty() && AttemptEnd.wasDeleted(failed.getLast())) {
      return Optional.empty();
    }
    return failed.size() > retries()
        ? Optional.of(ended(AttemptEnd.outcome(failed.getLast()), deletions()))
        : Optional.empty();
  }

  private List<TrackedPod> failedAttempts() {
    return pods.stream()
        .filter(tracked ->
            (tracked.gone() || PodStates.isPhase(tracked.pod(), "Failed"))
                && PodStates.disruption(tracked.pod()).isEmpty()
                && !PodStates.isPhase(tracked.pod(), "Succeeded"))
        .toList();
  }

  /** Failed, as its controller says, if the pods do not tell. */
  private Optional<JobVerdict> failedAsAJob() {
    Optional<JobCondition> failure = failure();
    if (failure.isEmpty()) {
      return Optional.empty();
    }
    if (!areOver()) {
      return Optional.of(new Underway());
    }
    if (pods.isEmpty() && !wasClusterAsked) {
      return Optional.of(new Unseen());
    }
    if (isJobOverdue()) {
      return Optional.of(
          ended(
              disrupted().stream()
                  .findFirst()
                  .<JobOutcome>map(JobOutcome.Evicted::new)
                  .orElseGet(() -> new JobOutcome.TimedOut(timeout, whatHeldItUp())),
              deletions()));
    }
    String words = PodStates.describe(failure.get().getReason(), failure.get().getMessage());
    return Optional.of(ended(outcomeOfLast(words), deletions()));
  }

  private boolean isJobOverdue() {
    return failure().filter(failed -> "DeadlineExceeded".equals(failed.getReason())).isPresent();
  }

  private List<String> disrupted() {
    return pods.stream()
        .map(TrackedPod::pod)
        .map(PodStates::disruption)
        .flatMap(Optional::stream)
        .toList();
  }

  /** Judged by the youngest of the pods, even one that only left traces. */
  private JobOutcome outcomeOfLast(String words) {
    List<TrackedPod> failed = failedAttempts();
    Optional<PodTrace> last = unseen.isEmpty() ? Optional.empty() : Optional.of(unseen.getLast());
    if (!failed.isEmpty() && last.filter(trace -> isAfter(trace, failed.getLast())).isEmpty()) {
      return AttemptEnd.outcome(failed.getLast());
    }
    if (last.isPresent() && last.get().timedOut()) {
      return new JobOutcome.TimedOut(timeout, Optional.empty());
    }
    if (last.flatMap(PodTrace::startedAt).isPresent()) {
      return AttemptEnd.lostByDeletion(last.get().name());
    }
    return JobConditions.hasHadPods(job) || !pods.isEmpty() || last.isPresent()
        ? new JobOutcome.Lost(
            goneTooSoon(!pods.isEmpty() && !lacksPods()) + ", and may have run: " + words)
        : new JobOutcome.NotStarted(words);
  }

  private static boolean isAfter(PodTrace trace, TrackedPod attempt) {
    return trace
        .createdAt()
        .flatMap(created ->
            Timestamps.parse(attempt.pod().getMetadata().getCreationTimestamp())
                .map(created::isAfter))
        .orElse(false);
  }

  private Optional<String> whatHeldItUp() {
    return pods.isEmpty()
        ? refusal
        : pods.stream().flatMap(tracked -> PodStates.holdUp(tracked.pod()).stream()).findFirst();
  }

  private JobVerdict notEnded() {
    if (JobConditions.isSuspended(job) && areOver()) {
      return new Suspended(startedAt(), deletions());
    }
    if (pods.isEmpty()) {
      return Boolean.TRUE.equals(job.getSpec().getSuspend())
          ? new Underway()
          : refusal
              .flatMap(StartProblems::ofRefusal)
              .<JobVerdict>map(stuck -> stuck)
              .orElseGet(Underway::new);
    }
    return pods.stream()
        .filter(tracked -> !tracked.isOver())
        .flatMap(tracked -> StartProblems.of(tracked.pod()).stream())
        .findFirst()
        .<JobVerdict>map(stuck -> stuck)
        .orElseGet(Underway::new);
  }

  /** The pods that someone deleted, such as a user; not those that the cluster replaces. */
  private List<String> deletions() {
    return Stream.concat(
            pods.stream()
                .filter(tracked ->
                    wasDeletedByOthers(tracked) && PodStates.disruption(tracked.pod()).isEmpty())
                .map(AttemptEnd::deletion),
            unseen.stream()
                .filter(trace -> !isJobOverdue())
                .map(trace -> "pod " + trace.name() + " was deleted"))
        .toList();
  }

  /**
   * A Job whose time is over deletes its pod in the same second in which it says so. A pod that was
   * only kept by other containers lost nothing.
   */
  private boolean wasDeletedByOthers(TrackedPod tracked) {
    if (tracked.endedByItself() && PodStates.isShared(tracked.pod())) {
      return false;
    }
    if (!AttemptEnd.wasDeleted(tracked) || !isJobOverdue()) {
      return AttemptEnd.wasDeleted(tracked);
    }
    return failure()
        .flatMap(failed -> Timestamps.parse(failed.getLastTransitionTime()))
        .flatMap(over -> PodStates.deletionAsked(tracked.pod()).map(over::isAfter))
        .orElse(false);
  }

  private Optional<JobCondition> failure() {
    return condition("Failed").or(() -> condition("FailureTarget"));
  }

  private Optional<JobCondition> condition(String type) {
    return JobConditions.of(job, type);
  }

  private JobVerdict ended(JobOutcome outcome) {
    return ended(outcome, List.of());
  }

  private JobVerdict ended(JobOutcome told, List<String> warnings) {
    return ended(told, warnings, pods, finishedAt());
  }

  private JobVerdict ended(
      JobOutcome told, List<String> warnings, List<TrackedPod> attempts, Instant finished) {
    if (lacksPods() && !wasClusterAsked) {
      return new Unseen();
    }
    List<String> all = new ArrayList<>(warnings);
    attempts.forEach(attempt -> all.addAll(AttemptEnd.troubles(attempt)));
    if (told instanceof JobOutcome.Succeeded
        && attempts.stream().anyMatch(AttemptEnd::lostAProcess)) {
      all.add("a process of the job was killed for memory, though the job exited with 0");
    }
    JobOutcome outcome =
        switch (told) {
          case JobOutcome.NotStarted(String why) -> unlessItRan(told, why, all);
          case JobOutcome.ImageUnavailable(String why) -> unlessItRan(told, why, all);
          case JobOutcome.Succeeded _,
              JobOutcome.Failed _,
              JobOutcome.TimedOut _,
              JobOutcome.OutOfMemory _,
              JobOutcome.Evicted _,
              JobOutcome.Cancelled _,
              JobOutcome.Lost _,
              JobOutcome.Rejected _ ->
              told;
        };
    Optional<Instant> started = startedAt();
    return new Ended(
        outcome,
        started,
        started.filter(start -> start.isAfter(finished)).orElse(finished),
        all,
        attempts);
  }

  private Optional<Instant> startedAt() {
    return Stream.concat(
            pods.stream().map(TrackedPod::startedAt), unseen.stream().map(PodTrace::startedAt))
        .flatMap(Optional::stream)
        .min(Comparator.naturalOrder());
  }

  /** If another attempt ran, the outcome is not that one did not start. */
  private JobOutcome unlessItRan(JobOutcome notStarted, String why, List<String> warnings) {
    Optional<TrackedPod> ran =
        pods.stream()
            .filter(tracked -> tracked.startedAt().isPresent())
            .reduce((one, next) -> next);
    if (ran.isEmpty()) {
      if (lacksPods()) {
        warnings.add("another pod of it was gone before it was seen, and may have run");
      }
      return notStarted;
    }
    warnings.add("an attempt did not start: " + why);
    return PodStates.disruption(ran.get().pod())
        .<JobOutcome>map(JobOutcome.Evicted::new)
        .orElseGet(() -> AttemptEnd.outcome(ran.get()));
  }

  /** Whether the Job counts more failed pods than are known. */
  private boolean lacksPods() {
    return JobConditions.failedPods(job)
        > pods.stream()
            .map(TrackedPod::pod)
            .filter(
                pod -> !PodStates.isPhase(pod, "Succeeded") && PodStates.disruption(pod).isEmpty())
            .count();
  }

  private Instant finishedAt() {
    Stream<Instant> ofContainers =
        pods.stream().map(TrackedPod::pod).map(PodStates::finishedAt).flatMap(Optional::stream);
    return ofContainers
        .max(Comparator.naturalOrder())
        .or(() ->
            failure()
                .or(() -> condition("Complete"))
                .flatMap(over -> Timestamps.parse(over.getLastTransitionTime())))
        .orElse(now);
  }
}
