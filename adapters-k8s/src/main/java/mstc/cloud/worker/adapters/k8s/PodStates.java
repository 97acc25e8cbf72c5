package mstc.cloud.worker.adapters.k8s;

import io.fabric8.kubernetes.api.model.ContainerState;
import io.fabric8.kubernetes.api.model.ContainerStateRunning;
import io.fabric8.kubernetes.api.model.ContainerStateTerminated;
import io.fabric8.kubernetes.api.model.ContainerStateWaiting;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.PodStatus;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import mstc.cloud.worker.adapters.k8s.TrackedJob.TrackedPod;
import org.jspecify.annotations.Nullable;

/** Reads what the kubelet and the controllers say about a pod with one container. */
final class PodStates {
  /** As long as Kubernetes itself waits for a node before it takes its pods away. */
  private static final Duration NODE_PATIENCE = Duration.ofMinutes(5);

  private PodStates() {}

  static Optional<ContainerStateTerminated> terminated(Pod pod) {
    return state(pod).map(ContainerState::getTerminated);
  }

  static Optional<ContainerStateWaiting> waiting(Pod pod) {
    return state(pod).map(ContainerState::getWaiting);
  }

  /** When the container's process began; empty where it never did. */
  static Optional<Instant> startedAt(Pod pod) {
    return state(pod)
        .flatMap(state ->
            Optional.ofNullable(state.getRunning())
                .map(ContainerStateRunning::getStartedAt)
                .or(() ->
                    Optional.ofNullable(state.getTerminated())
                        .filter(terminated -> !neverRan(terminated))
                        .map(ContainerStateTerminated::getStartedAt)))
        .flatMap(PodStates::instant);
  }

  /** Whether the runtime could not start the container's process, or the container is unknown. */
  static boolean neverRan(ContainerStateTerminated terminated) {
    return switch (String.valueOf(terminated.getReason())) {
      case "StartError", "ContainerCannotRun", "ContainerStatusUnknown" -> true;
      default -> false;
    };
  }

  private static Optional<ContainerState> state(Pod pod) {
    return status(pod)
        .map(PodStatus::getContainerStatuses)
        .flatMap(statuses -> statuses.stream().findFirst())
        .map(ContainerStatus::getState);
  }

  static Optional<PodStatus> status(Pod pod) {
    return Optional.ofNullable(pod.getStatus());
  }

  static boolean isPhase(Pod pod, String phase) {
    return status(pod).map(PodStatus::getPhase).filter(phase::equals).isPresent();
  }

  static boolean isReason(Pod pod, String reason) {
    return status(pod).map(PodStatus::getReason).filter(reason::equals).isPresent();
  }

  /** Whether no process of the pod runs any more, or ever will. */
  static boolean isOver(TrackedPod tracked) {
    Pod pod = tracked.pod();
    return tracked.gone() || isPhase(pod, "Succeeded") || isPhase(pod, "Failed");
  }

  /**
   * Whether the pod's node has not confirmed its end for minutes: it is down, or cut off, and until
   * someone removes the node nobody else will.
   */
  static boolean isOutOfReach(Pod pod, Instant now) {
    return instant(pod.getMetadata().getDeletionTimestamp())
        .filter(graceOver -> now.isAfter(graceOver.plus(NODE_PATIENCE)))
        .isPresent();
  }

  static boolean isBeingDeleted(Pod pod) {
    return pod.getMetadata().getDeletionTimestamp() != null;
  }

  /** Why the cluster took the pod away; empty where it did not. */
  static Optional<String> disruption(Pod pod) {
    return condition(pod, "DisruptionTarget")
        .filter(condition -> "True".equals(condition.getStatus()))
        .map(condition -> describe(condition.getReason(), condition.getMessage()));
  }

  /** Why no node takes the pod; empty where one does. */
  static Optional<String> unscheduled(Pod pod) {
    return condition(pod, "PodScheduled")
        .filter(condition -> "False".equals(condition.getStatus()))
        .map(condition -> describe(condition.getReason(), condition.getMessage()));
  }

  private static Optional<PodCondition> condition(Pod pod, String type) {
    return status(pod)
        .map(PodStatus::getConditions)
        .map(List::stream)
        .orElseGet(Stream::empty)
        .filter(condition -> type.equals(condition.getType()))
        .findFirst();
  }

  static String describe(@Nullable String reason, @Nullable String message) {
    return Stream.of(Optional.ofNullable(reason), Optional.ofNullable(message))
        .flatMap(Optional::stream)
        .filter(text -> !text.isBlank())
        .reduce((one, other) -> one + ": " + other)
        .orElse("no reason given");
  }

  static Optional<Instant> instant(@Nullable String text) {
    try {
      return text == null || text.isBlank() ? Optional.empty() : Optional.of(Instant.parse(text));
    } catch (DateTimeParseException e) {
      return Optional.empty();
    }
  }
}
