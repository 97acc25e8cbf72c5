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

  /** The Job is over, and its pods, which tell how, have not been seen to be. */
  record Unseen() implements JobVerdict {}

  /**
   * The job cannot start.
   *
   * @param patience for how long that may yet pass
   */
  record Stuck(Unstartable why, Patience patience) implements JobVerdict {}

  /** For how long what keeps a job from starting may last. */
  enum Patience {
    /** It will not change. */
    NONE,
    /** Some of it passes, such as a registry that is busy. */
    START_GRACE,
    /** It passes as a rule, and is nobody's word on the job. */
    LONG
  }

  /**
   * An attempt has failed and is not the last, and containers beside the job's keep its pod from
   * ending.
   */
  record Lingering(TrackedPod attempt) implements JobVerdict {}

  /**
   * The job has ended, and its Job would go on: containers beside the job's keep its pod, or have
   * made it fail, so that another would follow.
   *
   * @param attempt the last
   */
  record Settled(Ended end, TrackedPod attempt) implements JobVerdict {}

  /** The job's time is over, and its Job would try again all the same. */
  record Overdue() implements JobVerdict {}

  /**
   * The job has ended.
   *
   * @param attempts the pods whose logs are the job's
   */
  record Ended(
      JobOutcome outcome,
      Optional<Instant> startedAt,
      Instant finishedAt,
      List<String> warnings,
      List<TrackedPod> attempts)
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
    /**
     * Where a Job was deleted and its pods with it, that is asked for soon. Where its pods are to
     * stay, nobody will ask.
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

    private Judge(
        Snapshot snapshot, Duration timeout, Optional<List<PodTrace>> traces, Instant now) {
      this.job = snapshot.job();
      this.pods = snapshot.pods();
      this.jobGoneAt = snapshot.goneAt();
      this.refusal = snapshot.refusal();
      this.timeout = timeout;
      this.wasClusterAsked = traces.isPresent();
      List<String> seen = pods.stream().map(Judge::name).toList();
      this.unseen =
          traces.orElse(List.of()).stream().filter(trace -> !seen.contains(trace.name())).toList();
      this.now = now;
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

    /** As it was judged before its Job was ended for it, whatever came of that. */
    private Optional<JobVerdict> onRecord() {
      return JobAnnotations.ended(job)
          .map(end ->
              new Ended(
                  end.outcome(),
                  end.startedAt(),
                  end.finishedAt(),
                  end.warnings(),
                  attemptsUntil(end.finishedAt())));
    }

    /** Without the pods that the Job made though the job had ended. */
    private List<TrackedPod> attemptsUntil(Instant finished) {
      return pods.stream()
          .filter(tracked ->
              PodStates.instant(tracked.pod().getMetadata().getCreationTimestamp())
                  .filter(finished::isBefore)
                  .isEmpty())
          .toList();
    }

    /** The end of the job's own container is the job's, whatever containers beside it do. */
    private Optional<JobVerdict> endedBeforeItsPod() {
      if (isToBeStopped()) {
        return Optional.empty();
      }
      return pods.stream()
          .filter(tracked ->
              tracked.endedByItself()
                  && PodStates.isShared(tracked.pod())
                  && !PodStates.isPhase(tracked.pod(), "Succeeded")
                  && !isCalledLate(tracked.pod()))
          .flatMap(tracked ->
              (exitedWith0(tracked.pod()) ? successInIt(tracked) : failureInIt(tracked)).stream())
          .findFirst();
    }

    private static boolean exitedWith0(Pod pod) {
      return PodStates.terminated(pod).filter(end -> PodStates.exitCode(end) == 0).isPresent();
    }

    private Optional<JobVerdict> successInIt(TrackedPod attempt) {
      boolean isOver = PodStates.isOver(attempt);
      if (!isOver && !PodStates.isKeptByOthers(attempt.pod())) {
        return Optional.empty();
      }
      JobVerdict end = endedIn(attempt, new JobOutcome.Succeeded());
      return Optional.of(isOver && hasNoAttemptLeft() ? end : settled(end, attempt));
    }

    private Optional<JobVerdict> failureInIt(TrackedPod attempt) {
      if (PodStates.isOver(attempt)
          || !PodStates.endedByItself(attempt.pod())
          || !PodStates.isKeptByOthers(attempt.pod())) {
        return Optional.empty();
      }
      boolean isLast = failedAttempts().size() >= retries() || failure().isPresent();
      return Optional.of(
          isLast ? settled(endedIn(attempt, outcomeOf(attempt)), attempt) : new Lingering(attempt));
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
     * The kubelet learns a second or two later that a container has ended, and calls the pod late
     * where the pod's time was over meanwhile. Its Job would then try again, if it may.
     */
    private boolean succeededUnnoticed(Pod pod) {
      return isCalledLate(pod)
          && PodStates.endedInTime(pod)
          && exitedWith0(pod)
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

    /** Ended by someone, and not before all of its processes have, unless they are left to run. */
    private Optional<JobVerdict> stopped() {
      if (!isToBeStopped()) {
        return Optional.empty();
      }
      boolean noMorePods = jobGoneAt.isPresent() || failure().isPresent();
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
          && pods.stream().noneMatch(PodStates::isEnding);
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
          .orElseGet(() -> new JobOutcome.TimedOut(timeout, PodStates.holdUp(pod)));
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
          ? new JobOutcome.Lost(
              goneTooSoon(!pods.isEmpty() && !lacksPods()) + ", and may have run: " + words)
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
      return pods.isEmpty()
          ? refusal
          : pods.stream().flatMap(tracked -> PodStates.holdUp(tracked.pod()).stream()).findFirst();
    }

    private JobVerdict notEnded() {
      if (pods.isEmpty()) {
        return Boolean.TRUE.equals(job.getSpec().getSuspend()) ? new Underway() : withoutPod();
      }
      return pods.stream()
          .filter(tracked -> !PodStates.isOver(tracked))
          .flatMap(tracked -> stuck(tracked.pod()).stream())
          .findFirst()
          .orElseGet(Underway::new);
    }

    /** What a quota keeps out waits for room, for as long as the job may take. */
    private JobVerdict withoutPod() {
      return refusal
          .filter(words -> !ApiErrors.isForWantOfRoom(words))
          .<JobVerdict>map(words ->
              new Stuck(
                  new Unstartable(JobOutcome.Kind.FAILED, words),
                  ApiErrors.isForTheMoment(words) ? Patience.LONG : Patience.START_GRACE))
          .orElseGet(Underway::new);
    }

    private static Optional<JobVerdict> stuck(Pod pod) {
      return PodStates.waiting(pod)
          .flatMap(Judge::stuck)
          .or(() ->
              PodStates.waitingBefore(pod).entrySet().stream()
                  .flatMap(waiting -> stuckBefore(waiting.getKey(), waiting.getValue()).stream())
                  .findFirst())
          .map(JobVerdict.class::cast);
    }

    /** Of another container's image nobody told in the request, so that is not what is missing. */
    private static Optional<Stuck> stuckBefore(String container, ContainerStateWaiting waiting) {
      return stuck(waiting)
          .map(stuck ->
              new Stuck(
                  new Unstartable(
                      JobOutcome.Kind.FAILED,
                      "container " + container + ": " + stuck.why().reason()),
                  stuck.patience()));
    }

    private static Optional<Stuck> stuck(ContainerStateWaiting waiting) {
      String words = PodStates.describe(waiting.getReason(), waiting.getMessage());
      Unstartable withoutImage = new Unstartable(JobOutcome.Kind.IMAGE_UNAVAILABLE, words);
      return switch (String.valueOf(waiting.getReason())) {
        case "InvalidImageName", "ErrImageNeverPull" ->
            Optional.of(new Stuck(withoutImage, Patience.NONE));
        case "ErrImagePull",
            "ImagePullBackOff",
            "ImageInspectError",
            "RegistryUnavailable",
            "SignatureValidationFailed" ->
            Optional.of(new Stuck(withoutImage, Patience.START_GRACE));
        case "CreateContainerConfigError",
            "CreateContainerError",
            "RunContainerError",
            "CrashLoopBackOff" ->
            Optional.of(
                new Stuck(new Unstartable(JobOutcome.Kind.FAILED, words), Patience.START_GRACE));
        default -> Optional.empty();
      };
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
      int code = PodStates.exitCode(terminated.get());
      String reason = String.valueOf(terminated.get().getReason());
      if (isOutOfMemory(terminated.get())) {
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
      if (!isUnexplained) {
        return new JobOutcome.NotStarted(podWords(pod));
      }
      return new JobOutcome.NotStarted(
          wasDeleted(attempt)
              ? deletion(attempt)
              : PodStates.failureBefore(pod).orElseGet(() -> podWords(pod)));
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

    /**
     * A Job deletes the pod that it has when its time is over, in the second that it says so. Of a
     * pod that others kept nothing was taken away.
     */
    private boolean wasDeletedByOthers(TrackedPod tracked) {
      if (tracked.endedByItself() && PodStates.isShared(tracked.pod())) {
        return false;
      }
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
      return ended(told, warnings, pods, finishedAt());
    }

    private JobVerdict ended(
        JobOutcome told, List<String> warnings, List<TrackedPod> attempts, Instant finished) {
      if (lacksPods() && !wasClusterAsked) {
        return new Unseen();
      }
      List<String> all = new ArrayList<>(warnings);
      attempts.forEach(attempt -> all.addAll(troubles(attempt)));
      if (told instanceof JobOutcome.Succeeded && attempts.stream().anyMatch(Judge::lostAProcess)) {
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
      Optional<Instant> started =
          Stream.concat(
                  pods.stream().map(TrackedPod::startedAt),
                  unseen.stream().map(PodTrace::startedAt))
              .flatMap(Optional::stream)
              .min(Comparator.naturalOrder());
      return new Ended(
          outcome,
          started,
          started.filter(start -> start.isAfter(finished)).orElse(finished),
          all,
          attempts);
    }

    /** What went wrong with others in a pod that nothing was to end. */
    private static List<String> troubles(TrackedPod attempt) {
      Pod pod = attempt.pod();
      return PodStates.endedByItself(pod) && !attempt.gone() && !isCalledLate(pod)
          ? PodStates.troubles(pod)
          : List.of();
    }

    private static boolean lostAProcess(TrackedPod attempt) {
      return exitedWith0(attempt.pod())
          && PodStates.terminated(attempt.pod()).filter(Judge::isOutOfMemory).isPresent();
    }

    private static boolean isOutOfMemory(ContainerStateTerminated terminated) {
      return "OOMKilled".equals(terminated.getReason());
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
