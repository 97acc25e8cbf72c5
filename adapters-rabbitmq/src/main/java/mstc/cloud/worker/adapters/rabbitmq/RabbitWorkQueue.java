package mstc.cloud.worker.adapters.rabbitmq;

import com.rabbitmq.client.AMQP;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import mstc.cloud.worker.domain.diagnosis.Diagnosis;
import mstc.cloud.worker.domain.queue.DeliveryHandler;
import mstc.cloud.worker.domain.queue.ReplyReceipt;
import mstc.cloud.worker.domain.queue.WorkQueue;
import mstc.cloud.worker.domain.queue.WorkQueueException;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.reply.ReplyAddress;
import mstc.cloud.worker.domain.request.RequestParser;
import mstc.cloud.worker.wire.ReplyJson;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The work queue on a RabbitMQ broker.
 *
 * <p>Exchange and queues are declared at every connect. Whatever goes wrong with a connection, a
 * channel or a consumer, the remedy is the same: a new connection.
 */
public final class RabbitWorkQueue implements WorkQueue {
  private static final Logger LOG = LoggerFactory.getLogger(RabbitWorkQueue.class);
  private static final Duration FIRST_PAUSE = Duration.ofSeconds(5);
  private static final Duration CLOSE_CONFIRMS = Duration.ofSeconds(5);
  private static final Duration CLOSE_CONNECTING = Duration.ofSeconds(1);
  private static final int PERSISTENT = 2;
  private static final String APP_ID = "mstc-cloud-worker";

  private final RabbitSettings settings;
  private final Pulse pulse;
  private final Intake intake;
  private final ReplyJson json = new ReplyJson();
  private final CountDownLatch closed = new CountDownLatch(1);
  private final AtomicBoolean opened = new AtomicBoolean();
  private final AtomicBoolean closing = new AtomicBoolean();
  private volatile @Nullable BrokerSession session;
  private volatile @Nullable Thread connecting;

  /**
   * Does not connect yet.
   *
   * @param parser of the requests that are delivered
   * @throws UncheckedIOException when TLS is enabled and the CA certificate cannot be read
   */
  public RabbitWorkQueue(RabbitSettings settings, RequestParser parser) {
    this.settings = settings;
    // A broker gives up a client that was silent for two heartbeats.
    this.pulse = new Pulse(settings.timing().heartbeat().dividedBy(2), Moment::now);
    this.intake =
        new Intake(settings.names().queue(), settings.timing().connection(), FIRST_PAUSE, parser);
    if (settings.tls().enabled()) {
      try {
        TrustedAuthorities.context(settings.tls().caCertificate());
      } catch (IOException e) {
        throw new UncheckedIOException("the CA certificate cannot be used: " + e, e);
      }
    }
  }

  /**
   * Examines a broker as a worker with these settings needs it. That declares the exchange and the
   * queues, as a worker's start does, and takes no request from the queue for good.
   */
  public static Diagnosis diagnosis(RabbitSettings settings) {
    return new BrokerDiagnosis(settings);
  }

  @Override
  public void open(DeliveryHandler handler) {
    if (!opened.compareAndSet(false, true)) {
      throw new IllegalStateException("the queue has been opened before");
    }
    pulse.start();
    connecting = Thread.ofVirtual().name("rabbitmq-connect").start(() -> keepConnected(handler));
  }

  @Override
  public void demand(int deliveries) {
    if (deliveries < 0) {
      throw new IllegalArgumentException("a demand of " + deliveries + " must be 0 or more");
    }
    intake.demand(deliveries);
  }

  @Override
  public ReplyReceipt reply(ReplyAddress address, Reply reply) {
    BrokerSession current = session;
    if (current == null || !current.isUsable()) {
      throw WorkQueueException.retryable("no connection to the broker " + broker(), null);
    }
    AMQP.BasicProperties properties =
        new AMQP.BasicProperties.Builder()
            .contentType("application/json")
            .contentEncoding("utf-8")
            .deliveryMode(PERSISTENT)
            .appId(APP_ID)
            .timestamp(Date.from(Instant.now()))
            .correlationId(address.correlationId().orElse(null))
            .build();
    return current.publish(address.queue(), properties, json.toBytes(reply));
  }

  @Override
  public boolean isConnected() {
    BrokerSession current = session;
    return current != null && current.isUsable();
  }

  @Override
  public void close() {
    if (!closing.compareAndSet(false, true)) {
      return;
    }
    intake.stop();
    pulse.close();
    closed.countDown();
    try {
      BrokerSession current = session;
      if (current != null) {
        current.close(CLOSE_CONFIRMS);
      }
      Thread loop = connecting;
      if (loop != null && !loop.join(CLOSE_CONNECTING)) {
        // The loop is still connecting; it will see that the queue is closed, and disconnect.
        loop.interrupt();
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private void keepConnected(DeliveryHandler handler) {
    RabbitSettings.Timing timing = settings.timing();
    ReconnectDelays delays = new ReconnectDelays(timing.firstReconnect(), timing.lastReconnect());
    String reported = "";
    try {
      while (!isClosed()) {
        Duration pause;
        try {
          BrokerSession connected = BrokerSession.open(settings, pulse);
          reported = "";
          Duration lived = use(connected, handler);
          if (lived.compareTo(timing.lastReconnect()) > 0) {
            delays.reset();
          }
          pause = delays.next();
        } catch (IOException | TimeoutException | RuntimeException e) {
          BrokerFailure failure = BrokerFailure.of(e);
          pause = failure.refused() ? delays.longest() : delays.next();
          if (!isClosed() && !failure.reason().equals(reported)) {
            report(failure);
          }
          reported = failure.reason();
          LOG.debug("Connecting failed, broker={} retryIn={}", broker(), pause, e);
        }
        boolean ended = closed.await(pause.toMillis(), TimeUnit.MILLISECONDS);
        LOG.debug("Connecting again, broker={} closed={}", broker(), ended);
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt(); // closed
    }
  }

  /** Uses a session until it is lost, and returns how long it lasted. */
  private Duration use(BrokerSession connected, DeliveryHandler handler)
      throws InterruptedException {
    long start = System.nanoTime();
    try {
      session = connected;
      LOG.info("Connected, broker={} queue={}", broker(), settings.names().queue());
      intake.attach(connected, handler);
      if (isClosed()) {
        connected.lost("closed by this worker");
      }
      Optional<String> reason = Optional.empty();
      while (reason.isEmpty()) {
        reason = connected.awaitLoss(settings.timing().lastReconnect());
        intake.verify();
      }
      if (!isClosed()) {
        LOG.warn("Connection lost, broker={} reason=\"{}\"", broker(), reason.get());
      }
      return Duration.ofNanos(System.nanoTime() - start);
    } finally {
      session = null;
      connected.abort("no longer used");
      intake.detach();
    }
  }

  private void report(BrokerFailure failure) {
    if (!failure.refused()) {
      LOG.warn("Cannot connect, trying again, broker={} reason=\"{}\"", broker(), failure.reason());
    } else if (failure.replyCode().equals(OptionalInt.of(AMQP.PRECONDITION_FAILED))) {
      LOG.error(
          "An exchange or a queue exists with other properties than the worker and its clients"
              + " declare; delete it, the worker keeps trying, broker={} reason=\"{}\"",
          broker(),
          failure.reason());
    } else {
      LOG.error(
          "The broker refuses this worker, which keeps trying slowly, broker={} user={}"
              + " virtualHost={} reason=\"{}\"",
          broker(),
          settings.user(),
          settings.virtualHost(),
          failure.reason());
    }
  }

  private boolean isClosed() {
    return closed.getCount() == 0;
  }

  private String broker() {
    return settings.host() + ":" + settings.port();
  }
}
