package mstc.cloud.worker.application;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import mstc.cloud.worker.domain.PortException;
import mstc.cloud.worker.domain.queue.WorkQueue;
import mstc.cloud.worker.domain.runtime.JobRuntime;
import mstc.cloud.worker.domain.store.ObjectStore;

/** Tells whether the worker could run a request now: queue, runtime and store can be reached. */
public final class CheckReadiness {
  private static final Duration TIMEOUT = Duration.ofSeconds(5);
  private static final Executor THREADS = task -> Thread.ofVirtual().name("readiness").start(task);

  private final WorkQueue queue;
  private final JobRuntime runtime;
  private final ObjectStore store;

  CheckReadiness(WorkQueue queue, JobRuntime runtime, ObjectStore store) {
    this.queue = queue;
    this.runtime = runtime;
    this.store = store;
  }

  /** What keeps the worker from being ready, one line each; nothing when it is. At most 5 s. */
  public List<String> check() throws InterruptedException {
    CompletableFuture<Optional<String>> runtimeProblem = begin(runtime::check);
    CompletableFuture<Optional<String>> storeProblem = begin(store::check);
    List<String> problems = new ArrayList<>();
    if (!queue.isConnected()) {
      problems.add("queue: not connected");
    }
    long deadline = System.nanoTime() + TIMEOUT.toNanos();
    await(runtimeProblem, deadline).ifPresent(problem -> problems.add("runtime: " + problem));
    await(storeProblem, deadline).ifPresent(problem -> problems.add("store: " + problem));
    return problems;
  }

  private static CompletableFuture<Optional<String>> begin(Runnable check) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            check.run();
            return Optional.empty();
          } catch (PortException e) {
            return Optional.of(String.valueOf(e.getMessage()));
          }
        },
        THREADS);
  }

  private static Optional<String> await(
      CompletableFuture<Optional<String>> problem, long deadlineNanos) throws InterruptedException {
    try {
      return problem.get(deadlineNanos - System.nanoTime(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      return Optional.of("no answer within " + TIMEOUT.toSeconds() + " s");
    } catch (ExecutionException e) {
      return Optional.of(String.valueOf(e.getCause()));
    }
  }
}
