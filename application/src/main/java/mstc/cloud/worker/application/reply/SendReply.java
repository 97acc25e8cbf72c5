package mstc.cloud.worker.application.reply;

import java.util.Optional;
import mstc.cloud.worker.domain.queue.ReplyReceipt;
import mstc.cloud.worker.domain.queue.WorkQueue;
import mstc.cloud.worker.domain.queue.WorkQueueException;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.reply.ReplyAddress;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Gives a client its reply. */
public final class SendReply {
  private static final Logger LOG = LoggerFactory.getLogger(SendReply.class);

  private final WorkQueue queue;

  /** Sends replies by this queue. */
  public SendReply(WorkQueue queue) {
    this.queue = queue;
  }

  /**
   * Sends a reply once. Empty when the broker has not said what became of it, and may do so another
   * time.
   */
  public Optional<ReplyReceipt> attempt(ReplyAddress address, Reply reply) {
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
}
