package mstc.cloud.worker.domain.runtime;

import mstc.cloud.worker.domain.job.UniqueName;

/** This worker is no longer the one to complete the job; another is, or this one later. */
public final class JobHandedOverException extends Exception {
  private static final long serialVersionUID = 1L;

  /** The job is not to be completed here. */
  public JobHandedOverException(UniqueName name) {
    super("job " + name + " is no longer this worker's to complete");
  }
}
