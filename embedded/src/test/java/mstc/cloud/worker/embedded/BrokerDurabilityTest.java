package mstc.cloud.worker.embedded;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.MessageProperties;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** What is left of a broker with a folder after a restart, a kill and an orderly end. */
@Execution(ExecutionMode.CONCURRENT)
class BrokerDurabilityTest {
  private static final int CONFIRM_MILLIS = 20_000;

  // Characters that Qpid or Derby could take for something else.
  private static final String FOLDER = "broker ${user.home} $$ ü";

  @TempDir private Path temporary;

  @Test
  void keepsWhatIsDurableAcrossARestart() throws Exception {
    // given
    try (var broker = EmbeddedBroker.start(settings());
        var connection = Clients.amqp(broker.port()).newConnection();
        var channel = connection.createChannel()) {
      declareAndPublish(channel);
      channel.basicPublish("work.exchange", "work", null, "transient".getBytes(UTF_8));
      channel.waitForConfirmsOrDie(CONFIRM_MILLIS);
    }

    // when
    try (var broker = EmbeddedBroker.start(settings());
        var connection = Clients.amqp(broker.port()).newConnection();
        var channel = connection.createChannel()) {

      // then
      requireKept(channel);
    }
  }

  @Test
  void keepsAMessagesTimeToLiveAcrossARestart() throws Exception {
    // given
    var persistent = MessageProperties.PERSISTENT_BASIC.builder();
    try (var broker = EmbeddedBroker.start(settings());
        var connection = Clients.amqp(broker.port()).newConnection();
        var channel = connection.createChannel()) {
      channel.confirmSelect();
      channel.queueDeclare("work", true, false, false, Map.of());
      channel.basicPublish(
          "", "work", persistent.expiration("500").build(), "short".getBytes(UTF_8));
      channel.basicPublish(
          "", "work", persistent.expiration("3600000").build(), "long".getBytes(UTF_8));
      channel.waitForConfirmsOrDie(CONFIRM_MILLIS);
    }

    // when
    try (var broker = EmbeddedBroker.start(settings());
        var connection = Clients.amqp(broker.port()).newConnection();
        var channel = connection.createChannel()) {

      // then
      await()
          .atMost(Duration.ofSeconds(60))
          .untilAsserted(() -> assertThat(channel.messageCount("work")).isEqualTo(1));
      var kept = channel.basicGet("work", true);
      assertThat(kept.getBody()).asString(UTF_8).isEqualTo("long");
      assertThat(kept.getProps().getExpiration()).isEqualTo("3600000");
    }
  }

  @Test
  void keepsWhatWasConfirmedWhenTheProcessIsKilled() throws Exception {
    // given
    Path folder = temporary.resolve(FOLDER);
    Path workingDirectory = temporary.resolve("started-in");
    try (var process = ServerProcess.start("broker", folder, workingDirectory)) {
      var connection = Clients.amqp(process.port()).newConnection();
      var channel = connection.createChannel();
      declareAndPublish(channel);
      channel.basicGet("work", false);

      // when
      process.kill();
      connection.abort();
    }

    // then
    try (var broker = EmbeddedBroker.start(settings());
        var connection = Clients.amqp(broker.port()).newConnection();
        var channel = connection.createChannel()) {
      requireKept(channel);
    }
    assertThat(workingDirectory).isEmptyDirectory();
  }

  @Test
  void servesUntilTheApplicationClosesItWhenTheProcessIsAskedToEnd() throws Exception {
    // given
    Path workingDirectory = temporary.resolve("started-in");
    try (var process = ServerProcess.start("broker", temporary.resolve(FOLDER), workingDirectory)) {

      // when
      var output = process.end();

      // then: nothing but the application's own words
      assertThat(output).containsExactly("published");
      assertThat(workingDirectory).isEmptyDirectory();
    }
    try (var broker = EmbeddedBroker.start(settings());
        var connection = Clients.amqp(broker.port()).newConnection();
        var channel = connection.createChannel()) {
      assertThat(channel.messageCount("late")).isEqualTo(ServerProcess.MESSAGES_AT_THE_END);
    }
  }

  @Test
  void livesInASmallHeap() throws Exception {
    // given
    int clients = 50;
    int messagesPerClient = 10;
    byte[] body = new byte[32 * 1024];
    try (var process =
            ServerProcess.start(
                "broker", temporary.resolve(FOLDER), temporary.resolve("started-in"), "-Xmx128m");
        var connection = Clients.amqp(process.port()).newConnection();
        var channel = connection.createChannel();
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      channel.queueDeclare("work", true, false, false, Map.of());

      // when
      var results =
          threads.invokeAll(
              IntStream.range(0, clients)
                  .<Callable<Boolean>>mapToObj(
                      client -> () -> publish(process.port(), messagesPerClient, body))
                  .toList());
      for (var result : results) {
        assertThat(result.get()).isTrue();
      }

      // then
      for (int i = 0; i < clients * messagesPerClient; i++) {
        assertThat(channel.basicGet("work", true).getBody()).hasSameSizeAs(body);
      }
      assertThat(channel.basicGet("work", true)).isNull();
    }
  }

  @Test
  void refusesAFolderThatAnotherBrokerUses() {
    // given
    try (var first = EmbeddedBroker.start(settings())) {

      // when
      assertThatThrownBy(() -> EmbeddedBroker.start(settings()))
          // then
          .isInstanceOf(EmbeddedServerException.class)
          .hasMessageContaining(temporary.resolve(FOLDER).toString())
          .hasMessageContaining("another");
      assertThat(first.port()).isPositive();
    }
  }

  @Test
  void saysThatAStoreCannotBeRead() throws IOException {
    // given
    Path store = temporary.resolve(FOLDER).resolve("default");
    Files.createDirectories(store.getParent());
    Files.writeString(store, "not a folder");

    // when
    assertThatThrownBy(() -> EmbeddedBroker.start(settings()))
        // then
        .isInstanceOf(EmbeddedServerException.class)
        .hasMessageContaining(temporary.resolve(FOLDER).toString());
  }

  private BrokerSettings settings() {
    return new BrokerSettings(
        "127.0.0.1", 0, "guest", "guest", Optional.of(temporary.resolve(FOLDER)));
  }

  private static boolean publish(int port, int count, byte[] body) throws Exception {
    try (var connection = Clients.amqp(port).newConnection();
        var channel = connection.createChannel()) {
      channel.confirmSelect();
      for (int i = 0; i < count; i++) {
        channel.basicPublish("", "work", MessageProperties.PERSISTENT_BASIC, body);
      }
      return channel.waitForConfirms(6 * CONFIRM_MILLIS);
    }
  }

  private static void declareAndPublish(Channel channel) throws Exception {
    channel.confirmSelect();
    channel.exchangeDeclare("work.exchange", "direct", true);
    channel.queueDeclare("work", true, false, false, Map.of());
    channel.queueBind("work", "work.exchange", "work");
    for (int i = 0; i < 20; i++) {
      channel.basicPublish(
          "work.exchange",
          "work",
          MessageProperties.PERSISTENT_BASIC.builder().correlationId("c" + i).build(),
          ("message " + i).getBytes(UTF_8));
      channel.waitForConfirmsOrDie(CONFIRM_MILLIS);
    }
  }

  private static void requireKept(Channel channel) throws Exception {
    for (int i = 0; i < 20; i++) {
      var message = channel.basicGet("work", true);
      assertThat(message.getBody()).asString(UTF_8).isEqualTo("message " + i);
      assertThat(message.getProps().getCorrelationId()).isEqualTo("c" + i);
    }
    assertThat(channel.basicGet("work", true)).isNull();
    channel.exchangeDeclare("work.exchange", "direct", true);
    channel.queueDeclare("work", true, false, false, Map.of());
    channel.confirmSelect();
    channel.basicPublish("work.exchange", "work", null, "bound".getBytes(UTF_8));
    channel.waitForConfirmsOrDie(CONFIRM_MILLIS);
    assertThat(channel.basicGet("work", true).getBody()).asString(UTF_8).isEqualTo("bound");
  }
}
