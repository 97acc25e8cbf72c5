package mstc.cloud.worker.adapters.rabbitmq;

import mstc.cloud.worker.domain.queue.BrokerSide;
import mstc.cloud.worker.domain.queue.WorkQueueContract;

final class RabbitWorkQueueIT extends WorkQueueContract {

  @Override
  protected BrokerSide newBroker() throws Exception {
    return new RabbitBrokerSide(TestBroker.rabbitMq());
  }
}
