package mstc.cloud.worker.application.reply;

import java.time.Duration;
import java.util.Optional;
import mstc.cloud.worker.application.retry.Backoff;
import mstc.cloud.worker.domain.queue.ReplyReceipt;
import mstc.cloud.worker.domain.queue.WorkQueue;
import mstc.cloud.worker.domain.queue.WorkQueueException;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.reply.ReplyAddress;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Gives a client its reply, whatever the broker does meanwhile. */
public final class SendReply {
  private static final Logger LOG = LoggerFactory.getLogger(SendReply.class);

  private final WorkQueue queue;
  private final Duration routingPatience;
  private final Backoff backoff;

  /**
   * @param routingPatience for how long a reply is tried whose queue does not exist: its client may
   *     be connecting again
   */
  public SendReply(WorkQueue queue, Duration routingPatience, Backoff backoff) {
    this.queue = queue;
    this.routingPatience = routingPatience;
    this.backoff = backoff;
  }

  /**
   * Sends a reply until the broker has confirmed it, for as long as the broker is away, or until
   * its queue has not existed for the routing patience. A reply that the broker refuses for good
   * counts as unroutable.
   */
  public ReplyReceipt send(ReplyAddress address, Reply reply) throws InterruptedException {
    long unroutableSince = 0;
    for (int attempt = 1; ; attempt++) {
      Optional<ReplyReceipt> receipt = attempt(address, reply);
      if (receipt.equals(Optional.of(ReplyReceipt.CONFIRMED))) {
        return ReplyReceipt.CONFIRMED;
      }
      if (receipt.isPresent()) {
        long now = System.nanoTime();
        unroutableSince = unroutableSince == 0 ? now : unroutableSince;
        if (now - unroutableSince >= routingPatience.toNanos()) {
          LOG.warn("Reply queue {} does not exist: {}", address.queue(), reply.result());
          return ReplyReceipt.UNROUTABLE;
        }
      } else {
        unroutableSince = 0;
      }
      backoff.pauseAfter(attempt);
    }
  }

  /**
   * Sends a reply, for at most that long; empty when the broker has not confirmed it by then.
   *
   * @throws InterruptedException when the thread is interrupted between attempts
   */
  public Optional<ReplyReceipt> sendWithin(Duration patience, ReplyAddress address, Reply reply)
      throws InterruptedException {
    long deadline = System.nanoTime() + patience.toNanos();
    Optional<ReplyReceipt> receipt = attempt(address, reply);
    for (int attempt = 1; receipt.isEmpty() && System.nanoTime() < deadline; attempt++) {
      backoff.pauseAfter(attempt);
      receipt = attempt(address, reply);
    }
    return receipt;
  }

  /** Empty where trying again can help. */
  private Optional<ReplyReceipt> attempt(ReplyAddress address, Reply reply) {
    try {
      return Optional.of(queue.reply(address, reply));
    } catch (WorkQueueException e) {
      if (e.isRetryable()) {
        LOG.debug("Reply not confirmed, trying again: {}", e.getMessage());
        return Optional.empty();
      }
      LOG.error("Reply refused: {}", e.getMessage());
      return Optional.of(ReplyReceipt.UNROUTABLE);
    }
  }
}
