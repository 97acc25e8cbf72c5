package mstc.cloud.worker.adapters.k8s;

import io.fabric8.kubernetes.api.model.ContainerStateTerminated;
import io.fabric8.kubernetes.api.model.ContainerStateWaiting;
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
import java.util.OptionalInt;
import java.util.stream.Stream;
import mstc.cloud.worker.adapters.k8s.JobAnnotations.Unstartable;
import mstc.cloud.worker.adapters.k8s.TrackedJob.Snapshot;
import mstc.cloud.worker.adapters.k8s.TrackedJob.TrackedPod;
import mstc.cloud.worker.domain.job.JobOutcome;

/**
 * What a Job and its pods say about how the job fares. Pods are believed before the Job, whose
 * controller learns of them a second or two later; a pod's own reason before its container's exit
 * code, as a container may well exit with 0 because its pod's time was over.
 */
sealed interface JobVerdict {

  /** The job is on its way, or about to be. */
  record Underway() implements JobVerdict {}

  /** The Job has no pod yet, which it should have at once. */
  record WithoutPod() implements JobVerdict {}

  /** The Job is over, and its pods, which tell how, have not been seen to be. */
  record Unseen() implements JobVerdict {}

  /**
   * The job cannot start.
   *
   * @param passing whether that may yet pass
   */
  record Stuck(Unstartable why, boolean passing) implements JobVerdict {}

  /** The job's time is over, and its Job would try again all the same. */
  record Overdue() implements JobVerdict {}

  /** The job has ended. */
  record Ended(
      JobOutcome outcome, Optional<Instant> startedAt, Instant finishedAt, List<String> warnings)
      implements JobVerdict {}

  /**
   * Judges what was known at one moment.
   *
   * @param timeout of the job's request
   * @param allPodsSeen whether there are no other pods than those, and nothing newer of them
   * @param now where nothing in the cluster tells when the job ended
   */
  static JobVerdict of(Snapshot snapshot, Duration timeout, boolean allPodsSeen, Instant now) {
    return new Judge(snapshot, timeout, allPodsSeen, now).verdict();
  }

  /** One judgement. */
  final class Judge {
    private final Job job;
    private final List<TrackedPod> pods;
    private final boolean jobGone;
    private final Duration timeout;
    private final boolean allPodsSeen;
    private final Instant now;

    private Judge(Snapshot snapshot, Duration timeout, boolean allPodsSeen, Instant now) {
      this.job = snapshot.job();
      this.pods = snapshot.pods();
      this.jobGone = snapshot.gone();
      this.timeout = timeout;
      this.allPodsSeen = allPodsSeen;
      this.now = now;
    }

    private JobVerdict verdict() {
      return succeeded()
          .or(this::stopped)
          .or(this::timedOut)
          .or(this::failed)
          .or(this::failedAsAJob)
          .orElseGet(this::notEnded);
    }

    private Optional<JobVerdict> succeeded() {
      boolean podSucceeded =
          pods.stream()
              .map(TrackedPod::pod)
              .anyMatch(pod ->
                  PodStates.isPhase(pod, "Succeeded")
                      && !PodStates.isBeingDeleted(pod)
                      && !hasTimedOut(pod));
      if (podSucceeded) {
        return Optional.of(ended(new JobOutcome.Succeeded()));
      }
      if (condition("Complete").isEmpty() || isToBeStopped()) {
        return Optional.empty();
      }
      return Optional.of(
          allPodsSeen
              ? ended(new JobOutcome.Succeeded(), List.of("its pod was gone before it was seen"))
              : new Unseen());
    }

    private boolean isToBeStopped() {
      return jobGone
          || JobAnnotations.isCancelled(job)
          || JobAnnotations.unstartable(job).isPresent();
    }

    /** Ended by someone, and not before all of its processes have. */
    private Optional<JobVerdict> stopped() {
      if (!isToBeStopped()) {
        return Optional.empty();
      }
      boolean noMorePods = jobGone || failure().isPresent();
      if (!noMorePods || !areOver()) {
        return Optional.of(new Underway());
      }
      return Optional.of(
          ended(
              JobAnnotations.unstartable(job)
                  .map(Unstartable::outcome)
                  .orElseGet(JobOutcome.Cancelled::new)));
    }

    private Optional<JobVerdict> timedOut() {
      if (pods.stream()
          .noneMatch(tracked -> PodStates.isOver(tracked) && hasTimedOut(tracked.pod()))) {
        return Optional.empty();
      }
      if (failedAttempts().size() <= retries() && failure().isEmpty()) {
        return Optional.of(new Overdue());
      }
      return Optional.of(
          areOver() ? ended(new JobOutcome.TimedOut(timeout, Optional.empty())) : new Underway());
    }

    private int retries() {
      return Objects.requireNonNullElse(job.getSpec().getBackoffLimit(), 0);
    }

    /** No process runs any more, but on nodes that have been out of reach for long. */
    private boolean areOver() {
      return pods.stream()
          .allMatch(
              tracked -> PodStates.isOver(tracked) || PodStates.isOutOfReach(tracked.pod(), now));
    }

    /** Failed as often as it may. Why a pod was deleted is for its Job to tell. */
    private Optional<JobVerdict> failed() {
      List<TrackedPod> failed = failedAttempts();
      if (!failed.isEmpty() && wasDeleted(failed.getLast())) {
        return Optional.empty();
      }
      return failed.size() > retries()
          ? Optional.of(ended(outcomeOf(failed.getLast()), warningsAbout(failed.getLast())))
          : Optional.empty();
    }

    private static boolean wasDeleted(TrackedPod tracked) {
      return tracked.gone() || PodStates.isBeingDeleted(tracked.pod());
    }

    private List<TrackedPod> failedAttempts() {
      return pods.stream()
          .filter(tracked ->
              (tracked.gone() || PodStates.isPhase(tracked.pod(), "Failed"))
                  && PodStates.disruption(tracked.pod()).isEmpty()
                  && !PodStates.isPhase(tracked.pod(), "Succeeded"))
          .toList();
    }

    /** Failed by its controller's word, where the pods do not tell. */
    private Optional<JobVerdict> failedAsAJob() {
      Optional<JobCondition> failure = failure();
      if (failure.isEmpty()) {
        return Optional.empty();
      }
      if (!areOver()) {
        return Optional.of(new Underway());
      }
      if (pods.isEmpty() && !allPodsSeen) {
        return Optional.of(new Unseen());
      }
      if ("DeadlineExceeded".equals(failure.get().getReason())) {
        Optional<String> disruption =
            pods.stream()
                .map(TrackedPod::pod)
                .map(PodStates::disruption)
                .flatMap(Optional::stream)
                .findFirst();
        return Optional.of(
            ended(
                disruption
                    .<JobOutcome>map(JobOutcome.Evicted::new)
                    .orElseGet(() -> new JobOutcome.TimedOut(timeout, whatHeldItUp()))));
      }
      List<TrackedPod> failed = failedAttempts();
      String words = PodStates.describe(failure.get().getReason(), failure.get().getMessage());
      return Optional.of(
          failed.isEmpty()
              ? ended(new JobOutcome.NotStarted(words))
              : ended(outcomeOf(failed.getLast()), warningsAbout(failed.getLast())));
    }

    private Optional<String> whatHeldItUp() {
      return pods.stream()
          .map(TrackedPod::pod)
          .flatMap(pod ->
              PodStates.unscheduled(pod)
                  .or(() -> PodStates.waiting(pod).map(Judge::describe))
                  .stream())
          .findFirst();
    }

    private JobVerdict notEnded() {
      if (pods.isEmpty()) {
        return Boolean.TRUE.equals(job.getSpec().getSuspend()) ? new Underway() : new WithoutPod();
      }
      return pods.stream()
          .filter(tracked -> !PodStates.isOver(tracked))
          .map(tracked -> PodStates.waiting(tracked.pod()))
          .flatMap(Optional::stream)
          .flatMap(waiting -> stuck(waiting).stream())
          .findFirst()
          .orElseGet(Underway::new);
    }

    private static Optional<JobVerdict> stuck(ContainerStateWaiting waiting) {
      String words = describe(waiting);
      return switch (String.valueOf(waiting.getReason())) {
        case "InvalidImageName", "ErrImageNeverPull" ->
            Optional.of(
                new Stuck(new Unstartable(JobOutcome.Kind.IMAGE_UNAVAILABLE, words), false));
        case "ErrImagePull",
            "ImagePullBackOff",
            "ImageInspectError",
            "RegistryUnavailable",
            "SignatureValidationFailed" ->
            Optional.of(new Stuck(new Unstartable(JobOutcome.Kind.IMAGE_UNAVAILABLE, words), true));
        case "CreateContainerConfigError", "CreateContainerError", "RunContainerError" ->
            Optional.of(new Stuck(new Unstartable(JobOutcome.Kind.FAILED, words), true));
        default -> Optional.empty();
      };
    }

    private static String describe(ContainerStateWaiting waiting) {
      return PodStates.describe(waiting.getReason(), waiting.getMessage());
    }

    private JobOutcome outcomeOf(TrackedPod attempt) {
      Pod pod = attempt.pod();
      Optional<ContainerStateTerminated> terminated = PodStates.terminated(pod);
      if (terminated.isEmpty()) {
        return withoutExit(attempt);
      }
      int code = Objects.requireNonNullElse(terminated.get().getExitCode(), 0);
      String reason = String.valueOf(terminated.get().getReason());
      if (reason.equals("OOMKilled")) {
        return new JobOutcome.OutOfMemory(code == 0 ? OptionalInt.empty() : OptionalInt.of(code));
      }
      if (reason.equals("ContainerStatusUnknown")) {
        return new JobOutcome.Lost(PodStates.describe(reason, terminated.get().getMessage()));
      }
      if (PodStates.neverRan(terminated.get())) {
        return new JobOutcome.NotStarted(PodStates.describe(reason, terminated.get().getMessage()));
      }
      return code == 0 ? withoutExit(attempt) : new JobOutcome.Failed(code);
    }

    private static JobOutcome withoutExit(TrackedPod attempt) {
      Pod pod = attempt.pod();
      if (attempt.gone() && !PodStates.isPhase(pod, "Failed")) {
        return new JobOutcome.Lost(
            "pod " + pod.getMetadata().getName() + " was deleted before it told how it ended");
      }
      String words =
          PodStates.status(pod)
              .map(status -> PodStates.describe(status.getReason(), status.getMessage()))
              .orElse("no reason given");
      return PodStates.isReason(pod, "Evicted")
          ? new JobOutcome.Evicted(words)
          : new JobOutcome.NotStarted(words);
    }

    private static List<String> warningsAbout(TrackedPod attempt) {
      return wasDeleted(attempt)
          ? List.of("pod " + attempt.pod().getMetadata().getName() + " was deleted while it ran")
          : List.of();
    }

    private boolean hasTimedOut(Pod pod) {
      return PodStates.isReason(pod, "DeadlineExceeded");
    }

    private Optional<JobCondition> failure() {
      return condition("Failed").or(() -> condition("FailureTarget"));
    }

    private Optional<JobCondition> condition(String type) {
      return JobConditions.of(job, type);
    }

    private Ended ended(JobOutcome outcome) {
      return ended(outcome, List.of());
    }

    private Ended ended(JobOutcome outcome, List<String> warnings) {
      Optional<Instant> started =
          pods.stream()
              .map(TrackedPod::pod)
              .map(PodStates::startedAt)
              .flatMap(Optional::stream)
              .min(Comparator.naturalOrder());
      List<String> all = new ArrayList<>(warnings);
      Instant finished = finishedAt();
      return new Ended(
          outcome, started, started.filter(start -> start.isAfter(finished)).orElse(finished), all);
    }

    private Instant finishedAt() {
      Stream<Instant> ofContainers =
          pods.stream()
              .map(TrackedPod::pod)
              .map(PodStates::terminated)
              .flatMap(Optional::stream)
              .map(terminated -> PodStates.instant(terminated.getFinishedAt()))
              .flatMap(Optional::stream);
      return ofContainers
          .max(Comparator.naturalOrder())
          .or(() -> failure().flatMap(failed -> PodStates.instant(failed.getLastTransitionTime())))
          .orElse(now);
    }
  }
}
