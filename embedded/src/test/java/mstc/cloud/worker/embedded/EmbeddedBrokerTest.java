package mstc.cloud.worker.embedded;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.MessageProperties;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedBrokerTest {
  @TempDir private Path folder;

  @Test
  void keepsADurableQueueAndItsPersistentMessagesAcrossARestart() throws Exception {
    // given
    var settings =
        new BrokerSettings("127.0.0.1", 0, "guest", "guest", Optional.of(folder.resolve("broker")));
    try (var broker = EmbeddedBroker.start(settings);
        var connection = factory(broker).newConnection();
        var channel = connection.createChannel()) {
      channel.confirmSelect();
      channel.queueDeclare("work", true, false, false, Map.of());
      channel.basicPublish("", "work", MessageProperties.PERSISTENT_BASIC, "kept".getBytes(UTF_8));
      channel.waitForConfirmsOrDie(5_000);
    }

    // when
    try (var broker = EmbeddedBroker.start(settings);
        var connection = factory(broker).newConnection();
        var channel = connection.createChannel()) {

      // then
      channel.queueDeclare("work", true, false, false, Map.of());
      assertThat(channel.basicGet("work", true).getBody()).asString(UTF_8).isEqualTo("kept");
    }
  }

  private static ConnectionFactory factory(EmbeddedBroker broker) {
    var factory = new ConnectionFactory();
    factory.setHost(broker.host());
    factory.setPort(broker.port());
    return factory;
  }
}
