package mstc.cloud.worker.adapters.rabbitmq;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ShutdownSignalException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import mstc.cloud.worker.domain.queue.WorkQueueException;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.request.WorkRequest;
import mstc.cloud.worker.wire.ReplyJson;
import mstc.cloud.worker.wire.RequestJson;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A client of the worker: sends a request and waits for its reply, like any program that knows the
 * wire contract. One request at a time; not thread-safe.
 */
public final class RabbitWorkClient {
  private static final Logger LOG = LoggerFactory.getLogger(RabbitWorkClient.class);
  private static final Duration PROGRESS_INTERVAL = Duration.ofSeconds(1);
  private static final int PERSISTENT = 2;

  private final RabbitSettings settings;

  /** No reply came in time; the job may still be running, and its log will tell how it ended. */
  public static final class NoReplyException extends Exception {
    private static final long serialVersionUID = 1L;

    private NoReplyException(String message) {
      super(message);
    }
  }

  /** Does not connect yet. */
  public RabbitWorkClient(RabbitSettings settings) {
    this.settings = settings;
  }

  /**
   * Sends a request and waits for its reply. If the connection is lost meanwhile, it reconnects and
   * sends the request again; the idempotency key makes it the same job.
   *
   * @param idempotencyKey sent as the message id, 1 to 255 bytes
   * @param patience how long to wait for the reply, and for the broker to be there
   * @param progress called about once a second with the time waited so far
   * @throws WorkQueueException when the broker refuses the user or has no such queue
   * @throws NoReplyException when no reply came in time
   */
  public Reply run(
      WorkRequest request, String idempotencyKey, Duration patience, Consumer<Duration> progress)
      throws InterruptedException, NoReplyException {
    Waiting waiting = new Waiting(patience, progress);
    ReconnectDelays delays =
        new ReconnectDelays(settings.timing().firstReconnect(), settings.timing().lastReconnect());
    String reason = "no reply";
    while (!waiting.isOver()) {
      try {
        return attempt(request, idempotencyKey, waiting);
      } catch (IOException | TimeoutException | ShutdownSignalException e) {
        BrokerFailure failure = BrokerFailure.of(e);
        if (failure.refused()) {
          throw WorkQueueException.permanent(
              "the broker %s:%d refuses: %s"
                  .formatted(settings.host(), settings.port(), failure.reason()),
              e);
        }
        reason = failure.reason();
        LOG.warn(
            "Trying again, broker={}:{} reason=\"{}\"", settings.host(), settings.port(), reason);
      }
      waiting.awaitFor(new CompletableFuture<>(), delays.next());
    }
    throw new NoReplyException(
        "no reply from %s:%d within %d s (%s); the job may still run"
            .formatted(settings.host(), settings.port(), patience.toSeconds(), reason));
  }

  private Reply attempt(WorkRequest request, String idempotencyKey, Waiting waiting)
      throws IOException, TimeoutException, InterruptedException, NoReplyException {
    RabbitSettings.Names names = settings.names();
    try (Connection connection =
            BrokerSession.factory(settings).newConnection(settings.connectionName() + " client");
        Channel channel =
            connection.openChannel().orElseThrow(() -> new IOException("no channel is left"))) {
      Topology.declare(connection, names);
      CompletableFuture<Reply> reply = new CompletableFuture<>();
      connection.addShutdownListener(reply::completeExceptionally);
      String replyQueue = channel.queueDeclare().getQueue();
      String correlationId = UUID.randomUUID().toString();
      channel.basicConsume(
          replyQueue,
          true,
          (_, delivery) -> {
            if (correlationId.equals(delivery.getProperties().getCorrelationId())) {
              read(delivery.getBody(), reply);
            }
          },
          _ -> reply.completeExceptionally(new IOException("the reply queue was deleted")));
      channel.confirmSelect();
      channel.basicPublish(
          names.exchange(),
          names.queue(),
          new AMQP.BasicProperties.Builder()
              .contentType("application/json")
              .deliveryMode(PERSISTENT)
              .messageId(idempotencyKey)
              .correlationId(correlationId)
              .replyTo(replyQueue)
              .build(),
          RequestJson.toBytes(request));
      if (!channel.waitForConfirms(settings.timing().confirmation().toMillis())) {
        throw new IOException("the broker did not take the request");
      }
      waiting.awaitFor(reply, Duration.ofNanos(Long.MAX_VALUE));
      return result(reply);
    }
  }

  private static void read(byte[] body, CompletableFuture<Reply> reply) {
    new ReplyJson()
        .parse(new String(body, StandardCharsets.UTF_8))
        .ifPresentOrElse(
            reply::complete,
            () -> reply.completeExceptionally(new IOException("the reply is not a worker's")));
  }

  private static Reply result(CompletableFuture<Reply> reply)
      throws IOException, InterruptedException, NoReplyException {
    if (!reply.isDone()) {
      throw new NoReplyException("no reply in time; the job may still run");
    }
    try {
      return reply.get();
    } catch (ExecutionException e) {
      throw new IOException("the connection was lost", e.getCause());
    }
  }

  /** How long the caller has waited, and may still wait. */
  private static final class Waiting {
    private final long start = System.nanoTime();
    private final Duration patience;
    private final Consumer<Duration> progress;

    Waiting(Duration patience, Consumer<Duration> progress) {
      this.patience = patience;
      this.progress = progress;
    }

    private Duration elapsed() {
      return Duration.ofNanos(System.nanoTime() - start);
    }

    boolean isOver() {
      return elapsed().compareTo(patience) >= 0;
    }

    /** Waits until the future is done, but no longer than that, nor longer than the patience. */
    void awaitFor(CompletableFuture<?> future, Duration most) throws InterruptedException {
      Duration begun = elapsed();
      while (!future.isDone() && !isOver() && elapsed().minus(begun).compareTo(most) < 0) {
        try {
          future.get(PROGRESS_INTERVAL.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
          progress.accept(elapsed());
        } catch (ExecutionException e) {
          return;
        }
      }
    }
  }
}
