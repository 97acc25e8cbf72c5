package mstc.cloud.worker.adapters.rabbitmq;

import mstc.cloud.worker.testkit.queue.BrokerSide;
import mstc.cloud.worker.testkit.queue.WorkQueueContract;
import org.junit.jupiter.api.BeforeAll;

/** On a RabbitMQ of another version. */
final class AnotherRabbitWorkQueueIT extends WorkQueueContract {
  @BeforeAll
  static void requireRabbitMq() {
    TestBroker.anotherRabbitMq();
  }

  @Override
  protected BrokerSide newBroker() throws Exception {
    return new RabbitBrokerSide(TestBroker.anotherRabbitMq());
  }
}
