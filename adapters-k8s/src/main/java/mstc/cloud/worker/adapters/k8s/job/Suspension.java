package mstc.cloud.worker.adapters.k8s.job;

import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import mstc.cloud.worker.adapters.k8s.cluster.ApiErrors;
import mstc.cloud.worker.adapters.k8s.cluster.Timestamps;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.runtime.JobRuntimeException;
import mstc.cloud.worker.wire.RecordedEnd;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Ends one Job while others have suspended it, such as Kueue: then its deadline does not run, and
 * nothing else ends it. Used by the thread that follows the Job.
 *
 * <p>That takes two patches, as Kueue refuses to let a Job leave its queue and go on at once. The
 * first withdraws it: no queue admits it, and it would have no pods if one did. The second lets it
 * go on, to its deadline.
 */
public final class Suspension {
  private static final Logger LOG = LoggerFactory.getLogger(Suspension.class);

  /** Before a Job is read again that has changed meanwhile, unless its watch is faster. */
  private static final Duration LOOK_AGAIN = Duration.ofSeconds(5);

  private final UniqueName name;
  private final TrackedJob tracked;
  private final JobCalls calls;
  private final Duration limit;

  private boolean isWithdrawn;
  private boolean isResumed;

  /**
   * @param limit how long after its creation the Job may be suspended
   */
  public Suspension(UniqueName name, TrackedJob tracked, JobCalls calls, Duration limit) {
    this.name = name;
    this.tracked = tracked;
    this.calls = calls;
    this.limit = limit;
  }

  /**
   * Takes the next step for a suspended Job that is to end soon, such as one that was cancelled.
   *
   * @return when to look again; empty if there is nothing to do, or nothing left
   */
  public Optional<Duration> end(Job job) {
    if (!JobConditions.isSuspended(job)
        || !JobCalls.isToEndSoon(job)
        || JobConditions.isFinished(job)) {
      return Optional.empty();
    }
    boolean hasQueue = JobCalls.isQueued(job);
    if (!isWithdrawn && (hasQueue || !JobConditions.isWithdrawn(job))) {
      withdraw(job, Map.of());
      return Optional.of(LOOK_AGAIN);
    }
    // One that has to stay in its queue, or that is suspended again, has no pods: it can wait.
    if (hasQueue || isResumed) {
      return Optional.empty();
    }
    ObjectNode patch = JobCalls.patch(version(job), Map.of());
    patch.putObject("spec").put("suspend", false);
    Optional<Job> resumed = calls.patchIf(name, patch);
    resumed.ifPresent(tracked::update);
    isResumed = resumed.isPresent();
    return Optional.of(LOOK_AGAIN);
  }

  /**
   * Begins to end a Job that has been suspended for too long, and records that.
   *
   * @return when to look again
   */
  public Duration endIfTooLong(Job job, JobVerdict.Suspended verdict) {
    Instant now = Instant.now();
    Instant created = Timestamps.parse(job.getMetadata().getCreationTimestamp()).orElse(now);
    Duration left = Duration.between(now, created.plus(limit));
    if (left.isPositive()) {
      return left.plusMillis(1);
    }
    String words = words(job);
    LOG.info("job={} is ended, as {}", name, words);
    withdraw(
        job,
        Map.of(
            JobNames.ENDED,
            JobAnnotations.ended(
                new RecordedEnd(
                    new JobOutcome.TimedOut(limit, Optional.of(words)),
                    verdict.startedAt(),
                    now,
                    Optional.empty(),
                    verdict.warnings()))));
    return LOOK_AGAIN;
  }

  /** A Job that has gone on since its creation is of another generation. */
  private static String words(Job job) {
    String queue = inQueue(job);
    return Objects.equals(job.getMetadata().getGeneration(), 1L)
        ? "it waited suspended" + queue + ", and never ran"
        : "it was suspended" + queue;
  }

  /** The queue in which it waits, to be added to a sentence; empty if it has none. */
  static String inQueue(Job job) {
    return Optional.ofNullable(job.getMetadata().getLabels())
        .map(labels -> labels.get(JobNames.QUEUE_NAME_LABEL))
        .map(label -> " in queue " + label)
        .orElse("");
  }

  private void withdraw(Job job, Map<String, String> annotations) {
    ObjectNode patch = JobCalls.patch(version(job), annotations);
    patch
        .putObject("spec")
        .put("parallelism", 0)
        .put("activeDeadlineSeconds", JobCalls.SOON_SECONDS);
    Optional<Job> withdrawn =
        JobCalls.isQueued(job) ? withdrawFromQueue(patch) : calls.patchIf(name, patch);
    withdrawn.ifPresent(tracked::update);
    isWithdrawn = withdrawn.isPresent();
  }

  /** Where a namespace has a queue for all, Kueue lets no Job be without one. */
  private Optional<Job> withdrawFromQueue(ObjectNode patch) {
    ObjectNode leaving = patch.deepCopy();
    ((ObjectNode) leaving.get("metadata")).putObject("labels").putNull(JobNames.QUEUE_NAME_LABEL);
    try {
      return calls.patchIf(name, leaving);
    } catch (JobRuntimeException e) {
      if (e.getCause() instanceof KubernetesClientException cause && ApiErrors.isRefusal(cause)) {
        LOG.debug("job={} stays in its queue: {}", name, e.getMessage());
        return calls.patchIf(name, patch);
      }
      throw e;
    }
  }

  private static Optional<String> version(Job job) {
    return Optional.of(job.getMetadata().getResourceVersion());
  }
}
