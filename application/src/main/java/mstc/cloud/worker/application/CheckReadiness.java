package mstc.cloud.worker.application;

import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import mstc.cloud.worker.domain.PortException;
import mstc.cloud.worker.domain.queue.WorkQueue;
import mstc.cloud.worker.domain.runtime.JobRuntime;
import mstc.cloud.worker.domain.store.LogStore;

/**
 * Tells whether the worker could run a request now: queue, runtime and store can be reached, and
 * not too many jobs wait for their answer.
 */
public final class CheckReadiness {
  private static final Duration TIMEOUT = Duration.ofSeconds(5);

  private final WorkQueue queue;
  private final JobRuntime runtime;
  private final LogStore store;
  private final BooleanSupplier tooManyWaiting;
  private final Duration timeout;

  CheckReadiness(
      WorkQueue queue, JobRuntime runtime, LogStore store, BooleanSupplier tooManyWaiting) {
    this(queue, runtime, store, tooManyWaiting, TIMEOUT);
  }

  CheckReadiness(
      WorkQueue queue,
      JobRuntime runtime,
      LogStore store,
      BooleanSupplier tooManyWaiting,
      Duration timeout) {
    this.tooManyWaiting = tooManyWaiting;
    this.queue = queue;
    this.runtime = runtime;
    this.store = store;
    this.timeout = timeout;
  }

  /** What a worker needs to run a request. */
  public enum Part {
    QUEUE,
    /** Few enough jobs that are unanswered. */
    JOBS,
    RUNTIME,
    STORE
  }

  /**
   * What keeps the worker from being ready, one line each; empty if it is ready. Takes at most 5 s.
   */
  public List<String> check() throws InterruptedException {
    return problems().entrySet().stream()
        .map(
            problem -> problem.getKey().name().toLowerCase(Locale.ROOT) + ": " + problem.getValue())
        .toList();
  }

  /** What is wrong with each part that keeps the worker from being ready. Takes at most 5 s. */
  public Map<Part, String> problems() throws InterruptedException {
    long deadline = System.nanoTime() + timeout.toNanos();
    FutureTask<Optional<String>> runtimeProblem = begin(runtime::check);
    FutureTask<Optional<String>> storeProblem = begin(store::check);
    Map<Part, String> problems = new EnumMap<>(Part.class);
    try {
      if (!queue.isConnected()) {
        problems.put(Part.QUEUE, "not connected");
      }
      if (tooManyWaiting.getAsBoolean()) {
        // The key of bootstrap's section of jobs: whoever asks needs it to raise the limit.
        problems.put(
            Part.JOBS,
            "%d have ended and are not answered (mstc.jobs.max-unanswered)"
                .formatted(runtime.counts().waiting()));
      }
      await(runtimeProblem, deadline).ifPresent(problem -> problems.put(Part.RUNTIME, problem));
      await(storeProblem, deadline).ifPresent(problem -> problems.put(Part.STORE, problem));
    } finally {
      // Otherwise each probe would add another check to one that hangs.
      runtimeProblem.cancel(true);
      storeProblem.cancel(true);
    }
    return problems;
  }

  private static FutureTask<Optional<String>> begin(Runnable check) {
    FutureTask<Optional<String>> task =
        new FutureTask<>(() -> {
          try {
            check.run();
            return Optional.empty();
          } catch (PortException e) {
            return Optional.of(e.getMessage());
          }
        });
    Thread.ofVirtual().name("readiness").start(task);
    return task;
  }

  private Optional<String> await(FutureTask<Optional<String>> problem, long deadlineNanos)
      throws InterruptedException {
    try {
      return problem.get(deadlineNanos - System.nanoTime(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      return Optional.of("no response within " + timeout.toMillis() + " ms");
    } catch (ExecutionException e) {
      return Optional.of(String.valueOf(e.getCause()));
    }
  }
}
