package mstc.cloud.worker.domain.queue;

/** What the queue does with a delivery once it has been handled. */
public sealed interface Disposition {

  /** The request is taken care of; the broker forgets the message. */
  record Acknowledge() implements Disposition {}

  /** The message goes back to where it was in the queue, for another try. */
  record Requeue() implements Disposition {}

  /**
   * The message is moved to the dead-letter queue, where someone can look at it.
   *
   * @param reason one line of printable text, kept with the message
   */
  record DeadLetter(String reason) implements Disposition {}
}
