package mstc.cloud.worker.adapters.k8s;

import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobCondition;
import io.fabric8.kubernetes.api.model.batch.v1.JobStatus;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/** Reads what the Job controller says about a Job. */
final class JobConditions {
  private JobConditions() {}

  /** The condition of that type, where it is true. */
  static Optional<JobCondition> of(Job job, String type) {
    return Optional.ofNullable(job.getStatus())
        .map(JobStatus::getConditions)
        .map(List::stream)
        .orElseGet(Stream::empty)
        .filter(
            condition -> type.equals(condition.getType()) && "True".equals(condition.getStatus()))
        .findFirst();
  }

  /** Whether the controller has counted a pod of it, running or ended. */
  static boolean hasHadPods(Job job) {
    return Optional.ofNullable(job.getStatus()).stream()
        .flatMap(status -> Stream.of(status.getActive(), status.getFailed(), status.getSucceeded()))
        .anyMatch(count -> Objects.requireNonNullElse(count, 0) > 0);
  }

  /** Whether the controller has nothing left to do for it. */
  static boolean isFinished(Job job) {
    return of(job, "Complete").isPresent() || of(job, "Failed").isPresent();
  }
}
