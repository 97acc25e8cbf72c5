package mstc.cloud.worker.application.completion;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import mstc.cloud.worker.application.reply.PatientReply;
import mstc.cloud.worker.application.reply.SendReply;
import mstc.cloud.worker.application.retry.Backoff;
import mstc.cloud.worker.domain.queue.ReplyReceipt;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.reply.ReplyAddress;
import mstc.cloud.worker.domain.runtime.Answer;
import mstc.cloud.worker.domain.runtime.JobHandedOverException;

/**
 * Those who wait for one job's reply. Each is sent it once, whatever has to be repeated around
 * that, and nobody waits for another's queue that does not exist.
 */
final class Clients {
  private final Map<ReplyAddress, ReplyReceipt> receipts = new HashMap<>();
  private final Map<ReplyAddress, PatientReply> underWay = new HashMap<>();
  private final SendReply sendReply;
  private final Handover handover;
  private final Duration routingPatience;
  private final Backoff backoff;

  /** Tells when somebody else is to answer. */
  @FunctionalInterface
  interface Handover {
    void requireOurs() throws JobHandedOverException, InterruptedException;
  }

  /**
   * @param handover asked before every attempt
   * @param routingPatience for how long a reply is tried whose queue does not exist: its client may
   *     be connecting again
   */
  Clients(SendReply sendReply, Handover handover, Duration routingPatience, Backoff backoff) {
    this.sendReply = sendReply;
    this.handover = handover;
    this.routingPatience = routingPatience;
    this.backoff = backoff;
  }

  /**
   * Sends the reply to everyone who was not sent it yet, for as long as the broker is away. False
   * when a reply queue does not exist and may yet come: to be called again, after a while.
   */
  boolean send(List<ReplyAddress> addresses, Reply reply)
      throws InterruptedException, JobHandedOverException {
    boolean settled = true;
    for (ReplyAddress address : addresses) {
      settled &= receipts.containsKey(address) || send(address, reply);
    }
    return settled;
  }

  private boolean send(ReplyAddress address, Reply reply)
      throws InterruptedException, JobHandedOverException {
    PatientReply sending =
        underWay.computeIfAbsent(address, key -> new PatientReply(sendReply, key, routingPatience));
    handover.requireOurs();
    PatientReply.Attempt sent = sending.attempt(reply);
    for (int attempt = 1; sent == PatientReply.Attempt.NOT_CONFIRMED; attempt++) {
      underWay.values().forEach(PatientReply::brokerWasAway);
      backoff.pauseAfter(attempt);
      handover.requireOurs();
      sent = sending.attempt(reply);
    }
    return switch (sent) {
      case SENT -> {
        receipts.put(address, ReplyReceipt.CONFIRMED);
        yield true;
      }
      case GIVEN_UP -> {
        receipts.put(address, ReplyReceipt.UNROUTABLE);
        yield true;
      }
      case UNROUTABLE -> false;
      case NOT_CONFIRMED -> throw new IllegalStateException("tried until it is confirmed");
    };
  }

  /** What became of the reply. */
  Answer.Delivery delivery() {
    if (receipts.containsValue(ReplyReceipt.UNROUTABLE)) {
      return Answer.Delivery.UNROUTABLE;
    }
    return receipts.isEmpty() ? Answer.Delivery.NONE : Answer.Delivery.SENT;
  }
}
