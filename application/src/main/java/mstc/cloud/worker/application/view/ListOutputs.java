package mstc.cloud.worker.application.view;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.request.FilePrefix;
import mstc.cloud.worker.domain.store.ObjectListing;
import mstc.cloud.worker.domain.store.ObjectLocation;
import mstc.cloud.worker.domain.store.ObjectReader;
import mstc.cloud.worker.domain.view.JobOutputs;
import mstc.cloud.worker.domain.view.JobOutputs.Output;
import mstc.cloud.worker.domain.view.JobSummary;

/**
 * Lists the objects in jobs' output buckets whose keys begin with the job's prefix, but for its
 * log, as they are there now, whoever has put them there.
 */
public final class ListOutputs {
  /** For how long a link can be used. */
  static final Duration LINK_VALIDITY = Duration.ofHours(1);

  private final JobBoard board;
  private final ObjectReader store;

  /** Lists those of the jobs on that board. */
  public ListOutputs(JobBoard board, ObjectReader store) {
    this.board = board;
    this.store = store;
  }

  /**
   * The first outputs of a job; empty if it is not shown, or not any more. Blocks until the store
   * has responded.
   *
   * @param limit how many at most, 1 or more
   * @throws mstc.cloud.worker.domain.store.ObjectStoreException when the store failed
   */
  public Optional<JobOutputs> list(UniqueName name, int limit) {
    return board.find(name).map(job -> list(job, limit));
  }

  private JobOutputs list(JobSummary job, int limit) {
    if (job.prefix().isEmpty()) {
      return new JobOutputs(job.outputBucket(), job.prefix(), List.of(), false);
    }
    FilePrefix prefix = job.prefix().get();
    // The log, and one that only tells that there are more.
    int atMost = limit + 2;
    List<ObjectListing> found = store.list(job.outputBucket(), prefix.value(), atMost);
    List<ObjectListing> outputs =
        found.stream().filter(object -> isOutput(object.location(), job)).toList();
    return new JobOutputs(
        job.outputBucket(),
        job.prefix(),
        outputs.stream().limit(limit).map(this::output).toList(),
        outputs.size() > limit || found.size() == atMost);
  }

  private static boolean isOutput(ObjectLocation location, JobSummary job) {
    return !location.equals(job.logLocation())
        && !location.key().startsWith(ObjectLocation.RESERVED_PREFIX);
  }

  private Output output(ObjectListing object) {
    return new Output(
        object.location().key(), object.bytes(), store.link(object.location(), LINK_VALIDITY));
  }
}
