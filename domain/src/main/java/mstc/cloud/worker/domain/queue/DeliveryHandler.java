package mstc.cloud.worker.domain.queue;

/** Handles deliveries. */
@FunctionalInterface
public interface DeliveryHandler {

  /**
   * Handles one delivery. Called on a virtual thread of its own for each; may block. The message
   * stays unacknowledged until this returns; when it throws, the message is {@linkplain
   * Disposition.Postpone postponed}.
   *
   * @param handling belongs to this delivery; valid until this returns
   */
  Disposition handle(Delivery delivery, Handling handling);
}
