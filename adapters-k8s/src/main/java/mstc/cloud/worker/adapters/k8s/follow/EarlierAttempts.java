package mstc.cloud.worker.adapters.k8s.follow;

import io.fabric8.kubernetes.api.model.HasMetadata;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import mstc.cloud.worker.adapters.k8s.cluster.Timestamps;
import mstc.cloud.worker.adapters.k8s.job.JobCalls;
import mstc.cloud.worker.adapters.k8s.job.JobConditions;
import mstc.cloud.worker.adapters.k8s.job.PodStates;
import mstc.cloud.worker.adapters.k8s.job.TrackedJob.Snapshot;
import mstc.cloud.worker.adapters.k8s.job.TrackedJob.TrackedPod;
import mstc.cloud.worker.adapters.k8s.log.SpooledLog;
import mstc.cloud.worker.domain.runtime.JobRuntimeException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether all earlier attempts of an inherited Job are known. One that was evicted may be gone
 * together with the worker that read its log, and its Job does not count it. Used by one thread.
 *
 * <p>A worker that follows a Job from its beginning knows all its pods, and {@linkplain
 * SpooledLog#noteEarlierLogs notes} with each log how many came before. Without that, a pod that
 * came as soon as its Job could start was the first one; of any other, only events tell.
 */
final class EarlierAttempts {
  private static final Logger LOG = LoggerFactory.getLogger(EarlierAttempts.class);

  /** What is said of the job's log if they are not all known. */
  static final String MAY_BE_MISSING =
      "an earlier attempt may be missing: its pod and the worker that read its log are gone";

  /**
   * A Job's first pod is created at once, and a Job ends at once with its last; between two pods
   * its controller waits 10 s.
   */
  private static final Duration AT_ONCE = Duration.ofSeconds(5);

  /** API servers keep events for an hour by default, each from when it came. */
  private static final Duration EVENTS_STAY = Duration.ofMinutes(50);

  /** How long after a pod the event of its creation may come. */
  private static final Duration EVENT_LAG = Duration.ofMinutes(1);

  private static final Duration LOOK_AGAIN = Duration.ofSeconds(5);

  /** How often events that cannot be read are asked for at the job's end. */
  private static final int TRIES_AT_END = 3;

  private final PodLogs logs;
  private final JobCalls calls;
  private Finding finding;
  private int triesAtEnd;

  private enum Finding {
    OPEN,
    ALL_KNOWN,
    NOT_ALL_KNOWN
  }

  /**
   * @param inherited whether another worker may have followed the Job before
   */
  EarlierAttempts(boolean inherited, PodLogs logs, JobCalls calls) {
    this.logs = logs;
    this.calls = calls;
    this.finding = inherited ? Finding.OPEN : Finding.ALL_KNOWN;
  }

  /**
   * Finds out, once there is a pod after which none can have come and gone.
   *
   * @return when to look again; empty if there is nothing to find out for now
   */
  Optional<Duration> look(Snapshot snapshot) throws InterruptedException {
    if (finding != Finding.OPEN
        || newest(snapshot).filter(pod -> isLast(pod, snapshot)).isEmpty()) {
      return Optional.empty();
    }
    try {
      conclude(snapshot, find(snapshot, false));
    } catch (JobRuntimeException e) {
      LOG.debug("job={} {}", name(snapshot), e.getMessage());
    }
    return finding == Finding.OPEN ? Optional.of(LOOK_AGAIN) : Optional.empty();
  }

  /**
   * Finds out at the job's end.
   *
   * @param neverRan whether it ended for a reason that let no process start, as far as is known
   * @throws JobRuntimeException if that is to be tried again
   */
  boolean areAllKnown(Snapshot snapshot, boolean neverRan) throws InterruptedException {
    if (finding == Finding.OPEN) {
      try {
        conclude(
            snapshot,
            neverRan && snapshot.pods().isEmpty()
                ? finding(noneStarted(snapshot))
                : find(snapshot, true));
      } catch (JobRuntimeException e) {
        if (e.isRetryable() && ++triesAtEnd < TRIES_AT_END) {
          throw e;
        }
        LOG.debug("job={} {}", name(snapshot), e.getMessage());
        conclude(snapshot, Finding.NOT_ALL_KNOWN);
      }
    }
    return finding == Finding.ALL_KNOWN;
  }

  private void conclude(Snapshot snapshot, Finding found) {
    finding = found;
    switch (found) {
      case OPEN -> LOG.debug("job={} events do not tell of its pods yet", name(snapshot));
      case ALL_KNOWN -> newest(snapshot).ifPresent(logs::noteAllKnown);
      case NOT_ALL_KNOWN -> LOG.warn("job={} {}", name(snapshot), MAY_BE_MISSING);
    }
  }

  private Finding find(Snapshot snapshot, boolean isAtEnd) throws InterruptedException {
    if (snapshot.pods().stream().anyMatch(this::mayLackItsLog)) {
      return Finding.NOT_ALL_KNOWN;
    }
    Optional<TrackedPod> last = newest(snapshot).filter(pod -> isLast(pod, snapshot));
    Optional<Integer> noted = last.flatMap(logs::earlierLogs);
    if (noted.isPresent()) {
      return finding(logs.countOthers(uids(last.stream().toList())) >= noted.get());
    }
    int logsOfOthers = logs.countOthers(uids(snapshot.pods()));
    if (logsOfOthers == 0 && isOnlyPod(last, snapshot)) {
      return Finding.ALL_KNOWN;
    }
    return newest(snapshot).isEmpty()
            && logsOfOthers == 0
            && !JobConditions.hasBegun(snapshot.job())
        ? Finding.ALL_KNOWN
        : fromEvents(snapshot, logsOfOthers, isAtEnd);
  }

  /** A pod that could not start left nothing to miss. */
  private boolean noneStarted(Snapshot snapshot) throws InterruptedException {
    return calls.traces(snapshot.job()).stream().allMatch(trace -> trace.startedAt().isEmpty());
  }

  private static Finding finding(boolean areAllKnown) {
    return areAllKnown ? Finding.ALL_KNOWN : Finding.NOT_ALL_KNOWN;
  }

  /** Whether nothing tells if it ever ran, such as on a node that was lost. */
  private boolean mayLackItsLog(TrackedPod pod) {
    return pod.isOver() && PodStates.isEndUnknown(pod.pod()) && !logs.has(pod);
  }

  private static Optional<TrackedPod> newest(Snapshot snapshot) {
    return snapshot.pods().reversed().stream().findFirst();
  }

  private static Set<String> uids(List<TrackedPod> pods) {
    return pods.stream().map(TrackedPod::uid).collect(Collectors.toSet());
  }

  /** Whether no pod can have come after it. */
  private static boolean isLast(TrackedPod pod, Snapshot snapshot) {
    return !pod.isOver()
        || PodStates.isPhase(pod.pod(), "Succeeded")
        || isAtOnce(PodStates.finishedAt(pod.pod()), JobConditions.finishedAt(snapshot.job()));
  }

  /** Whether it came at once; not if the Job was suspended meanwhile, which begins anew then. */
  private static boolean isOnlyPod(Optional<TrackedPod> pod, Snapshot snapshot) {
    return snapshot.pods().size() == 1
        && !JobConditions.mayHaveBegunTwice(snapshot.job())
        && isAtOnce(
            JobConditions.startedAt(snapshot.job()), pod.flatMap(EarlierAttempts::createdAt));
  }

  private static boolean isAtOnce(Optional<Instant> first, Optional<Instant> then) {
    return first.flatMap(at -> then.map(later -> !later.isAfter(at.plus(AT_ONCE)))).orElse(false);
  }

  /**
   * What events tell.
   *
   * @param logsOfOthers how many logs there are of pods that are not known any more
   */
  private Finding fromEvents(Snapshot snapshot, int logsOfOthers, boolean isAtEnd)
      throws InterruptedException {
    Set<String> created = calls.createdPods(snapshot.job());
    List<String> known =
        snapshot.pods().stream().map(pod -> pod.pod().getMetadata().getName()).toList();
    if (created.stream().filter(name -> !known.contains(name)).count() > logsOfOthers) {
      return Finding.NOT_ALL_KNOWN;
    }
    if (!isYoung(Timestamps.parse(creation(snapshot.job())), EVENTS_STAY)) {
      return Finding.NOT_ALL_KNOWN;
    }
    if (created.containsAll(known)) {
      return Finding.ALL_KNOWN;
    }
    return !isAtEnd && isYoung(newest(snapshot).flatMap(EarlierAttempts::createdAt), EVENT_LAG)
        ? Finding.OPEN
        : Finding.NOT_ALL_KNOWN;
  }

  private static boolean isYoung(Optional<Instant> began, Duration age) {
    return began.filter(at -> Instant.now().isBefore(at.plus(age))).isPresent();
  }

  private static Optional<Instant> createdAt(TrackedPod tracked) {
    return Timestamps.parse(creation(tracked.pod()));
  }

  private static String creation(HasMetadata item) {
    return item.getMetadata().getCreationTimestamp();
  }

  private static String name(Snapshot snapshot) {
    return snapshot.job().getMetadata().getName();
  }
}
