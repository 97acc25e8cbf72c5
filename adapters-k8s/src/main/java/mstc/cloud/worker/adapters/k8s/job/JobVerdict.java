package mstc.cloud.worker.adapters.k8s.job;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import mstc.cloud.worker.adapters.k8s.job.JobAnnotations.Unstartable;
import mstc.cloud.worker.adapters.k8s.job.TrackedJob.TrackedPod;
import mstc.cloud.worker.domain.job.JobOutcome;

/** What a Job and its pods say about the state of the job. */
public sealed interface JobVerdict {

  /** The job runs, or is about to. */
  record Underway() implements JobVerdict {}

  /**
   * Others have suspended the Job, and no process of it runs.
   *
   * @param startedAt of its first process; empty if none is known to have run
   * @param warnings for the reply, if the job ends like this
   */
  record Suspended(Optional<Instant> startedAt, List<String> warnings) implements JobVerdict {}

  /** The Job is over, but its pods, which tell how it ended, have not been seen to be over. */
  record Unseen() implements JobVerdict {}

  /**
   * The job cannot start.
   *
   * @param patience how long that may last
   */
  record Stuck(Unstartable why, Patience patience) implements JobVerdict {}

  /** How long something that keeps a job from starting may last. */
  enum Patience {
    /** It will not change. */
    NONE,
    /** Some causes pass, such as a registry that is busy. */
    START_GRACE,
    /** It normally passes, and says nothing about the job. */
    LONG
  }

  /**
   * An attempt has failed and is not the last, and containers beside the job's keep its pod from
   * ending.
   */
  record Lingering(TrackedPod attempt) implements JobVerdict {}

  /**
   * The job has ended, but its Job would go on: containers beside the job's keep its pod running,
   * or have made it fail, so that another would follow.
   *
   * @param attempt the last
   */
  record Settled(Ended end, TrackedPod attempt) implements JobVerdict {}

  /** The job's time is over, but its Job would try again. */
  record Overdue() implements JobVerdict {}

  /**
   * The job has ended.
   *
   * @param attempts the pods whose logs are the job's
   */
  record Ended(
      JobOutcome outcome,
      Optional<Instant> startedAt,
      Instant finishedAt,
      List<String> warnings,
      List<TrackedPod> attempts)
      implements JobVerdict {}
}
