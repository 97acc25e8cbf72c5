package mstc.cloud.worker.domain.queue;

import java.time.Instant;
import java.util.Optional;
import mstc.cloud.worker.domain.reply.ReplyAddress;
import mstc.cloud.worker.domain.request.ParsedRequest;

/**
 * One message from the queue.
 *
 * @param messageId the client's idempotency key, 1 to 255 bytes
 * @param correlationId chosen by the client, and returned with the reply
 * @param replyQueue where the client waits for its reply
 * @param redelivered whether the message may have been delivered before, because the broker says so
 *     or it was {@linkplain Disposition.Postpone postponed}
 * @param sentAt when it was sent or came to the queue, by the clock of the client or the broker;
 *     empty if the message does not tell
 */
public record Delivery(
    ParsedRequest request,
    Optional<String> messageId,
    Optional<String> correlationId,
    Optional<String> replyQueue,
    boolean redelivered,
    Optional<Instant> sentAt) {

  /** Where the reply goes; empty if nobody waits for one. */
  public Optional<ReplyAddress> replyAddress() {
    return replyQueue.map(queue -> new ReplyAddress(queue, correlationId));
  }
}
