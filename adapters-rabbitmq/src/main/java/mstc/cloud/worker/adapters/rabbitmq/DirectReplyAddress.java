package mstc.cloud.worker.adapters.rabbitmq;

/**
 * Distinguishes direct reply-to addresses from queues.
 *
 * @see <a href="https://www.rabbitmq.com/docs/direct-reply-to">Direct reply-to</a>
 */
final class DirectReplyAddress {
  private static final String PREFIX = "amq.rabbitmq.reply-to.";

  private DirectReplyAddress() {}

  /**
   * Whether that is a direct address. Replies to one are not mandatory: brokers before 4.2 return
   * each of them, though they deliver it.
   */
  static boolean is(String queue) {
    return queue.startsWith(PREFIX);
  }
}
