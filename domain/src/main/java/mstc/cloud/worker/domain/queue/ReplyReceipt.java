package mstc.cloud.worker.domain.queue;

/** What the broker did with a reply. */
public enum ReplyReceipt {
  /** The broker has taken the reply. */
  CONFIRMED,
  /** The reply queue does not exist, or no longer exists. */
  UNROUTABLE,
  /**
   * The broker says that it has not taken the reply: the reply queue is full and rejects new
   * messages, or the broker failed. A queue that also dead-letters what it rejects ({@code
   * reject-publish-dlx}) does so at every attempt.
   */
  REFUSED
}
