package mstc.cloud.worker.domain.queue;

/** What the queue does with a delivery once it has been handled. */
public sealed interface Disposition {

  /** The request is taken care of; the broker forgets the message. */
  record Acknowledge() implements Disposition {}

  /** The message goes back to where it was in the queue, for another try. */
  record Requeue() implements Disposition {}

  /**
   * The message goes to the end of the queue, for another try: at once for the first time, then
   * after a pause that grows up to five minutes, in which it takes no room from others if not very
   * many pause. So it may fail for as long as it will: it keeps nobody out, and a broker that
   * limits how often a message is delivered counts anew. It comes again as redelivered, with all
   * that its client gave it; a time to live that it has ends where it would have if it began with
   * the first delivery. It comes twice where the worker dies meanwhile. Where the broker does not
   * take it, it goes back to where it was.
   */
  record Postpone() implements Disposition {}

  /**
   * The message is moved to the dead-letter queue, where someone can look at it. Where that does
   * not take it, the message is {@linkplain Postpone postponed}, and then not handed over but
   * moved.
   *
   * @param reason one line of printable text, kept with the message
   */
  record DeadLetter(String reason) implements Disposition {}
}
