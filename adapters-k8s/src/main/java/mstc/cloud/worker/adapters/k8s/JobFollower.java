package mstc.cloud.worker.adapters.k8s;

import io.fabric8.kubernetes.api.model.ContainerStateTerminated;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import mstc.cloud.worker.adapters.k8s.JobAnnotations.Unstartable;
import mstc.cloud.worker.adapters.k8s.TrackedJob.Snapshot;
import mstc.cloud.worker.adapters.k8s.TrackedJob.TrackedPod;
import mstc.cloud.worker.domain.PortException;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.runtime.JobEnd;
import mstc.cloud.worker.domain.runtime.JobHandedOverException;
import mstc.cloud.worker.domain.runtime.JobLog;
import mstc.cloud.worker.domain.runtime.JobRuntimeException;
import mstc.cloud.worker.domain.store.ObjectStoreException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows one Job to its end on a thread of its own: collects its pods' logs, ends it where it
 * cannot start, and tells how it ended.
 */
final class JobFollower implements Runnable {
  private static final Logger LOG = LoggerFactory.getLogger(JobFollower.class);

  /** For how long one watch may be behind the other before the cluster is asked. */
  private static final Duration WATCH_LAG = Duration.ofSeconds(1);

  /**
   * For how long pods may be refused by who could not be asked: as long as a mesh's control plane
   * or a webhook takes to start again on another node.
   */
  private static final Duration REFUSAL_PATIENCE = Duration.ofMinutes(5);

  /** For how long other containers of a pod may go on by themselves once the job's has ended. */
  private static final Duration OTHERS_PATIENCE = Duration.ofSeconds(5);

  /** Nothing tells that the pods of a Job that was deleted are left to run. */
  private static final Duration ORPHANED_CHECK = Duration.ofSeconds(1);

  /** For a stream that is left to be let go. */
  private static final Duration LEAVE_PATIENCE = Duration.ofSeconds(30);

  private static final Duration TRY_AGAIN = Duration.ofSeconds(5);

  /** Nothing tells of a node that is down, but that its pods do not end. */
  private static final Duration NODE_DOWN_CHECK = Duration.ofSeconds(30);

  /** With nothing to do but to wait for a change. */
  private static final Duration LONG = Duration.ofHours(1);

  private final mstc.cloud.worker.domain.job.Job job;
  private final UniqueName name;
  private final Duration timeout;
  private final TrackedJob tracked;
  private final JobCalls calls;
  private final LogCollection logs;
  private final Spool spool;
  private final Duration startGrace;

  private final Map<String, PodLog> podLogs = new ConcurrentHashMap<>();

  private boolean takenOver;
  private final CompletableFuture<JobEnd> end = new CompletableFuture<>();
  private final Thread thread;
  private volatile boolean closed;
  private volatile boolean leaving;

  private Optional<Instant> stuckSince = Optional.empty();
  private Optional<Instant> lingeringSince = Optional.empty();
  private Optional<Instant> lookAt = Optional.empty();
  private Optional<List<PodTrace>> traces = Optional.empty();

  /**
   * @param inherited whether another worker may have followed it before
   */
  JobFollower(
      mstc.cloud.worker.domain.job.Job job,
      boolean inherited,
      TrackedJob tracked,
      JobCalls calls,
      LogCollection logs,
      Duration startGrace) {
    this.job = job;
    this.name = job.name();
    this.timeout = job.request().timeout();
    this.takenOver = !inherited;
    this.tracked = tracked;
    this.calls = calls;
    this.logs = logs;
    this.spool = logs.spool();
    this.startGrace = startGrace;
    this.thread = Thread.ofVirtual().name("follow-" + name).unstarted(this);
  }

  void start() {
    thread.start();
  }

  /** Waits for the job's end. */
  JobEnd awaitEnd() throws InterruptedException, JobHandedOverException {
    try {
      return end.get();
    } catch (ExecutionException e) {
      throw new JobHandedOverException(name);
    }
  }

  /** Follows no longer; whoever waits for the end is told so. Returns at once. */
  void close() {
    closed = true;
    end.completeExceptionally(new JobHandedOverException(name));
    thread.interrupt();
  }

  boolean isClosed() {
    return closed;
  }

  /** The uids of its pods whose logs may soon be rotated. */
  Set<String> longLogs() {
    return podLogs.entrySet().stream()
        .filter(podLog -> podLog.getValue().isLong())
        .map(Map.Entry::getKey)
        .collect(Collectors.toUnmodifiableSet());
  }

  /** As {@link #close()}, for another worker that goes on with its logs. */
  void leave() {
    leaving = true;
    close();
  }

  /** Once left, waits until nothing is written to its logs any more, or for that long. */
  void awaitLeft(Duration atMost) throws InterruptedException {
    long deadline = System.nanoTime() + atMost.toNanos();
    if (thread.join(atMost)) {
      for (PodLog podLog : podLogs.values()) {
        podLog.awaitDone(Duration.ofNanos(deadline - System.nanoTime()));
      }
    }
  }

  @Override
  public void run() {
    try {
      end.complete(follow());
    } catch (InterruptedException e) {
      LOG.debug("job={} is followed no longer", name);
    } finally {
      if (closed) {
        podLogs.values().forEach(leaving ? PodLog::leave : PodLog::close);
      }
    }
  }

  private JobEnd follow() throws InterruptedException {
    while (true) {
      Snapshot snapshot = tracked.snapshot();
      Duration next = LONG;
      try {
        takeOver();
        snapshot.pods().forEach(this::collectLog);
        JobVerdict verdict = JobVerdict.of(snapshot, timeout, traces, Instant.now());
        switch (verdict) {
          case JobVerdict.Underway() -> {
            stuckSince = Optional.empty();
            lingeringSince = Optional.empty();
            next = nextLook(snapshot);
          }
          case JobVerdict.Overdue() -> endOverdue(snapshot.job());
          case JobVerdict.Unseen() -> next = lookForPods(snapshot);
          case JobVerdict.Stuck(Unstartable why, JobVerdict.Patience patience) ->
              next = endIfStuck(why, patience);
          case JobVerdict.Lingering(TrackedPod attempt) -> next = endAttempt(snapshot, attempt);
          case JobVerdict.Settled(JobVerdict.Ended ended, TrackedPod attempt) ->
              next = endSettled(snapshot, ended, attempt);
          case JobVerdict.Ended ended -> {
            return finish(snapshot, explained(snapshot, ended));
          }
        }
      } catch (PortException | UncheckedIOException e) {
        LOG.warn("job={} trying again: {}", name, e.getMessage());
        next = TRY_AGAIN;
      } catch (RuntimeException e) {
        LOG.error("job={} trying again", name, e);
        next = TRY_AGAIN;
      }
      tracked.awaitChange(snapshot, next);
    }
  }

  private static Duration nextLook(Snapshot snapshot) {
    if (snapshot.gone()) {
      return ORPHANED_CHECK;
    }
    return snapshot.pods().stream().anyMatch(pod -> PodStates.isBeingDeleted(pod.pod()))
        ? NODE_DOWN_CHECK
        : LONG;
  }

  /** Brings in what another worker has read of its logs. */
  private void takeOver() {
    if (takenOver) {
      return;
    }
    try {
      logs.archive().restore(job, spool);
      for (SpooledLog log : spool.otherLogs(name.value(), Set.of())) {
        logs.keeping().watch(job, log);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("its log cannot be spooled: " + e, e);
    }
    takenOver = true;
  }

  /** Begins to collect a pod's log once there can be one, and lets it end once it is whole. */
  private void collectLog(TrackedPod trackedPod) {
    Pod pod = trackedPod.pod();
    PodStates.startedAt(pod)
        .ifPresent(startedAt -> {
          PodLog podLog = podLogs.computeIfAbsent(trackedPod.uid(), uid -> begin(pod, startedAt));
          if (trackedPod.gone()
              || PodStates.isOver(trackedPod)
              || PodStates.terminated(pod).isPresent()) {
            podLog.containerEnded(PodStates.finishedAt(pod));
          }
        });
  }

  private PodLog begin(Pod pod, Instant startedAt) {
    String uid = pod.getMetadata().getUid();
    try {
      SpooledLog log = spool.log(name.value(), uid, startedAt);
      PodLog podLog =
          new PodLog(
              logs.source(),
              log,
              PodStates.container(pod),
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
      throw new UncheckedIOException("its log cannot be spooled: " + e, e);
    }
  }

  /** The watches are not in step: the pods' may be behind the Jobs'. Or a pod is gone already. */
  private Duration lookForPods(Snapshot snapshot) {
    Instant now = Instant.now();
    if (lookAt.isEmpty()) {
      lookAt = Optional.of(now.plus(WATCH_LAG));
    } else if (!now.isBefore(lookAt.get())) {
      List<Pod> there = calls.pods(snapshot.job());
      there.forEach(tracked::update);
      boolean areGone = there.isEmpty() || there.size() < JobConditions.endedPods(snapshot.job());
      traces = Optional.of(areGone ? calls.traces(snapshot.job()) : List.of());
      return Duration.ZERO;
    }
    return Duration.between(now, lookAt.get()).plusMillis(1);
  }

  private Duration endIfStuck(Unstartable why, JobVerdict.Patience patience) {
    Instant now = Instant.now();
    Instant since = stuckSince.orElse(now);
    stuckSince = Optional.of(since);
    Duration allowed =
        switch (patience) {
          case NONE -> Duration.ZERO;
          case START_GRACE -> startGrace;
          case LONG -> REFUSAL_PATIENCE;
        };
    Duration left = allowed.minus(Duration.between(since, now));
    if (left.isPositive()) {
      return left.plusMillis(1);
    }
    LOG.info("Job {} cannot start: {}", name, why.reason());
    calls.endUnstartable(name, why).ifPresent(tracked::update);
    return TRY_AGAIN;
  }

  /** Lets the next attempt begin, which waits for the end of this one's pod. */
  private Duration endAttempt(Snapshot snapshot, TrackedPod attempt) throws InterruptedException {
    Optional<Duration> wait = awaitOthers(snapshot, attempt);
    if (wait.isEmpty()) {
      LOG.info("Job {}: an attempt failed, and its pod is ended", name);
      calls.delete(attempt.pod());
    }
    return wait.orElse(TRY_AGAIN);
  }

  /** Ends a Job whose job has ended, and judges by what is on record from then on. */
  private Duration endSettled(Snapshot snapshot, JobVerdict.Ended ended, TrackedPod attempt)
      throws InterruptedException {
    Optional<Duration> wait =
        PodStates.isOver(attempt) ? Optional.empty() : awaitOthers(snapshot, attempt);
    if (wait.isEmpty()) {
      LOG.info("Job {} has ended, and its pod is ended", name);
      calls
          .endSettled(
              name,
              new JobAnnotations.RecordedEnd(
                  ended.outcome(), ended.startedAt(), ended.finishedAt(), ended.warnings()))
          .ifPresent(tracked::update);
    }
    return wait.orElse(TRY_AGAIN);
  }

  /**
   * Leaves the containers beside the job's some time to end by themselves, and waits for the whole
   * log, which goes with the pod.
   *
   * @return when to look again; empty where the pod may be ended now
   */
  private Optional<Duration> awaitOthers(Snapshot snapshot, TrackedPod attempt)
      throws InterruptedException {
    Instant now = Instant.now();
    Instant since = lingeringSince.orElse(now);
    lingeringSince = Optional.of(since);
    Duration left = OTHERS_PATIENCE.minus(Duration.between(since, now));
    if (left.isPositive()) {
      return Optional.of(left.plusMillis(1));
    }
    PodLog podLog = podLogs.get(attempt.uid());
    if (podLog != null) {
      podLog.awaitDone();
      keep(podLog.spooled());
    }
    return tracked.snapshot().changes() == snapshot.changes()
        ? Optional.empty()
        : Optional.of(Duration.ZERO);
  }

  /** For another worker, should this one die before the job is answered. */
  private void keep(SpooledLog log) {
    try {
      logs.archive().save(job, log, spool);
    } catch (IOException | ObjectStoreException e) {
      LOG.debug("job={} its log is not kept: {}", name, e.getMessage());
    }
  }

  /** A job's time counts for all its attempts together. */
  private void endOverdue(Job job) {
    if (!JobCalls.isToEndSoon(job)) {
      calls.endOverdue(name).ifPresent(tracked::update);
    }
  }

  /** With the reason of a timeout, where the cluster warned of one. */
  private JobVerdict.Ended explained(Snapshot snapshot, JobVerdict.Ended ended) {
    if (!(ended.outcome() instanceof JobOutcome.TimedOut(Duration after, Optional<String> detail))
        || detail.isPresent()) {
      return ended;
    }
    try {
      return new JobVerdict.Ended(
          new JobOutcome.TimedOut(after, lastWarning(snapshot)),
          ended.startedAt(),
          ended.finishedAt(),
          ended.warnings(),
          ended.attempts());
    } catch (JobRuntimeException e) {
      LOG.warn("job={} why it did not get further is not known: {}", name, e.getMessage());
      return ended;
    }
  }

  /** What was over before its process started is not what held that up. */
  private Optional<String> lastWarning(Snapshot snapshot) {
    Optional<TrackedPod> last =
        snapshot.pods().isEmpty() ? Optional.empty() : Optional.of(snapshot.pods().getLast());
    Optional<Instant> since = last.flatMap(TrackedPod::startedAt);
    return last.flatMap(pod -> calls.lastWarning(pod.pod(), since))
        .or(() -> calls.lastWarning(snapshot.job(), since));
  }

  private JobEnd finish(Snapshot snapshot, JobVerdict.Ended ended) throws InterruptedException {
    List<AttemptLogs.Attempt> attempts = new ArrayList<>();
    List<String> warnings = new ArrayList<>(ended.warnings());
    boolean complete = true;
    try {
      Files.createDirectories(spool.folder(name.value()));
      for (SpooledLog log : spool.otherLogs(name.value(), podLogs.keySet())) {
        // Of a pod that went while no worker looked.
        if (!log.isWhole()) {
          log.noteGap(PodLog.GONE_TOO_SOON);
        }
        complete &= log.gaps().isEmpty();
        log.gaps().forEach(gap -> warnings.add(PodLog.notComplete(gap)));
        attempts.add(new AttemptLogs.Attempt(log.file(), "an unknown end"));
      }
      for (TrackedPod trackedPod : ended.attempts()) {
        PodLog podLog = podLogs.get(trackedPod.uid());
        if (podLog != null) {
          if (isLeftToRun(snapshot, trackedPod)) {
            podLog.close();
            podLog.awaitDone(LEAVE_PATIENCE);
            complete = false;
            warnings.add(PodLog.notComplete("its Job was deleted, and its container runs on"));
          } else {
            podLog.containerEnded(PodStates.finishedAt(trackedPod.pod()));
            podLog.awaitDone();
          }
          complete &= podLog.isComplete();
          warnings.addAll(podLog.warnings());
          attempts.add(new AttemptLogs.Attempt(podLog.spooled().file(), how(trackedPod.pod())));
        }
      }
      if (closed) {
        throw new InterruptedException("closed");
      }
      if (attempts.isEmpty() && mayHaveRun(snapshot, ended.outcome())) {
        complete = false;
        warnings.add(PodLog.notComplete("the pod was gone before its log was read"));
      }
      return new JobEnd(
          ended.outcome(),
          ended.startedAt(),
          ended.finishedAt(),
          new JobLog(AttemptLogs.join(attempts, spool, name.value()), complete),
          warnings);
    } catch (IOException e) {
      throw new UncheckedIOException("its log cannot be spooled: " + e, e);
    }
  }

  /** Of a Job that is gone, whose pods nobody ends. */
  private static boolean isLeftToRun(Snapshot snapshot, TrackedPod tracked) {
    return snapshot.gone()
        && !PodStates.isOver(tracked)
        && !PodStates.isBeingDeleted(tracked.pod())
        && PodStates.terminated(tracked.pod()).isEmpty();
  }

  /** Whether a process may have run that wrote something, though no pod was seen that had one. */
  private static boolean mayHaveRun(Snapshot snapshot, JobOutcome outcome) {
    return switch (outcome.kind()) {
      case IMAGE_UNAVAILABLE, REJECTED -> false;
      case SUCCEEDED, OUT_OF_MEMORY, LOST -> true;
      case FAILED -> outcome.exitCode().isPresent();
      case TIMED_OUT, EVICTED, CANCELLED ->
          snapshot.pods().isEmpty() && JobConditions.hasHadPods(snapshot.job());
    };
  }

  private static String how(Pod pod) {
    return PodStates.disruption(pod)
        .or(() -> PodStates.terminated(pod).map(JobFollower::exitCode))
        .orElse("an unknown end");
  }

  private static String exitCode(ContainerStateTerminated terminated) {
    return "exit code " + terminated.getExitCode();
  }
}
