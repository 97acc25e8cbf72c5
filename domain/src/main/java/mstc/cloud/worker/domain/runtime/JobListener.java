package mstc.cloud.worker.domain.runtime;

import mstc.cloud.worker.domain.job.UniqueName;

/**
 * Notified by the runtime of what happens to jobs. Called on the runtime's threads: must return at
 * once and not throw.
 */
public interface JobListener {

  /**
   * An unanswered job is this worker's to follow and to complete. Called once for each job, also
   * for those of an earlier run, until the worker loses the job: {@link JobRuntime#awaitEnd} then
   * throws {@link JobHandedOverException}, and a later call may give the job back.
   */
  void onUnanswered(JobRecord job);

  /** A job's answer was recorded, by this worker or another. */
  void onAnswered(UniqueName name, Answer answer);

  /**
   * A job that has ended is {@linkplain JobRecord#givenUp given up}. Called at least if the job is
   * this worker's to complete.
   */
  void onGivenUp(UniqueName name);

  /** {@link JobRuntime#counts()} has changed. */
  void onCountsChanged();
}
