package mstc.cloud.worker.standalone;

import static org.awaitility.Awaitility.await;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.GetResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeoutException;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.wire.ReplyJson;

/**
 * A client that knows the wire contract and nothing else: persistent requests, a durable reply
 * queue that outlives the broker, connections that come back.
 */
final class RawClient implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  static final String WORK_QUEUE = "mstc.queue.work";

  private final Map<String, List<Reply>> replies = new ConcurrentHashMap<>();
  private final ReplyJson json = new ReplyJson();
  private final Connection connection;
  private final Channel channel;
  private final String replyQueue;

  RawClient(String host, int port, String replyQueue) throws IOException, TimeoutException {
    this.replyQueue = replyQueue;
    ConnectionFactory factory = new ConnectionFactory();
    factory.setHost(host);
    factory.setPort(port);
    factory.setNetworkRecoveryInterval(500);
    connection = factory.newConnection("test client");
    channel = connection.createChannel();
    channel.exchangeDeclare("mstc.exchange", "direct", true);
    channel.queueDeclare(WORK_QUEUE, true, false, false, null);
    channel.queueBind(WORK_QUEUE, "mstc.exchange", WORK_QUEUE);
    channel.queueDeclare(replyQueue, true, false, false, null);
    channel.basicConsume(
        replyQueue,
        false,
        (_, delivery) -> {
          Reply reply =
              json.parse(new String(delivery.getBody(), StandardCharsets.UTF_8)).orElseThrow();
          replies
              .computeIfAbsent(
                  delivery.getProperties().getCorrelationId(), _ -> new CopyOnWriteArrayList<>())
              .add(reply);
          channel.basicAck(delivery.getEnvelope().getDeliveryTag(), false);
        },
        _ -> {});
    channel.confirmSelect();
  }

  /** Sends a request under a correlation id. */
  void send(String correlationId, String body) throws Exception {
    send(properties(correlationId).build(), body.getBytes(StandardCharsets.UTF_8));
  }

  /** Sends a request that is run once, however often it is sent. */
  void sendOnce(String messageId, String correlationId, String body) throws Exception {
    send(
        properties(correlationId).messageId(messageId).build(),
        body.getBytes(StandardCharsets.UTF_8));
  }

  /** The same, with the reply to another queue. */
  void sendOnce(String messageId, String correlationId, String otherReplyQueue, String body)
      throws Exception {
    send(
        properties(correlationId).messageId(messageId).replyTo(otherReplyQueue).build(),
        body.getBytes(StandardCharsets.UTF_8));
  }

  private AMQP.BasicProperties.Builder properties(String correlationId) {
    return new AMQP.BasicProperties.Builder()
        .deliveryMode(2)
        .correlationId(correlationId)
        .replyTo(replyQueue);
  }

  private synchronized void send(AMQP.BasicProperties properties, byte[] body) throws Exception {
    channel.basicPublish("mstc.exchange", WORK_QUEUE, properties, body);
    channel.waitForConfirmsOrDie(30_000);
  }

  /**
   * Takes the request that waits and gives it back, as a broker does whose consumer died: its next
   * delivery is a repeated one.
   */
  synchronized void markRedelivered() {
    await()
        .atMost(PATIENCE)
        .alias("a request that waits")
        .until(() -> {
          GetResponse waiting = channel.basicGet(WORK_QUEUE, false);
          if (waiting != null) {
            channel.basicNack(waiting.getEnvelope().getDeliveryTag(), false, true);
          }
          return waiting != null;
        });
  }

  /** Waits for the first reply to a correlation id. */
  Reply awaitReply(String correlationId, Duration timeout) {
    await()
        .alias("reply to " + correlationId)
        .atMost(timeout)
        .pollInterval(Duration.ofMillis(50))
        .until(() -> replies.containsKey(correlationId));
    return replies(correlationId).getFirst();
  }

  /** Waits until each of them has a reply. */
  void awaitReplies(Collection<String> correlationIds, Duration timeout) {
    await()
        .alias("replies to " + correlationIds)
        .atMost(timeout)
        .pollInterval(Duration.ofMillis(100))
        .until(() -> replies.keySet().containsAll(correlationIds));
  }

  /** All replies so far to a correlation id. */
  List<Reply> replies(String correlationId) {
    return List.copyOf(replies.getOrDefault(correlationId, List.of()));
  }

  /** How many messages a queue holds. */
  long depth(String queue) throws IOException {
    return channel.messageCount(queue);
  }

  @Override
  public void close() {
    connection.abort(5_000);
  }
}
