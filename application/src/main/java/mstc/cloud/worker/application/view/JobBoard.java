package mstc.cloud.worker.application.view;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.request.Work;
import mstc.cloud.worker.domain.request.WorkFormat;
import mstc.cloud.worker.domain.view.JobState;
import mstc.cloud.worker.domain.view.JobSummary;
import mstc.cloud.worker.domain.view.JobView;
import mstc.cloud.worker.domain.view.JobWatcher;

/**
 * All jobs on record as they are now, and the latest of those that have ended and are gone from
 * there. Any number of threads; none of them waits for another that does something slow.
 */
public final class JobBoard implements JobWatcher {
  /** What is said of a job that does not exist, or no longer does. */
  public static final String NO_SUCH_JOB = "there is no such job, or no longer";

  /** What the requests of jobs that are gone may take; the oldest are forgotten first. */
  static final long MAX_REQUEST_BYTES = 16L << 20;

  /** Guards everything below; never held while blocking. */
  private final ReentrantLock lock = new ReentrantLock();

  private final Condition changed = lock.newCondition();
  private final Map<UniqueName, Entry> entries = new HashMap<>();
  private final TreeMap<Place, Entry> newestFirst = new TreeMap<>();

  /** Those that have ended, the one that ended first at the front. */
  private final Map<UniqueName, Entry> ended = new LinkedHashMap<>();

  /** Those of them that are gone from the record, the one that went first at the front. */
  private final Map<UniqueName, Entry> gone = new LinkedHashMap<>();

  private final Set<ChangedJobs> subscribers = new HashSet<>();
  private final WorkFormat format;
  private final RecentJobs recent;
  private final InstantSource clock;
  private long requestBytes;

  /**
   * An empty board.
   *
   * @param format of the requests that it shows
   * @param recent which jobs it keeps after they are gone
   */
  public JobBoard(WorkFormat format, RecentJobs recent, InstantSource clock) {
    this.format = format;
    this.recent = recent;
    this.clock = clock;
  }

  /** One job on the board. */
  private static final class Entry {
    final JobSummary summary;
    final Place place;

    /**
     * Until the job is answered; then its request is kept as text, for as long as there is room.
     */
    final Optional<Work> work;

    Optional<String> request;
    Instant goneAt = Instant.MAX;

    Entry(JobSummary summary, Optional<Work> work, Optional<String> request) {
      this.summary = summary;
      this.place = Place.of(summary);
      this.work = work;
      this.request = request;
    }

    boolean hasEnded() {
      return summary.state() == JobState.ENDED;
    }
  }

  @Override
  public void onChanged(JobView job) {
    JobSummary summary = JobSummary.of(job);
    Work work = job.job().work();
    boolean hasEnded = job.state() == JobState.ENDED;
    lock.lock();
    try {
      if (!hasEnded) {
        put(new Entry(summary, Optional.of(work), Optional.empty()));
      } else if (ended.containsKey(job.name())) {
        put(new Entry(summary, Optional.empty(), ended.get(job.name()).request));
      } else {
        put(new Entry(summary, Optional.empty(), Optional.of(format.format(work))));
      }
      forgetOld();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void onGone(UniqueName name) {
    lock.lock();
    try {
      Entry entry = entries.get(name);
      if (entry != null && entry.hasEnded()) {
        keep(entry);
      } else if (entry != null) {
        remove(entry);
      }
      forgetOld();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Shows a job that was answered and is not on record any more, unless it is shown already. Does
   * not block.
   */
  public void showAnswered(JobSummary job, Work work) {
    lock.lock();
    try {
      if (!entries.containsKey(job.name())) {
        Entry entry = new Entry(job, Optional.empty(), Optional.of(format.format(work)));
        put(entry);
        keep(entry);
        forgetOld();
      }
    } finally {
      lock.unlock();
    }
  }

  private void put(Entry entry) {
    UniqueName name = entry.summary.name();
    Entry before = entries.get(name);
    if (before != null) {
      takeAway(before);
    }
    entries.put(name, entry);
    newestFirst.put(entry.place, entry);
    if (entry.hasEnded()) {
      ended.put(name, entry);
      requestBytes += size(entry);
    }
    tell(name);
  }

  /** From now on the job is one of the recent ones. */
  private void keep(Entry entry) {
    entry.goneAt = clock.instant();
    gone.putIfAbsent(entry.summary.name(), entry);
  }

  private void forgetOld() {
    Instant oldest = clock.instant().minus(recent.time());
    while (!gone.isEmpty()) {
      Entry first = gone.values().iterator().next();
      if (gone.size() <= recent.number() && first.goneAt.isAfter(oldest)) {
        break;
      }
      remove(first);
    }
    if (requestBytes > MAX_REQUEST_BYTES) {
      for (Entry entry : ended.values()) {
        requestBytes -= size(entry);
        entry.request = Optional.empty();
        if (requestBytes <= MAX_REQUEST_BYTES) {
          break;
        }
      }
    }
  }

  private static long size(Entry entry) {
    return entry.request.map(String::length).orElse(0);
  }

  private void remove(Entry entry) {
    takeAway(entry);
    tell(entry.summary.name());
  }

  private void takeAway(Entry entry) {
    UniqueName name = entry.summary.name();
    entries.remove(name);
    newestFirst.remove(entry.place);
    if (ended.remove(name) != null) {
      requestBytes -= size(entry);
    }
    gone.remove(name);
  }

  private void tell(UniqueName name) {
    changed.signalAll();
    subscribers.forEach(subscriber -> subscriber.onChanged(name, entries.containsKey(name)));
  }

  /** All jobs, newest first. Does not block. */
  public List<JobSummary> all() {
    lock.lock();
    try {
      forgetOld();
      List<JobSummary> all = new ArrayList<>(newestFirst.size());
      newestFirst.values().forEach(entry -> all.add(entry.summary));
      return all;
    } finally {
      lock.unlock();
    }
  }

  /** The job as it is now; empty if it is not shown. Does not block. */
  public Optional<JobSummary> find(UniqueName name) {
    lock.lock();
    try {
      forgetOld();
      return shown(name);
    } finally {
      lock.unlock();
    }
  }

  private Optional<JobSummary> shown(UniqueName name) {
    return Optional.ofNullable(entries.get(name)).map(entry -> entry.summary);
  }

  /** The job with its request; empty if it is not on the board. */
  Optional<JobDetail> detail(UniqueName name) {
    Entry entry;
    Optional<String> request;
    lock.lock();
    try {
      forgetOld();
      entry = entries.get(name);
      if (entry == null) {
        return Optional.empty();
      }
      request = entry.request;
    } finally {
      lock.unlock();
    }
    return Optional.of(
        new JobDetail(entry.summary, request.or(() -> entry.work.map(format::format))));
  }

  /**
   * Waits until the job is shown, and in that state or a later one, for at most that long.
   *
   * @return the job as it is then; empty if it is not shown
   */
  public Optional<JobSummary> await(UniqueName name, JobState state, Duration atMost)
      throws InterruptedException {
    lock.lockInterruptibly();
    try {
      long left = atMost.toNanos();
      while (true) {
        Optional<JobSummary> job = shown(name);
        if (left <= 0 || job.filter(seen -> seen.state().compareTo(state) >= 0).isPresent()) {
          return job;
        }
        left = changed.awaitNanos(left);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Begins to note which jobs change, all that are on the board first. */
  JobSubscription subscribe() {
    lock.lock();
    try {
      List<UniqueName> names = new ArrayList<>(newestFirst.size());
      newestFirst.values().forEach(entry -> names.add(entry.summary.name()));
      ChangedJobs changes = new ChangedJobs(lock.newCondition(), names);
      subscribers.add(changes);
      return new Subscription(changes);
    } finally {
      lock.unlock();
    }
  }

  private final class Subscription implements JobSubscription {
    private final ChangedJobs changes;

    Subscription(ChangedJobs changes) {
      this.changes = changes;
    }

    @Override
    public Changes take(int atMost, Duration patience) throws InterruptedException {
      lock.lockInterruptibly();
      try {
        forgetOld();
        changes.await(patience.toNanos());
        forgetOld();
        return changes.drain(atMost, JobBoard.this::shown);
      } finally {
        lock.unlock();
      }
    }

    @Override
    public void close() {
      lock.lock();
      try {
        subscribers.remove(changes);
      } finally {
        lock.unlock();
      }
    }
  }
}
