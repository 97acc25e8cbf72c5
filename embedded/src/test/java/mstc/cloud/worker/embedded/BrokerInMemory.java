package mstc.cloud.worker.embedded;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import java.io.IOException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;

/** A broker in memory for all tests of a class, and for each a channel with confirms. */
abstract class BrokerInMemory {
  static EmbeddedBroker broker;

  Connection connection;
  Channel channel;

  @BeforeAll
  static void startBroker() {
    broker = EmbeddedBroker.start(BrokerSettings.inMemory());
  }

  @AfterAll
  static void closeBroker() {
    broker.close();
  }

  @BeforeEach
  void connect() throws Exception {
    connection = Clients.amqp(broker.port()).newConnection();
    channel = connection.createChannel();
    channel.confirmSelect();
  }

  @AfterEach
  void disconnect() throws IOException {
    if (connection.isOpen()) {
      connection.close();
    }
  }
}
