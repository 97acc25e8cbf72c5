package mstc.cloud.worker.application.intake;

import java.util.List;
import java.util.Optional;
import mstc.cloud.worker.application.admission.Admission;
import mstc.cloud.worker.application.metrics.WorkerMetrics;
import mstc.cloud.worker.domain.PortException;
import mstc.cloud.worker.domain.job.JobIdentity;
import mstc.cloud.worker.domain.request.ParsedRequest;
import mstc.cloud.worker.domain.request.Work;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Handles a request that is not from the queue but a call: accepts it where there is room for its
 * job.
 */
public final class HandleCall {
  private static final Logger LOG = LoggerFactory.getLogger(HandleCall.class);

  private final AcceptWork acceptWork;
  private final Admission admission;
  private final WorkerMetrics metrics;

  /**
   * Accepts requests within the limits of the admission.
   *
   * @param metrics notified of every request
   */
  public HandleCall(AcceptWork acceptWork, Admission admission, WorkerMetrics metrics) {
    this.acceptWork = acceptWork;
    this.admission = admission;
    this.metrics = metrics;
  }

  /**
   * Accepts a request, and blocks until that is done; empty if there is no room for a job.
   *
   * @param key the caller's idempotency key, of 1 to 255 characters: the same key means the same
   *     job
   * @throws PortException if the runtime or the store failed before the job was on record
   */
  Optional<Acceptance> admit(ParsedRequest request, Optional<String> key)
      throws InterruptedException {
    metrics.onRequest(WorkerMetrics.Source.HTTP);
    return switch (request) {
      case ParsedRequest.Unreadable(String reason) ->
          Optional.of(new Acceptance.Unreadable(reason));
      case ParsedRequest.Invalid(var violations) -> Optional.of(new Acceptance.Invalid(violations));
      case ParsedRequest.Valid(Work work, List<String> warnings) ->
          acceptValid(work, warnings, key.map(JobIdentity.IdempotencyKey::new));
    };
  }

  private Optional<Acceptance> acceptValid(
      Work work, List<String> warnings, Optional<JobIdentity.IdempotencyKey> key)
      throws InterruptedException {
    return admission.tryReserve()
        ? Optional.of(acceptReserved(work, warnings, key))
        : key.flatMap(known -> findEarlier(work, warnings, known));
  }

  private Acceptance acceptReserved(
      Work work, List<String> warnings, Optional<JobIdentity.IdempotencyKey> key) {
    try {
      JobIdentity identity =
          key.<JobIdentity>map(known -> known).orElseGet(JobIdentity.Unique::random);
      return acceptWork
          .candidate(work, warnings, identity, false, Optional.empty(), () -> true)
          .accept();
    } finally {
      admission.release();
    }
  }

  /** A job that already exists needs no room. */
  private Optional<Acceptance> findEarlier(
      Work work, List<String> warnings, JobIdentity.IdempotencyKey key) {
    try {
      return acceptWork.findEarlier(work, warnings, key);
    } catch (PortException e) {
      LOG.debug("No room, and cannot look for an earlier job: {}", e.getMessage());
      return Optional.empty();
    }
  }
}
