package mstc.cloud.worker.application.view;

import java.time.Duration;

/**
 * Which of the jobs that have ended are still shown.
 *
 * @param number how many at most, the latest; 0 or more
 * @param time for how long after they were last seen on record; more than zero
 */
public record RecentJobs(int number, Duration time) {
  /** A thousand, for a day. */
  public static final RecentJobs DEFAULT = new RecentJobs(1_000, Duration.ofHours(24));

  public RecentJobs {
    if (number < 0) {
      throw new IllegalArgumentException(number + " recent jobs must be 0 or more");
    }
    if (!time.isPositive()) {
      throw new IllegalArgumentException("the time of recent jobs must be positive, not " + time);
    }
  }
}
