package mstc.cloud.worker.application.view;

import java.time.Duration;
import java.util.List;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.view.JobSummary;

/** Tells one subscriber which jobs have changed since it last asked. */
public interface JobSubscription extends AutoCloseable {
  /**
   * What has changed.
   *
   * @param jobs as they are now
   * @param gone those that the subscriber was told of, and that are shown no longer
   * @param more whether there is more to be taken at once
   */
  record Changes(List<JobSummary> jobs, List<UniqueName> gone, boolean more) {
    public Changes {
      jobs = List.copyOf(jobs);
      gone = List.copyOf(gone);
    }

    public boolean isEmpty() {
      return jobs.isEmpty() && gone.isEmpty();
    }
  }

  /**
   * What has changed since the last call, all jobs at first; waits for a change, for at most that
   * long.
   *
   * @param atMost how many jobs are wanted at once, 1 or more
   */
  Changes take(int atMost, Duration patience) throws InterruptedException;

  /** Ends it. May be repeated. */
  @Override
  void close();
}
