package mstc.cloud.worker.application.completion;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import mstc.cloud.worker.application.reply.SendReply;
import mstc.cloud.worker.application.retry.Backoff;
import mstc.cloud.worker.domain.queue.ReplyReceipt;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.reply.ReplyAddress;
import mstc.cloud.worker.domain.runtime.Answer;
import mstc.cloud.worker.domain.runtime.JobHandedOverException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Those who wait for one job's reply. Each is sent it once, whatever has to be repeated around
 * that, and nobody waits for another's queue that does not exist.
 */
final class Clients {
  private static final Logger LOG = LoggerFactory.getLogger(Clients.class);

  private final Map<ReplyAddress, ReplyReceipt> receipts = new HashMap<>();
  private final Map<ReplyAddress, Long> unroutableSinceNanos = new HashMap<>();
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
    Optional<ReplyReceipt> receipt = attempt(address, reply);
    for (int attempt = 1; receipt.isEmpty(); attempt++) {
      // A broker that comes back may not have its clients' queues again at once.
      unroutableSinceNanos.clear();
      backoff.pauseAfter(attempt);
      receipt = attempt(address, reply);
    }
    return switch (receipt.get()) {
      case CONFIRMED -> {
        receipts.put(address, ReplyReceipt.CONFIRMED);
        yield true;
      }
      case UNROUTABLE -> {
        long now = System.nanoTime();
        long since = unroutableSinceNanos.computeIfAbsent(address, key -> now);
        if (now - since < routingPatience.toNanos()) {
          yield false;
        }
        LOG.warn("Reply queue {} does not exist: {}", address.queue(), reply.result());
        receipts.put(address, ReplyReceipt.UNROUTABLE);
        yield true;
      }
    };
  }

  private Optional<ReplyReceipt> attempt(ReplyAddress address, Reply reply)
      throws InterruptedException, JobHandedOverException {
    handover.requireOurs();
    return sendReply.attempt(address, reply);
  }

  /** What became of the reply. */
  Answer.Delivery delivery() {
    if (receipts.containsValue(ReplyReceipt.UNROUTABLE)) {
      return Answer.Delivery.UNROUTABLE;
    }
    return receipts.isEmpty() ? Answer.Delivery.NONE : Answer.Delivery.SENT;
  }
}
