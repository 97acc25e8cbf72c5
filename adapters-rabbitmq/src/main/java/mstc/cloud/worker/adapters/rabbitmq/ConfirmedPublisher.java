package mstc.cloud.worker.adapters.rabbitmq;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.AlreadyClosedException;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ShutdownSignalException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import mstc.cloud.worker.domain.PrintableText;
import mstc.cloud.worker.domain.queue.ReplyReceipt;
import mstc.cloud.worker.domain.queue.WorkQueueException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Publishes to queues through the default exchange, and waits for the broker's confirms.
 *
 * <p>Many threads publish at once: only the writing is serialized, the waiting is not. When the
 * broker closes a channel, the messages unconfirmed on it fail; the next message gets a new
 * channel. As it does so for a message that is too large, none is sent that is known to be.
 *
 * @see <a href="https://www.rabbitmq.com/docs/confirms">Publisher confirms</a>
 */
final class ConfirmedPublisher {
  private static final Logger LOG = LoggerFactory.getLogger(ConfirmedPublisher.class);

  /** Identifies the message of a {@code basic.return}, which carries no delivery tag. */
  private static final String PUBLISH_ID = "mstc-publish-id";

  private static final int MAX_SHORT_STRING_BYTES = 255;

  private final Connection connection;
  private final Duration confirmation;
  private final ReentrantLock publishing = new ReentrantLock();
  private volatile @Nullable String blocked;
  private volatile @Nullable ConfirmingChannel current;

  /** What the broker allows, once it has refused a message that had more. */
  private volatile int maxMessageBytes = Integer.MAX_VALUE;

  ConfirmedPublisher(Connection connection, Duration confirmation) {
    this.connection = connection;
    this.confirmation = confirmation;
    connection.addBlockedListener(this::block, this::unblock);
  }

  private void block(String reason) {
    blocked = reason;
    LOG.warn("The broker takes no messages, replies wait, reason={}", PrintableText.quote(reason));
  }

  private void unblock() {
    blocked = null;
    LOG.info("The broker takes messages again");
  }

  /** Whether the broker takes no messages at the moment, because it is short of memory or disk. */
  boolean isBlocked() {
    return blocked != null;
  }

  /**
   * Publishes and waits.
   *
   * @throws WorkQueueException when the broker has not said what became of it
   */
  ReplyReceipt publish(String queue, AMQP.BasicProperties properties, byte[] body) {
    requireShortString("reply queue", queue);
    if (properties.getCorrelationId() != null) {
      requireShortString("correlation id", properties.getCorrelationId());
    }
    if (body.length > maxMessageBytes) {
      return ReplyReceipt.REFUSED;
    }
    Unconfirmed message = write(queue, properties, body);
    try {
      return message.receipt.get(confirmation.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      throw WorkQueueException.retryable(
          "the broker did not confirm a message to "
              + PrintableText.quote(queue)
              + " within "
              + confirmation,
          e);
    } catch (ExecutionException e) {
      BrokerFailure failure = BrokerFailure.of(e);
      failure.maxMessageBytes().ifPresent(limit -> maxMessageBytes = limit);
      // Else another message was too large, for which the broker has closed the channel.
      if (body.length > maxMessageBytes) {
        LOG.warn(
            "The broker takes no message of {} bytes, queue={} reason={}",
            body.length,
            PrintableText.quote(queue),
            PrintableText.quote(failure.reason()));
        return ReplyReceipt.REFUSED;
      }
      throw failure(queue, failure, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw WorkQueueException.retryable("interrupted while waiting for a confirm", e);
    } finally {
      message.forget();
    }
  }

  /** Waits until nothing is unconfirmed, or the time is over. */
  void awaitConfirms(Duration atMost) throws InterruptedException {
    ConfirmingChannel channel = current;
    if (channel != null) {
      channel.awaitConfirms(atMost);
    }
  }

  private Unconfirmed write(String queue, AMQP.BasicProperties properties, byte[] body) {
    String alarm = blocked;
    if (alarm != null) {
      throw WorkQueueException.retryable(
          "the broker takes no messages at the moment: " + PrintableText.quote(alarm), null);
    }
    lock(publishing, queue, confirmation);
    try {
      ConfirmingChannel channel = current;
      if (channel == null || !channel.isOpen()) {
        channel = new ConfirmingChannel(connection);
        current = channel;
      }
      return channel.publish(queue, properties, body);
    } catch (IOException | ShutdownSignalException e) {
      throw failure(queue, BrokerFailure.of(e), e);
    } finally {
      publishing.unlock();
    }
  }

  /** Waits for a message's turn to be sent. */
  static void lock(ReentrantLock sending, String queue, Duration atMost) {
    try {
      if (!sending.tryLock(atMost.toMillis(), TimeUnit.MILLISECONDS)) {
        throw WorkQueueException.retryable(
            "a message to " + PrintableText.quote(queue) + " could not be sent for " + atMost,
            null);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw WorkQueueException.retryable("interrupted before a message was sent", e);
    }
  }

  private static WorkQueueException failure(String queue, BrokerFailure failure, Throwable cause) {
    String message =
        "a message to " + PrintableText.quote(queue) + " was not confirmed: " + failure.reason();
    boolean forbidden = failure.replyCode().equals(OptionalInt.of(AMQP.ACCESS_REFUSED));
    return forbidden
        ? WorkQueueException.permanent(message, cause)
        : WorkQueueException.retryable(message, cause);
  }

  private static void requireShortString(String what, String value) {
    if (value.getBytes(StandardCharsets.UTF_8).length > MAX_SHORT_STRING_BYTES) {
      throw WorkQueueException.permanent(
          what
              + " "
              + PrintableText.quote(value)
              + " is longer than the 255 bytes that AMQP allows",
          null);
    }
  }

  /** A message on its way. */
  private record Unconfirmed(
      ConfirmingChannel channel, long sequence, CompletableFuture<ReplyReceipt> receipt) {
    void forget() {
      channel.unconfirmed.remove(sequence);
    }
  }

  /** A channel in confirm mode, and what was sent on it. */
  private static final class ConfirmingChannel {
    private final Channel channel;
    private final ConcurrentNavigableMap<Long, Unconfirmed> unconfirmed =
        new ConcurrentSkipListMap<>();

    ConfirmingChannel(Connection connection) throws IOException {
      channel =
          connection
              .openChannel()
              .orElseThrow(() -> new IOException("the broker allows no further channel"));
      channel.confirmSelect();
      channel.addConfirmListener(
          (tag, multiple) -> settle(tag, multiple, true),
          (tag, multiple) -> settle(tag, multiple, false));
      channel.addReturnListener(returned -> {
        // Comes before the confirm, which then finds the receipt completed; the embedded broker
        // sees to that, too.
        Object id = returned.getProperties().getHeaders().get(PUBLISH_ID);
        Unconfirmed message =
            id instanceof Number sequence ? unconfirmed.get(sequence.longValue()) : null;
        if (message != null) {
          message.receipt.complete(ReplyReceipt.UNROUTABLE);
        }
      });
      channel.addShutdownListener(
          cause -> unconfirmed.values().forEach(it -> it.receipt.completeExceptionally(cause)));
    }

    boolean isOpen() {
      return channel.isOpen();
    }

    Unconfirmed publish(String queue, AMQP.BasicProperties properties, byte[] body)
        throws IOException {
      long sequence = channel.getNextPublishSeqNo();
      Unconfirmed message = new Unconfirmed(this, sequence, new CompletableFuture<>());
      unconfirmed.put(sequence, message);
      boolean written = false;
      try {
        boolean mandatory = !DirectReplyAddress.is(queue);
        channel.basicPublish("", queue, mandatory, identified(properties, sequence), body);
        written = true;
      } catch (IllegalArgumentException e) {
        throw WorkQueueException.permanent(
            "a message to " + PrintableText.quote(queue) + " cannot be sent: " + e.getMessage(), e);
      } finally {
        if (!written) {
          unconfirmed.remove(sequence);
          // The library has counted the message and the broker has not, so their sequences now
          // differ.
          abandon();
        }
      }
      if (!channel.isOpen() && !message.receipt.isDone()) {
        message.receipt.completeExceptionally(closeReason());
      }
      return message;
    }

    void awaitConfirms(Duration atMost) throws InterruptedException {
      CompletableFuture<?>[] receipts =
          unconfirmed.values().stream().map(Unconfirmed::receipt).toArray(CompletableFuture[]::new);
      try {
        CompletableFuture.allOf(receipts).get(atMost.toMillis(), TimeUnit.MILLISECONDS);
      } catch (ExecutionException | TimeoutException _) {
        // The senders learn of failures themselves; this only waited for confirms that could still
        // come.
        return;
      }
    }

    private Throwable closeReason() {
      ShutdownSignalException reason = channel.getCloseReason();
      return reason != null ? reason : new IOException("the channel was closed");
    }

    private void abandon() {
      try {
        channel.abort();
      } catch (IOException | AlreadyClosedException _) {
        // It is closed already, which is what was wanted.
        return;
      }
    }

    private void settle(long tag, boolean multiple, boolean confirmed) {
      if (!multiple) {
        settle(unconfirmed.get(tag), confirmed);
        return;
      }
      unconfirmed.headMap(tag, true).values().forEach(message -> settle(message, confirmed));
    }

    private static void settle(@Nullable Unconfirmed message, boolean confirmed) {
      if (message == null) {
        return; // its sender no longer waits
      }
      message.receipt.complete(confirmed ? ReplyReceipt.CONFIRMED : ReplyReceipt.REFUSED);
    }

    private static AMQP.BasicProperties identified(AMQP.BasicProperties properties, long sequence) {
      Map<String, Object> headers = new HashMap<>();
      if (properties.getHeaders() != null) {
        headers.putAll(properties.getHeaders());
      }
      headers.put(PUBLISH_ID, sequence);
      return properties.builder().headers(headers).build();
    }
  }
}
