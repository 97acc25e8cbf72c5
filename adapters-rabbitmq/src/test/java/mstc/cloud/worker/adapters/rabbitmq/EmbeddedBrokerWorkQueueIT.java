package mstc.cloud.worker.adapters.rabbitmq;

import mstc.cloud.worker.embedded.BrokerSettings;
import mstc.cloud.worker.embedded.EmbeddedBroker;
import mstc.cloud.worker.testkit.queue.BrokerSide;
import mstc.cloud.worker.testkit.queue.WorkQueueContract;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** The same adapter against the embedded broker, whose prefetch counts per channel. */
final class EmbeddedBrokerWorkQueueIT extends WorkQueueContract {
  private static EmbeddedBroker embedded;

  @BeforeAll
  static void start() {
    embedded = EmbeddedBroker.start(BrokerSettings.inMemory());
  }

  @AfterAll
  static void stop() {
    embedded.close();
  }

  @Override
  protected BrokerSide newBroker() throws Exception {
    return new RabbitBrokerSide(new TestBroker(embedded.host(), embedded.port(), "guest", "guest"));
  }
}
