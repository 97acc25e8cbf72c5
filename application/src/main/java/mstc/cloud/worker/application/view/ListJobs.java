package mstc.cloud.worker.application.view;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.view.JobFilter;
import mstc.cloud.worker.domain.view.JobSummary;

/** Lists jobs, and tells of them as they change. Does not block. */
public final class ListJobs {
  private final JobBoard board;

  /** Lists what is on that board. */
  public ListJobs(JobBoard board) {
    this.board = board;
  }

  /**
   * A part of a list.
   *
   * @param total how many jobs the whole list has
   * @param next what to give as {@code after} for the next part; empty if this is the last
   */
  public record Page(List<JobSummary> jobs, int total, Optional<String> next) {
    public Page {
      jobs = List.copyOf(jobs);
    }
  }

  /**
   * The jobs that match, newest first.
   *
   * @param limit how many at most, 1 or more
   * @param after {@link Page#next} of the page before; empty for the first
   * @throws mstc.cloud.worker.domain.InvalidValueException if that is no such value
   */
  public Page list(JobFilter filter, int limit, Optional<String> after) {
    Optional<Place> begin = after.map(Place::parse);
    List<JobSummary> page = new ArrayList<>();
    int total = 0;
    boolean more = false;
    for (JobSummary job : board.all()) {
      if (!filter.matches(job)) {
        continue;
      }
      total++;
      if (begin.map(place -> Place.of(job).compareTo(place) > 0).orElse(true)) {
        if (page.size() < limit) {
          page.add(job);
        } else {
          more = true;
        }
      }
    }
    return new Page(
        page, total, more ? Optional.of(Place.of(page.getLast()).toString()) : Optional.empty());
  }

  /** One job, with its request; empty if it is not shown, or not any more. */
  public Optional<JobDetail> find(UniqueName name) {
    return board.detail(name);
  }

  /** Tells of all jobs, and from then on of those that change. The caller closes it. */
  public JobSubscription subscribe() {
    return board.subscribe();
  }
}
