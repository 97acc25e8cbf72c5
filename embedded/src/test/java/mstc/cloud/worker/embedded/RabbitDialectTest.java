package mstc.cloud.worker.embedded;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Delivery;
import com.rabbitmq.client.RpcClient;
import com.rabbitmq.client.RpcClientParams;
import com.rabbitmq.client.ShutdownSignalException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;

/** A time to live and direct reply-to, as RabbitMQ's clients use them. */
class RabbitDialectTest extends BrokerInMemory {
  private static final String REPLY_TO = "amq.rabbitmq.reply-to";
  private static final int CONFIRM_MILLIS = 60_000;
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final BlockingQueue<Delivery> replies = new LinkedBlockingQueue<>();

  @Test
  void deliversAMessageThatStillLivesWithWhatItsClientWrote() throws Exception {
    // given
    String queue = channel.queueDeclare().getQueue();
    var properties =
        new AMQP.BasicProperties.Builder()
            .expiration("600000")
            .correlationId("c1")
            .headers(Map.of("count", 7, "long", 8L, "text", "seven"))
            .build();

    // when
    channel.basicPublish("", queue, properties, "lives".getBytes(UTF_8));
    channel.waitForConfirmsOrDie(CONFIRM_MILLIS);

    // then
    var message = channel.basicGet(queue, true);
    assertThat(message.getBody()).asString(UTF_8).isEqualTo("lives");
    assertThat(message.getProps().getExpiration()).isEqualTo("600000");
    assertThat(message.getProps().getClusterId()).isNull();
    assertThat(message.getProps().getCorrelationId()).isEqualTo("c1");
    assertThat(message.getProps().getHeaders())
        .hasSize(3)
        .containsEntry("count", 7)
        .containsEntry("long", 8L)
        .hasEntrySatisfying("text", text -> assertThat(text).hasToString("seven"));
  }

  @Test
  void deliversToAConsumerWhatTheClientWrote() throws Exception {
    // given
    String queue = channel.queueDeclare().getQueue();
    BlockingQueue<AMQP.BasicProperties> delivered = new LinkedBlockingQueue<>();
    channel.basicConsume(
        queue, true, (tag, message) -> delivered.add(message.getProperties()), tag -> {});

    // when
    channel.basicPublish("", queue, expiringAfter("600000"), new byte[1]);

    // then
    AMQP.BasicProperties properties = delivered.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    assertThat(properties.getExpiration()).isEqualTo("600000");
    assertThat(properties.getClusterId()).isNull();
  }

  @Test
  void deliversACompressedBodyAsItIs() throws Exception {
    // given
    String queue = channel.queueDeclare().getQueue();
    ByteArrayOutputStream compressed = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(compressed)) {
      gzip.write(new byte[4096]);
    }
    var properties = new AMQP.BasicProperties.Builder().contentEncoding("gzip").build();

    // when
    channel.basicPublish("", queue, properties, compressed.toByteArray());
    channel.waitForConfirmsOrDie(CONFIRM_MILLIS);

    // then
    var message = channel.basicGet(queue, true);
    assertThat(message.getBody()).isEqualTo(compressed.toByteArray());
    assertThat(message.getProps().getContentEncoding()).isEqualTo("gzip");
  }

  @Test
  void deliversTheLongestMessageUncompressedAndTakesNoLongerOne() throws Exception {
    // given
    String queue = channel.queueDeclare().getQueue();
    channel.basicPublish("", queue, null, new byte[16 * 1024 * 1024]);
    channel.waitForConfirmsOrDie(CONFIRM_MILLIS);
    var longest = channel.basicGet(queue, true);

    // when
    channel.basicPublish("", queue, null, new byte[16 * 1024 * 1024 + 1]);

    // then
    assertThatThrownBy(() -> channel.waitForConfirms(CONFIRM_MILLIS))
        .isInstanceOf(ShutdownSignalException.class)
        .hasMessageContaining("16777217");
    assertThat(connection.isOpen()).isTrue();
    assertThat(longest.getBody()).hasSize(16 * 1024 * 1024);
    assertThat(longest.getProps().getContentEncoding()).isNull();
  }

  @Test
  void removesAMessageWhoseTimeIsOverFromAQueueWithoutConsumers() throws Exception {
    // given
    String queue = channel.queueDeclare().getQueue();
    channel.basicPublish("", queue, null, "stays".getBytes(UTF_8));

    // when
    channel.basicPublish("", queue, expiringAfter("200"), "goes".getBytes(UTF_8));
    channel.waitForConfirmsOrDie(CONFIRM_MILLIS);

    // then
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> assertThat(channel.messageCount(queue)).isEqualTo(1));
    assertThat(channel.basicGet(queue, true).getBody()).asString(UTF_8).isEqualTo("stays");
  }

  @Test
  void returnsAnUnroutableMessageWithTheTimeToLiveThatItsClientWrote() throws Exception {
    // given
    BlockingQueue<AMQP.BasicProperties> returned = new LinkedBlockingQueue<>();
    channel.addReturnListener(message -> returned.add(message.getProperties()));

    // when
    channel.basicPublish("", "nobody", true, expiringAfter("5000"), new byte[1]);

    // then
    assertThat(returned.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS).getExpiration())
        .isEqualTo("5000");
  }

  @Test
  void refusesATimeToLiveThatRabbitMqRefuses() throws Exception {
    // given
    String queue = channel.queueDeclare().getQueue();

    // when
    channel.basicPublish("", queue, expiringAfter("-1"), new byte[1]);

    // then
    assertThatThrownBy(() -> channel.waitForConfirms(CONFIRM_MILLIS))
        .isInstanceOf(ShutdownSignalException.class)
        .hasMessageContaining("reply-code=406")
        .hasMessageContaining("invalid expiration '-1'");
    assertThat(connection.isOpen()).isTrue();
  }

  @Test
  void carriesARemoteCallByDirectReplyTo() throws Exception {
    // given
    String requests = channel.queueDeclare("", false, false, false, null).getQueue();
    try (var server = Clients.amqp(broker.port()).newConnection();
        var serverChannel = server.createChannel()) {
      serverChannel.basicConsume(
          requests,
          true,
          (tag, request) ->
              serverChannel.basicPublish(
                  "",
                  request.getProperties().getReplyTo(),
                  true,
                  new AMQP.BasicProperties.Builder()
                      .correlationId(request.getProperties().getCorrelationId())
                      .build(),
                  ("re: " + new String(request.getBody(), UTF_8)).getBytes(UTF_8)),
          tag -> {});
      try (var clientChannel = connection.createChannel()) {
        // Uses direct reply-to unless told otherwise.
        var client =
            new RpcClient(
                new RpcClientParams()
                    .channel(clientChannel)
                    .exchange("")
                    .routingKey(requests)
                    .timeout((int) PATIENCE.toMillis()));

        // when
        byte[] first = client.primitiveCall("one".getBytes(UTF_8));
        byte[] second = client.primitiveCall("two".getBytes(UTF_8));

        // then
        assertThat(first).asString(UTF_8).isEqualTo("re: one");
        assertThat(second).asString(UTF_8).isEqualTo("re: two");
      }
    }
  }

  @Test
  void givesEachChannelAnAddressThatEndsWithIt() throws Exception {
    // given
    String requests = channel.queueDeclare("", false, false, false, null).getQueue();
    Channel client = connection.createChannel();
    Channel otherClient = connection.createChannel();
    consumeReplies(client);
    consumeReplies(otherClient);
    String address = addressOf(client, requests);
    String otherAddress = addressOf(otherClient, requests);
    assertThat(address).startsWith(REPLY_TO + ".").isNotEqualTo(otherAddress);
    assertThat(channel.queueDeclarePassive(address).getQueue()).isEqualTo(address);

    // when
    client.close();

    // then
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> {
          try (var probe = connection.createChannel()) {
            assertThatThrownBy(() -> probe.queueDeclarePassive(address))
                .hasStackTraceContaining("reply-code=404");
          } catch (com.rabbitmq.client.AlreadyClosedException _) {
            // By the broker, with that response.
          }
        });
    channel.basicPublish("", otherAddress, null, "still there".getBytes(UTF_8));
    assertThat(replies.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS).getBody())
        .asString(UTF_8)
        .isEqualTo("still there");
  }

  @Test
  void letsAChannelConsumeRepliesAgainAfterItCancelled() throws Exception {
    // given
    String requests = channel.queueDeclare("", false, false, false, null).getQueue();
    String tag = consumeReplies(channel);
    String before = addressOf(channel, requests);
    channel.basicCancel(tag);

    // when
    consumeReplies(channel);

    // then
    String address = addressOf(channel, requests);
    assertThat(address).isNotEqualTo(before);
    channel.basicPublish("", address, null, "again".getBytes(UTF_8));
    assertThat(replies.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS).getBody())
        .asString(UTF_8)
        .isEqualTo("again");
  }

  @Test
  void saysThatDirectReplyToIsThere() throws Exception {
    assertThat(channel.queueDeclarePassive(REPLY_TO).getQueue()).isEqualTo(REPLY_TO);
  }

  @Test
  void refusesARequestWithoutAConsumerOfReplies() throws Exception {
    // given
    String requests = channel.queueDeclare("", false, false, false, null).getQueue();

    // when
    channel.basicPublish("", requests, replyingTo(REPLY_TO), new byte[1]);

    // then
    assertThatThrownBy(() -> channel.waitForConfirms(CONFIRM_MILLIS))
        .isInstanceOf(ShutdownSignalException.class)
        .hasMessageContaining("reply-code=406")
        .hasMessageContaining("fast reply consumer does not exist");
  }

  @Test
  void refusesAConsumerOfRepliesThatAcknowledges() {
    // when
    assertThatThrownBy(() -> channel.basicConsume(REPLY_TO, false, (tag, reply) -> {}, tag -> {}))
        // then
        .hasStackTraceContaining("reply-code=406")
        .hasStackTraceContaining("reply consumer cannot acknowledge");
  }

  @Test
  void refusesASecondConsumerOfRepliesOnAChannel() throws Exception {
    // given
    consumeReplies(channel);

    // when
    assertThatThrownBy(() -> consumeReplies(channel))
        // then
        .hasStackTraceContaining("reply-code=406")
        .hasStackTraceContaining("reply consumer already set");
  }

  private String consumeReplies(Channel client) throws IOException {
    return client.basicConsume(REPLY_TO, true, (tag, reply) -> replies.add(reply), tag -> {});
  }

  /** The address that a server sees. */
  private String addressOf(Channel client, String requests) throws Exception {
    client.confirmSelect();
    client.basicPublish("", requests, replyingTo(REPLY_TO), new byte[1]);
    client.waitForConfirmsOrDie(CONFIRM_MILLIS);
    return channel.basicGet(requests, true).getProps().getReplyTo();
  }

  private static AMQP.BasicProperties expiringAfter(String millis) {
    return new AMQP.BasicProperties.Builder().expiration(millis).build();
  }

  private static AMQP.BasicProperties replyingTo(String address) {
    return new AMQP.BasicProperties.Builder().replyTo(address).build();
  }
}
