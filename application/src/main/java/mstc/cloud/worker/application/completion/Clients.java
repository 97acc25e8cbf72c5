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
 * that, and nobody waits for another's queue that does not take it.
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
   * @param routingPatience for how long a reply is tried whose queue does not take it: its client
   *     may be connecting again
   */
  Clients(SendReply sendReply, Handover handover, Duration routingPatience, Backoff backoff) {
    this.sendReply = sendReply;
    this.handover = handover;
    this.routingPatience = routingPatience;
    this.backoff = backoff;
  }

  /**
   * Sends the reply to everyone who was not sent it yet, for as long as the broker is away. False
   * when a reply queue does not take it now and may yet do so: to be called again, after a while.
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
    for (int attempt = 1; ; attempt++) {
      switch (sending.attempt(reply)) {
        case PatientReply.Attempt.Settled(ReplyReceipt receipt) -> {
          receipts.put(address, receipt);
          return true;
        }
        case PatientReply.Attempt.NotTaken() -> {
          return false;
        }
        case PatientReply.Attempt.NotConfirmed() -> {
          underWay.values().forEach(PatientReply::brokerWasAway);
          backoff.pauseAfter(attempt);
          handover.requireOurs();
        }
      }
    }
  }

  /** What became of the reply. */
  Answer.Delivery delivery() {
    if (receipts.containsValue(ReplyReceipt.REFUSED)) {
      return Answer.Delivery.REFUSED;
    }
    if (receipts.containsValue(ReplyReceipt.UNROUTABLE)) {
      return Answer.Delivery.UNROUTABLE;
    }
    return receipts.isEmpty() ? Answer.Delivery.NONE : Answer.Delivery.SENT;
  }
}
