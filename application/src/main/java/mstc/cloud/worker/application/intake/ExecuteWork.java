package mstc.cloud.worker.application.intake;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import mstc.cloud.worker.domain.PortException;
import mstc.cloud.worker.domain.job.JobIdentity;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.request.ParsedRequest;
import mstc.cloud.worker.domain.request.WorkRequest;
import mstc.cloud.worker.domain.runtime.Answer;
import mstc.cloud.worker.domain.runtime.JobRecord;
import mstc.cloud.worker.domain.runtime.JobRuntime;

/** Runs a request for a caller that waits for the reply in this process, such as an HTTP client. */
public final class ExecuteWork {
  private final Map<UniqueName, CompletableFuture<Reply>> waiting = new ConcurrentHashMap<>();
  private final AcceptWork acceptWork;
  private final Admission admission;
  private final JobRuntime runtime;

  /** Runs requests within the limits of the admission. */
  public ExecuteWork(AcceptWork acceptWork, Admission admission, JobRuntime runtime) {
    this.acceptWork = acceptWork;
    this.admission = admission;
    this.runtime = runtime;
  }

  /** What came of it. */
  public sealed interface Execution {
    /** The job has ended, or the request was refused by the runtime: the reply says how. */
    record Ended(Reply reply) implements Execution {}

    /** There is no such request: the reply says what is wrong. */
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
    if (!admission.tryReserve()) {
      return new Execution.NoRoom();
    }
    Acceptance acceptance;
    try {
      JobIdentity identity =
          key.<JobIdentity>map(JobIdentity.IdempotencyKey::new)
              .orElseGet(JobIdentity.Unique::random);
      acceptance = acceptWork.accept(work, warnings, identity, false, Optional.empty());
    } finally {
      admission.release();
    }
    return switch (acceptance) {
      case Acceptance.Answered(Reply reply) when reply.job().isEmpty() ->
          new Execution.Invalid(reply);
      case Acceptance.Answered(Reply reply) -> new Execution.Ended(reply);
      case Acceptance.OnRecord(UniqueName name) -> new Execution.Ended(awaitReply(name));
    };
  }

  private Reply awaitReply(UniqueName name) throws InterruptedException {
    CompletableFuture<Reply> reply =
        waiting.computeIfAbsent(name, key -> new CompletableFuture<>());
    try {
      // The job may have been answered before anyone waited.
      runtime
          .find(name.uuid())
          .flatMap(JobRecord::answer)
          .ifPresent(answer -> reply.complete(answer.reply()));
      return reply.get();
    } catch (ExecutionException e) {
      throw new IllegalStateException("the reply to job " + name + " was lost", e);
    } finally {
      waiting.remove(name, reply);
    }
  }

  /** Tells whoever waits for the job. Returns at once. */
  public void onAnswered(UniqueName name, Answer answer) {
    CompletableFuture<Reply> reply = waiting.get(name);
    if (reply != null) {
      reply.complete(answer.reply());
    }
  }
}
