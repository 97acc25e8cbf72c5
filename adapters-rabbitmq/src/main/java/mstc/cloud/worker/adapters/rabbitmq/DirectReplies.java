package mstc.cloud.worker.adapters.rabbitmq;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.ShutdownSignalException;
import java.io.IOException;
import java.time.Duration;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import mstc.cloud.worker.domain.PrintableText;
import mstc.cloud.worker.domain.queue.ReplyReceipt;
import mstc.cloud.worker.domain.queue.WorkQueueException;
import org.jspecify.annotations.Nullable;

/**
 * Sends replies to direct addresses, one after the other, over a connection of their own.
 *
 * <p>Such an address names a process of the broker, and anybody may write one into a request. Of
 * one that is none a broker may fail (RabbitMQ 3.10 does), and it ends the whole connection then:
 * which must not be the one that all replies take, and it must be known for which reply it was.
 *
 * @see <a href="https://www.rabbitmq.com/docs/direct-reply-to">Direct reply-to</a>
 */
final class DirectReplies {
  private static final String PREFIX = "amq.rabbitmq.reply-to.";

  private final ConnectionFactory factory;
  private final String connectionName;
  private final Duration confirmation;

  /** Held while a reply is sent. */
  private final ReentrantLock sending = new ReentrantLock();

  private volatile @Nullable Connection connection;
  private @Nullable ConfirmedPublisher publisher;
  private volatile boolean closed;

  /** Connects when there is something to send. */
  DirectReplies(ConnectionFactory factory, String connectionName, Duration confirmation) {
    this.factory = factory;
    this.connectionName = connectionName;
    this.confirmation = confirmation;
  }

  /**
   * Whether that is a direct address. Replies to one are sent without asking for their return:
   * brokers before 4.2 return every one of them, though they deliver it.
   */
  static boolean isAddress(String queue) {
    return queue.startsWith(PREFIX);
  }

  /**
   * Sends a reply and waits.
   *
   * @throws WorkQueueException when the broker has not said what became of it
   */
  ReplyReceipt publish(String queue, AMQP.BasicProperties properties, byte[] body) {
    lockSending(queue);
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

  private void lockSending(String queue) {
    try {
      if (!sending.tryLock(confirmation.toMillis(), TimeUnit.MILLISECONDS)) {
        throw WorkQueueException.retryable(
            "a message to " + PrintableText.quote(queue) + " could not be sent for " + confirmation,
            null);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw WorkQueueException.retryable("interrupted before a message was sent", e);
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

  /** Disconnects. */
  void abort(int timeoutMillis) {
    closed = true;
    Connection present = connection;
    if (present != null) {
      present.abort(timeoutMillis);
    }
  }
}
