package mstc.cloud.worker.adapters.rabbitmq;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.ShutdownSignalException;
import java.io.IOException;
import java.time.Duration;
import java.util.OptionalInt;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import mstc.cloud.worker.domain.PrintableText;
import mstc.cloud.worker.domain.queue.ReplyReceipt;
import mstc.cloud.worker.domain.queue.WorkQueueException;
import org.jspecify.annotations.Nullable;

/**
 * Sends replies to direct addresses, one after the other, over a separate connection.
 *
 * <p>Such an address names a process of the broker, and a client may write anything into its
 * request. An address that is not valid may make the broker fail (RabbitMQ 3.10 does) and close the
 * connection. So that must not be the connection of all replies, and it must be known which reply
 * it was.
 *
 * @see <a href="https://www.rabbitmq.com/docs/direct-reply-to">Direct reply-to</a>
 */
final class DirectReplies {
  private final ConnectionFactory factory;
  private final String connectionName;
  private final Duration confirmation;

  private final ReentrantLock sending = new ReentrantLock();

  private volatile @Nullable Connection connection;
  private @Nullable ConfirmedPublisher publisher;
  private volatile boolean closed;

  /** Connects only when there is a reply to send. */
  DirectReplies(ConnectionFactory factory, String connectionName, Duration confirmation) {
    this.factory = factory;
    this.connectionName = connectionName;
    this.confirmation = confirmation;
  }

  /**
   * Sends a reply and waits.
   *
   * @throws WorkQueueException when the broker has not said what became of it
   */
  ReplyReceipt publish(String queue, AMQP.BasicProperties properties, byte[] body) {
    ConfirmedPublisher.lock(sending, queue, confirmation);
    try {
      ConfirmedPublisher current = connected(queue);
      try {
        return current.publish(queue, properties, body);
      } catch (WorkQueueException e) {
        if (BrokerFailure.of(e).replyCode().equals(OptionalInt.of(AMQP.INTERNAL_ERROR))) {
          return ReplyReceipt.REFUSED;
        }
        throw e;
      }
    } finally {
      sending.unlock();
    }
  }

  private ConfirmedPublisher connected(String queue) {
    Connection present = connection;
    ConfirmedPublisher current = publisher;
    if (present != null && current != null && present.isOpen()) {
      return current;
    }
    try {
      Connection opened = factory.newConnection(connectionName);
      connection = opened;
      if (closed) {
        opened.abort();
      }
      ConfirmedPublisher created = new ConfirmedPublisher(opened, confirmation);
      publisher = created;
      return created;
    } catch (IOException | TimeoutException | ShutdownSignalException e) {
      throw WorkQueueException.retryable(
          "no connection for a message to "
              + PrintableText.quote(queue)
              + ": "
              + BrokerFailure.of(e).reason(),
          e);
    }
  }

  void abort(int timeoutMillis) {
    closed = true;
    Connection present = connection;
    if (present != null) {
      present.abort(timeoutMillis);
    }
  }
}
