package mstc.cloud.worker.application.intake;

import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import mstc.cloud.worker.application.metrics.WorkerMetrics;
import mstc.cloud.worker.application.view.JobBoard;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.request.ParsedRequest;
import mstc.cloud.worker.domain.request.Violation;
import mstc.cloud.worker.domain.view.JobState;
import mstc.cloud.worker.domain.view.JobSummary;
import mstc.cloud.worker.domain.view.JobView;

/** Runs a request for a caller that does not wait for its reply, but looks at the job later. */
public final class SubmitWork {
  /** How long a job that is on record may take to be shown, before its caller is told of it. */
  private static final Duration UNTIL_SHOWN = Duration.ofSeconds(2);

  private final HandleCall handleCall;
  private final Optional<JobBoard> board;
  private final InstantSource clock;
  private final WorkerMetrics metrics;

  /**
   * Runs requests that were admitted.
   *
   * @param board shows the jobs, if any are shown
   * @param metrics notified of the requests that are rejected
   */
  public SubmitWork(
      HandleCall handleCall, Optional<JobBoard> board, InstantSource clock, WorkerMetrics metrics) {
    this.handleCall = handleCall;
    this.board = board;
    this.clock = clock;
    this.metrics = metrics;
  }

  /** What became of a request. */
  public sealed interface Submitted {
    /** Its job is on record, or was already for this key, or has even been answered. */
    record OnRecord(UniqueName name, List<String> warnings) implements Submitted {
      public OnRecord {
        warnings = List.copyOf(warnings);
      }
    }

    /**
     * It must not run.
     *
     * @param why in one line
     * @param violations all values that are not allowed; none if it is not about values
     */
    record Invalid(String why, List<Violation> violations) implements Submitted {
      public Invalid {
        violations = List.copyOf(violations);
      }
    }

    /** The worker has no room for another job at the moment. */
    record NoRoom() implements Submitted {}
  }

  /**
   * Puts a request's job on record. Blocks until it is there, and for a moment until it is shown.
   *
   * @param idempotencyKey the caller's key, of 1 to 255 characters: the same key means the same job
   * @throws mstc.cloud.worker.domain.PortException if the runtime or the store failed before the
   *     job was on record
   */
  public Submitted submit(ParsedRequest request, Optional<String> idempotencyKey)
      throws InterruptedException {
    Optional<Acceptance> acceptance = handleCall.admit(request, idempotencyKey);
    if (acceptance.isEmpty()) {
      return new Submitted.NoRoom();
    }
    Submitted submitted = submitted(acceptance.get(), request);
    if (submitted instanceof Submitted.Invalid) {
      metrics.onRejected();
    }
    return submitted;
  }

  private Submitted submitted(Acceptance acceptance, ParsedRequest request)
      throws InterruptedException {
    return switch (acceptance) {
      case Acceptance.OnRecord(Job job) -> onRecord(job);
      case Acceptance.Answered(Reply reply) -> answered(reply, request);
      case Acceptance.Invalid invalid ->
          new Submitted.Invalid(invalid.reply().result(), invalid.violations());
      case Acceptance.Unreadable unreadable ->
          new Submitted.Invalid(unreadable.reply().result(), List.of());
      case Acceptance.Abandoned() ->
          throw new IllegalStateException("a request that is made here is nobody else's");
    };
  }

  private Submitted onRecord(Job job) throws InterruptedException {
    if (board.isPresent()) {
      var _ = board.get().await(job.name(), JobState.PENDING, UNTIL_SHOWN);
    }
    return new Submitted.OnRecord(job.name(), job.warnings());
  }

  /** A job that has ended is told from a request that was refused by the time of its end. */
  private Submitted answered(Reply reply, ParsedRequest request) {
    if (reply.job().isEmpty()
        || reply.finishedAt().isEmpty()
        || !(request instanceof ParsedRequest.Valid valid)) {
      return new Submitted.Invalid(reply.result(), List.of());
    }
    Job job = new Job(reply.job().get(), valid.work(), valid.warnings());
    JobView view =
        new JobView(
            job,
            JobState.ENDED,
            Optional.empty(),
            reply.startedAt().or(reply::finishedAt).orElseGet(clock::instant),
            reply.startedAt(),
            reply.finishedAt(),
            false,
            Optional.of(reply));
    board.ifPresent(shown -> shown.showAnswered(JobSummary.of(view), valid.work()));
    return new Submitted.OnRecord(job.name(), reply.warnings());
  }
}
