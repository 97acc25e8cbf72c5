package mstc.cloud.worker.adapters.rabbitmq;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.ShutdownSignalException;
import com.rabbitmq.client.SocketConfigurators;
import com.rabbitmq.client.impl.DefaultExceptionHandler;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import mstc.cloud.worker.domain.queue.ReplyReceipt;
import mstc.cloud.worker.domain.queue.WorkQueueException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One session with the broker, from connecting to the loss: a connection for requests and one for
 * replies, which are lost together, and one for direct replies, which may be lost and reopened by
 * itself.
 *
 * <p>Requests and replies have separate connections because a broker short of memory or disk stops
 * reading from connections that publish, and must still read acknowledgements.
 *
 * @see <a href="https://www.rabbitmq.com/docs/connections#flow-control">Flow control</a>
 */
final class BrokerSession {
  private static final Logger LOG = LoggerFactory.getLogger(BrokerSession.class);

  /**
   * Runs the client library's callbacks. Never shut down: it keeps no threads, and the library
   * submits work to it even after a connection has ended.
   */
  private static final ExecutorService CALLBACKS = Executors.newVirtualThreadPerTaskExecutor();

  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(2);

  /** The most that brokers accept by default; a longer message would break every connection. */
  private static final int MAX_MESSAGE_BYTES = 128 * 1024 * 1024;

  private final RabbitSettings settings;
  private final Connection requests;
  private final Connection replies;
  private final ConfirmedPublisher publisher;
  private final DirectReplies directReplies;
  private final CompletableFuture<String> loss = new CompletableFuture<>();
  private final Pulse pulse;

  /** When the last request was sent to which the broker has responded. */
  private volatile Moment asked;

  private BrokerSession(
      RabbitSettings settings,
      ConnectionFactory factory,
      Connection requests,
      Connection replies,
      Pulse pulse) {
    this.settings = settings;
    this.pulse = pulse;
    this.asked = pulse.now();
    this.requests = requests;
    this.replies = replies;
    this.publisher = new ConfirmedPublisher(replies, settings.timing().confirmation());
    this.directReplies =
        new DirectReplies(
            factory,
            settings.connectionName() + " direct replies",
            settings.timing().confirmation());
    requests.addShutdownListener(this::lost);
    replies.addShutdownListener(this::lost);
  }

  /** Connects and declares what the worker needs. */
  static BrokerSession open(RabbitSettings settings, Pulse pulse)
      throws IOException, TimeoutException {
    ConnectionFactory factory = factory(settings);
    Connection requests = factory.newConnection(settings.connectionName() + " requests");
    try {
      Topology.declare(requests, settings.names());
      Connection replies = factory.newConnection(settings.connectionName() + " replies");
      return new BrokerSession(settings, factory, requests, replies, pulse);
    } catch (IOException | TimeoutException | ShutdownSignalException e) {
      requests.abort();
      throw e;
    }
  }

  static ConnectionFactory factory(RabbitSettings settings) throws IOException {
    RabbitSettings.Timing timing = settings.timing();
    ConnectionFactory factory = new ConnectionFactory();
    factory.setHost(settings.host());
    factory.setPort(settings.port());
    factory.setUsername(settings.user());
    factory.setPassword(settings.password());
    factory.setVirtualHost(settings.virtualHost());
    factory.setRequestedHeartbeat((int) timing.heartbeat().toSeconds());
    factory.setConnectionTimeout((int) timing.connection().toMillis());
    factory.setHandshakeTimeout((int) timing.connection().toMillis());
    factory.setChannelRpcTimeout((int) timing.connection().toMillis());
    factory.setMaxInboundMessageBodySize(MAX_MESSAGE_BYTES);
    // The worker reconnects by itself, from the first attempt on; two mechanisms would interfere.
    factory.setAutomaticRecoveryEnabled(false);
    factory.setTopologyRecoveryEnabled(false);
    factory.setSharedExecutor(CALLBACKS);
    factory.setThreadFactory(Thread.ofPlatform().daemon().name("rabbitmq-", 0).factory());
    factory.setExceptionHandler(new QuietExceptionHandler());
    if (settings.tls().enabled()) {
      factory.useSslProtocol(TrustedAuthorities.context(settings.tls().caCertificate()));
      if (settings.tls().verifyHostname()) {
        factory.enableHostnameVerification();
      } else {
        // The library switches verification on with TLS, and has no other way to switch it off.
        factory.setSocketConfigurator(SocketConfigurators.defaultConfigurator());
      }
    }
    return factory;
  }

  /**
   * Opens a channel for consuming; when it closes, the session is lost. Empty if the broker allows
   * no further channel.
   */
  Optional<Channel> openChannel() throws IOException {
    Optional<Channel> channel = requests.openChannel();
    channel.ifPresent(opened -> opened.addShutdownListener(this::lost));
    return channel;
  }

  /**
   * Whether a delivery that came at that moment is surely still this worker's, as the broker has
   * responded recently enough.
   */
  boolean isFresh(Moment came) {
    return pulse.isFresh(came, asked);
  }

  Moment now() {
    return pulse.now();
  }

  /** Notes that the broker has responded to a request. */
  void responded(Moment whenAsked) {
    asked = whenAsked;
  }

  /** What the exchange and the queues are called. */
  RabbitSettings.Names names() {
    return settings.names();
  }

  /** Sends a message to a queue and waits until the broker says what became of it. */
  ReplyReceipt publish(String queue, AMQP.BasicProperties properties, byte[] body) {
    return DirectReplyAddress.is(queue)
        ? directReplies.publish(queue, properties, body)
        : publisher.publish(queue, properties, body);
  }

  /**
   * Puts a message into the dead-letter queue, which is declared again if someone deleted it.
   *
   * @throws WorkQueueException when the broker did not confirm
   */
  void publishDead(Message message, String reason) {
    String queue = settings.names().deadQueue();
    AMQP.BasicProperties properties = message.deadLetterProperties(reason);
    ReplyReceipt receipt = publish(queue, properties, message.body());
    if (receipt == ReplyReceipt.UNROUTABLE) {
      declareAgain(queue);
      receipt = publish(queue, properties, message.body());
    }
    switch (receipt) {
      case CONFIRMED -> {}
      case UNROUTABLE ->
          throw WorkQueueException.retryable("the queue " + queue + " does not exist", null);
      case REFUSED ->
          throw WorkQueueException.retryable("the queue " + queue + " is full or refuses it", null);
    }
  }

  private void declareAgain(String queue) {
    try {
      Topology.declare(replies, settings.names());
    } catch (IOException | TimeoutException | ShutdownSignalException e) {
      throw WorkQueueException.retryable(
          "the queue " + queue + " cannot be declared: " + BrokerFailure.of(e).reason(), e);
    }
  }

  /** Whether the broker takes no messages at the moment. */
  boolean isBlocked() {
    return publisher.isBlocked();
  }

  /** Marks this session as lost; the first reason counts. */
  void lost(String reason) {
    loss.complete(reason);
  }

  private void lost(ShutdownSignalException cause) {
    lost(BrokerFailure.of(cause).reason());
  }

  boolean isUsable() {
    return !loss.isDone() && requests.isOpen();
  }

  /**
   * Blocks until the session is lost or closed, and returns the reason; empty if the time is over
   * first.
   */
  Optional<String> awaitLoss(Duration atMost) throws InterruptedException {
    try {
      return Optional.of(loss.get(atMost.toMillis(), TimeUnit.MILLISECONDS));
    } catch (TimeoutException _) {
      return Optional.empty();
    } catch (ExecutionException e) {
      throw new IllegalStateException(e); // it is never completed exceptionally
    }
  }

  /**
   * Waits for pending confirms, then disconnects; the broker requeues unacknowledged deliveries.
   */
  void close(Duration confirms) throws InterruptedException {
    publisher.awaitConfirms(confirms);
    abort("closed by this worker");
  }

  /** Disconnects without waiting, unless already disconnected. */
  void abort(String reason) {
    lost(reason);
    int timeoutMillis = (int) CLOSE_TIMEOUT.toMillis();
    requests.abort(timeoutMillis);
    replies.abort(timeoutMillis);
    directReplies.abort(timeoutMillis);
  }

  /**
   * The worker logs each loss once, with what it does about it; the library's own messages are
   * detail.
   */
  private static final class QuietExceptionHandler extends DefaultExceptionHandler {
    @Override
    protected void log(String message, Throwable cause) {
      LOG.debug("{}", message, cause);
    }
  }
}
