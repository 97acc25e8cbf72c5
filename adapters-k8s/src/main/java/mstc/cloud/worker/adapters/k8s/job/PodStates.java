package mstc.cloud.worker.adapters.k8s.job;

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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import mstc.cloud.worker.adapters.k8s.cluster.Timestamps;
import mstc.cloud.worker.domain.PrintableText;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.runtime.LogTexts;
import org.jspecify.annotations.Nullable;

/**
 * Reads what the kubelet and the controllers say about a pod. The job's container is the one that
 * has the job's name, in whatever order containers are listed.
 */
public final class PodStates {
  /** As long as Kubernetes itself waits for a node before it takes its pods away. */
  private static final Duration NODE_PATIENCE = Duration.ofMinutes(5);

  /** The reason of a container's end that the kubelet did not see, such as on a lost node. */
  private static final String UNKNOWN = "ContainerStatusUnknown";

  private PodStates() {}

  public static Optional<ContainerStateTerminated> terminated(Pod pod) {
    return state(pod).map(ContainerState::getTerminated);
  }

  static Optional<ContainerStateWaiting> waiting(Pod pod) {
    return state(pod).map(ContainerState::getWaiting);
  }

  /** When the container's process began; empty if it never did. */
  public static Optional<Instant> startedAt(Pod pod) {
    return state(pod)
        .flatMap(state ->
            Optional.ofNullable(state.getRunning())
                .map(ContainerStateRunning::getStartedAt)
                .or(() ->
                    Optional.ofNullable(state.getTerminated())
                        .filter(terminated -> !neverRan(terminated))
                        .map(ContainerStateTerminated::getStartedAt)))
        .flatMap(Timestamps::parse);
  }

  /** The name of the job's container, by the label of a Job or a pod. */
  public static String jobContainer(HasMetadata item) {
    return Objects.requireNonNullElse(item.getMetadata().getLabels().get(JobNames.NAME_LABEL), "");
  }

  /** When the container's process ended. */
  public static Optional<Instant> finishedAt(Pod pod) {
    return terminated(pod).flatMap(terminated -> Timestamps.parse(terminated.getFinishedAt()));
  }

  /** Whether nobody knows how its process ended, or if it ever began. */
  public static boolean isEndUnknown(Pod pod) {
    return terminated(pod).filter(end -> UNKNOWN.equals(end.getReason())).isPresent();
  }

  /** Whether the runtime could not start the container's process, or its status is unknown. */
  static boolean neverRan(ContainerStateTerminated terminated) {
    return switch (String.valueOf(terminated.getReason())) {
      case "StartError", "ContainerCannotRun", UNKNOWN -> true;
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

  /** The containers that others put beside the job's, but not those Kubernetes ends after it. */
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

  /** Whether a container beside the job's has not ended, and keeps the pod running. */
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

  /** Which container before the job's failed, and how, so that the job's never starts. */
  static Optional<String> failureBefore(Pod pod) {
    return before(pod)
        .flatMap(container -> failure(container).map(words -> named(container, words)).stream())
        // Those before it that are still running are only killed because of it.
        .reduce((one, next) -> next);
  }

  /**
   * What containers before the job's wait for, by name, if the job's has not begun: it waits for
   * all of them, but not for those beside it.
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

  /** What keeps the job's process from starting; empty if it started, or if that is not known. */
  static Optional<String> holdUp(Pod pod) {
    if (hasBegun(pod)) {
      return Optional.empty();
    }
    return unscheduled(pod)
        .or(() -> waiting(pod).flatMap(PodStates::words))
        .or(() -> before(pod).flatMap(container -> holdUp(pod, container).stream()).findFirst());
  }

  private static boolean hasBegun(Pod pod) {
    return startedAt(pod).isPresent() || terminated(pod).isPresent();
  }

  private static Optional<String> holdUp(Pod pod, ContainerStatus before) {
    boolean isUnderway =
        Optional.ofNullable(before.getState()).map(ContainerState::getRunning).isPresent()
            && !Boolean.TRUE.equals(before.getStarted());
    boolean wasEnded =
        terminated(before)
            .flatMap(terminated -> Timestamps.parse(terminated.getFinishedAt()))
            .flatMap(end -> deadline(pod).map(deadline -> !end.isBefore(deadline)))
            .orElse(false);
    return waiting(before)
        .flatMap(PodStates::words)
        .or(() ->
            isUnderway || wasEnded
                ? Optional.of("runs, and the job waits for it")
                : Optional.empty())
        .map(words -> named(before, words));
  }

  private static String named(ContainerStatus container, String words) {
    return "container " + container.getName() + ": " + words;
  }

  /** Why a container waits; empty if that is normal. */
  private static Optional<String> words(ContainerStateWaiting waiting) {
    return switch (String.valueOf(waiting.getReason())) {
      case "ContainerCreating", "PodInitializing" -> Optional.empty();
      default -> Optional.of(describe(waiting.getReason(), waiting.getMessage()));
    };
  }

  static Optional<PodStatus> status(Pod pod) {
    return Optional.ofNullable(pod.getStatus());
  }

  public static boolean isPhase(Pod pod, String phase) {
    return status(pod).map(PodStatus::getPhase).filter(phase::equals).isPresent();
  }

  static boolean isReason(Pod pod, String reason) {
    return status(pod).map(PodStatus::getReason).filter(reason::equals).isPresent();
  }

  /**
   * Whether the pod's node has not confirmed its end for minutes: it is down or cut off, and nobody
   * else will confirm it until someone removes the node.
   */
  static boolean isOutOfReach(Pod pod, Instant now) {
    return Timestamps.parse(pod.getMetadata().getDeletionTimestamp())
        .filter(graceOver -> now.isAfter(graceOver.plus(NODE_PATIENCE)))
        .isPresent();
  }

  public static boolean isBeingDeleted(Pod pod) {
    return pod.getMetadata().getDeletionTimestamp() != null;
  }

  /**
   * When its deletion was last requested. The kubelet requests it last, when nothing of the pod
   * runs any more, and from then on only that request is shown.
   */
  static Optional<Instant> deletionAsked(Pod pod) {
    return Timestamps.parse(pod.getMetadata().getDeletionTimestamp())
        .map(graceOver ->
            graceOver.minusSeconds(
                Objects.requireNonNullElse(pod.getMetadata().getDeletionGracePeriodSeconds(), 0L)));
  }

  /** Why the cluster took the pod away; empty if it did not. */
  public static Optional<String> disruption(Pod pod) {
    return disruptionTarget(pod)
        .map(condition -> describe(condition.getReason(), condition.getMessage()));
  }

  private static Optional<PodCondition> disruptionTarget(Pod pod) {
    return condition(pod, "DisruptionTarget")
        .filter(condition -> "True".equals(condition.getStatus()));
  }

  /** Whether its process ended before the pod's time was over, for whatever reason. */
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
                .filter(end -> !UNKNOWN.equals(end.getReason()))
                .map(ContainerStateTerminated::getFinishedAt));
  }

  /** Whether the cluster took it away before the pod's time was over. */
  static boolean isDisruptedInTime(Pod pod) {
    return isBeforeDeadline(pod, disruptionTarget(pod).map(PodCondition::getLastTransitionTime));
  }

  private static boolean isBeforeDeadline(Pod pod, Optional<String> time) {
    return time.flatMap(Timestamps::parse)
        .flatMap(instant -> deadline(pod).map(instant::isBefore))
        .orElse(false);
  }

  /** As the kubelet computes it, in whole seconds. */
  private static Optional<Instant> deadline(Pod pod) {
    return Optional.ofNullable(pod.getSpec())
        .map(PodSpec::getActiveDeadlineSeconds)
        .flatMap(seconds ->
            status(pod)
                .flatMap(status -> Timestamps.parse(status.getStartTime()))
                .map(start -> start.plusSeconds(seconds)));
  }

  /** Whether the pod has its volumes and its network. */
  static boolean isReadyForContainers(Pod pod) {
    return condition(pod, "PodReadyToStartContainers")
        .filter(condition -> "True".equals(condition.getStatus()))
        .isPresent();
  }

  /** How an attempt ended, for the line before the next one. */
  public static String howEnded(Pod pod) {
    return disruption(pod)
        .or(() -> terminated(pod).map(end -> LogTexts.exitCode(exitCode(end))))
        .orElse("an unknown end");
  }

  /** Why no node takes the pod; empty if one does. */
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
}
