package mstc.cloud.worker.application.metrics;

import java.time.Duration;
import java.util.Optional;
import mstc.cloud.worker.domain.queue.ReplyReceipt;
import mstc.cloud.worker.domain.reply.Reply;

/**
 * Notified of what this worker does, for those who operate it. Each replica is notified of what it
 * did itself, so sums over all replicas are right. Called on the threads that do the work: an
 * implementation returns at once and does not throw; it overrides what it wants to know.
 */
public interface WorkerMetrics {
  /** Knows nothing. */
  WorkerMetrics NONE = new WorkerMetrics() {};

  /** How a request came. */
  enum Source {
    QUEUE,
    HTTP
  }

  /** A request has come, valid or not, for the first time or again. */
  default void onRequest(Source source) {}

  /** A request that came may have come before. */
  default void onRedelivered() {}

  /**
   * How long a request that came for the first time was in the queue, as far as its message tells.
   */
  default void onTakenFromQueue(Duration waited) {}

  /** A request was answered as rejected: invalid, refused by the runtime, or an id used before. */
  default void onRejected() {}

  /** A message was given to the dead-letter queue. */
  default void onDeadLettered() {}

  /** A message was put at the end of the queue, as it could not be handled for a while. */
  default void onPostponed() {}

  /**
   * A request has become a job.
   *
   * @param took from the request's arrival until the job was on record
   */
  default void onCreated(Duration took) {}

  /** A log was stored. */
  default void onLogStored(long bytes) {}

  /** The store did not take a log, and storing it is to be tried again. */
  default void onStoreRetry() {}

  /** The broker said what became of an attempt to send one client its reply. */
  default void onReplyAttempt(ReplyReceipt receipt) {}

  /** The broker did not say what became of such an attempt, which is repeated. */
  default void onReplyUnconfirmed() {}

  /** A client does not get its reply: its queue did not take it for too long. */
  default void onReplyGivenUp(ReplyReceipt last) {}

  /** It is on a job's record that everyone who waited for it was answered. */
  default void onAnswered(Reply reply) {}

  /**
   * That answer came with the job's end, and not from an earlier run of the same job.
   *
   * @param beforeStart from the job's creation until its process started; empty if it never did, or
   *     if that is not known
   * @param afterEnd from the job's end until the answer was on its record
   */
  default void onCompleted(Reply reply, Optional<Duration> beforeStart, Duration afterEnd) {}
}
