package mstc.cloud.worker.adapters.k8s;

import io.fabric8.kubernetes.api.model.ContainerState;
import io.fabric8.kubernetes.api.model.ContainerStateRunning;
import io.fabric8.kubernetes.api.model.ContainerStateTerminated;
import io.fabric8.kubernetes.api.model.ContainerStateWaiting;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.PodStatus;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import mstc.cloud.worker.adapters.k8s.TrackedJob.TrackedPod;
import mstc.cloud.worker.domain.PrintableText;
import mstc.cloud.worker.domain.job.JobOutcome;
import org.jspecify.annotations.Nullable;

/**
 * Reads what the kubelet and the controllers say about a pod. The job's container is the one that
 * bears the job's name, in whatever order others are told beside it.
 */
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
    return new LogSource.Container(pod.getMetadata().getName(), jobContainer(pod));
  }

  /** The name of the container that does the work, by the label of a Job or a pod. */
  static String jobContainer(HasMetadata item) {
    return Objects.requireNonNullElse(item.getMetadata().getLabels().get(JobNames.NAME_LABEL), "");
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
    return containers(pod)
        .filter(container -> container.getName().equals(jobContainer(pod)))
        .findFirst()
        .map(ContainerStatus::getState);
  }

  private static Stream<ContainerStatus> containers(Pod pod) {
    return status(pod).map(PodStatus::getContainerStatuses).stream().flatMap(List::stream);
  }

  /** The containers that others put beside the job's; not those that Kubernetes ends after it. */
  private static Stream<ContainerStatus> others(Pod pod) {
    return containers(pod).filter(container -> !container.getName().equals(jobContainer(pod)));
  }

  /** The containers that others put before the job's. */
  private static Stream<ContainerStatus> before(Pod pod) {
    return status(pod).map(PodStatus::getInitContainerStatuses).stream().flatMap(List::stream);
  }

  /** Whether there are containers beside the job's. */
  static boolean isShared(Pod pod) {
    return others(pod).findAny().isPresent();
  }

  /** Whether a container beside the job's has not ended, and keeps the pod. */
  static boolean isKeptByOthers(Pod pod) {
    return others(pod).anyMatch(container -> terminated(container).isEmpty());
  }

  private static Optional<ContainerStateTerminated> terminated(ContainerStatus container) {
    return Optional.ofNullable(container.getState()).map(ContainerState::getTerminated);
  }

  private static Optional<ContainerStateWaiting> waiting(ContainerStatus container) {
    return Optional.ofNullable(container.getState()).map(ContainerState::getWaiting);
  }

  static int exitCode(ContainerStateTerminated terminated) {
    return Objects.requireNonNullElse(terminated.getExitCode(), 0);
  }

  /** What went wrong with the containers beside the job's, a sentence for each. */
  static List<String> troubles(Pod pod) {
    return others(pod)
        .flatMap(container ->
            failure(container)
                .map(words -> "container " + container.getName() + " failed: " + words)
                .or(() ->
                    waiting(container)
                        .flatMap(PodStates::words)
                        .map(words ->
                            "container " + container.getName() + " did not start: " + words))
                .stream())
        .map(words -> PrintableText.oneLine(words, JobOutcome.MAX_REASON_LENGTH))
        .toList();
  }

  private static Optional<String> failure(ContainerStatus container) {
    return terminated(container)
        .filter(end -> exitCode(end) != 0)
        .map(end ->
            "exit code "
                + exitCode(end)
                + " ("
                + describe(end.getReason(), end.getMessage())
                + ")");
  }

  /** The container before the job's that failed, so that the job's never starts, and how. */
  static Optional<String> failureBefore(Pod pod) {
    return before(pod)
        .flatMap(container -> failure(container).map(words -> named(container, words)).stream())
        // Those before it that go on are only killed for it.
        .reduce((one, next) -> next);
  }

  /**
   * What containers before the job's wait for, by name, where that has not begun: it waits for all
   * of them, but not for those beside it.
   */
  static Map<String, ContainerStateWaiting> waitingBefore(Pod pod) {
    if (hasBegun(pod)) {
      return Map.of();
    }
    Map<String, ContainerStateWaiting> all = new LinkedHashMap<>();
    before(pod)
        .forEach(container ->
            waiting(container).ifPresent(waiting -> all.put(container.getName(), waiting)));
    return all;
  }

  /** What keeps the job's process from starting; empty where it started, or nobody says. */
  static Optional<String> holdUp(Pod pod) {
    if (hasBegun(pod)) {
      return Optional.empty();
    }
    return unscheduled(pod)
        .or(() -> waiting(pod).flatMap(PodStates::words))
        .or(() -> before(pod).flatMap(container -> holdUp(container).stream()).findFirst());
  }

  private static boolean hasBegun(Pod pod) {
    return startedAt(pod).isPresent() || terminated(pod).isPresent();
  }

  private static Optional<String> holdUp(ContainerStatus before) {
    boolean isUnderway =
        Optional.ofNullable(before.getState()).map(ContainerState::getRunning).isPresent()
            && !Boolean.TRUE.equals(before.getStarted());
    return waiting(before)
        .flatMap(PodStates::words)
        .or(() -> isUnderway ? Optional.of("runs, and the job waits for it") : Optional.empty())
        .map(words -> named(before, words));
  }

  private static String named(ContainerStatus container, String words) {
    return "container " + container.getName() + ": " + words;
  }

  /** Why a container waits; empty where that is the order of things. */
  private static Optional<String> words(ContainerStateWaiting waiting) {
    return switch (String.valueOf(waiting.getReason())) {
      case "ContainerCreating", "PodInitializing" -> Optional.empty();
      default -> Optional.of(describe(waiting.getReason(), waiting.getMessage()));
    };
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

  /** Whether it is not over, and was asked to be. */
  static boolean isEnding(TrackedPod tracked) {
    return !isOver(tracked) && isBeingDeleted(tracked.pod());
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

  /** Whether its process ended, or could not start, before anything was to end the pod. */
  static boolean endedByItself(Pod pod) {
    return !isBeingDeleted(pod)
        && disruption(pod).isEmpty()
        && isBeforeDeadline(
            pod,
            terminated(pod)
                .filter(end -> !"ContainerStatusUnknown".equals(end.getReason()))
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
