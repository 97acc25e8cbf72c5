package mstc.cloud.worker.adapters.k8s.job;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
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
 * The newest that is known of one Job and its pods. Keeps what is gone from the cluster: the last
 * that was known of a pod tells how it ended.
 */
public final class TrackedJob {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  @GuardedBy("lock")
  private final Map<String, TrackedPod> pods = new LinkedHashMap<>();

  /** Annotations of a Job that is gone, for which the cluster has no place any more. */
  @GuardedBy("lock")
  private final Map<String, String> notes = new LinkedHashMap<>();

  @GuardedBy("lock")
  private Job job;

  @GuardedBy("lock")
  private Optional<Instant> goneAt = Optional.empty();

  @GuardedBy("lock")
  private Optional<Refusal> refusal = Optional.empty();

  @GuardedBy("lock")
  private long changes;

  public TrackedJob(Job job) {
    this.job = job;
  }

  private record Refusal(String version, String words) {}

  /**
   * A pod of the Job.
   *
   * @param gone whether it is no longer in the cluster
   * @param startedAt when its process began, which a pod may no longer tell once it has ended
   * @param endedByItself whether its process had ended before anything ended the pod
   */
  public record TrackedPod(
      Pod pod, boolean gone, Optional<Instant> startedAt, boolean endedByItself) {
    TrackedPod(Pod pod, boolean gone) {
      this(pod, gone, PodStates.startedAt(pod), PodStates.endedByItself(pod));
    }

    /** This pod with a newer state. */
    private TrackedPod with(Pod newer, boolean nowGone) {
      return new TrackedPod(
          newer,
          nowGone,
          PodStates.startedAt(newer).or(() -> startedAt),
          endedByItself || PodStates.endedByItself(newer));
    }

    public String uid() {
      return pod.getMetadata().getUid();
    }

    /** Whether no process of it runs any more, or ever will. */
    public boolean isOver() {
      return gone || PodStates.isPhase(pod, "Succeeded") || PodStates.isPhase(pod, "Failed");
    }

    /** Whether it is not over, but its end was requested. */
    boolean isEnding() {
      return !isOver() && PodStates.isBeingDeleted(pod);
    }
  }

  /**
   * What was known at one moment.
   *
   * @param pods oldest first
   * @param goneAt when the Job was known to be deleted; empty if it exists
   * @param refusal why its controller could not create a pod, when it last failed to
   * @param changes counts every change
   */
  public record Snapshot(
      Job job,
      List<TrackedPod> pods,
      Optional<Instant> goneAt,
      Optional<String> refusal,
      long changes) {
    public boolean gone() {
      return goneAt.isPresent();
    }
  }

  public Snapshot snapshot() {
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

  /** Waits until something has changed since a snapshot, but no longer than that. */
  public void awaitChange(Snapshot since, Duration atMost) throws InterruptedException {
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

  /** False if it is older than what is known. */
  public boolean update(Job newer) {
    lock.lock();
    try {
      if (!isNewer(newer, job)) {
        return false;
      }
      job = withNotes(newer);
      change();
      return true;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Notes on a Job that is gone what a patch would have noted in the cluster. Empty if it is not
   * gone.
   */
  Optional<Job> noteIfGone(String annotation, String value) {
    lock.lock();
    try {
      if (goneAt.isEmpty()) {
        return Optional.empty();
      }
      notes.put(annotation, value);
      job = withNotes(job);
      change();
      return Optional.of(job);
    } finally {
      lock.unlock();
    }
  }

  @GuardedBy("lock")
  private Job withNotes(Job newest) {
    return notes.isEmpty()
        ? newest
        : new JobBuilder(newest).editMetadata().addToAnnotations(notes).endMetadata().build();
  }

  public void markGone() {
    lock.lock();
    try {
      goneAt = goneAt.or(() -> Optional.of(Instant.now()));
      job = withoutHold(job);
      change();
    } finally {
      lock.unlock();
    }
  }

  /** Nobody can release a Job that is gone. */
  private static Job withoutHold(Job job) {
    return JobAnnotations.isHeld(job)
        ? new JobBuilder(job)
            .editMetadata()
            .removeFromAnnotations(JobNames.HELD)
            .endMetadata()
            .build()
        : job;
  }

  /** Its controller could not create a pod. */
  public void update(Event refused) {
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

  /** False if it is older than what is known. */
  public boolean update(Pod newer) {
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

  public void markGone(Pod pod) {
    lock.lock();
    try {
      TrackedPod known = pods.get(pod.getMetadata().getUid());
      TrackedPod last = new TrackedPod(pod, true);
      if (known != null) {
        // If the watch missed the pod's end, it reports an older state.
        last = known.with(isNewer(known.pod(), pod) ? known.pod() : pod, true);
      }
      pods.put(pod.getMetadata().getUid(), last);
      change();
    } finally {
      lock.unlock();
    }
  }

  @GuardedBy("lock")
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
