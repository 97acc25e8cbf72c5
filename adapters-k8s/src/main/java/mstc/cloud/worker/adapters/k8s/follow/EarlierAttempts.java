package mstc.cloud.worker.adapters.k8s.follow;

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
import mstc.cloud.worker.domain.runtime.JobRuntimeException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether all earlier attempts of an inherited Job are known. One that was evicted may be gone
 * together with the worker that read its log, and its Job does not count it. Used by one thread.
 *
 * <p>A worker that follows a Job from its beginning knows all its pods, and notes with each log how
 * many came before. Without that, a pod that came as soon as its Job could start was the first one;
 * of any other, only events tell.
 */
final class EarlierAttempts {
  private static final Logger LOG = LoggerFactory.getLogger(EarlierAttempts.class);

  /** What is said of the job's log if they are not all known. */
  static final String MAY_BE_LOST =
      "an earlier attempt may have been gone before a worker that is still there read its log";

  /**
   * A Job's first pod is created at once, and a Job ends at once with its last; between two pods
   * its controller waits 10 s.
   */
  private static final Duration AT_ONCE = Duration.ofSeconds(5);

  /** API servers keep events for an hour by default, each from when it came. */
  private static final Duration EVENTS_STAY = Duration.ofMinutes(50);

  /** How long after a pod the event of its creation may come. */
  private static final Duration EVENT_LAG = Duration.ofSeconds(5);

  private static final Duration LOOK_AGAIN = Duration.ofSeconds(1);
  private static final Duration TRY_AGAIN = Duration.ofSeconds(5);

  private final PodLogs logs;
  private final JobCalls calls;
  private Answer answer;

  private enum Answer {
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
    this.answer = inherited ? Answer.OPEN : Answer.ALL_KNOWN;
  }

  /**
   * Finds out, once there is a pod that runs, or that was the last one.
   *
   * @return when to look again; empty if there is nothing to find out for now
   */
  Optional<Duration> look(Snapshot snapshot) {
    if (answer != Answer.OPEN || newest(snapshot).filter(pod -> isLast(pod, snapshot)).isEmpty()) {
      return Optional.empty();
    }
    try {
      conclude(snapshot, found(snapshot, false));
    } catch (JobRuntimeException e) {
      LOG.debug("job={} {}", name(snapshot), e.getMessage());
      return Optional.of(TRY_AGAIN);
    }
    return answer == Answer.OPEN ? Optional.of(LOOK_AGAIN) : Optional.empty();
  }

  /** Finds out at the job's end, when there is no more time. */
  boolean areAllKnown(Snapshot snapshot) {
    if (answer == Answer.OPEN) {
      try {
        conclude(snapshot, found(snapshot, true));
      } catch (JobRuntimeException e) {
        LOG.debug("job={} {}", name(snapshot), e.getMessage());
        conclude(snapshot, Answer.NOT_ALL_KNOWN);
      }
    }
    return answer == Answer.ALL_KNOWN;
  }

  private void conclude(Snapshot snapshot, Answer found) {
    answer = found;
    switch (found) {
      case OPEN -> LOG.debug("job={} is not told yet by events", name(snapshot));
      case ALL_KNOWN -> newest(snapshot).ifPresent(logs::noteAllKnown);
      case NOT_ALL_KNOWN -> LOG.warn("job={} {}", name(snapshot), MAY_BE_LOST);
    }
  }

  private Answer found(Snapshot snapshot, boolean isAtEnd) {
    Optional<TrackedPod> last = newest(snapshot).filter(pod -> isLast(pod, snapshot));
    Optional<Integer> noted = last.flatMap(logs::earlierLogs);
    if (noted.isPresent()) {
      return answer(logs.countOthers(uids(last.stream().toList())) >= noted.get());
    }
    int logsOfOthers = logs.countOthers(uids(snapshot.pods()));
    return logsOfOthers == 0 && snapshot.pods().size() == 1 && cameAtOnce(last, snapshot)
        ? Answer.ALL_KNOWN
        : told(snapshot, logsOfOthers, isAtEnd);
  }

  private static Optional<TrackedPod> newest(Snapshot snapshot) {
    return snapshot.pods().reversed().stream().findFirst();
  }

  private static Set<String> uids(List<TrackedPod> pods) {
    return pods.stream().map(TrackedPod::uid).collect(Collectors.toSet());
  }

  /** Whether no pod has come after it that may be gone. */
  private static boolean isLast(TrackedPod pod, Snapshot snapshot) {
    return !pod.isOver()
        || PodStates.isPhase(pod.pod(), "Succeeded")
        || isAtOnce(PodStates.finishedAt(pod.pod()), JobConditions.finishedAt(snapshot.job()));
  }

  private static boolean cameAtOnce(Optional<TrackedPod> pod, Snapshot snapshot) {
    return isAtOnce(startedAt(snapshot), pod.flatMap(EarlierAttempts::createdAt));
  }

  private static boolean isAtOnce(Optional<Instant> first, Optional<Instant> then) {
    return first.flatMap(at -> then.map(later -> !later.isAfter(at.plus(AT_ONCE)))).orElse(false);
  }

  private static Answer answer(boolean areAllKnown) {
    return areAllKnown ? Answer.ALL_KNOWN : Answer.NOT_ALL_KNOWN;
  }

  /**
   * What events tell.
   *
   * @param logsOfOthers how many logs there are of pods that are not known any more
   */
  private Answer told(Snapshot snapshot, int logsOfOthers, boolean isAtEnd) {
    Set<String> created = calls.createdPods(snapshot.job());
    List<String> known =
        snapshot.pods().stream().map(pod -> pod.pod().getMetadata().getName()).toList();
    if (created.stream().filter(name -> !known.contains(name)).count() > logsOfOthers) {
      return Answer.NOT_ALL_KNOWN;
    }
    if (known.isEmpty()
        || (created.containsAll(known) && isYoung(startedAt(snapshot), EVENTS_STAY))) {
      return Answer.ALL_KNOWN;
    }
    return !isAtEnd && isYoung(newest(snapshot).flatMap(EarlierAttempts::createdAt), EVENT_LAG)
        ? Answer.OPEN
        : Answer.NOT_ALL_KNOWN;
  }

  private static boolean isYoung(Optional<Instant> began, Duration age) {
    return began.filter(at -> Instant.now().isBefore(at.plus(age))).isPresent();
  }

  private static Optional<Instant> startedAt(Snapshot snapshot) {
    return JobConditions.startedAt(snapshot.job());
  }

  private static Optional<Instant> createdAt(TrackedPod tracked) {
    return Timestamps.parse(tracked.pod().getMetadata().getCreationTimestamp());
  }

  private static String name(Snapshot snapshot) {
    return snapshot.job().getMetadata().getName();
  }
}
