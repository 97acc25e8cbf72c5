package mstc.cloud.worker.domain.queue;

import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.reply.ReplyAddress;

/**
 * Delivers requests and sends replies.
 *
 * <p>Connects by itself, and reconnects after every loss and every failed attempt, until closed.
 * What was delivered over a lost connection is delivered again, marked as redelivered. The handler
 * may go on, but its disposition is void, and {@link Handling#isVoid} says so.
 */
public interface WorkQueue extends AutoCloseable {

  /**
   * Begins to connect, and returns at once. Nothing is delivered before {@link #demand} asks for
   * it. Called once.
   */
  void open(DeliveryHandler handler);

  /**
   * Sets how many deliveries may be with the handler at once from now on, not counting those that
   * have {@linkplain Handling#stepAside stepped aside}; 0, the initial value, stops consuming. May
   * be called at any time from any thread, even without a connection: the last value counts.
   *
   * <p>When this returns after lowering the demand, the broker sends no delivery beyond the new
   * demand, or beyond those that the handler already has; deliveries already on their way are
   * requeued unhandled. Blocks for at most a few round trips to the broker.
   *
   * @param deliveries 0 or more
   */
  void demand(int deliveries);

  /**
   * Sends a persistent reply, and waits until the broker says what became of it. May be repeated:
   * the client then gets it twice. Blocks; any thread; while there is no connection, fails at once.
   *
   * @throws WorkQueueException retryably, when the broker cannot be reached or has not said what
   *     became of the reply, which may have been sent all the same; permanently, when it will never
   *     take the reply, which counts as {@link ReplyReceipt#REFUSED}
   */
  ReplyReceipt reply(ReplyAddress address, Reply reply);

  /** Whether there is a connection on which requests can be consumed. */
  boolean isConnected();

  /**
   * Stops delivering, requeues what no handler has yet, and disconnects. Handlers should have
   * returned before: their dispositions are void afterwards. May be repeated.
   */
  @Override
  void close();
}
