package mstc.cloud.worker.adapters.k8s.job;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.locks.ReentrantLock;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.runtime.Answer;
import mstc.cloud.worker.domain.runtime.JobCounts;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The worker's Jobs in the namespace, whichever replica created them, as far as this replica knows
 * them: from watches, lists and the responses to its own calls. What comes late is dropped if newer
 * is known, or if the Job was deleted and is no longer kept.
 *
 * <p>An unanswered Job that was deleted is kept until it is {@linkplain #forget forgotten}: its
 * clients still wait.
 */
public final class TrackedJobs {
  private static final Logger LOG = LoggerFactory.getLogger(TrackedJobs.class);

  /** Called with changes, in their order; must return at once. */
  public interface Observer {
    /** An unanswered Job is seen for the first time. */
    void onUnanswered(UniqueName name, TrackedJob job);

    /** A Job has an answer. */
    void onAnswered(UniqueName name, Job job);

    /** An unanswered Job was deleted. */
    void onDeleted(UniqueName name);

    /** An unanswered Job that has ended is given up. */
    void onGivenUp(UniqueName name);

    /** {@link #counts()} has changed. */
    void onCountChanged();
  }

  /** Called with every change of what is known of any Job, in their order; must return at once. */
  public interface Changes {
    /** A Job is seen for the first time. */
    void onBegun(mstc.cloud.worker.domain.job.Job job, TrackedJob tracked);

    /** Something else is known of it, or of its pods. */
    void onChanged(TrackedJob tracked);

    /** It was answered after it was deleted, of which the Job tells nothing. */
    void onDeletedAnswered(TrackedJob tracked, Answer answer);

    /** It is no longer kept. */
    void onGone(TrackedJob tracked);
  }

  private static final class Entry {
    private final UniqueName name;
    private final TrackedJob tracked;
    private boolean answered;
    private boolean givenUp;
    private boolean inFlight;
    private Optional<Ended> waiting = Optional.empty();

    /** The version up to which reports of it are late, once it is gone; empty for all. */
    private Optional<String> goneVersion = Optional.empty();

    Entry(UniqueName name, TrackedJob tracked) {
      this.name = name;
      this.tracked = tracked;
    }
  }

  /** A Job that has ended; the first to end comes first. */
  private record Ended(Instant at, String uid) implements Comparable<Ended> {
    @Override
    public int compareTo(Ended other) {
      return Comparator.comparing(Ended::at).thenComparing(Ended::uid).compare(this, other);
    }
  }

  private final Observer observer;
  private final Changes changes;
  private final RecordReader reader;
  private final ReentrantLock lock = new ReentrantLock();

  @GuardedBy("lock")
  private final Map<String, Entry> byUid = new LinkedHashMap<>();

  @GuardedBy("lock")
  private final Map<UUID, Entry> byUuid = new HashMap<>();

  @GuardedBy("lock")
  private final UnclaimedPods unclaimed = new UnclaimedPods();

  @GuardedBy("lock")
  private final Tombstones tombstones = new Tombstones();

  /** The uids of Jobs whose annotations are no record. */
  @GuardedBy("lock")
  private final Set<String> unreadable = new HashSet<>();

  /** The Jobs that have ended and are not answered. */
  @GuardedBy("lock")
  private final NavigableSet<Ended> waiting = new TreeSet<>();

  @GuardedBy("lock")
  private int inFlight;

  private volatile JobCounts counts = JobCounts.NONE;

  /** Knows no Jobs yet. */
  public TrackedJobs(Observer observer, Changes changes, RecordReader reader) {
    this.observer = observer;
    this.changes = changes;
    this.reader = reader;
  }

  /**
   * How many Jobs there are. In flight are those that the cluster has not finished, answered or
   * not.
   */
  public JobCounts counts() {
    return counts;
  }

  public Optional<TrackedJob> find(UUID uuid) {
    lock.lock();
    try {
      return Optional.ofNullable(byUuid.get(uuid)).map(entry -> entry.tracked);
    } finally {
      lock.unlock();
    }
  }

  public Optional<TrackedJob> findUnanswered(UniqueName name) {
    lock.lock();
    try {
      return Optional.ofNullable(byUuid.get(name.uuid()))
          .filter(entry -> !entry.answered && entry.name.equals(name))
          .map(entry -> entry.tracked);
    } finally {
      lock.unlock();
    }
  }

  /** The unanswered Jobs by name, the oldest known first. */
  public Map<UniqueName, TrackedJob> listUnanswered() {
    lock.lock();
    try {
      Map<UniqueName, TrackedJob> all = new LinkedHashMap<>();
      byUid.values().stream()
          .filter(entry -> !entry.answered)
          .forEach(entry -> all.put(entry.name, entry.tracked));
      return all;
    } finally {
      lock.unlock();
    }
  }

  /**
   * False if it is older than what is known, if the Job was deleted, or if it is not the worker's.
   */
  public boolean update(Job job) {
    lock.lock();
    try {
      String uid = job.getMetadata().getUid();
      Entry entry = byUid.get(uid);
      if (entry == null) {
        return !tombstones.covers(job) && begin(job);
      }
      if (!entry.tracked.update(job)) {
        return false;
      }
      note(entry, job);
      return true;
    } finally {
      lock.unlock();
    }
  }

  @GuardedBy("lock")
  private boolean begin(Job job) {
    String uid = job.getMetadata().getUid();
    mstc.cloud.worker.domain.job.Job recorded;
    try {
      recorded = reader.parse(job).job();
    } catch (IllegalArgumentException e) {
      if (unreadable.add(uid)) {
        LOG.warn(
            "job={} is labelled as this worker's, but neither followed nor shown, as its annotations"
                + " cannot be read: {}",
            job.getMetadata().getName(),
            e.getMessage());
      }
      return false;
    }
    unreadable.remove(uid);
    UniqueName name = recorded.name();
    Entry entry = new Entry(name, new TrackedJob(job));
    byUid.put(uid, entry);
    byUuid.put(name.uuid(), entry);
    tombstones.remove(uid);
    unclaimed.take(uid).forEach(entry.tracked::update);
    changes.onBegun(recorded, entry.tracked);
    if (!JobAnnotations.isAnswered(job)) {
      observer.onUnanswered(name, entry.tracked);
    }
    note(entry, job);
    return true;
  }

  @GuardedBy("lock")
  private void note(Entry entry, Job job) {
    changes.onChanged(entry.tracked);
    if (!entry.answered && JobAnnotations.isAnswered(job)) {
      entry.answered = true;
      observer.onAnswered(entry.name, job);
    }
    if (!entry.givenUp && !entry.answered && JobAnnotations.isGivenUp(job)) {
      entry.givenUp = true;
      observer.onGivenUp(entry.name);
    }
    count(entry);
  }

  @GuardedBy("lock")
  private void count(Entry entry) {
    TrackedJob.Snapshot known = entry.tracked.snapshot();
    boolean over = known.gone() || JobConditions.isFinished(known.job());
    count(
        entry,
        !over,
        over && !entry.answered ? Optional.of(ended(entry, known.job())) : Optional.empty());
  }

  private static Ended ended(Entry entry, Job job) {
    return entry.waiting.orElseGet(() ->
        new Ended(
            JobConditions.finishedAt(job).orElseGet(Instant::now), job.getMetadata().getUid()));
  }

  @GuardedBy("lock")
  private void count(Entry entry, boolean isInFlight, Optional<Ended> isWaiting) {
    if (entry.inFlight == isInFlight && entry.waiting.equals(isWaiting)) {
      return;
    }
    inFlight += (isInFlight ? 1 : 0) - (entry.inFlight ? 1 : 0);
    entry.inFlight = isInFlight;
    entry.waiting.ifPresent(waiting::remove);
    isWaiting.ifPresent(waiting::add);
    entry.waiting = isWaiting;
    counts =
        new JobCounts(
            inFlight,
            waiting.size(),
            waiting.isEmpty() ? Optional.empty() : Optional.of(waiting.first().at()));
    observer.onCountChanged();
  }

  /** A watch no longer has a Job: it was deleted, or its label was taken away. */
  public void remove(Job job) {
    remove(job, Optional.of(job.getMetadata().getResourceVersion()));
  }

  /** A call found that a Job does not exist any more, whatever watches that are behind report. */
  public void removeForGood(Job job) {
    remove(job, Optional.empty());
  }

  private void remove(Job job, Optional<String> goneVersion) {
    lock.lock();
    try {
      String uid = job.getMetadata().getUid();
      Entry entry = byUid.get(uid);
      if (entry == null) {
        tombstones.add(uid, goneVersion);
        unreadable.remove(uid);
        return;
      }
      if (entry.tracked.update(job)) {
        note(entry, job);
      }
      entry.tracked.markGone();
      changes.onChanged(entry.tracked);
      entry.goneVersion = goneVersion;
      if (entry.answered) {
        drop(entry);
      } else {
        count(entry);
        observer.onDeleted(entry.name);
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * Notes on a deleted Job, which only this worker still knows, what a patch would have noted in
   * the cluster. Empty if there is no such Job, or it is not deleted.
   */
  Optional<Job> noteOnDeleted(UniqueName name, String annotation, String value) {
    lock.lock();
    try {
      Entry entry = byUuid.get(name.uuid());
      if (entry == null || !entry.name.equals(name)) {
        return Optional.empty();
      }
      return noteIfGone(entry, annotation, value);
    } finally {
      lock.unlock();
    }
  }

  /** As {@link #noteOnDeleted}, but only while the record is still the one that was read. */
  Optional<Job> replaceOnDeleted(Job read, String annotation, String value) {
    lock.lock();
    try {
      Entry entry = byUid.get(read.getMetadata().getUid());
      if (entry == null
          || !JobAnnotations.version(entry.tracked.snapshot().job())
              .equals(JobAnnotations.version(read))) {
        return Optional.empty();
      }
      return noteIfGone(entry, annotation, value);
    } finally {
      lock.unlock();
    }
  }

  @GuardedBy("lock")
  private Optional<Job> noteIfGone(Entry entry, String annotation, String value) {
    Optional<Job> noted = entry.tracked.noteIfGone(annotation, value);
    noted.ifPresent(job -> note(entry, job));
    return noted;
  }

  /** Stops keeping a deleted Job. Does nothing if it is not deleted. */
  public void forget(UniqueName name) {
    forget(name, Optional.empty());
  }

  /** The same, as it was answered. */
  void forgetAnswered(UniqueName name, Answer answer) {
    forget(name, Optional.of(answer));
  }

  private void forget(UniqueName name, Optional<Answer> answer) {
    lock.lock();
    try {
      Entry entry = byUuid.get(name.uuid());
      if (entry != null && entry.name.equals(name) && entry.tracked.snapshot().gone()) {
        answer.ifPresent(given -> changes.onDeletedAnswered(entry.tracked, given));
        drop(entry);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Stops keeping deleted Jobs; returns those that it kept. */
  public List<UniqueName> forgetDeleted() {
    lock.lock();
    try {
      List<Entry> deleted =
          byUid.values().stream().filter(entry -> entry.tracked.snapshot().gone()).toList();
      deleted.forEach(this::drop);
      return deleted.stream().map(entry -> entry.name).toList();
    } finally {
      lock.unlock();
    }
  }

  @GuardedBy("lock")
  private void drop(Entry entry) {
    String uid = entry.tracked.snapshot().job().getMetadata().getUid();
    tombstones.add(uid, entry.goneVersion);
    byUid.remove(uid);
    byUuid.remove(entry.name.uuid(), entry);
    count(entry, false, Optional.empty());
    changes.onGone(entry.tracked);
  }

  /** False if it is older than what is known, or of no known Job. */
  public boolean update(Pod pod) {
    lock.lock();
    try {
      boolean newer = false;
      for (String uid : owners(pod)) {
        Entry entry = byUid.get(uid);
        if (entry == null) {
          unclaimed.put(uid, pod);
        } else {
          newer |= change(entry, pod);
        }
      }
      return newer;
    } finally {
      lock.unlock();
    }
  }

  @GuardedBy("lock")
  private boolean change(Entry entry, Pod pod) {
    boolean isNewer = entry.tracked.update(pod);
    if (isNewer) {
      changes.onChanged(entry.tracked);
    }
    return isNewer;
  }

  public void remove(Pod pod) {
    lock.lock();
    try {
      for (String uid : owners(pod)) {
        Entry entry = byUid.get(uid);
        if (entry != null) {
          entry.tracked.markGone(pod);
          changes.onChanged(entry.tracked);
        }
        unclaimed.remove(uid, pod);
      }
    } finally {
      lock.unlock();
    }
  }

  /** The controller of a Job could not create a pod. If that goes unheard, it will say so again. */
  public void update(Event refused) {
    lock.lock();
    try {
      Entry entry = byUid.get(refused.getInvolvedObject().getUid());
      if (entry != null) {
        entry.tracked.update(refused);
        changes.onChanged(entry.tracked);
      }
    } finally {
      lock.unlock();
    }
  }

  private static List<String> owners(Pod pod) {
    return Optional.ofNullable(pod.getMetadata().getOwnerReferences()).stream()
        .flatMap(List::stream)
        .filter(owner -> owner.getKind().equals("Job"))
        .map(OwnerReference::getUid)
        .toList();
  }

  /**
   * Removes the Jobs that a complete list did not have.
   *
   * @param version the list's
   */
  public void retainJobs(Set<String> uids, String version) {
    lock.lock();
    try {
      for (Entry entry : new ArrayList<>(byUid.values())) {
        TrackedJob.Snapshot known = entry.tracked.snapshot();
        if (!known.gone()
            && !uids.contains(known.job().getMetadata().getUid())
            && TrackedJob.isNewer(version, known.job().getMetadata().getResourceVersion())) {
          remove(known.job(), Optional.of(version));
        }
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * Removes the pods that a complete list did not have.
   *
   * @param version the list's
   */
  public void retainPods(Set<String> uids, String version) {
    lock.lock();
    try {
      for (Entry entry : new ArrayList<>(byUid.values())) {
        entry.tracked.snapshot().pods().stream()
            .filter(pod ->
                !pod.gone()
                    && !uids.contains(pod.uid())
                    && TrackedJob.isNewer(version, pod.pod().getMetadata().getResourceVersion()))
            .forEach(pod -> remove(pod.pod()));
      }
      unclaimed.retain(uids, version);
    } finally {
      lock.unlock();
    }
  }
}
