package mstc.cloud.worker.application.intake;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import mstc.cloud.worker.application.metrics.WorkerMetrics;
import mstc.cloud.worker.application.retry.Backoff;
import mstc.cloud.worker.domain.PortException;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.request.ParsedRequest;
import mstc.cloud.worker.domain.runtime.Answer;
import mstc.cloud.worker.domain.runtime.JobRecord;
import mstc.cloud.worker.domain.runtime.JobRuntime;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs a request for a caller that waits for the reply in this process, such as an HTTP client. */
public final class ExecuteWork {
  private static final Logger LOG = LoggerFactory.getLogger(ExecuteWork.class);

  /** Waiting callers are notified; this is in case a notification was missed. */
  private static final Duration LOOK_AGAIN = Duration.ofMinutes(1);

  /** One entry for each caller, so that one that gives up takes nothing from the others. */
  private final Map<UniqueName, Set<Waiter>> waiting = new ConcurrentHashMap<>();

  private final HandleCall handleCall;
  private final AcceptWork acceptWork;
  private final JobRuntime runtime;
  private final Backoff backoff;
  private final WorkerMetrics metrics;

  /**
   * Runs requests that were admitted.
   *
   * @param metrics notified of those that are rejected
   */
  public ExecuteWork(
      HandleCall handleCall,
      AcceptWork acceptWork,
      JobRuntime runtime,
      Backoff backoff,
      WorkerMetrics metrics) {
    this.handleCall = handleCall;
    this.acceptWork = acceptWork;
    this.runtime = runtime;
    this.backoff = backoff;
    this.metrics = metrics;
  }

  /** One caller; equal to no other. */
  private static final class Waiter {
    final CompletableFuture<Reply> reply = new CompletableFuture<>();
  }

  /** The result of a request. */
  public sealed interface Execution {
    /** The job has ended, or the request was refused by the runtime: the reply says how. */
    record Ended(Reply reply) implements Execution {}

    /** It is not a request, or must not run: the reply says what is wrong. */
    record Invalid(Reply reply) implements Execution {}

    /** The worker has no room for another job at the moment. */
    record NoRoom() implements Execution {}
  }

  /**
   * Runs a request and waits until its job has been answered. Blocks for the job's life; if the
   * thread is interrupted, the job runs on.
   *
   * @param idempotencyKey the caller's key, of 1 to 255 characters: the same key means the same job
   * @throws PortException if the runtime or the store failed before the job was on record
   */
  public Execution execute(ParsedRequest request, Optional<String> idempotencyKey)
      throws InterruptedException {
    Optional<Acceptance> acceptance = handleCall.admit(request, idempotencyKey);
    if (acceptance.isEmpty()) {
      return new Execution.NoRoom();
    }
    Execution execution = execution(acceptance.get());
    if (isRejected(execution)) {
      metrics.onRejected();
    }
    return execution;
  }

  private static boolean isRejected(Execution execution) {
    return switch (execution) {
      case Execution.Ended(Reply reply) -> reply.outcome() == JobOutcome.Kind.REJECTED;
      case Execution.Invalid _ -> true;
      case Execution.NoRoom() -> false;
    };
  }

  private Execution execution(Acceptance acceptance) throws InterruptedException {
    return switch (acceptance) {
      case Acceptance.Answered(Reply reply) -> answered(reply);
      case Acceptance.OnRecord(Job job) -> answered(awaitReply(job));
      case Acceptance.Invalid invalid -> new Execution.Invalid(invalid.reply());
      case Acceptance.Unreadable unreadable -> new Execution.Invalid(unreadable.reply());
      case Acceptance.Abandoned() ->
          throw new IllegalStateException("a request that is made here is nobody else's");
    };
  }

  private static Execution answered(Reply reply) {
    return reply.job().isEmpty() ? new Execution.Invalid(reply) : new Execution.Ended(reply);
  }

  private Reply awaitReply(Job job) throws InterruptedException {
    Waiter waiter = new Waiter();
    waiting.compute(job.name(), (name, others) -> with(others, waiter));
    try {
      CompletableFuture<Reply> reply = waiter.reply;
      for (int attempt = 1; !reply.isDone(); attempt++) {
        if (lookForAnswer(job, reply)) {
          awaitOr(LOOK_AGAIN, reply);
        } else {
          backoff.pauseAfter(attempt);
        }
      }
      return reply.get();
    } catch (ExecutionException e) {
      throw new IllegalStateException("the reply to job " + job.name() + " was lost", e);
    } finally {
      waiting.computeIfPresent(job.name(), (name, all) -> without(all, waiter));
    }
  }

  private static void awaitOr(Duration atMost, CompletableFuture<Reply> reply)
      throws InterruptedException, ExecutionException {
    try {
      var _ = reply.get(atMost.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      LOG.debug("No notice of an answer yet");
    }
  }

  private static Set<Waiter> with(@Nullable Set<Waiter> others, Waiter waiter) {
    Set<Waiter> all = others == null ? ConcurrentHashMap.newKeySet() : others;
    all.add(waiter);
    return all;
  }

  private static @Nullable Set<Waiter> without(Set<Waiter> all, Waiter waiter) {
    all.remove(waiter);
    return all.isEmpty() ? null : all;
  }

  /**
   * Looks for the answer, as the job may have been answered before the caller waited.
   *
   * @return false if the runtime or the store cannot tell now
   */
  private boolean lookForAnswer(Job job, CompletableFuture<Reply> reply) {
    try {
      Optional<JobRecord> record = runtime.find(job.name().uuid());
      if (record.isPresent()) {
        record.get().answer().ifPresent(answer -> reply.complete(answer.reply()));
      } else {
        acceptWork
            .findReply(job)
            .ifPresentOrElse(
                reply::complete,
                () ->
                    reply.completeExceptionally(
                        new IllegalStateException("its record is gone, and there is no log")));
      }
      return true;
    } catch (PortException e) {
      if (!e.isRetryable()) {
        reply.completeExceptionally(e);
        return true;
      }
      LOG.debug("job={} cannot look for its answer: {}", job.name(), e.getMessage());
      return false;
    }
  }

  /** Notifies the callers that wait for the job. Returns at once. */
  public void onAnswered(UniqueName name, Answer answer) {
    waiting.getOrDefault(name, Set.of()).forEach(waiter -> waiter.reply.complete(answer.reply()));
  }
}
