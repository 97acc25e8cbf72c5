package mstc.cloud.worker.adapters.k8s.job;

import io.fabric8.kubernetes.api.model.ContainerStateWaiting;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.Optional;
import mstc.cloud.worker.adapters.k8s.cluster.ApiErrors;
import mstc.cloud.worker.adapters.k8s.job.JobAnnotations.Unstartable;
import mstc.cloud.worker.adapters.k8s.job.JobVerdict.Patience;
import mstc.cloud.worker.adapters.k8s.job.JobVerdict.Stuck;
import mstc.cloud.worker.domain.job.JobOutcome;

/** Reads from what kubelets and controllers say why a job cannot start, and for how long. */
final class StartProblems {
  private StartProblems() {}

  /**
   * Why the Job gets no pod, by its controller's message. A pod that a quota keeps out waits for
   * room as long as the job may take: that is no problem.
   */
  static Optional<Stuck> ofRefusal(String words) {
    return ApiErrors.isForWantOfRoom(words)
        ? Optional.empty()
        : Optional.of(
            new Stuck(
                new Unstartable(JobOutcome.Kind.FAILED, words),
                ApiErrors.isForTheMoment(words) ? Patience.LONG : Patience.START_GRACE));
  }

  /** What keeps a container of the pod from starting; empty if there is nothing to tell. */
  static Optional<Stuck> of(Pod pod) {
    return PodStates.waiting(pod)
        .flatMap(StartProblems::stuck)
        .or(() ->
            PodStates.waitingBefore(pod).entrySet().stream()
                .flatMap(waiting -> stuckBefore(waiting.getKey(), waiting.getValue()).stream())
                .findFirst());
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

  /** The request names no image of another container, so "image unavailable" is no outcome here. */
  private static Optional<Stuck> stuckBefore(String container, ContainerStateWaiting waiting) {
    return stuck(waiting)
        .map(stuck ->
            new Stuck(
                new Unstartable(
                    JobOutcome.Kind.FAILED, "container " + container + ": " + stuck.why().reason()),
                stuck.patience()));
  }
}
