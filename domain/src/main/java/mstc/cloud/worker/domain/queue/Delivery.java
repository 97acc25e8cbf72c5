package mstc.cloud.worker.domain.queue;

import java.util.Optional;
import mstc.cloud.worker.domain.reply.ReplyAddress;
import mstc.cloud.worker.domain.request.ParsedRequest;

/**
 * One message from the queue.
 *
 * @param messageId the client's idempotency key, 1 to 255 bytes
 * @param correlationId the client's own mark, given back with the reply
 * @param replyQueue where the client waits for its reply
 * @param redelivered whether the message may have been delivered before: the broker says so, or it
 *     was {@linkplain Disposition.Postpone postponed}
 */
public record Delivery(
    ParsedRequest request,
    Optional<String> messageId,
    Optional<String> correlationId,
    Optional<String> replyQueue,
    boolean redelivered) {

  /** Where the reply goes; empty where nobody waits for one. */
  public Optional<ReplyAddress> replyAddress() {
    return replyQueue.map(queue -> new ReplyAddress(queue, correlationId));
  }
}
