package mstc.cloud.worker.adapters.k8s.job;

import io.fabric8.kubernetes.api.model.ContainerStateTerminated;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodStatus;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import mstc.cloud.worker.adapters.k8s.job.TrackedJob.TrackedPod;
import mstc.cloud.worker.domain.job.JobOutcome;

/** How one attempt ended, by its pod. A pod's own reason outweighs its container's exit code. */
final class AttemptEnd {
  private AttemptEnd() {}

  static boolean exitedWith0(Pod pod) {
    return PodStates.terminated(pod).filter(end -> PodStates.exitCode(end) == 0).isPresent();
  }

  static JobOutcome outcome(TrackedPod attempt) {
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
    if (PodStates.isEndUnknown(pod)) {
      return new JobOutcome.Lost(PodStates.describe(reason, terminated.get().getMessage()));
    }
    if (PodStates.neverRan(terminated.get())) {
      return new JobOutcome.NotStarted(PodStates.describe(reason, terminated.get().getMessage()));
    }
    return code == 0
        ? new JobOutcome.Lost("it exited with 0 as its pod was ended: " + podWords(pod))
        : new JobOutcome.Failed(code);
  }

  /** Not started only if that is what its node says, or what removed it before it had a node. */
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

  static JobOutcome lostByDeletion(String pod) {
    return new JobOutcome.Lost("pod " + pod + " was deleted before it told how it ended");
  }

  static boolean wasDeleted(TrackedPod tracked) {
    return tracked.gone() || PodStates.isBeingDeleted(tracked.pod());
  }

  static String deletion(TrackedPod tracked) {
    return "pod " + name(tracked) + " was deleted";
  }

  static String name(TrackedPod tracked) {
    return tracked.pod().getMetadata().getName();
  }

  /** Whether its node says that its time was over, if only when the node came to report its end. */
  static boolean isCalledLate(Pod pod) {
    return PodStates.isReason(pod, "DeadlineExceeded");
  }

  static boolean hasTimedOut(Pod pod) {
    return isCalledLate(pod) && !PodStates.endedInTime(pod);
  }

  /** What went wrong with other containers in a pod that nothing was to end. */
  static List<String> troubles(TrackedPod attempt) {
    Pod pod = attempt.pod();
    return PodStates.endedByItself(pod) && !attempt.gone() && !isCalledLate(pod)
        ? PodStates.troubles(pod)
        : List.of();
  }

  static boolean lostAProcess(TrackedPod attempt) {
    return exitedWith0(attempt.pod())
        && PodStates.terminated(attempt.pod()).filter(AttemptEnd::isOutOfMemory).isPresent();
  }

  private static boolean isOutOfMemory(ContainerStateTerminated terminated) {
    return "OOMKilled".equals(terminated.getReason());
  }
}
