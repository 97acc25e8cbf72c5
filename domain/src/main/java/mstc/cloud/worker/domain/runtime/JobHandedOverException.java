package mstc.cloud.worker.domain.runtime;

import mstc.cloud.worker.domain.job.UniqueName;

/** This worker is no longer the one to complete the job: another does, or this one later. */
public final class JobHandedOverException extends Exception {
  private static final long serialVersionUID = 1L;

  public JobHandedOverException(UniqueName name) {
    super("job " + name + " is no longer this worker's to complete");
  }
}
