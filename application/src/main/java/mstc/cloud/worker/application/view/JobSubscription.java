package mstc.cloud.worker.application.view;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.function.Function;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.view.JobSummary;

/**
 * Notes for one subscriber which jobs have changed since it last asked, each once. So one that asks
 * late gets less, holds nobody up, and what is noted for it does not grow beyond the jobs that
 * there are and those that it knows of. Guarded by the board's lock.
 */
public final class JobSubscription implements AutoCloseable {
  private final JobBoard board;
  private final Condition noted;

  /** The jobs that have to be told, those that changed first at the front. */
  private final Set<UniqueName> changed;

  /** The jobs that the subscriber knows of. */
  private final Set<UniqueName> told = new HashSet<>();

  JobSubscription(JobBoard board, Condition noted, Collection<UniqueName> first) {
    this.board = board;
    this.noted = noted;
    this.changed = new LinkedHashSet<>(first);
  }

  /**
   * What has changed.
   *
   * @param jobs as they are now
   * @param gone those that the subscriber was told of, and that are shown no longer
   * @param more whether there is more to be taken at once
   */
  public record Changes(List<JobSummary> jobs, List<UniqueName> gone, boolean more) {
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
  public Changes take(int atMost, Duration patience) throws InterruptedException {
    return board.take(this, atMost, patience);
  }

  /** Ends it. May be repeated. */
  @Override
  public void close() {
    board.unsubscribe(this);
  }

  Condition noted() {
    return noted;
  }

  boolean isEmpty() {
    return changed.isEmpty();
  }

  void onChanged(UniqueName name, boolean shown) {
    if (shown || told.contains(name)) {
      changed.add(name);
      noted.signal();
    } else {
      changed.remove(name);
    }
  }

  Changes drain(int atMost, Function<UniqueName, Optional<JobSummary>> board) {
    List<JobSummary> jobs = new ArrayList<>();
    List<UniqueName> gone = new ArrayList<>();
    Iterator<UniqueName> names = changed.iterator();
    while (names.hasNext() && jobs.size() + gone.size() < atMost) {
      UniqueName name = names.next();
      names.remove();
      Optional<JobSummary> job = board.apply(name);
      if (job.isPresent()) {
        jobs.add(job.get());
        told.add(name);
      } else {
        gone.add(name);
        told.remove(name);
      }
    }
    return new Changes(jobs, gone, !changed.isEmpty());
  }
}
