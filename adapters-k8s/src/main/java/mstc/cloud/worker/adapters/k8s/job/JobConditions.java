package mstc.cloud.worker.adapters.k8s.job;

import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobCondition;
import io.fabric8.kubernetes.api.model.batch.v1.JobStatus;
import io.fabric8.kubernetes.api.model.batch.v1.UncountedTerminatedPods;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import mstc.cloud.worker.adapters.k8s.cluster.Timestamps;
import org.jspecify.annotations.Nullable;

/** Reads what the Job controller says about a Job. */
public final class JobConditions {
  private JobConditions() {}

  /** The condition of that type, if it is true. */
  public static Optional<JobCondition> of(Job job, String type) {
    return Optional.ofNullable(job.getStatus())
        .map(JobStatus::getConditions)
        .map(List::stream)
        .orElseGet(Stream::empty)
        .filter(
            condition -> type.equals(condition.getType()) && "True".equals(condition.getStatus()))
        .findFirst();
  }

  /** Whether it has had a pod, running or ended. */
  public static boolean hasHadPods(Job job) {
    return endedPods(job) > 0
        || status(job)
            .flatMap(status -> Stream.of(status.getActive(), status.getTerminating()))
            .anyMatch(count -> count != null && count > 0);
  }

  /** How many of its pods have ended, except those taken away; counted for good, or about to be. */
  public static int endedPods(Job job) {
    return failedPods(job)
        + status(job)
            .mapToInt(status ->
                count(status.getSucceeded())
                    + uncounted(status, UncountedTerminatedPods::getSucceeded))
            .sum();
  }

  /** The same for those that failed. */
  static int failedPods(Job job) {
    return status(job)
        .mapToInt(status ->
            count(status.getFailed()) + uncounted(status, UncountedTerminatedPods::getFailed))
        .sum();
  }

  private static int uncounted(
      JobStatus status, Function<UncountedTerminatedPods, List<String>> uids) {
    return Optional.ofNullable(status.getUncountedTerminatedPods())
        .map(uids)
        .map(List::size)
        .orElse(0);
  }

  private static int count(@Nullable Integer count) {
    return Objects.requireNonNullElse(count, 0);
  }

  private static Stream<JobStatus> status(Job job) {
    return Optional.ofNullable(job.getStatus()).stream();
  }

  /**
   * When its controller last began to create pods for it; or its creation, if that is not known.
   */
  public static Optional<Instant> startedAt(Job job) {
    return startTime(job).or(() -> Timestamps.parse(job.getMetadata().getCreationTimestamp()));
  }

  private static Optional<Instant> startTime(Job job) {
    return status(job)
        .flatMap(status -> Timestamps.parse(status.getStartTime()).stream())
        .findFirst();
  }

  /** Whether its controller has ever begun to create pods for it. */
  public static boolean hasBegun(Job job) {
    return startTime(job).isPresent();
  }

  /** Whether it may have been suspended after it had begun, and begun again. */
  public static boolean mayHaveBegunTwice(Job job) {
    // Each change of its spec counts. One that was created suspended has been changed once.
    return Objects.requireNonNullElse(job.getMetadata().getGeneration(), 1L) > 2;
  }

  /** Whether the controller has nothing left to do for it. */
  public static boolean isFinished(Job job) {
    return of(job, "Complete").isPresent() || of(job, "Failed").isPresent();
  }

  /** Whether others have suspended it, such as Kueue: not the worker, which holds it back. */
  public static boolean isSuspended(Job job) {
    return Boolean.TRUE.equals(job.getSpec().getSuspend()) && !JobAnnotations.isHeld(job);
  }

  /** Whether it is suspended, and would have no more pods even if it were not. */
  static boolean isWithdrawn(Job job) {
    return isSuspended(job) && Objects.equals(job.getSpec().getParallelism(), 0);
  }

  /** When the controller finished with it, to the second. */
  public static Optional<Instant> finishedAt(Job job) {
    return of(job, "Complete")
        .or(() -> of(job, "Failed"))
        .flatMap(condition -> Timestamps.parse(condition.getLastTransitionTime()));
  }
}
