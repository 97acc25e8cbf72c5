package mstc.cloud.worker.faults.run;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.Delivery;
import com.rabbitmq.client.GetResponse;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import mstc.cloud.worker.faults.history.Event.Replied;
import mstc.cloud.worker.faults.history.Event.Sent;
import mstc.cloud.worker.faults.history.HistoryFile;
import mstc.cloud.worker.faults.service.Await;
import mstc.cloud.worker.faults.service.Broker;

/**
 * The run's client: it sends each message once, confirmed by the broker, and notes every reply. The
 * broker is only broken while nothing is being sent.
 */
final class Client implements AutoCloseable {
  static final String WORK_QUEUE = "mstc.queue.work";
  static final String DEAD_QUEUE = "mstc.queue.dead";
  private static final String EXCHANGE = "mstc.exchange";
  private static final List<String> REPLY_QUEUES = List.of("faults.replies.0", "faults.replies.1");
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final Broker broker;
  private final HistoryFile history;
  private final Connection connection;
  private final Channel sending;
  private final Channel receiving;
  private final Set<String> answered = ConcurrentHashMap.newKeySet();
  private final ReadWriteLock brokerLock = new ReentrantReadWriteLock();

  Client(Broker broker, HistoryFile history) throws IOException, TimeoutException {
    this.broker = broker;
    this.history = history;
    connection = broker.connect("mstc-faults client");
    sending = connection.createChannel();
    receiving = connection.createChannel();
    sending.exchangeDeclare(EXCHANGE, "direct", true);
    sending.queueDeclare(WORK_QUEUE, true, false, false, null);
    sending.queueBind(WORK_QUEUE, EXCHANGE, WORK_QUEUE);
    sending.confirmSelect();
    for (String queue : REPLY_QUEUES) {
      declareReplyQueue(queue);
    }
  }

  private void declareReplyQueue(String queue) throws IOException {
    receiving.queueDeclare(queue, true, false, false, null);
    receiving.basicConsume(queue, false, (_, delivery) -> receive(delivery), _ -> {});
  }

  /** Noted before it is acknowledged, so that no reply is lost with the broker. */
  private void receive(Delivery delivery) throws IOException {
    noteReply(
        String.valueOf(delivery.getProperties().getCorrelationId()),
        new String(delivery.getBody(), UTF_8),
        delivery.getEnvelope().isRedeliver());
    receiving.basicAck(delivery.getEnvelope().getDeliveryTag(), false);
  }

  /** Notes a reply, from wherever it came. */
  void noteReply(String send, String reply, boolean redelivered) {
    history.note(new Replied(Instant.now(), send, reply, redelivered));
    answered.add(send);
  }

  boolean isAnswered(String send) {
    return answered.contains(send);
  }

  /** Sends a message; blocks while the broker is broken. */
  void send(Sent sent, String body) throws IOException, InterruptedException, TimeoutException {
    brokerLock.readLock().lock();
    try {
      AMQP.BasicProperties.Builder properties =
          new AMQP.BasicProperties.Builder()
              .deliveryMode(2)
              .correlationId(sent.send())
              .replyTo(
                  REPLY_QUEUES.get(Math.floorMod(sent.send().hashCode(), REPLY_QUEUES.size())));
      sent.messageId().ifPresent(properties::messageId);
      synchronized (sending) {
        history.note(sent);
        sending.basicPublish(EXCHANGE, WORK_QUEUE, properties.build(), body.getBytes(UTF_8));
        sending.waitForConfirmsOrDie(PATIENCE.toMillis());
      }
    } finally {
      brokerLock.readLock().unlock();
    }
  }

  /** Kills the broker. Sends wait until it is back; to be called by one thread. */
  void killBroker() throws InterruptedException {
    brokerLock.writeLock().lock();
    broker.kill();
  }

  /** Starts the broker again, by the thread that killed it. */
  void restartBroker() throws IOException, InterruptedException {
    try {
      broker.restart();
      Await.require(
          "the client's connection to the broker",
          PATIENCE,
          () -> sending.isOpen() && receiving.isOpen() && depth(WORK_QUEUE) >= 0);
    } finally {
      brokerLock.writeLock().unlock();
    }
  }

  /**
   * Deletes a reply queue at a moment when it is empty, as a reply in it would be lost; one that
   * was already delivered is not.
   */
  void deleteReplyQueue(int queue) throws InterruptedException {
    Await.require(
        "a moment without a reply in the queue",
        PATIENCE,
        () -> {
          try (Channel channel = connection.createChannel()) {
            channel.queueDelete(REPLY_QUEUES.get(queue), false, true);
            return true;
          }
        });
  }

  /** Declares a reply queue again. */
  void restoreReplyQueue(int queue) throws IOException {
    declareReplyQueue(REPLY_QUEUES.get(queue));
  }

  private long depth(String queue) throws IOException, TimeoutException {
    try (Channel channel = connection.createChannel()) {
      return channel.messageCount(queue);
    }
  }

  /** How many messages wait in the work queue. */
  long waiting() throws IOException, TimeoutException {
    return depth(WORK_QUEUE);
  }

  /** How many replies nobody took. */
  long repliesLeft() throws IOException, TimeoutException {
    long left = 0;
    for (String queue : REPLY_QUEUES) {
      left += depth(queue);
    }
    return left;
  }

  /** Takes the messages that could not be handled, and returns their correlation ids. */
  List<Optional<String>> takeDeadLetters() throws IOException, TimeoutException {
    List<Optional<String>> letters = new ArrayList<>();
    try (Channel channel = connection.createChannel()) {
      GetResponse letter = channel.basicGet(DEAD_QUEUE, true);
      while (letter != null) {
        letters.add(Optional.ofNullable(letter.getProps().getCorrelationId()));
        letter = channel.basicGet(DEAD_QUEUE, true);
      }
    }
    return letters;
  }

  @Override
  public void close() {
    connection.abort(5_000);
  }
}
