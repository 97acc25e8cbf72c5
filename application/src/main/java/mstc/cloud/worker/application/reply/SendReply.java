package mstc.cloud.worker.application.reply;

import java.util.Optional;
import mstc.cloud.worker.application.metrics.WorkerMetrics;
import mstc.cloud.worker.domain.queue.ReplyReceipt;
import mstc.cloud.worker.domain.queue.WorkQueue;
import mstc.cloud.worker.domain.queue.WorkQueueException;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.reply.ReplyAddress;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sends a client its reply. */
public final class SendReply {
  private static final Logger LOG = LoggerFactory.getLogger(SendReply.class);

  private final WorkQueue queue;
  private final WorkerMetrics metrics;

  /**
   * @param metrics notified of every attempt
   */
  public SendReply(WorkQueue queue, WorkerMetrics metrics) {
    this.queue = queue;
    this.metrics = metrics;
  }

  /**
   * Sends a reply once. Empty if the broker has not said what became of it, and may do so at
   * another attempt.
   */
  public Optional<ReplyReceipt> attempt(ReplyAddress address, Reply reply) {
    Optional<ReplyReceipt> receipt = receipt(address, reply);
    receipt.ifPresentOrElse(metrics::onReplyAttempt, metrics::onReplyUnconfirmed);
    return receipt;
  }

  private Optional<ReplyReceipt> receipt(ReplyAddress address, Reply reply) {
    try {
      return Optional.of(queue.reply(address, reply));
    } catch (WorkQueueException e) {
      if (e.isRetryable()) {
        LOG.debug("Reply not confirmed: {}", e.getMessage());
        return Optional.empty();
      }
      LOG.debug("Reply refused: {}", e.getMessage());
      return Optional.of(ReplyReceipt.REFUSED);
    }
  }

  /** Notes that a client does not get its reply, as its queue did not take it for too long. */
  void giveUp(ReplyReceipt last) {
    metrics.onReplyGivenUp(last);
  }
}
