package mstc.cloud.worker.domain.queue;

/** What the broker did with a reply. */
public enum ReplyReceipt {
  /** The broker has taken the reply over. */
  CONFIRMED,
  /** The reply queue does not exist (any more). */
  UNROUTABLE,
  /**
   * The broker has not taken the reply, and says so: its queue is full and rejects what comes, or
   * the broker failed on it. One that also dead-letters what it rejects ({@code
   * reject-publish-dlx}) does so with every attempt.
   */
  REFUSED
}
