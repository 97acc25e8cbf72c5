package mstc.cloud.worker.domain.queue;

/** What the broker did with a reply. */
public enum ReplyReceipt {
  /** The broker has taken the reply over. */
  CONFIRMED,
  /** The reply queue does not exist (any more). */
  UNROUTABLE
}
