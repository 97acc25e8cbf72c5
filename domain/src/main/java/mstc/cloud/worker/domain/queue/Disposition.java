package mstc.cloud.worker.domain.queue;

/** What the queue does with a delivery once it has been handled. */
public sealed interface Disposition {

  /** The message is acknowledged; the broker forgets it. */
  record Acknowledge() implements Disposition {}

  /** The message is requeued where it was, for another attempt. */
  record Requeue() implements Disposition {}

  /**
   * The message goes to the end of the queue, for another attempt: at once the first time, later
   * after a pause that grows up to five minutes. A paused message takes no room from others unless
   * very many are paused. So a message may fail any number of times: it keeps no other out, and a
   * broker that limits how often a message is delivered starts counting again. It is delivered
   * again as redelivered, with everything that its client gave it; a time to live counts from the
   * first delivery. If the worker dies meanwhile, it is delivered twice. If the broker does not
   * take it, it is requeued.
   */
  record Postpone() implements Disposition {}

  /**
   * The message is moved to the dead-letter queue, where someone can look at it. If that queue does
   * not take it, the message is {@linkplain Postpone postponed}; when it comes again, it is moved
   * and not handled.
   *
   * @param reason one line of printable text, kept with the message
   */
  record DeadLetter(String reason) implements Disposition {}
}
