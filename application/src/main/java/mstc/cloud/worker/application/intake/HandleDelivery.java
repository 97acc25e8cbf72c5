package mstc.cloud.worker.application.intake;

import static java.util.function.Predicate.not;

import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import mstc.cloud.worker.application.admission.Admission;
import mstc.cloud.worker.application.admission.Outage;
import mstc.cloud.worker.application.metrics.WorkerMetrics;
import mstc.cloud.worker.application.reply.PatientReply;
import mstc.cloud.worker.application.reply.SendReply;
import mstc.cloud.worker.application.retry.Backoff;
import mstc.cloud.worker.domain.PortException;
import mstc.cloud.worker.domain.PrintableText;
import mstc.cloud.worker.domain.job.JobIdentity;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.queue.Delivery;
import mstc.cloud.worker.domain.queue.DeliveryHandler;
import mstc.cloud.worker.domain.queue.Disposition;
import mstc.cloud.worker.domain.queue.Handling;
import mstc.cloud.worker.domain.queue.ReplyReceipt;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.request.ParsedRequest;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns a message into a job, or into a reply if it cannot be one. A message is acknowledged once
 * the runtime has its job on record or its client has the reply, so nothing is lost in between. A
 * message that is void by then is left to the worker that the broker gives it to.
 */
public final class HandleDelivery implements DeliveryHandler {
  private static final Logger LOG = LoggerFactory.getLogger(HandleDelivery.class);
  private static final int MAX_REASON_LENGTH = 300;

  /** The time of a message is its sender's word; one that claims to be older is not believed. */
  private static final Duration LONGEST_WAIT = Duration.ofDays(30);

  private final AcceptWork acceptWork;
  private final Admission admission;
  private final SendReply sendReply;
  private final Outage outage;
  private final Duration patience;
  private final Duration replyPatience;
  private final Backoff backoff;
  private final InstantSource clock;
  private final WorkerMetrics metrics;
  private final CountDownLatch stopped = new CountDownLatch(1);

  /**
   * @param outage notified when the runtime or the store fails
   * @param patience how long a message is kept while they or the queue fail, before it goes to the
   *     end of the queue
   * @param replyPatience how long a reply is retried that its queue does not take
   * @param metrics notified of every delivery, and of what becomes of it
   */
  public HandleDelivery(
      AcceptWork acceptWork,
      Admission admission,
      SendReply sendReply,
      Outage outage,
      Duration patience,
      Duration replyPatience,
      Backoff backoff,
      InstantSource clock,
      WorkerMetrics metrics) {
    this.acceptWork = acceptWork;
    this.admission = admission;
    this.sendReply = sendReply;
    this.outage = outage;
    this.patience = patience;
    this.replyPatience = replyPatience;
    this.backoff = backoff;
    this.clock = clock;
    this.metrics = metrics;
  }

  @Override
  public Disposition handle(Delivery delivery, Handling handling) {
    LOG.debug("Request received: {}", delivery);
    noteArrival(delivery);
    Disposition disposition = dispose(delivery, handling);
    switch (disposition) {
      case Disposition.DeadLetter _ -> metrics.onDeadLettered();
      case Disposition.Postpone _ -> metrics.onPostponed();
      case Disposition.Acknowledge _, Disposition.Requeue _ -> {}
    }
    return disposition;
  }

  private void noteArrival(Delivery delivery) {
    metrics.onRequest(WorkerMetrics.Source.QUEUE);
    if (delivery.redelivered()) {
      metrics.onRedelivered();
    } else {
      delivery
          .sentAt()
          .map(sent -> Duration.between(sent, clock.instant()))
          .filter(not(Duration::isNegative))
          .filter(waited -> waited.compareTo(LONGEST_WAIT) <= 0)
          .ifPresent(metrics::onTakenFromQueue);
    }
  }

  private Disposition dispose(Delivery delivery, Handling handling) {
    return switch (delivery.request()) {
      case ParsedRequest.Valid valid -> accept(delivery, handling, valid);
      case ParsedRequest.Invalid(var violations) ->
          conclude(delivery, handling, new Acceptance.Invalid(violations));
      case ParsedRequest.Unreadable(String reason) ->
          conclude(delivery, handling, new Acceptance.Unreadable(reason));
    };
  }

  /** What becomes of the message, once it is known what becomes of the request. */
  private Disposition conclude(Delivery delivery, Handling handling, Acceptance acceptance) {
    Disposition acknowledge = new Disposition.Acknowledge();
    return switch (acceptance) {
      case Acceptance.OnRecord _ -> {
        admission.update();
        yield acknowledge;
      }
      case Acceptance.Answered(Reply reply) ->
          answer(delivery, handling, reply, acknowledge, acknowledge);
      case Acceptance.Invalid invalid -> {
        Reply reply = invalid.reply();
        String reason = PrintableText.oneLine(reply.result(), MAX_REASON_LENGTH);
        yield answer(delivery, handling, reply, acknowledge, new Disposition.DeadLetter(reason));
      }
      case Acceptance.Unreadable unreadable -> {
        Disposition deadLetter = new Disposition.DeadLetter(unreadable.reason());
        yield answer(delivery, handling, unreadable.reply(), deadLetter, deadLetter);
      }
      case Acceptance.Abandoned() -> abandon();
    };
  }

  private Disposition accept(Delivery delivery, Handling handling, ParsedRequest.Valid valid) {
    long deadline = System.nanoTime() + patience.toNanos();
    LOG.info(
        "Request received: job name {}, {}{}",
        valid.work().jobName(),
        valid.work().description(),
        delivery.redelivered() ? ", redelivered" : "");
    JobIdentity identity = identityOf(delivery, valid);
    AcceptWork.Candidate accepting =
        acceptWork.candidate(
            valid.work(),
            valid.warnings(),
            identity,
            delivery.redelivered(),
            delivery.replyAddress(),
            () -> !handling.isVoid());
    for (int attempt = 1; ; attempt++) {
      try {
        return conclude(delivery, handling, accepting.accept());
      } catch (PortException e) {
        var _ = outage.onFailure(e);
        if (!pauseAside(handling, attempt, deadline)) {
          return giveBack(e.getMessage());
        }
      }
    }
  }

  /**
   * Waits for the next attempt, and for room to make it. False if there is no further attempt, or
   * so many wait that this one would keep others out.
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

  /** What becomes of a message whose handling failed, or that is left because the worker stops. */
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

  /** False if there is no further attempt. */
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
                    new JobIdentity.Correlation(id, delivery.replyQueue(), valid.work().digest())))
        .orElseGet(JobIdentity.Unique::random);
  }

  /**
   * Sends the reply, retrying as for every reply, and without taking room from others while its
   * client's queue does not take it. What then becomes of the message depends on whether its client
   * has the reply.
   */
  private Disposition answer(
      Delivery delivery,
      Handling handling,
      Reply reply,
      Disposition answered,
      Disposition unanswered) {
    if (reply.outcome() == JobOutcome.Kind.REJECTED) {
      metrics.onRejected();
    }
    LOG.info("Answered at once: {}", PrintableText.oneLine(reply.result(), MAX_REASON_LENGTH));
    if (delivery.replyAddress().isEmpty()) {
      return unanswered;
    }
    PatientReply sending =
        new PatientReply(sendReply, delivery.replyAddress().get(), replyPatience);
    long lastAnswered = System.nanoTime();
    for (int attempt = 1; ; attempt++) {
      if (handling.isVoid()) {
        return abandon();
      }
      switch (sending.attempt(reply)) {
        case PatientReply.Result.Settled(ReplyReceipt receipt) -> {
          return receipt == ReplyReceipt.CONFIRMED ? answered : unanswered;
        }
        case PatientReply.Result.NotTaken _ -> {
          if (!handling.stepAside()) {
            LOG.debug("Too many wait for their reply queues: this one keeps its room");
          }
          lastAnswered = System.nanoTime();
        }
        case PatientReply.Result.NotConfirmed() -> LOG.debug("The reply is to be sent again");
      }
      if (!pauseAfter(attempt, lastAnswered + patience.toNanos())) {
        return giveBack("the broker takes no reply");
      }
    }
  }

  /** The disposition has no effect: the delivery is void. */
  private static Disposition abandon() {
    LOG.info("A request is left to whom the queue has given it meanwhile");
    return new Disposition.Requeue();
  }
}
