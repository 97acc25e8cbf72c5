package mstc.cloud.worker.adapters.k8s;

import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import mstc.cloud.worker.domain.PrintableText;
import mstc.cloud.worker.domain.job.JobOutcome;

/**
 * The newest that is known of one Job and its pods. Keeps what is gone from the cluster: how a pod
 * ended is told by what it was last.
 */
final class TrackedJob {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Map<String, TrackedPod> pods = new LinkedHashMap<>();
  private Job job;
  private Optional<Instant> goneAt = Optional.empty();
  private Optional<Refusal> refusal = Optional.empty();
  private long changes;

  TrackedJob(Job job) {
    this.job = job;
  }

  private record Refusal(String version, String words) {}

  /**
   * A pod of the Job.
   *
   * @param gone whether it is no longer in the cluster
   * @param startedAt when its process began, which a pod may no longer tell at its end
   * @param endedByItself whether its process had ended before anything ended the pod
   */
  record TrackedPod(Pod pod, boolean gone, Optional<Instant> startedAt, boolean endedByItself) {
    TrackedPod(Pod pod, boolean gone) {
      this(pod, gone, PodStates.startedAt(pod), PodStates.endedByItself(pod));
    }

    /** What is known now, where this was before. */
    private TrackedPod with(Pod newer, boolean nowGone) {
      return new TrackedPod(
          newer,
          nowGone,
          PodStates.startedAt(newer).or(() -> startedAt),
          endedByItself || PodStates.endedByItself(newer));
    }

    String uid() {
      return pod.getMetadata().getUid();
    }
  }

  /**
   * What was known at one moment.
   *
   * @param pods oldest first
   * @param goneAt when the Job was known to be deleted; empty where it is there
   * @param refusal why its controller could not create a pod, when it last tried in vain
   * @param changes counts every change
   */
  record Snapshot(
      Job job,
      List<TrackedPod> pods,
      Optional<Instant> goneAt,
      Optional<String> refusal,
      long changes) {
    boolean gone() {
      return goneAt.isPresent();
    }
  }

  Snapshot snapshot() {
    lock.lock();
    try {
      return new Snapshot(
          job,
          pods.values().stream()
              .sorted(
                  Comparator.comparing(
                      (TrackedPod tracked) -> tracked.pod().getMetadata().getCreationTimestamp()))
              .toList(),
          goneAt,
          refusal.map(Refusal::words),
          changes);
    } finally {
      lock.unlock();
    }
  }

  /** Waits until there was a change after a snapshot, or for that long. */
  void awaitChange(Snapshot since, Duration atMost) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      long nanos = atMost.toNanos();
      while (changes == since.changes() && nanos > 0) {
        nanos = changed.awaitNanos(nanos);
      }
    } finally {
      lock.unlock();
    }
  }

  /** False where it is older than what is known. */
  boolean update(Job newer) {
    lock.lock();
    try {
      if (!isNewer(newer, job)) {
        return false;
      }
      job = newer;
      change();
      return true;
    } finally {
      lock.unlock();
    }
  }

  void markGone() {
    lock.lock();
    try {
      goneAt = goneAt.or(() -> Optional.of(Instant.now()));
      job = JobAnnotations.withoutHold(job);
      change();
    } finally {
      lock.unlock();
    }
  }

  /** Its controller could not create a pod. */
  void update(Event refused) {
    lock.lock();
    try {
      String version = refused.getMetadata().getResourceVersion();
      if (refusal.filter(known -> !isNewer(version, known.version())).isEmpty()) {
        refusal =
            Optional.of(
                new Refusal(
                    version,
                    PrintableText.oneLine(
                        PodStates.describe(null, refused.getMessage()),
                        JobOutcome.MAX_REASON_LENGTH)));
        change();
      }
    } finally {
      lock.unlock();
    }
  }

  /** False where it is older than what is known. */
  boolean update(Pod newer) {
    lock.lock();
    try {
      TrackedPod known = pods.get(newer.getMetadata().getUid());
      if (known != null && !isNewer(newer, known.pod())) {
        return false;
      }
      pods.put(
          newer.getMetadata().getUid(),
          known == null ? new TrackedPod(newer, false) : known.with(newer, false));
      change();
      return true;
    } finally {
      lock.unlock();
    }
  }

  void markGone(Pod pod) {
    lock.lock();
    try {
      TrackedPod known = pods.get(pod.getMetadata().getUid());
      TrackedPod last = new TrackedPod(pod, true);
      if (known != null) {
        // Where the watch missed its end, it tells of an older one.
        last = known.with(isNewer(known.pod(), pod) ? known.pod() : pod, true);
      }
      pods.put(pod.getMetadata().getUid(), last);
      change();
    } finally {
      lock.unlock();
    }
  }

  private void change() {
    changes++;
    changed.signalAll();
  }

  /** Resource versions of one kind grow with time, as numbers. */
  static boolean isNewer(HasMetadata one, HasMetadata other) {
    return isNewer(
        one.getMetadata().getResourceVersion(), other.getMetadata().getResourceVersion());
  }

  static boolean isNewer(String one, String other) {
    return one.length() == other.length()
        ? one.compareTo(other) > 0
        : one.length() > other.length();
  }
}
