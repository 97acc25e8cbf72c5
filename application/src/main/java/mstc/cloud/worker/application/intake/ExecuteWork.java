package mstc.cloud.worker.application.intake;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import mstc.cloud.worker.application.retry.Backoff;
import mstc.cloud.worker.domain.PortException;
import mstc.cloud.worker.domain.job.JobIdentity;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.request.ParsedRequest;
import mstc.cloud.worker.domain.request.WorkRequest;
import mstc.cloud.worker.domain.runtime.Answer;
import mstc.cloud.worker.domain.runtime.JobRecord;
import mstc.cloud.worker.domain.runtime.JobRuntime;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs a request for a caller that waits for the reply in this process, such as an HTTP client. */
public final class ExecuteWork {
  private static final Logger LOG = LoggerFactory.getLogger(ExecuteWork.class);

  /** Whoever waits is told; this is for the case that the telling was missed. */
  private static final Duration LOOK_AGAIN = Duration.ofMinutes(1);

  /** By whoever waits, so that one who gives up takes nothing from the others. */
  private final Map<UniqueName, Set<Waiter>> waiting = new ConcurrentHashMap<>();

  private final AcceptWork acceptWork;
  private final Admission admission;
  private final JobRuntime runtime;
  private final Backoff backoff;

  /** Runs requests within the limits of the admission. */
  public ExecuteWork(
      AcceptWork acceptWork, Admission admission, JobRuntime runtime, Backoff backoff) {
    this.acceptWork = acceptWork;
    this.admission = admission;
    this.runtime = runtime;
    this.backoff = backoff;
  }

  /** One caller; equal to no other. */
  private static final class Waiter {
    final CompletableFuture<Reply> reply = new CompletableFuture<>();
  }

  /** What came of it. */
  public sealed interface Execution {
    /** The job has ended, or the request was refused by the runtime: the reply says how. */
    record Ended(Reply reply) implements Execution {}

    /** There is no such request, or it must not run: the reply says what is wrong. */
    record Invalid(Reply reply) implements Execution {}

    /** The worker has no room for another job at the moment. */
    record NoRoom() implements Execution {}
  }

  /**
   * Runs a request and waits until its job has been answered. Blocks for the job's life; when the
   * thread is interrupted the job runs on.
   *
   * @param idempotencyKey the caller's key, of 1 to 255 characters: the same key means the same job
   * @throws PortException when the runtime or the store failed before the job was on record
   */
  public Execution execute(ParsedRequest request, Optional<String> idempotencyKey)
      throws InterruptedException {
    return switch (request) {
      case ParsedRequest.Unreadable(String reason) -> new Execution.Invalid(Reply.invalid(reason));
      case ParsedRequest.Invalid(var violations) ->
          new Execution.Invalid(Reply.invalid(violations));
      case ParsedRequest.Valid(WorkRequest work, List<String> warnings) ->
          run(work, warnings, idempotencyKey);
    };
  }

  private Execution run(WorkRequest work, List<String> warnings, Optional<String> key)
      throws InterruptedException {
    Optional<JobIdentity.IdempotencyKey> idempotencyKey = key.map(JobIdentity.IdempotencyKey::new);
    Optional<Acceptance> acceptance =
        admission.tryReserve()
            ? Optional.of(acceptReserved(work, warnings, idempotencyKey))
            : idempotencyKey.flatMap(known -> findEarlier(work, warnings, known));
    if (acceptance.isEmpty()) {
      return new Execution.NoRoom();
    }
    return switch (acceptance.get()) {
      case Acceptance.Answered(Reply reply) -> answered(reply);
      case Acceptance.OnRecord(UniqueName name) -> answered(awaitReply(name, work));
      case Acceptance.Invalid(var violations) -> new Execution.Invalid(Reply.invalid(violations));
      case Acceptance.Abandoned() ->
          throw new IllegalStateException("a request that is made here is nobody else's");
    };
  }

  private static Execution answered(Reply reply) {
    return reply.job().isEmpty() ? new Execution.Invalid(reply) : new Execution.Ended(reply);
  }

  private Acceptance acceptReserved(
      WorkRequest work, List<String> warnings, Optional<JobIdentity.IdempotencyKey> key) {
    try {
      JobIdentity identity =
          key.<JobIdentity>map(known -> known).orElseGet(JobIdentity.Unique::random);
      return acceptWork
          .attempt(work, warnings, identity, false, Optional.empty(), () -> true)
          .accept();
    } finally {
      admission.release();
    }
  }

  /** A job that is there already needs no room. */
  private Optional<Acceptance> findEarlier(
      WorkRequest work, List<String> warnings, JobIdentity.IdempotencyKey key) {
    try {
      return acceptWork.findEarlier(work, warnings, key);
    } catch (PortException e) {
      LOG.debug("No room, and cannot look for an earlier job: {}", e.getMessage());
      return Optional.empty();
    }
  }

  private Reply awaitReply(UniqueName name, WorkRequest work) throws InterruptedException {
    Waiter waiter = new Waiter();
    waiting.compute(name, (key, others) -> with(others, waiter));
    try {
      CompletableFuture<Reply> reply = waiter.reply;
      for (int attempt = 1; !reply.isDone(); attempt++) {
        if (hasLooked(name, work, reply)) {
          awaitOr(LOOK_AGAIN, reply);
        } else {
          backoff.pauseAfter(attempt);
        }
      }
      return reply.get();
    } catch (ExecutionException e) {
      throw new IllegalStateException("the reply to job " + name + " was lost", e);
    } finally {
      waiting.computeIfPresent(name, (key, all) -> without(all, waiter));
    }
  }

  private static void awaitOr(Duration atMost, CompletableFuture<Reply> reply)
      throws InterruptedException, ExecutionException {
    try {
      var _ = reply.get(atMost.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      LOG.debug("Not told of an answer yet");
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
   * The job may have been answered before anyone waited.
   *
   * @return false where the runtime or the store cannot tell now
   */
  private boolean hasLooked(UniqueName name, WorkRequest work, CompletableFuture<Reply> reply) {
    try {
      Optional<JobRecord> record = runtime.find(name.uuid());
      if (record.isPresent()) {
        record.get().answer().ifPresent(answer -> reply.complete(answer.reply()));
      } else {
        acceptWork
            .findReply(name, work)
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
      LOG.debug("Job {}: cannot look for its answer: {}", name, e.getMessage());
      return false;
    }
  }

  /** Tells whoever waits for the job. Returns at once. */
  public void onAnswered(UniqueName name, Answer answer) {
    waiting.getOrDefault(name, Set.of()).forEach(waiter -> waiter.reply.complete(answer.reply()));
  }
}
