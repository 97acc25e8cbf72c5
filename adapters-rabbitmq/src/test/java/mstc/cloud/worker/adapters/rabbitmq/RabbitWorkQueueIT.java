package mstc.cloud.worker.adapters.rabbitmq;

import mstc.cloud.worker.testkit.queue.BrokerSide;
import mstc.cloud.worker.testkit.queue.WorkQueueContract;
import org.junit.jupiter.api.BeforeAll;

final class RabbitWorkQueueIT extends WorkQueueContract {
  @BeforeAll
  static void requireRabbitMq() {
    TestBroker.rabbitMq();
  }

  @Override
  protected BrokerSide newBroker() throws Exception {
    return new RabbitBrokerSide(TestBroker.rabbitMq());
  }
}
