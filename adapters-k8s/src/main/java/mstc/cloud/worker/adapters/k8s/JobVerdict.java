package mstc.cloud.worker.adapters.k8s;

import io.fabric8.kubernetes.api.model.ContainerStateTerminated;
import io.fabric8.kubernetes.api.model.ContainerStateWaiting;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodStatus;
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
   * @param traces of the pods that are gone, where the cluster was asked for all that there are,
   *     and nothing is newer than those known; empty where it was not asked
   * @param now where nothing in the cluster tells when the job ended
   */
  static JobVerdict of(
      Snapshot snapshot, Duration timeout, Optional<List<PodTrace>> traces, Instant now) {
    return new Judge(snapshot, timeout, traces, now).verdict();
  }

  /** One judgement. */
  final class Judge {
    private final Job job;
    private final List<TrackedPod> pods;
    private final boolean jobGone;
    private final Duration timeout;
    private final boolean wasClusterAsked;
    private final List<PodTrace> unseen;
    private final Instant now;

    private Judge(
        Snapshot snapshot, Duration timeout, Optional<List<PodTrace>> traces, Instant now) {
      this.job = snapshot.job();
      this.pods = snapshot.pods();
      this.jobGone = snapshot.gone();
      this.timeout = timeout;
      this.wasClusterAsked = traces.isPresent();
      List<String> seen = pods.stream().map(Judge::name).toList();
      this.unseen =
          traces.orElse(List.of()).stream().filter(trace -> !seen.contains(trace.name())).toList();
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
      boolean isComplete = condition("Complete").isPresent();
      boolean podSucceeded =
          pods.stream()
              .map(TrackedPod::pod)
              .filter(pod -> isComplete || !PodStates.isBeingDeleted(pod))
              .anyMatch(pod ->
                  (PodStates.isPhase(pod, "Succeeded") && !hasTimedOut(pod))
                      || succeededUnnoticed(pod));
      if (podSucceeded) {
        return Optional.of(ended(new JobOutcome.Succeeded(), deletions()));
      }
      if (!isComplete) {
        return Optional.empty();
      }
      return Optional.of(
          wasClusterAsked
              ? ended(new JobOutcome.Succeeded(), List.of("its pod was gone before it was seen"))
              : new Unseen());
    }

    /**
     * The kubelet learns a second or two later that a container has ended, and calls the pod late
     * where the pod's time was over meanwhile. Its Job would then try again, if it may.
     */
    private boolean succeededUnnoticed(Pod pod) {
      return isCalledLate(pod)
          && PodStates.endedInTime(pod)
          && PodStates.terminated(pod).filter(end -> exitCode(end) == 0).isPresent()
          && hasNoAttemptLeft();
    }

    private boolean hasNoAttemptLeft() {
      return failedAttempts().size() > retries() || failure().isPresent();
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
      List<TrackedPod> late =
          pods.stream()
              .filter(tracked -> PodStates.isOver(tracked) && isCalledLate(tracked.pod()))
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
              .filter(pod -> hasTimedOut(pod) && !wasEndedByItsJob(pod))
              .reduce((one, next) -> next);
      if (timedOut.isEmpty()) {
        return Optional.empty();
      }
      return Optional.of(areOver() ? ended(lateness(timedOut.get()), deletions()) : new Underway());
    }

    /** Its own time was over only while it was being ended. */
    private boolean wasEndedByItsJob(Pod pod) {
      return isJobOverdue()
          && failure()
              .flatMap(failed -> PodStates.instant(failed.getLastTransitionTime()))
              .flatMap(over -> PodStates.finishedAt(pod).map(over::isBefore))
              .orElse(false);
    }

    private JobOutcome lateness(Pod pod) {
      return PodStates.disruption(pod)
          .filter(reason -> PodStates.isDisruptedInTime(pod))
          .<JobOutcome>map(JobOutcome.Evicted::new)
          .orElseGet(() -> new JobOutcome.TimedOut(timeout, Optional.empty()));
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
          ? Optional.of(ended(outcomeOf(failed.getLast()), deletions()))
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

    /** By the youngest of the pods, be it one that only left traces. */
    private JobOutcome outcomeOfLast(String words) {
      List<TrackedPod> failed = failedAttempts();
      Optional<PodTrace> last = unseen.isEmpty() ? Optional.empty() : Optional.of(unseen.getLast());
      if (!failed.isEmpty() && last.filter(trace -> isAfter(trace, failed.getLast())).isEmpty()) {
        return outcomeOf(failed.getLast());
      }
      if (last.isPresent() && last.get().timedOut()) {
        return new JobOutcome.TimedOut(timeout, Optional.empty());
      }
      if (last.flatMap(PodTrace::startedAt).isPresent()) {
        return lostByDeletion(last.get().name());
      }
      return JobConditions.hasHadPods(job) || !pods.isEmpty() || last.isPresent()
          ? new JobOutcome.Lost("its pod was gone before it was seen, and may have run: " + words)
          : new JobOutcome.NotStarted(words);
    }

    private static boolean isAfter(PodTrace trace, TrackedPod attempt) {
      return trace
          .createdAt()
          .flatMap(created ->
              PodStates.instant(attempt.pod().getMetadata().getCreationTimestamp())
                  .map(created::isAfter))
          .orElse(false);
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

    private static JobOutcome outcomeOf(TrackedPod attempt) {
      Pod pod = attempt.pod();
      if (PodStates.isReason(pod, "Evicted")) {
        return new JobOutcome.Evicted(podWords(pod));
      }
      Optional<ContainerStateTerminated> terminated = PodStates.terminated(pod);
      if (terminated.isEmpty()) {
        return withoutExit(attempt);
      }
      int code = exitCode(terminated.get());
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
      return code == 0
          ? new JobOutcome.Lost("it exited with 0 as its pod was ended: " + podWords(pod))
          : new JobOutcome.Failed(code);
    }

    private static int exitCode(ContainerStateTerminated terminated) {
      return Objects.requireNonNullElse(terminated.getExitCode(), 0);
    }

    /** Not started only where its node, or who removed it before it had one, says it is over. */
    private static JobOutcome withoutExit(TrackedPod attempt) {
      Pod pod = attempt.pod();
      if (attempt.startedAt().isPresent() || !PodStates.isPhase(pod, "Failed")) {
        return wasDeleted(attempt)
            ? lostByDeletion(name(attempt))
            : new JobOutcome.Lost("its pod failed and did not tell how: " + podWords(pod));
      }
      boolean isUnexplained =
          PodStates.status(pod).map(PodStatus::getReason).filter(text -> !text.isBlank()).isEmpty();
      return new JobOutcome.NotStarted(
          wasDeleted(attempt) && isUnexplained ? deletion(attempt) : podWords(pod));
    }

    private static String podWords(Pod pod) {
      return PodStates.status(pod)
          .map(status -> PodStates.describe(status.getReason(), status.getMessage()))
          .orElse("no reason given");
    }

    private static JobOutcome lostByDeletion(String pod) {
      return new JobOutcome.Lost("pod " + pod + " was deleted before it told how it ended");
    }

    /** The pods that someone deleted, be it a user; not those that the cluster replaces. */
    private List<String> deletions() {
      return Stream.concat(
              pods.stream()
                  .filter(tracked ->
                      wasDeletedByOthers(tracked) && PodStates.disruption(tracked.pod()).isEmpty())
                  .map(Judge::deletion),
              unseen.stream()
                  .filter(trace -> !isJobOverdue())
                  .map(trace -> "pod " + trace.name() + " was deleted"))
          .toList();
    }

    private static String deletion(TrackedPod tracked) {
      return "pod " + name(tracked) + " was deleted";
    }

    /** A Job deletes the pod that it has when its time is over, in the second that it says so. */
    private boolean wasDeletedByOthers(TrackedPod tracked) {
      if (!wasDeleted(tracked) || !isJobOverdue()) {
        return wasDeleted(tracked);
      }
      return failure()
          .flatMap(failed -> PodStates.instant(failed.getLastTransitionTime()))
          .flatMap(over -> PodStates.deletionAsked(tracked.pod()).map(over::isAfter))
          .orElse(false);
    }

    private static String name(TrackedPod tracked) {
      return tracked.pod().getMetadata().getName();
    }

    /** Its node says that its time was over, or that it was when that was to be said. */
    private static boolean isCalledLate(Pod pod) {
      return PodStates.isReason(pod, "DeadlineExceeded");
    }

    private static boolean hasTimedOut(Pod pod) {
      return isCalledLate(pod) && !PodStates.endedInTime(pod);
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
      if (lacksPods() && !wasClusterAsked) {
        return new Unseen();
      }
      List<String> all = new ArrayList<>(warnings);
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
      Optional<Instant> started =
          Stream.concat(
                  pods.stream().map(TrackedPod::startedAt),
                  unseen.stream().map(PodTrace::startedAt))
              .flatMap(Optional::stream)
              .min(Comparator.naturalOrder());
      Instant finished = finishedAt();
      return new Ended(
          outcome, started, started.filter(start -> start.isAfter(finished)).orElse(finished), all);
    }

    /** That an attempt did not start is not what a job came to that ran before, or after all. */
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
          .orElseGet(() -> outcomeOf(ran.get()));
    }

    /** Whether the Job counts more pods that failed than are known. */
    private boolean lacksPods() {
      return JobConditions.failedPods(job)
          > pods.stream()
              .map(TrackedPod::pod)
              .filter(pod ->
                  !PodStates.isPhase(pod, "Succeeded") && PodStates.disruption(pod).isEmpty())
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
                  .flatMap(over -> PodStates.instant(over.getLastTransitionTime())))
          .orElse(now);
    }
  }
}
