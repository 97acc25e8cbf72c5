package mstc.cloud.worker.adapters.k8s.follow;

import io.fabric8.kubernetes.api.model.Pod;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import mstc.cloud.worker.adapters.k8s.job.JobAnnotations.Unstartable;
import mstc.cloud.worker.adapters.k8s.job.JobCalls;
import mstc.cloud.worker.adapters.k8s.job.JobConditions;
import mstc.cloud.worker.adapters.k8s.job.JobJudgement;
import mstc.cloud.worker.adapters.k8s.job.JobVerdict;
import mstc.cloud.worker.adapters.k8s.job.PodStates;
import mstc.cloud.worker.adapters.k8s.job.PodTrace;
import mstc.cloud.worker.adapters.k8s.job.Suspension;
import mstc.cloud.worker.adapters.k8s.job.TrackedJob;
import mstc.cloud.worker.adapters.k8s.job.TrackedJob.Snapshot;
import mstc.cloud.worker.adapters.k8s.job.TrackedJob.TrackedPod;
import mstc.cloud.worker.adapters.k8s.log.LogCollection;
import mstc.cloud.worker.domain.PortException;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.request.ContainerWork;
import mstc.cloud.worker.domain.runtime.JobEnd;
import mstc.cloud.worker.domain.runtime.JobHandedOverException;
import mstc.cloud.worker.domain.runtime.JobLog;
import mstc.cloud.worker.domain.runtime.JobRuntimeException;
import mstc.cloud.worker.domain.runtime.LogTexts;
import mstc.cloud.worker.wire.RecordedEnd;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows one Job to its end on its own thread: collects its pods' logs, ends it if it cannot
 * start, and reports how it ended.
 */
final class JobFollower implements Runnable {
  private static final Logger LOG = LoggerFactory.getLogger(JobFollower.class);

  /** How far one watch may be behind the other before the cluster is asked. */
  private static final Duration WATCH_LAG = Duration.ofSeconds(1);

  /**
   * How long pods may be refused by a component that could not be called: as long as a mesh's
   * control plane or a webhook takes to restart on another node.
   */
  private static final Duration REFUSAL_PATIENCE = Duration.ofMinutes(5);

  /** How long other containers of a pod may run on once the job's has ended. */
  private static final Duration OTHERS_PATIENCE = Duration.ofSeconds(5);

  /** Nothing reports that the pods of a Job that was deleted are left to run. */
  private static final Duration ORPHANED_CHECK = Duration.ofSeconds(1);

  private static final Duration TRY_AGAIN = Duration.ofSeconds(5);

  /** Nothing reports that a node is down, except that its pods do not end. */
  private static final Duration NODE_DOWN_CHECK = Duration.ofSeconds(30);

  /** When there is nothing to do but wait for a change. */
  private static final Duration LONG = Duration.ofHours(1);

  private final UniqueName name;
  private final Duration timeout;
  private final TrackedJob tracked;
  private final JobCalls calls;
  private final PodLogs logs;
  private final EarlierAttempts earlier;
  private final Duration startGrace;
  private final Suspension suspension;

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
   * @param startGrace how long an error that keeps a pod from starting may last
   * @param suspensionLimit how long after its creation it may be suspended by others
   */
  public JobFollower(
      Job job,
      boolean inherited,
      TrackedJob tracked,
      JobCalls calls,
      LogCollection logs,
      Duration startGrace,
      Duration suspensionLimit) {
    this.name = job.name();
    this.timeout = ContainerWork.of(job.work()).timeout();
    this.tracked = tracked;
    this.calls = calls;
    this.logs = new PodLogs(job, inherited, logs);
    this.earlier = new EarlierAttempts(inherited, this.logs, calls);
    this.startGrace = startGrace;
    this.suspension = new Suspension(name, tracked, calls, suspensionLimit);
    this.thread = Thread.ofVirtual().name("follow-" + name).unstarted(this);
  }

  public void start() {
    thread.start();
  }

  /** Waits for the job's end. */
  public JobEnd awaitEnd() throws InterruptedException, JobHandedOverException {
    try {
      return end.get();
    } catch (ExecutionException e) {
      throw new JobHandedOverException(name);
    }
  }

  /** Stops following; threads that wait for the end are told so. Returns at once. */
  public void close() {
    closed = true;
    end.completeExceptionally(new JobHandedOverException(name));
    thread.interrupt();
  }

  public boolean isClosed() {
    return closed;
  }

  /** The uids of its pods whose logs may soon be rotated. */
  public Set<String> longLogs() {
    return logs.longLogs();
  }

  /** As {@link #close()}, but for another worker that resumes its logs. */
  public void leave() {
    leaving = true;
    close();
  }

  /** Once left, waits until nothing is written to its logs any more, but no longer than that. */
  public void awaitLeft(Duration atMost) throws InterruptedException {
    long deadline = System.nanoTime() + atMost.toNanos();
    if (thread.join(atMost)) {
      logs.awaitLeft(Duration.ofNanos(deadline - System.nanoTime()));
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
        if (leaving) {
          logs.leave();
        } else {
          logs.close();
        }
      }
    }
  }

  private JobEnd follow() throws InterruptedException {
    while (true) {
      Snapshot snapshot = tracked.snapshot();
      Duration next = LONG;
      try {
        logs.takeOver();
        snapshot.pods().forEach(logs::collect);
        Duration look = earlier.look(snapshot).orElse(LONG);
        Optional<Duration> ending =
            snapshot.gone() ? Optional.empty() : suspension.end(snapshot.job());
        if (ending.isPresent()) {
          tracked.awaitChange(snapshot, Collections.min(List.of(ending.get(), look)));
          continue;
        }
        JobVerdict verdict = JobJudgement.of(snapshot, timeout, traces, Instant.now());
        switch (verdict) {
          case JobVerdict.Underway() -> {
            stuckSince = Optional.empty();
            lingeringSince = Optional.empty();
            next = nextLook(snapshot);
          }
          case JobVerdict.Suspended suspended -> {
            stuckSince = Optional.empty();
            next = suspension.endIfTooLong(snapshot.job(), suspended);
          }
          case JobVerdict.Overdue() -> endOverdue(snapshot);
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
        next = Collections.min(List.of(next, look));
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

  /** The watches are not in step: the pods' may be behind the Jobs'. Or a pod is already gone. */
  private Duration lookForPods(Snapshot snapshot) throws InterruptedException {
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
    LOG.info("job={} cannot start: {}", name, why.reason());
    calls.endUnstartable(name, why).ifPresent(tracked::update);
    return TRY_AGAIN;
  }

  /** Lets the next attempt begin, which waits for the end of this one's pod. */
  private Duration endAttempt(Snapshot snapshot, TrackedPod attempt) throws InterruptedException {
    Optional<Duration> wait = awaitOthers(snapshot, attempt);
    if (wait.isEmpty()) {
      LOG.info("job={} an attempt failed, and its pod is ended", name);
      calls.delete(attempt.pod());
    }
    return wait.orElse(TRY_AGAIN);
  }

  /** Ends a Job whose job has ended, and from then on judges by what is on record. */
  private Duration endSettled(Snapshot snapshot, JobVerdict.Ended ended, TrackedPod attempt)
      throws InterruptedException {
    Optional<Duration> wait = attempt.isOver() ? Optional.empty() : awaitOthers(snapshot, attempt);
    if (wait.isEmpty()) {
      LOG.info("job={} has ended, and its pod is ended", name);
      calls
          .endSettled(
              name,
              new RecordedEnd(
                  ended.outcome(),
                  ended.startedAt(),
                  ended.finishedAt(),
                  Optional.empty(),
                  ended.warnings()))
          .ifPresent(tracked::update);
    }
    return wait.orElse(TRY_AGAIN);
  }

  /**
   * Gives the containers beside the job's some time to end by themselves, and waits for the whole
   * log, which goes with the pod.
   *
   * @return when to look again; empty if the pod may be ended now
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
    logs.awaitWhole(attempt);
    return tracked.snapshot().changes() == snapshot.changes()
        ? Optional.empty()
        : Optional.of(Duration.ZERO);
  }

  /** A job's timeout applies to all its attempts together. */
  private void endOverdue(Snapshot snapshot) {
    if (!JobCalls.isToEndSoon(snapshot.job())) {
      calls.endOverdue(name).ifPresent(tracked::update);
    }
  }

  /** With the reason of a timeout, if the cluster warned of one. */
  private JobVerdict.Ended explained(Snapshot snapshot, JobVerdict.Ended ended)
      throws InterruptedException {
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

  /** A warning from before the process started does not explain a timeout. */
  private Optional<String> lastWarning(Snapshot snapshot) throws InterruptedException {
    if (snapshot.pods().isEmpty()) {
      return calls.lastWarning(snapshot.job(), Optional.empty());
    }
    TrackedPod last = snapshot.pods().getLast();
    Optional<String> ofPod = calls.lastWarning(last.pod(), last.startedAt());
    return ofPod.isPresent() ? ofPod : calls.lastWarning(snapshot.job(), last.startedAt());
  }

  private JobEnd finish(Snapshot snapshot, JobVerdict.Ended ended) throws InterruptedException {
    boolean areAllKnown = earlier.areAllKnown(snapshot, neverRan(ended.outcome()));
    PodLogs.Collected collected = logs.awaitAll(snapshot, ended.attempts());
    if (closed) {
      throw new InterruptedException("closed");
    }
    List<String> warnings = new ArrayList<>(ended.warnings());
    warnings.addAll(collected.warnings());
    boolean isGone =
        collected.attempts().isEmpty() && mayHaveRun(snapshot, ended.outcome(), areAllKnown);
    if (isGone) {
      warnings.add(LogTexts.notComplete("the pod was gone before its log was read"));
    } else if (!areAllKnown) {
      warnings.add(LogTexts.notComplete(EarlierAttempts.MAY_BE_MISSING));
    }
    return new JobEnd(
        ended.outcome(),
        ended.startedAt(),
        ended.finishedAt(),
        new JobLog(logs.join(collected), collected.complete() && !isGone && areAllKnown),
        warnings);
  }

  /** Whether a process may have run and written something, though no pod with one was seen. */
  private static boolean mayHaveRun(Snapshot snapshot, JobOutcome outcome, boolean areAllKnown) {
    return switch (outcome.kind()) {
      case IMAGE_UNAVAILABLE, REJECTED, FAILED -> !neverRan(outcome);
      case SUCCEEDED, OUT_OF_MEMORY, LOST -> true;
      case TIMED_OUT, EVICTED, CANCELLED ->
          snapshot.pods().isEmpty() && (JobConditions.hasHadPods(snapshot.job()) || !areAllKnown);
    };
  }

  private static boolean neverRan(JobOutcome outcome) {
    return switch (outcome.kind()) {
      case IMAGE_UNAVAILABLE, REJECTED -> true;
      case FAILED -> outcome.exitCode().isEmpty();
      case SUCCEEDED, OUT_OF_MEMORY, LOST, TIMED_OUT, EVICTED, CANCELLED -> false;
    };
  }
}
