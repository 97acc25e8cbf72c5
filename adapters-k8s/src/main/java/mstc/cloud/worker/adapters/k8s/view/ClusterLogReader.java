package mstc.cloud.worker.adapters.k8s.view;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import mstc.cloud.worker.adapters.k8s.cluster.Timer;
import mstc.cloud.worker.adapters.k8s.job.PodStates;
import mstc.cloud.worker.adapters.k8s.job.TrackedJob.Snapshot;
import mstc.cloud.worker.adapters.k8s.job.TrackedJob.TrackedPod;
import mstc.cloud.worker.adapters.k8s.log.LogSource;
import mstc.cloud.worker.adapters.k8s.log.LogSource.Container;
import mstc.cloud.worker.adapters.k8s.log.ViewedLog;
import mstc.cloud.worker.adapters.k8s.log.ViewedPosition;
import mstc.cloud.worker.domain.request.ContainerWork;
import mstc.cloud.worker.domain.runtime.JobRuntimeException;
import mstc.cloud.worker.domain.runtime.LogTexts;
import mstc.cloud.worker.domain.view.LogReader;
import org.jspecify.annotations.Nullable;

/**
 * Reads what the attempts of a job write, one after the other, from the cluster. Between two reads
 * it holds one stream, and no thread.
 */
final class ClusterLogReader implements LogReader {
  /** Whoever waits is woken by every change of the job; this is in case one was missed. */
  private static final Duration LOOK_AGAIN = Duration.ofSeconds(5);

  private static final byte[] NO_TEXT = {};

  private final ViewedJob job;
  private final LogSource source;
  private final boolean follow;
  private final Executor threads;
  private final Timer timer;
  private final Consumer<ClusterLogReader> onClosed;
  private final Runnable toWake;

  private volatile boolean closed;
  private volatile boolean brokenOff;

  // Only used by the reading thread, except that any thread may close what is read.
  private volatile @Nullable AttemptReader reading;
  private Optional<AttemptPosition> position;
  private Optional<String> notice = Optional.empty();
  private boolean resumes;

  /**
   * @param after up to where it was given before
   * @param timer of the thread that reads
   * @param onClosed called when it is closed
   */
  ClusterLogReader(
      ViewedJob job,
      LogSource source,
      Optional<AttemptPosition> after,
      boolean follow,
      Executor threads,
      Timer timer,
      Consumer<ClusterLogReader> onClosed) {
    this.job = job;
    this.source = source;
    this.position = after;
    this.follow = follow;
    this.threads = threads;
    this.timer = timer;
    this.onClosed = onClosed;
    this.resumes = after.isPresent();
    this.toWake = timer::wake;
    job.addReader(toWake);
  }

  @Override
  public Result read(Duration atMost) throws InterruptedException {
    long deadline = timer.nanos() + atMost.toNanos();
    while (!closed) {
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
      if (brokenOff) {
        throw JobRuntimeException.retryable("the Kubernetes runtime is closed", null);
      }
      Snapshot known = job.snapshot();
      AttemptReader current = reading;
      Outcome outcome = current == null ? beginNext(known) : step(current, known);
      switch (outcome) {
        case Outcome.Give(Result result) -> {
          return result;
        }
        case Outcome.GoOn _ -> {}
        case Outcome.Wait(Duration longest) -> {
          long left = deadline - timer.nanos();
          if (left <= 0) {
            return new Result.Nothing();
          }
          timer.rest(Duration.ofNanos(Math.min(left, longest.toNanos())));
        }
      }
    }
    return new Result.End();
  }

  /** What came of looking once. */
  private sealed interface Outcome {
    record Give(Result result) implements Outcome {}

    record GoOn() implements Outcome {}

    record Wait(Duration atMost) implements Outcome {}
  }

  /** Begins with the attempt after the one that was read last, once there is one. */
  private Outcome beginNext(Snapshot known) {
    List<TrackedPod> attempts = Sight.attempts(known);
    int last = index(attempts);
    if (resumes) {
      resumes = false;
      if (last >= 0) {
        begin(attempts.get(last), position.flatMap(AttemptPosition::inLog));
        return new Outcome.GoOn();
      }
      notice = Optional.of("the attempt that was read before is no longer known");
    }
    if (last + 1 == attempts.size()) {
      boolean isOver = !follow || job.look(known).isOver();
      return isOver ? end() : new Outcome.Wait(LOOK_AGAIN);
    }
    boolean needsLine = !position.map(AttemptPosition::endsLine).orElse(true);
    TrackedPod attempt = attempts.get(last + 1);
    begin(attempt, Optional.empty());
    position = Optional.of(new AttemptPosition(attempt.uid(), Optional.empty()));
    return attempts.size() == 1
        ? new Outcome.GoOn()
        : give((needsLine ? "\n" : "") + header(known, attempts, last + 1));
  }

  /** Of the attempt that was read last; negative if there is none, or it is not known. */
  private int index(List<TrackedPod> attempts) {
    String last = position.map(AttemptPosition::pod).orElse("");
    return attempts.stream().map(TrackedPod::uid).toList().indexOf(last);
  }

  private void begin(TrackedPod attempt, Optional<ViewedPosition> after) {
    AttemptReader begun =
        new AttemptReader(
            source,
            new Container(
                attempt.pod().getMetadata().getName(), PodStates.jobContainer(attempt.pod())),
            after,
            attempt.startedAt().orElse(Instant.MAX),
            follow,
            timer,
            threads);
    reading = begun;
    if (closed) {
      begun.close();
    }
  }

  private String header(Snapshot known, List<TrackedPod> attempts, int index) {
    int allowed = ContainerWork.of(job.job().work()).retries() + 1;
    int count = job.look(known).isOver() ? attempts.size() : Math.max(attempts.size(), allowed);
    Optional<String> endBefore =
        index == 0
            ? Optional.empty()
            : Optional.of(PodStates.howEnded(attempts.get(index - 1).pod()));
    return LogTexts.attemptHeader(index + 1, count, endBefore);
  }

  private Outcome step(AttemptReader current, Snapshot known) {
    try {
      return switch (current.step(hasEnded(known))) {
        case AttemptReader.Step.Next(ViewedLog.Given given) -> give(given);
        case AttemptReader.Step.Later(Duration atMost) -> new Outcome.Wait(atMost);
        case AttemptReader.Step.Done _ -> leave();
      };
    } catch (LogSource.GoneException e) {
      // Others may follow; this one's rest is lost.
      notice = Optional.of("the pod of an attempt is gone, and with it what was not read before");
      return leave();
    } catch (IOException e) {
      throw JobRuntimeException.retryable(
          "the log of job %s cannot be read now: %s".formatted(job.name(), e.getMessage()), e);
    }
  }

  private Outcome leave() {
    AttemptReader current = reading;
    reading = null;
    if (current != null) {
      current.close();
    }
    return new Outcome.GoOn();
  }

  private boolean hasEnded(Snapshot known) {
    String uid = position.map(AttemptPosition::pod).orElse("");
    return known.pods().stream()
        .filter(pod -> pod.uid().equals(uid))
        .anyMatch(pod -> pod.isOver() || PodStates.terminated(pod.pod()).isPresent());
  }

  private Outcome give(ViewedLog.Given given) {
    String pod = position.orElseThrow().pod();
    position = Optional.of(new AttemptPosition(pod, given.position()));
    notice = notice.or(given::notice);
    return give(given.text());
  }

  private Outcome give(String line) {
    return give(line.getBytes(StandardCharsets.UTF_8));
  }

  private Outcome give(byte[] text) {
    Piece piece = new Piece(text, position.orElseThrow().toText(), notice);
    notice = Optional.empty();
    return new Outcome.Give(new Result.More(piece));
  }

  /** What is missing at the end is told with a piece of its own. */
  private Outcome end() {
    return notice.isPresent() && position.isPresent()
        ? give(NO_TEXT)
        : new Outcome.Give(new Result.End());
  }

  /** From now on it cannot be read any more, as its runtime is closed. */
  void breakOff() {
    brokenOff = true;
    free();
  }

  @Override
  public void close() {
    closed = true;
    free();
    onClosed.accept(this);
  }

  private void free() {
    job.removeReader(toWake);
    AttemptReader current = reading;
    if (current != null) {
      current.close();
    }
    timer.wake();
  }
}
