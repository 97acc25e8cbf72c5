package mstc.cloud.worker.application.intake;

import java.time.Duration;
import mstc.cloud.worker.application.reply.SendReply;
import mstc.cloud.worker.application.retry.Backoff;
import mstc.cloud.worker.application.retry.FailureListener;
import mstc.cloud.worker.domain.PortException;
import mstc.cloud.worker.domain.PrintableText;
import mstc.cloud.worker.domain.job.JobIdentity;
import mstc.cloud.worker.domain.job.RequestDigest;
import mstc.cloud.worker.domain.queue.Delivery;
import mstc.cloud.worker.domain.queue.DeliveryHandler;
import mstc.cloud.worker.domain.queue.Disposition;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.request.ParsedRequest;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns a message into a job, or into a reply where it cannot be one. A message is acknowledged
 * once the runtime has its job on record or its client has the reply, so nothing is lost in
 * between.
 */
public final class HandleDelivery implements DeliveryHandler {
  private static final Logger LOG = LoggerFactory.getLogger(HandleDelivery.class);
  private static final int MAX_REASON_LENGTH = 300;

  private final AcceptWork acceptWork;
  private final Admission admission;
  private final SendReply sendReply;
  private final FailureListener outage;
  private final Duration patience;
  private final Backoff backoff;

  /**
   * @param outage told when the runtime or the store fail
   * @param patience how long a message is kept while they do, before it goes back to the queue
   */
  public HandleDelivery(
      AcceptWork acceptWork,
      Admission admission,
      SendReply sendReply,
      FailureListener outage,
      Duration patience,
      Backoff backoff) {
    this.acceptWork = acceptWork;
    this.admission = admission;
    this.sendReply = sendReply;
    this.outage = outage;
    this.patience = patience;
    this.backoff = backoff;
  }

  @Override
  public Disposition handle(Delivery delivery) {
    LOG.debug("Request received: {}", delivery);
    return switch (delivery.request()) {
      case ParsedRequest.Unreadable(String reason) -> {
        Disposition deadLetter = new Disposition.DeadLetter(reason);
        yield answer(delivery, Reply.invalid(reason), deadLetter, deadLetter);
      }
      case ParsedRequest.Invalid(var violations) -> {
        Reply reply = Reply.invalid(violations);
        String reason = PrintableText.oneLine(reply.result(), MAX_REASON_LENGTH);
        yield answer(
            delivery, reply, new Disposition.Acknowledge(), new Disposition.DeadLetter(reason));
      }
      case ParsedRequest.Valid valid -> run(delivery, valid);
    };
  }

  private Disposition run(Delivery delivery, ParsedRequest.Valid valid) {
    LOG.info(
        "Request received: job name {}, image {}{}",
        valid.request().jobName(),
        valid.request().image(),
        delivery.redelivered() ? ", redelivered" : "");
    JobIdentity identity = identityOf(delivery, valid);
    long deadline = System.nanoTime() + patience.toNanos();
    for (int attempt = 1; ; attempt++) {
      try {
        Acceptance acceptance =
            acceptWork.accept(
                valid.request(),
                valid.warnings(),
                identity,
                delivery.redelivered(),
                delivery.replyAddress());
        return switch (acceptance) {
          case Acceptance.OnRecord onRecord -> {
            admission.update();
            yield new Disposition.Acknowledge();
          }
          case Acceptance.Answered(Reply reply) -> {
            Disposition acknowledge = new Disposition.Acknowledge();
            yield answer(delivery, reply, acknowledge, acknowledge);
          }
        };
      } catch (PortException e) {
        outage.onFailure(e);
        if (System.nanoTime() >= deadline || !pauseAfter(attempt)) {
          LOG.warn("Request goes back to the queue: {}", e.getMessage());
          return new Disposition.Requeue();
        }
      }
    }
  }

  private boolean pauseAfter(int attempt) {
    try {
      backoff.pauseAfter(attempt);
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private static JobIdentity identityOf(Delivery delivery, ParsedRequest.Valid valid) {
    return delivery
        .messageId()
        .<JobIdentity>map(JobIdentity.IdempotencyKey::new)
        .or(() ->
            delivery
                .correlationId()
                .map(id ->
                    new JobIdentity.Correlation(
                        id, delivery.replyQueue(), RequestDigest.of(valid.request()))))
        .orElseGet(JobIdentity.Unique::random);
  }

  /** Sends the reply; what then becomes of the message depends on whether its client has it. */
  private Disposition answer(
      Delivery delivery, Reply reply, Disposition answered, Disposition unanswered) {
    LOG.info(
        "Answered without a job: {}", PrintableText.oneLine(reply.result(), MAX_REASON_LENGTH));
    if (delivery.replyAddress().isEmpty()) {
      return unanswered;
    }
    try {
      return sendReply
          .sendWithin(patience, delivery.replyAddress().get(), reply)
          .map(receipt ->
              switch (receipt) {
                case CONFIRMED -> answered;
                case UNROUTABLE -> unanswered;
              })
          .orElseGet(Disposition.Requeue::new);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new Disposition.Requeue();
    }
  }
}
