package mstc.cloud.worker.domain.queue;

import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.reply.ReplyAddress;

/**
 * Brings requests and takes replies away.
 *
 * <p>Connects by itself and again after every loss, from the first attempt on, until closed. What
 * was delivered over a lost connection comes again, marked as redelivered; handling it may go on,
 * its disposition is void, and {@link Handling#isVoid} says so.
 */
public interface WorkQueue extends AutoCloseable {

  /**
   * Begins to connect, and returns at once. Nothing is delivered before {@link #demand} asks for
   * it. Called once.
   */
  void open(DeliveryHandler handler);

  /**
   * Sets how many deliveries may be with the handler at once, from now on, beside those that have
   * {@linkplain Handling#stepAside stepped aside}; 0, the initial value, stops consuming. May be
   * called at any time from any thread, also while there is no connection: the last value holds.
   *
   * <p>When this returns after lowering the demand, no delivery is on its way from the broker
   * beyond the new demand or those the handler already has; deliveries that could not be taken back
   * in time are requeued unhandled. Blocks for at most a few round trips to the broker.
   *
   * @param deliveries 0 or more
   */
  void demand(int deliveries);

  /**
   * Sends a reply, persistent, and waits until the broker says what became of it. May be repeated:
   * the client then gets it twice. Blocks; any thread; while there is no connection, fails at once.
   *
   * @throws WorkQueueException when the broker cannot be reached or has not said what became of the
   *     reply, which may have been sent all the same
   */
  ReplyReceipt reply(ReplyAddress address, Reply reply);

  /** Whether there is a connection on which requests can be consumed. */
  boolean isConnected();

  /**
   * Stops delivering, requeues what was not yet handed over, and disconnects. Handlers under way
   * should have returned: their dispositions are void afterwards. May be repeated.
   */
  @Override
  void close();
}
