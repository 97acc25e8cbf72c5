package mstc.cloud.worker.domain.runtime;

import java.time.Instant;
import mstc.cloud.worker.domain.reply.Reply;

/**
 * The answer that a job's clients were given.
 *
 * @param at when it was recorded
 */
public record Answer(Reply reply, Status status, Instant at) {

  /** What became of the reply. */
  public enum Status {
    /** Every client that waited was sent the reply. */
    SENT,
    /** A client's reply queue was gone until the patience was over, or the job was given up. */
    UNROUTABLE,
    /** The broker refused a client's reply, and kept refusing it. */
    REFUSED,
    /** No client waited. */
    NONE
  }
}
