package mstc.cloud.worker.adapters.k8s;

import io.fabric8.kubernetes.api.model.ContainerState;
import io.fabric8.kubernetes.api.model.ContainerStateRunning;
import io.fabric8.kubernetes.api.model.ContainerStateTerminated;
import io.fabric8.kubernetes.api.model.ContainerStateWaiting;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.PodStatus;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Objects;
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

  /** The container that does the work. */
  static LogSource.Container container(Pod pod) {
    return new LogSource.Container(
        pod.getMetadata().getName(), pod.getSpec().getContainers().getFirst().getName());
  }

  /** When the container's process ended. */
  static Optional<Instant> finishedAt(Pod pod) {
    return terminated(pod).flatMap(terminated -> instant(terminated.getFinishedAt()));
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

  /**
   * When it was last asked to be deleted. The kubelet asks last of all, when nothing of the pod
   * runs any more, and only that is told from then on.
   */
  static Optional<Instant> deletionAsked(Pod pod) {
    return instant(pod.getMetadata().getDeletionTimestamp())
        .map(graceOver ->
            graceOver.minusSeconds(
                Objects.requireNonNullElse(pod.getMetadata().getDeletionGracePeriodSeconds(), 0L)));
  }

  /** Why the cluster took the pod away; empty where it did not. */
  static Optional<String> disruption(Pod pod) {
    return disruptionTarget(pod)
        .map(condition -> describe(condition.getReason(), condition.getMessage()));
  }

  private static Optional<PodCondition> disruptionTarget(Pod pod) {
    return condition(pod, "DisruptionTarget")
        .filter(condition -> "True".equals(condition.getStatus()));
  }

  /** Whether its process ended before the pod's time was over, by whatever. */
  static boolean endedInTime(Pod pod) {
    return isBeforeDeadline(
        pod,
        terminated(pod)
            .filter(terminated -> !neverRan(terminated))
            .map(ContainerStateTerminated::getFinishedAt));
  }

  /** Whether the cluster took it away before the pod's time was over. */
  static boolean isDisruptedInTime(Pod pod) {
    return isBeforeDeadline(pod, disruptionTarget(pod).map(PodCondition::getLastTransitionTime));
  }

  private static boolean isBeforeDeadline(Pod pod, Optional<String> time) {
    return time.flatMap(PodStates::instant)
        .flatMap(instant -> deadline(pod).map(instant::isBefore))
        .orElse(false);
  }

  /** By the kubelet's reckoning, in whole seconds. */
  private static Optional<Instant> deadline(Pod pod) {
    return Optional.ofNullable(pod.getSpec())
        .map(PodSpec::getActiveDeadlineSeconds)
        .flatMap(seconds ->
            status(pod)
                .flatMap(status -> instant(status.getStartTime()))
                .map(start -> start.plusSeconds(seconds)));
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
