package mstc.cloud.worker.application.view;

import java.io.InputStream;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.request.Work;
import mstc.cloud.worker.domain.request.WorkFormat;
import mstc.cloud.worker.domain.store.BucketName;
import mstc.cloud.worker.domain.store.ObjectListing;
import mstc.cloud.worker.domain.store.ObjectLocation;
import mstc.cloud.worker.domain.store.ObjectReader;
import mstc.cloud.worker.domain.view.JobViews;
import mstc.cloud.worker.domain.view.JobWatcher;
import mstc.cloud.worker.domain.view.LogReader;

/**
 * What a worker shows jobs with, if it shows any.
 *
 * @param views of the jobs that the worker's runtime has on record
 * @param store which has their logs and outputs
 * @param format of the jobs' work, as whoever sends it again writes it
 * @param recent which jobs are shown after they have ended
 */
public record ViewPorts(JobViews views, ObjectReader store, WorkFormat format, RecentJobs recent) {

  /** For a worker that shows no jobs. */
  public static final ViewPorts NONE =
      new ViewPorts(new NoViews(), new NoStore(), new NoFormat(), RecentJobs.DEFAULT);

  /** Whether the worker shows its jobs. */
  public boolean showJobs() {
    return !equals(NONE);
  }

  private static final class NoViews implements JobViews {
    @Override
    public void watch(JobWatcher watcher) {}

    @Override
    public Optional<LogReader> openLog(UniqueName name, Optional<String> after, boolean follow) {
      return Optional.empty();
    }
  }

  private static final class NoStore implements ObjectReader {
    @Override
    public Optional<InputStream> read(ObjectLocation location) {
      return Optional.empty();
    }

    @Override
    public List<ObjectListing> list(BucketName bucket, String prefix, int atMost) {
      return List.of();
    }

    @Override
    public Optional<URI> link(ObjectLocation location, Duration validity) {
      return Optional.empty();
    }
  }

  private static final class NoFormat implements WorkFormat {
    @Override
    public String format(Work work) {
      throw new IllegalArgumentException("this worker shows no jobs");
    }

    @Override
    public Work parse(String text) {
      throw new IllegalArgumentException("this worker shows no jobs");
    }
  }
}
