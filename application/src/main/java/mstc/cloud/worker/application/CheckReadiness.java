package mstc.cloud.worker.application;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import mstc.cloud.worker.domain.PortException;
import mstc.cloud.worker.domain.queue.WorkQueue;
import mstc.cloud.worker.domain.runtime.JobRuntime;
import mstc.cloud.worker.domain.store.ObjectStore;

/**
 * Tells whether the worker could run a request now: queue, runtime and store can be reached, and
 * not too many jobs wait for their answers.
 */
public final class CheckReadiness {
  private static final Duration TIMEOUT = Duration.ofSeconds(5);

  private final WorkQueue queue;
  private final JobRuntime runtime;
  private final ObjectStore store;
  private final BooleanSupplier tooManyUnanswered;
  private final Duration timeout;

  CheckReadiness(
      WorkQueue queue, JobRuntime runtime, ObjectStore store, BooleanSupplier tooManyUnanswered) {
    this(queue, runtime, store, tooManyUnanswered, TIMEOUT);
  }

  CheckReadiness(
      WorkQueue queue,
      JobRuntime runtime,
      ObjectStore store,
      BooleanSupplier tooManyUnanswered,
      Duration timeout) {
    this.tooManyUnanswered = tooManyUnanswered;
    this.queue = queue;
    this.runtime = runtime;
    this.store = store;
    this.timeout = timeout;
  }

  /** What keeps the worker from being ready, one line each; nothing when it is. At most 5 s. */
  public List<String> check() throws InterruptedException {
    long deadline = System.nanoTime() + timeout.toNanos();
    FutureTask<Optional<String>> runtimeProblem = begin(runtime::check);
    FutureTask<Optional<String>> storeProblem = begin(store::check);
    List<String> problems = new ArrayList<>();
    try {
      if (!queue.isConnected()) {
        problems.add("queue: not connected");
      }
      if (tooManyUnanswered.getAsBoolean()) {
        problems.add(
            "jobs: %d have ended and are not answered (mstc.jobs.max-unanswered)"
                .formatted(runtime.counts().waiting()));
      }
      await(runtimeProblem, deadline).ifPresent(problem -> problems.add("runtime: " + problem));
      await(storeProblem, deadline).ifPresent(problem -> problems.add("store: " + problem));
    } finally {
      // A check that hangs must not be joined by one more with every probe.
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
      return Optional.of("no answer within " + timeout.toMillis() + " ms");
    } catch (ExecutionException e) {
      return Optional.of(String.valueOf(e.getCause()));
    }
  }
}
