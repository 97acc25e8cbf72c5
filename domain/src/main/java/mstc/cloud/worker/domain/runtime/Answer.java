package mstc.cloud.worker.domain.runtime;

import java.time.Instant;
import mstc.cloud.worker.domain.reply.Reply;

/**
 * The answer that a job's clients were given.
 *
 * @param at when it was recorded
 */
public record Answer(Reply reply, Delivery delivery, Instant at) {

  /** What became of the reply. */
  public enum Delivery {
    /** Every client that waited was sent the reply. */
    SENT,
    /** A client's reply queue was gone and stayed so, or nobody wanted to wait for it. */
    UNROUTABLE,
    /** The broker refused to take a client's reply, and went on to. */
    REFUSED,
    /** Nobody waited. */
    NONE
  }
}
