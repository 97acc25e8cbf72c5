package mstc.cloud.worker.adapters.k8s;

import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
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
import mstc.cloud.worker.domain.runtime.JobCounts;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The worker's Jobs in the namespace, whichever replica created them, as far as is known here: by
 * watches, by lists, and by the answers to this replica's own calls. Whatever comes late is dropped
 * where newer is known.
 *
 * <p>An unanswered Job that was deleted is kept until it is {@linkplain #forget forgotten}: its
 * clients still wait.
 */
final class TrackedJobs {
  private static final Logger LOG = LoggerFactory.getLogger(TrackedJobs.class);

  /** Told of changes, in their order; must return at once. */
  interface Observer {
    /** An unanswered Job is seen for the first time. */
    void onUnanswered(UniqueName name, TrackedJob job);

    /** A Job has an answer. */
    void onAnswered(UniqueName name, Job job);

    /** An unanswered Job was deleted. */
    void onDeleted(UniqueName name);

    /** An unanswered Job that has ended is given up. */
    void onGivenUp(UniqueName name);

    /** {@link #counts()} has another value. */
    void onCountChanged();
  }

  private static final class Entry {
    private final UniqueName name;
    private final TrackedJob tracked;
    private boolean answered;
    private boolean givenUp;
    private boolean inFlight;
    private Optional<Ended> waiting = Optional.empty();

    Entry(UniqueName name, TrackedJob tracked) {
      this.name = name;
      this.tracked = tracked;
    }
  }

  /** A Job that has ended, the first one first. */
  private record Ended(Instant at, String uid) implements Comparable<Ended> {
    @Override
    public int compareTo(Ended other) {
      return Comparator.comparing(Ended::at).thenComparing(Ended::uid).compare(this, other);
    }
  }

  private final Observer observer;
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<String, Entry> byUid = new LinkedHashMap<>();
  private final Map<UUID, Entry> byUuid = new HashMap<>();

  /** Pods whose Job is not known yet: two watches are not in step. */
  private final Map<String, Map<String, Pod>> orphans = new HashMap<>();

  /** Those that have ended and are not answered. */
  private final NavigableSet<Ended> waiting = new TreeSet<>();

  private int inFlight;
  private volatile JobCounts counts = JobCounts.NONE;

  TrackedJobs(Observer observer) {
    this.observer = observer;
  }

  /**
   * How many Jobs there are: in flight are those that the cluster is not done with, answered or
   * not.
   */
  JobCounts counts() {
    return counts;
  }

  Optional<TrackedJob> find(UUID uuid) {
    lock.lock();
    try {
      return Optional.ofNullable(byUuid.get(uuid)).map(entry -> entry.tracked);
    } finally {
      lock.unlock();
    }
  }

  Optional<TrackedJob> findUnanswered(UniqueName name) {
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
  Map<UniqueName, TrackedJob> listUnanswered() {
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

  /** False where it is older than what is known, or no Job of the worker's. */
  boolean update(Job job) {
    lock.lock();
    try {
      Entry entry = byUid.get(job.getMetadata().getUid());
      if (entry == null) {
        return begin(job);
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

  private boolean begin(Job job) {
    UniqueName name;
    try {
      name = JobAnnotations.record(job).job().name();
    } catch (IllegalArgumentException e) {
      LOG.debug(
          "job={} is labelled as this worker's, but its annotations are not: {}",
          job.getMetadata().getName(),
          e.getMessage());
      return false;
    }
    Entry entry = new Entry(name, new TrackedJob(job));
    String uid = job.getMetadata().getUid();
    byUid.put(uid, entry);
    byUuid.put(name.uuid(), entry);
    orphans.getOrDefault(uid, Map.of()).values().forEach(entry.tracked::update);
    orphans.remove(uid);
    if (!JobAnnotations.isAnswered(job)) {
      observer.onUnanswered(name, entry.tracked);
    }
    note(entry, job);
    return true;
  }

  private void note(Entry entry, Job job) {
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

  void remove(Job job) {
    lock.lock();
    try {
      Entry entry = byUid.get(job.getMetadata().getUid());
      if (entry == null) {
        return;
      }
      if (entry.tracked.update(job)) {
        note(entry, job);
      }
      entry.tracked.markGone();
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

  /** Keeps a deleted Job no longer. Does nothing where it is not deleted. */
  void forget(UniqueName name) {
    lock.lock();
    try {
      Entry entry = byUuid.get(name.uuid());
      if (entry != null && entry.name.equals(name) && entry.tracked.snapshot().gone()) {
        drop(entry);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Keeps no deleted Job any longer. */
  void forgetDeleted() {
    lock.lock();
    try {
      new ArrayList<>(byUid.values())
          .stream().filter(entry -> entry.tracked.snapshot().gone()).forEach(this::drop);
    } finally {
      lock.unlock();
    }
  }

  private void drop(Entry entry) {
    byUid.values().remove(entry);
    byUuid.remove(entry.name.uuid(), entry);
    count(entry, false, Optional.empty());
  }

  /** False where it is older than what is known, or of no known Job. */
  boolean update(Pod pod) {
    lock.lock();
    try {
      boolean newer = false;
      for (String uid : owners(pod)) {
        Entry entry = byUid.get(uid);
        if (entry == null) {
          orphans
              .computeIfAbsent(uid, unknown -> new LinkedHashMap<>())
              .put(pod.getMetadata().getUid(), pod);
        } else {
          newer |= entry.tracked.update(pod);
        }
      }
      return newer;
    } finally {
      lock.unlock();
    }
  }

  void remove(Pod pod) {
    lock.lock();
    try {
      for (String uid : owners(pod)) {
        Entry entry = byUid.get(uid);
        if (entry != null) {
          entry.tracked.markGone(pod);
        }
        orphans.computeIfPresent(
            uid,
            (key, pods) -> {
              pods.remove(pod.getMetadata().getUid());
              return pods.isEmpty() ? null : pods;
            });
      }
    } finally {
      lock.unlock();
    }
  }

  /** The controller of a Job could not create a pod. It will say so again where that is unheard. */
  void update(Event refused) {
    lock.lock();
    try {
      Entry entry = byUid.get(refused.getInvolvedObject().getUid());
      if (entry != null) {
        entry.tracked.update(refused);
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
   * Removes the Jobs that a whole list did not have.
   *
   * @param version the list's
   */
  void retainJobs(Set<String> uids, String version) {
    lock.lock();
    try {
      for (Entry entry : new ArrayList<>(byUid.values())) {
        TrackedJob.Snapshot known = entry.tracked.snapshot();
        if (!known.gone()
            && !uids.contains(known.job().getMetadata().getUid())
            && TrackedJob.isNewer(version, known.job().getMetadata().getResourceVersion())) {
          remove(known.job());
        }
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * Removes the pods that a whole list did not have.
   *
   * @param version the list's
   */
  void retainPods(Set<String> uids, String version) {
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
    } finally {
      lock.unlock();
    }
  }
}
