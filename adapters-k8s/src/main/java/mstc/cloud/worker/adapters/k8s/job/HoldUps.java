package mstc.cloud.worker.adapters.k8s.job;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import java.util.Optional;
import mstc.cloud.worker.adapters.k8s.job.TrackedJob.Snapshot;
import mstc.cloud.worker.adapters.k8s.job.TrackedJob.TrackedPod;
import mstc.cloud.worker.domain.PrintableText;
import mstc.cloud.worker.domain.job.JobOutcome;

/**
 * Says what a job without a running process waits for, in the cluster's own words if it has any.
 */
public final class HoldUps {
  private HoldUps() {}

  /** One line of printable text; empty if only the worker itself holds the job, or ends it. */
  public static Optional<String> of(Snapshot known) {
    Job job = known.job();
    if (known.gone() || JobAnnotations.isHeld(job) || JobAnnotations.isCancelled(job)) {
      return Optional.empty();
    }
    String words =
        known.pods().stream()
            .filter(pod -> !pod.isOver())
            .reduce((one, next) -> next)
            .map(HoldUps::inPod)
            .orElseGet(() -> withoutPod(known));
    return Optional.of(PrintableText.oneLine(words, JobOutcome.MAX_REASON_LENGTH));
  }

  private static String withoutPod(Snapshot known) {
    if (JobConditions.isSuspended(known.job())) {
      return "suspended" + Suspension.inQueue(known.job());
    }
    if (known.pods().isEmpty()) {
      return known.refusal().orElse("no pod has been created for it yet");
    }
    return "the attempt before ended (%s), and the next one has not begun"
        .formatted(PodStates.howEnded(known.pods().getLast().pod()));
  }

  private static String inPod(TrackedPod tracked) {
    Pod pod = tracked.pod();
    if (tracked.isEnding()) {
      return PodStates.disruption(pod).orElse("its pod is being deleted");
    }
    return PodStates.holdUp(pod).orElseGet(() -> stage(pod));
  }

  /** How far a pod has got that nothing holds up. */
  private static String stage(Pod pod) {
    boolean hasNode = Optional.ofNullable(pod.getSpec()).map(PodSpec::getNodeName).isPresent();
    if (!hasNode) {
      return "no node has been chosen for its pod yet";
    }
    return PodStates.waiting(pod)
        .map(waiting ->
            waiting.getReason()
                + (PodStates.isReadyForContainers(pod)
                    ? ": its image is being pulled, or its container created"
                    : ": the volumes and the network of its pod are being set up"))
        .orElse("its node has not begun to start its pod yet");
  }
}
