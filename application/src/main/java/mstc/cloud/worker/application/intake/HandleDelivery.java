package mstc.cloud.worker.application.intake;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import mstc.cloud.worker.application.reply.PatientReply;
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
import mstc.cloud.worker.domain.queue.Handling;
import mstc.cloud.worker.domain.queue.ReplyReceipt;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.request.ParsedRequest;
import mstc.cloud.worker.domain.request.Violation;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns a message into a job, or into a reply where it cannot be one. A message is acknowledged
 * once the runtime has its job on record or its client has the reply, so nothing is lost in
 * between. One that is void by then is left to whom the broker gives it.
 */
public final class HandleDelivery implements DeliveryHandler {
  private static final Logger LOG = LoggerFactory.getLogger(HandleDelivery.class);
  private static final int MAX_REASON_LENGTH = 300;

  private final AcceptWork acceptWork;
  private final Admission admission;
  private final SendReply sendReply;
  private final FailureListener outage;
  private final Duration patience;
  private final Duration routingPatience;
  private final Backoff backoff;
  private final CountDownLatch stopped = new CountDownLatch(1);

  /**
   * @param outage told when the runtime or the store fail
   * @param patience how long a message is kept while they or the queue do, before it goes to the
   *     queue's end
   * @param routingPatience for how long a reply is tried whose queue does not take it
   */
  public HandleDelivery(
      AcceptWork acceptWork,
      Admission admission,
      SendReply sendReply,
      FailureListener outage,
      Duration patience,
      Duration routingPatience,
      Backoff backoff) {
    this.acceptWork = acceptWork;
    this.admission = admission;
    this.sendReply = sendReply;
    this.outage = outage;
    this.patience = patience;
    this.routingPatience = routingPatience;
    this.backoff = backoff;
  }

  @Override
  public Disposition handle(Delivery delivery, Handling handling) {
    LOG.debug("Request received: {}", delivery);
    return switch (delivery.request()) {
      case ParsedRequest.Unreadable(String reason) -> {
        Disposition deadLetter = new Disposition.DeadLetter(reason);
        yield answer(delivery, handling, Reply.invalid(reason), deadLetter, deadLetter);
      }
      case ParsedRequest.Invalid(var violations) -> answerInvalid(delivery, handling, violations);
      case ParsedRequest.Valid valid -> run(delivery, handling, valid);
    };
  }

  private Disposition answerInvalid(
      Delivery delivery, Handling handling, List<Violation> violations) {
    Reply reply = Reply.invalid(violations);
    String reason = PrintableText.oneLine(reply.result(), MAX_REASON_LENGTH);
    return answer(
        delivery,
        handling,
        reply,
        new Disposition.Acknowledge(),
        new Disposition.DeadLetter(reason));
  }

  private Disposition run(Delivery delivery, Handling handling, ParsedRequest.Valid valid) {
    long deadline = System.nanoTime() + patience.toNanos();
    LOG.info(
        "Request received: job name {}, image {}{}",
        valid.request().jobName(),
        valid.request().image(),
        delivery.redelivered() ? ", redelivered" : "");
    JobIdentity identity = identityOf(delivery, valid);
    AcceptWork.Attempt accepting =
        acceptWork.attempt(
            valid.request(),
            valid.warnings(),
            identity,
            delivery.redelivered(),
            delivery.replyAddress(),
            () -> !handling.isVoid());
    for (int attempt = 1; ; attempt++) {
      try {
        Acceptance acceptance = accepting.accept();
        return switch (acceptance) {
          case Acceptance.OnRecord onRecord -> {
            admission.update();
            yield new Disposition.Acknowledge();
          }
          case Acceptance.Answered(Reply reply) -> {
            Disposition acknowledge = new Disposition.Acknowledge();
            yield answer(delivery, handling, reply, acknowledge, acknowledge);
          }
          case Acceptance.Invalid(var violations) -> answerInvalid(delivery, handling, violations);
          case Acceptance.Abandoned() -> abandon();
        };
      } catch (PortException e) {
        var _ = outage.onFailure(e);
        if (!pauseAside(handling, attempt, deadline)) {
          return giveBack(e.getMessage());
        }
      }
    }
  }

  /**
   * Waits for the next attempt, and for room to make it. False when there is to be none, or so many
   * wait that this one would keep others out.
   */
  private boolean pauseAside(Handling handling, int attempt, long deadline) {
    if (!handling.stepAside()) {
      return false;
    }
    do {
      if (!pauseAfter(attempt, deadline)) {
        return false;
      }
    } while (!handling.stepIn());
    return true;
  }

  /** What becomes of a message whose handling failed, or that is left as the worker stops. */
  private Disposition giveBack(String reason) {
    if (isStopped()) {
      LOG.info("Request goes back to the queue: the worker stops, and {}", reason);
      return new Disposition.Requeue();
    }
    LOG.warn("Request goes to the end of the queue: {}", reason);
    return new Disposition.Postpone();
  }

  private boolean isStopped() {
    return stopped.getCount() == 0;
  }

  /** False when there is to be no further attempt. */
  private boolean pauseAfter(int attempt, long deadline) {
    long left = deadline - System.nanoTime();
    if (left <= 0) {
      return false;
    }
    try {
      return !stopped.await(
          Math.min(left, backoff.delayAfter(attempt).toNanos()), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** From now on a message whose handling fails goes back to the queue at once. */
  public void stop() {
    stopped.countDown();
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

  /**
   * Sends the reply, with the patience that every reply has, and without taking room from others
   * while its client's queue does not take it. What then becomes of the message depends on whether
   * its client has it.
   */
  private Disposition answer(
      Delivery delivery,
      Handling handling,
      Reply reply,
      Disposition answered,
      Disposition unanswered) {
    LOG.info("Answered at once: {}", PrintableText.oneLine(reply.result(), MAX_REASON_LENGTH));
    if (delivery.replyAddress().isEmpty()) {
      return unanswered;
    }
    PatientReply sending =
        new PatientReply(sendReply, delivery.replyAddress().get(), routingPatience);
    long lastAnswered = System.nanoTime();
    for (int attempt = 1; ; attempt++) {
      if (handling.isVoid()) {
        return abandon();
      }
      switch (sending.attempt(reply)) {
        case PatientReply.Attempt.Settled(ReplyReceipt receipt) -> {
          return receipt == ReplyReceipt.CONFIRMED ? answered : unanswered;
        }
        case PatientReply.Attempt.NotTaken() -> {
          if (!handling.stepAside()) {
            LOG.debug("Too many wait for their reply queues: this one keeps its room");
          }
          lastAnswered = System.nanoTime();
        }
        case PatientReply.Attempt.NotConfirmed() -> LOG.debug("The reply is to be sent again");
      }
      if (!pauseAfter(attempt, lastAnswered + patience.toNanos())) {
        return giveBack("the broker takes no reply");
      }
    }
  }

  /** Whatever is returned is void. */
  private static Disposition abandon() {
    LOG.info("A request is left to whom the queue has given it meanwhile");
    return new Disposition.Requeue();
  }
}
