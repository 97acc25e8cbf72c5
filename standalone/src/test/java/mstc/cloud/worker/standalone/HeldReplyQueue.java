package mstc.cloud.worker.standalone;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.TimeoutException;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.wire.ReplyJson;

/** A client's reply queue that is full and rejects what comes, until its client takes it out. */
final class HeldReplyQueue implements AutoCloseable {
  private static final Map<String, Object> HOLDS_ONE =
      Map.of(
          "x-max-length",
          1,
          "x-overflow",
          "reject-publish",
          "qpid.max_count",
          1,
          "qpid.policy_type",
          "reject");

  private final ConcurrentMap<String, Reply> replies = new ConcurrentHashMap<>();
  private final String name;
  private final Connection connection;
  private final Channel channel;

  HeldReplyQueue(int brokerPort, String name) throws IOException, TimeoutException {
    this.name = name;
    ConnectionFactory factory = new ConnectionFactory();
    factory.setPort(brokerPort);
    connection = factory.newConnection("held reply queue");
    channel = connection.createChannel();
    channel.queueDeclare(name, true, false, false, HOLDS_ONE);
    channel.basicPublish("", name, null, "in the way".getBytes(StandardCharsets.UTF_8));
  }

  /** Takes out what is there, and what comes from now on. */
  void release() throws IOException {
    ReplyJson json = new ReplyJson();
    channel.basicConsume(
        name,
        true,
        (_, delivery) ->
            Optional.ofNullable(delivery.getProperties().getCorrelationId())
                .ifPresent(id ->
                    replies.put(
                        id,
                        json.parse(new String(delivery.getBody(), StandardCharsets.UTF_8))
                            .orElseThrow())),
        _ -> {});
  }

  /** Of what has come out of it. */
  Set<String> correlationIds() {
    return Set.copyOf(replies.keySet());
  }

  Reply reply(String correlationId) {
    return Optional.ofNullable(replies.get(correlationId)).orElseThrow();
  }

  @Override
  public void close() {
    connection.abort(5_000);
  }
}
