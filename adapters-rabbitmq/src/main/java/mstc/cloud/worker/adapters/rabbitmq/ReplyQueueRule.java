package mstc.cloud.worker.adapters.rabbitmq;

import java.util.Optional;
import mstc.cloud.worker.domain.PrintableText;

/**
 * Which queues a client may not ask its reply to be sent to: a reply in the work queue would be
 * taken for a request, one among the dead messages for one of those, and names that begin with
 * {@code amq.} are the broker's.
 */
final class ReplyQueueRule {
  private static final String RESERVED = "amq.";

  /** What a broker calls a queue that a client declared without a name. */
  private static final String GENERATED = "amq.gen-";

  private ReplyQueueRule() {}

  /** Why that is no reply queue; one line of printable text. */
  static Optional<String> violation(String replyQueue, RabbitSettings.Names names) {
    if (replyQueue.equals(names.queue())) {
      return Optional.of(refusal(replyQueue, "is the work queue"));
    }
    if (replyQueue.equals(names.deadQueue())) {
      return Optional.of(refusal(replyQueue, "is the dead-letter queue"));
    }
    if (replyQueue.startsWith(RESERVED)
        && !replyQueue.startsWith(GENERATED)
        && !DirectReplyAddress.is(replyQueue)) {
      return Optional.of(refusal(replyQueue, "is a name of the broker's own"));
    }
    return Optional.empty();
  }

  private static String refusal(String replyQueue, String why) {
    return "Invalid request: reply_to %s %s; name a queue of the client, or use direct reply-to."
        .formatted(PrintableText.quote(replyQueue), why);
  }
}
