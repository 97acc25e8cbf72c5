package mstc.cloud.worker.adapters.rabbitmq;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.BuiltinExchangeType;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.GetResponse;
import com.rabbitmq.client.ShutdownSignalException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import mstc.cloud.worker.domain.queue.WorkQueue;
import mstc.cloud.worker.testkit.queue.BrokerSide;
import mstc.cloud.worker.wire.WorkRequestFormat;

/**
 * A client of a real broker, with queues of its own. Work queues reach the broker through a proxy
 * that can be cut, the client directly.
 */
final class RabbitBrokerSide implements BrokerSide {
  private static final RabbitSettings.Timing TIMING =
      new RabbitSettings.Timing(
          Duration.ofSeconds(30),
          Duration.ofSeconds(10),
          Duration.ofSeconds(30),
          Duration.ofMillis(20),
          Duration.ofMillis(250));

  /** Arguments of a queue that rejects what comes while it has a message: RabbitMQ's and Qpid's. */
  static final Map<String, Object> HOLDS_ONE =
      Map.of(
          "x-max-length",
          1,
          "x-overflow",
          "reject-publish",
          "qpid.max_count",
          1,
          "qpid.policy_type",
          "reject");

  private static final Pattern JOB_NAME = Pattern.compile("\"jobName\":\"([^\"]+)\"");
  private static final Pattern RESULT = Pattern.compile("\"result\":\"([^\"]+)\"");

  private final FaultyProxy proxy;
  private final RabbitSettings settings;
  private final Connection connection;
  private final Channel publishing;
  private final Map<String, List<GetResponse>> drained = new HashMap<>();
  private final List<String> replyQueues = new ArrayList<>();

  RabbitBrokerSide(TestBroker broker) throws IOException, TimeoutException {
    proxy = new FaultyProxy(broker.host(), broker.port());
    String unique = "mstc.test." + UUID.randomUUID();
    settings =
        RabbitSettings.of("localhost", proxy.port(), broker.user(), broker.password())
            .withTiming(TIMING)
            .withNames(
                new RabbitSettings.Names(unique + ".exchange", unique + ".work", unique + ".dead"));
    ConnectionFactory factory = new ConnectionFactory();
    factory.setHost(broker.host());
    factory.setPort(broker.port());
    factory.setUsername(broker.user());
    factory.setPassword(broker.password());
    connection = factory.newConnection("test client");
    publishing = connection.createChannel();
    publishing.confirmSelect();
  }

  RabbitSettings settings() {
    return settings;
  }

  FaultyProxy proxy() {
    return proxy;
  }

  Connection connection() {
    return connection;
  }

  @Override
  public WorkQueue newWorkQueue() {
    return new RabbitWorkQueue(settings, new WorkRequestFormat());
  }

  @Override
  public void publish(SentRequest request) {
    publish(
        new AMQP.BasicProperties.Builder()
            .messageId(request.messageId().orElse(null))
            .correlationId(request.correlationId().orElse(null))
            .replyTo(request.replyQueue().orElse(null))
            .build(),
        request
            .jobName()
            .map(RabbitBrokerSide::body)
            .orElse("<no request>")
            .getBytes(StandardCharsets.UTF_8));
  }

  static String body(String jobName) {
    return "{\"image\":\"busybox\",\"jobName\":\"" + jobName + "\",\"inputBucket\":\"in-bucket\"}";
  }

  void publish(AMQP.BasicProperties properties, byte[] body) {
    publish(settings.names().exchange(), settings.names().queue(), properties, body);
  }

  /** A request with a correlation id, to any queue. */
  void publishTo(String queue, String correlationId) {
    publish(
        "",
        queue,
        new AMQP.BasicProperties.Builder().correlationId(correlationId).build(),
        body("job").getBytes(StandardCharsets.UTF_8));
  }

  private void publish(
      String exchange, String routingKey, AMQP.BasicProperties properties, byte[] body) {
    attempt(() -> {
      publishing.basicPublish(exchange, routingKey, true, properties, body);
      publishing.waitForConfirmsOrDie(TIMING.confirmation().toMillis());
      return true;
    });
  }

  @Override
  public String newReplyQueue() {
    String name =
        onChannel(channel -> channel.queueDeclare("", false, false, false, null).getQueue());
    replyQueues.add(name);
    return name;
  }

  @Override
  public String newFullReplyQueue() {
    String name =
        onChannel(channel -> channel.queueDeclare("", false, false, false, HOLDS_ONE).getQueue());
    replyQueues.add(name);
    fill(name);
    return name;
  }

  @Override
  public void empty(String replyQueue) {
    onChannel(channel -> channel.queuePurge(replyQueue));
  }

  @Override
  public void fillDeadQueue() {
    String queue = settings.names().deadQueue();
    onChannel(channel -> {
      channel.queueDelete(queue);
      return channel.queueDeclare(queue, true, false, false, HOLDS_ONE);
    });
    fill(queue);
  }

  @Override
  public void emptyDeadQueue() {
    // Not deleted: what is published in that moment would be confirmed, and gone with it.
    onChannel(channel -> channel.queuePurge(settings.names().deadQueue()));
  }

  private void fill(String queue) {
    publish("", queue, new AMQP.BasicProperties(), new byte[1]);
  }

  @Override
  public List<ReceivedReply> replies(String replyQueue) {
    return drain(replyQueue).stream()
        .map(it ->
            new ReceivedReply(
                find(RESULT, it).orElse(""), Optional.ofNullable(it.getProps().getCorrelationId())))
        .toList();
  }

  /** Every message that ever was in a queue nobody else consumes. */
  List<GetResponse> drain(String queue) {
    List<GetResponse> messages = drained.computeIfAbsent(queue, _ -> new ArrayList<>());
    return onChannel(channel -> {
      // Qpid ends the connection, not the channel, for a get from a queue that is not there.
      channel.queueDeclarePassive(queue);
      for (GetResponse next = channel.basicGet(queue, true);
          next != null;
          next = channel.basicGet(queue, true)) {
        messages.add(next);
      }
      return List.copyOf(messages);
    });
  }

  @Override
  public int waiting() {
    return onChannel(channel -> (int) channel.messageCount(settings.names().queue()));
  }

  @Override
  public List<DeadMessage> deadMessages() {
    return drain(settings.names().deadQueue()).stream()
        .map(it ->
            new DeadMessage(
                find(JOB_NAME, it),
                String.valueOf(it.getProps().getHeaders().get(Message.REASON_HEADER)),
                Optional.ofNullable(it.getProps().getCorrelationId())))
        .toList();
  }

  private static Optional<String> find(Pattern pattern, GetResponse message) {
    Matcher matcher = pattern.matcher(new String(message.getBody(), StandardCharsets.UTF_8));
    return matcher.find() ? Optional.of(matcher.group(1)) : Optional.empty();
  }

  @Override
  public void declareAsClient() {
    onChannel(channel -> {
      String queue = settings.names().queue();
      channel.exchangeDeclare(settings.names().exchange(), BuiltinExchangeType.DIRECT, true);
      channel.queueDeclare(queue, true, false, false, null);
      return channel.queueBind(queue, settings.names().exchange(), queue);
    });
  }

  @Override
  public void deleteWorkQueue() {
    onChannel(channel -> channel.queueDelete(settings.names().queue()));
  }

  @Override
  public void cutConnections() {
    proxy.cut();
  }

  @Override
  public void stop() {
    proxy.refuse();
  }

  @Override
  public void start() {
    proxy.accept();
  }

  @Override
  public void close() {
    attempt(() -> {
      proxy.close();
      for (String queue : replyQueues) {
        deleteIfExists(channel -> channel.queueDelete(queue));
      }
      deleteIfExists(channel -> channel.queueDelete(settings.names().queue()));
      deleteIfExists(channel -> channel.queueDelete(settings.names().deadQueue()));
      deleteIfExists(channel -> channel.exchangeDelete(settings.names().exchange()));
      connection.close();
      return true;
    });
  }

  /** RabbitMQ deletes what is not there without complaint, Qpid does not. */
  private <T> void deleteIfExists(BrokerCall<T> deletion) {
    try {
      onChannel(deletion);
    } catch (UncheckedIOException e) {
      if (!BrokerFailure.of(e).replyCode().equals(OptionalInt.of(AMQP.NOT_FOUND))) {
        throw e;
      }
    }
  }

  /** On a channel of its own: the broker closes it for what it refuses. */
  <T> T onChannel(BrokerCall<T> call) {
    return attempt(() -> {
      Channel channel = connection.createChannel();
      try {
        return call.on(channel);
      } finally {
        channel.abort();
      }
    });
  }

  interface BrokerCall<T> {
    T on(Channel channel) throws IOException;
  }

  private interface Attempt<T> {
    T make() throws IOException, TimeoutException, InterruptedException;
  }

  private static <T> T attempt(Attempt<T> attempt) {
    try {
      return attempt.make();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (TimeoutException | ShutdownSignalException e) {
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
