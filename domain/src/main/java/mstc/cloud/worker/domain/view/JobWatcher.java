package mstc.cloud.worker.domain.view;

import mstc.cloud.worker.domain.job.UniqueName;

/**
 * Notified of what can be seen of jobs, one call at a time. Called on the runtime's threads: must
 * return at once and not throw.
 */
public interface JobWatcher {

  /**
   * A job is seen for the first time, or what is seen of it has changed. Changes that follow each
   * other closely may be reported as one; the last one always is.
   */
  void onChanged(JobView job);

  /** The record of a job is gone: it was answered a while ago, or someone deleted it. */
  void onGone(UniqueName name);
}
