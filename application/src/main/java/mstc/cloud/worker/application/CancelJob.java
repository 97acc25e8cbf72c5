package mstc.cloud.worker.application;

import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.runtime.JobRuntime;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Cancels a job; its log is stored, and its clients are told that it was cancelled. */
public final class CancelJob {
  private static final Logger LOG = LoggerFactory.getLogger(CancelJob.class);

  private final JobRuntime runtime;

  CancelJob(JobRuntime runtime) {
    this.runtime = runtime;
  }

  /**
   * Has the runtime end a job, without waiting for its end. A job that has ended is answered as it
   * ended, and no longer waits for its log to be stored or for a reply queue. May be repeated;
   * blocks until the runtime has responded.
   *
   * @return false if there is no such job, or none any more
   * @throws mstc.cloud.worker.domain.runtime.JobRuntimeException when the runtime failed
   */
  public boolean cancel(UniqueName name) {
    boolean found = runtime.cancel(name);
    if (found) {
      LOG.info("job={} is to be cancelled", name);
    }
    return found;
  }
}
