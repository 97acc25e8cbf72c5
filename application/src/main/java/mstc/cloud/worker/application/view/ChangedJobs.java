package mstc.cloud.worker.application.view;

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
import mstc.cloud.worker.application.view.JobSubscription.Changes;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.view.JobSummary;

/**
 * Notes for one subscriber which jobs have changed since it last asked, each once. So one that asks
 * late gets less, holds nobody up, and what is noted for it does not grow beyond the jobs that
 * there are and those that it knows of. Guarded by the board's lock.
 */
final class ChangedJobs {
  private final Condition noted;

  /** The jobs that have to be told, those that changed first at the front. */
  private final Set<UniqueName> changed;

  /** The jobs that the subscriber knows of. */
  private final Set<UniqueName> told = new HashSet<>();

  /**
   * @param noted a condition of the lock that guards it
   * @param first the jobs that are to be told first
   */
  ChangedJobs(Condition noted, Collection<UniqueName> first) {
    this.noted = noted;
    this.changed = new LinkedHashSet<>(first);
  }

  void onChanged(UniqueName name, boolean shown) {
    if (shown || told.contains(name)) {
      changed.add(name);
      noted.signal();
    } else {
      changed.remove(name);
    }
  }

  /** Waits until there is something to be told, for at most that long. */
  void await(long nanos) throws InterruptedException {
    long left = nanos;
    while (changed.isEmpty() && left > 0) {
      left = noted.awaitNanos(left);
    }
  }

  /**
   * Takes what has to be told.
   *
   * @param board the jobs as they are now
   */
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
