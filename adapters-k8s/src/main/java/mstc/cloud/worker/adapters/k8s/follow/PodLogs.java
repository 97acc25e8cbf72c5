package mstc.cloud.worker.adapters.k8s.follow;

import io.fabric8.kubernetes.api.model.Pod;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import mstc.cloud.worker.adapters.k8s.cluster.WakeableTimer;
import mstc.cloud.worker.adapters.k8s.job.PodStates;
import mstc.cloud.worker.adapters.k8s.job.TrackedJob.Snapshot;
import mstc.cloud.worker.adapters.k8s.job.TrackedJob.TrackedPod;
import mstc.cloud.worker.adapters.k8s.log.AttemptLogs;
import mstc.cloud.worker.adapters.k8s.log.LogCollection;
import mstc.cloud.worker.adapters.k8s.log.LogSource;
import mstc.cloud.worker.adapters.k8s.log.PodLog;
import mstc.cloud.worker.adapters.k8s.log.Rotation;
import mstc.cloud.worker.adapters.k8s.log.Spool;
import mstc.cloud.worker.adapters.k8s.log.SpooledLog;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.runtime.LogTexts;
import mstc.cloud.worker.domain.store.ObjectStoreException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The logs of one Job's pods: each is collected from the start of its container, on its own thread,
 * and at the job's end they are joined.
 *
 * <p>Its follower calls it on the follower's thread; others only close it, leave it, or ask for its
 * long logs.
 */
final class PodLogs {
  private static final Logger LOG = LoggerFactory.getLogger(PodLogs.class);

  /** How long a stream that is left may take to close. */
  private static final Duration LEAVE_PATIENCE = Duration.ofSeconds(30);

  private final Job job;
  private final LogCollection logs;
  private final Spool spool;
  private final String jobName;
  private final Map<String, PodLog> byPod = new ConcurrentHashMap<>();

  /** Only used by the follower, like the two fields below. */
  private boolean takenOver;

  /** What an earlier worker had of them, by their pods' uids. */
  private Map<String, SpooledLog> inherited = Map.of();

  private boolean allKnown;

  /**
   * @param inherited whether another worker may have collected some of them before
   */
  PodLogs(Job job, boolean inherited, LogCollection logs) {
    this.job = job;
    this.logs = logs;
    this.spool = logs.spool();
    this.jobName = job.name().value();
    this.takenOver = !inherited;
    this.allKnown = !inherited;
  }

  /** Loads what another worker has read of them. Does nothing once that is done. */
  void takeOver() {
    if (takenOver) {
      return;
    }
    try {
      logs.archive().restore(job, spool);
      inherited =
          spool.otherLogs(jobName, Set.of()).stream()
              .collect(Collectors.toUnmodifiableMap(SpooledLog::podUid, log -> log));
      inherited.values().forEach(log -> logs.keeping().watch(job, log));
    } catch (IOException e) {
      throw unspoolable(e);
    }
    takenOver = true;
  }

  private static UncheckedIOException unspoolable(IOException cause) {
    return new UncheckedIOException("its log cannot be spooled: " + cause, cause);
  }

  /**
   * How many logs of earlier attempts there were before that of a pod, if an earlier worker that
   * followed it knew them all.
   */
  Optional<Integer> earlierLogs(TrackedPod pod) {
    return Optional.ofNullable(inherited.get(pod.uid())).flatMap(SpooledLog::earlierLogs);
  }

  /** Whether there is a log of that pod. */
  boolean has(TrackedPod pod) {
    return byPod.containsKey(pod.uid());
  }

  /** How many logs there are, but for those of some pods. */
  int countOthers(Set<String> podUids) {
    Set<String> others = new HashSet<>(byPod.keySet());
    others.addAll(inherited.keySet());
    others.removeAll(podUids);
    return others.size();
  }

  /** All attempts are known from now on, and those before that pod: notes that with their logs. */
  void noteAllKnown(TrackedPod newest) {
    allKnown = true;
    PodLog podLog = byPod.get(newest.uid());
    if (podLog != null) {
      noteEarlierLogs(podLog.spooled());
    }
  }

  private void noteEarlierLogs(SpooledLog log) {
    log.noteEarlierLogs(countOthers(Set.of(log.podUid())));
  }

  /** Begins to collect a pod's log once there can be one, and lets that end once it is whole. */
  void collect(TrackedPod trackedPod) {
    Pod pod = trackedPod.pod();
    trackedPod
        .startedAt()
        .ifPresent(startedAt -> {
          PodLog podLog = byPod.computeIfAbsent(trackedPod.uid(), uid -> begin(pod, startedAt));
          if (trackedPod.gone() || trackedPod.isOver() || PodStates.terminated(pod).isPresent()) {
            podLog.containerEnded(PodStates.finishedAt(pod));
          }
        });
  }

  private PodLog begin(Pod pod, Instant startedAt) {
    String uid = pod.getMetadata().getUid();
    try {
      SpooledLog log = spool.log(jobName, uid, startedAt);
      if (allKnown) {
        noteEarlierLogs(log);
      }
      PodLog podLog =
          new PodLog(
              logs.source(),
              log,
              container(pod),
              new WakeableTimer(),
              Rotation.Sizes.OF_KUBELETS,
              logs.attached().take(uid));
      logs.keeping().watch(job, log);
      if (PodStates.terminated(pod).isPresent()) {
        podLog.containerEnded(PodStates.finishedAt(pod));
      }
      Thread.ofVirtual().name("log-" + pod.getMetadata().getName()).start(podLog);
      return podLog;
    } catch (IOException e) {
      throw unspoolable(e);
    }
  }

  /** Waits for the whole log of a pod, which goes with it, and keeps it for another worker. */
  void awaitWhole(TrackedPod pod) throws InterruptedException {
    PodLog podLog = byPod.get(pod.uid());
    if (podLog != null) {
      podLog.awaitDone();
      keep(podLog.spooled());
    }
  }

  /** For another worker, should this one die before the job is answered. */
  private void keep(SpooledLog log) {
    try {
      logs.archive().save(job, log, spool);
    } catch (IOException | ObjectStoreException e) {
      LOG.debug("job={} its log is not kept: {}", jobName, e.getMessage());
    }
  }

  /**
   * The logs of all attempts, none of which is written to any more.
   *
   * @param complete whether nothing is known to be missing
   * @param warnings what the client should know about them
   */
  record Collected(List<AttemptLogs.Attempt> attempts, boolean complete, List<String> warnings) {
    Collected {
      attempts = List.copyOf(attempts);
      warnings = List.copyOf(warnings);
    }
  }

  /**
   * Waits for the logs of a job that has ended; first come those that an earlier worker left.
   *
   * @param attempts the pods whose logs are the job's
   */
  Collected awaitAll(Snapshot snapshot, List<TrackedPod> attempts) throws InterruptedException {
    List<AttemptLogs.Attempt> collected = new ArrayList<>();
    List<String> warnings = new ArrayList<>();
    boolean complete = true;
    try {
      Files.createDirectories(spool.folder(jobName));
      for (SpooledLog log : spool.otherLogs(jobName, byPod.keySet())) {
        // Of a pod that went while no worker was there.
        if (!log.isWhole()) {
          log.noteGap(PodLog.GONE_TOO_SOON);
        }
        complete &= log.gaps().isEmpty();
        log.gaps().forEach(gap -> warnings.add(LogTexts.notComplete(gap)));
        collected.add(new AttemptLogs.Attempt(log.file(), "an unknown end"));
      }
    } catch (IOException e) {
      throw unspoolable(e);
    }
    for (TrackedPod attempt : attempts) {
      PodLog podLog = byPod.get(attempt.uid());
      if (podLog != null) {
        if (isLeftToRun(snapshot, attempt)) {
          podLog.close();
          podLog.awaitDone(LEAVE_PATIENCE);
          complete = false;
          warnings.add(LogTexts.notComplete("its Job was deleted, and its container runs on"));
        } else {
          podLog.containerEnded(PodStates.finishedAt(attempt.pod()));
          podLog.awaitDone();
        }
        complete &= podLog.isComplete();
        warnings.addAll(podLog.warnings());
        collected.add(
            new AttemptLogs.Attempt(podLog.spooled().file(), PodStates.howEnded(attempt.pod())));
      }
    }
    return new Collected(collected, complete, warnings);
  }

  /** Whether the Job is gone, and nobody ends its pods. */
  private static boolean isLeftToRun(Snapshot snapshot, TrackedPod tracked) {
    return snapshot.gone()
        && !tracked.isOver()
        && !PodStates.isBeingDeleted(tracked.pod())
        && PodStates.terminated(tracked.pod()).isEmpty();
  }

  /** The job's container. */
  static LogSource.Container container(Pod pod) {
    return new LogSource.Container(pod.getMetadata().getName(), PodStates.jobContainer(pod));
  }

  /** The job's log: that of its only attempt, or all of them in one file. */
  Path join(Collected collected) {
    try {
      return AttemptLogs.join(collected.attempts(), spool, jobName);
    } catch (IOException e) {
      throw unspoolable(e);
    }
  }

  /** The uids of the pods whose logs may soon be rotated. */
  Set<String> longLogs() {
    return byPod.entrySet().stream()
        .filter(podLog -> podLog.getValue().isLong())
        .map(Map.Entry::getKey)
        .collect(Collectors.toUnmodifiableSet());
  }

  /** Stops collecting them. Returns at once. */
  void close() {
    byPod.values().forEach(PodLog::close);
  }

  /** As {@link #close()}, but for another worker that resumes them. */
  void leave() {
    byPod.values().forEach(PodLog::leave);
  }

  /** Once left, waits until nothing is written to them any more, but no longer than that. */
  void awaitLeft(Duration atMost) throws InterruptedException {
    long deadline = System.nanoTime() + atMost.toNanos();
    for (PodLog podLog : byPod.values()) {
      podLog.awaitDone(Duration.ofNanos(deadline - System.nanoTime()));
    }
  }
}
