package mstc.cloud.worker.testkit.queue;

import java.util.List;
import java.util.Optional;
import java.util.UUID;
import mstc.cloud.worker.domain.queue.Delivery;
import mstc.cloud.worker.domain.queue.WorkQueue;
import mstc.cloud.worker.domain.request.ParsedRequest;
import mstc.cloud.worker.domain.request.WorkRequest;

final class InMemoryWorkQueueTest extends WorkQueueContract {

  @Override
  protected BrokerSide newBroker() {
    return new InMemoryBrokerSide();
  }

  private static final class InMemoryBrokerSide implements BrokerSide {
    private final InMemoryBroker broker = new InMemoryBroker();

    @Override
    public WorkQueue newWorkQueue() {
      return new InMemoryWorkQueue(broker);
    }

    @Override
    public void publish(SentRequest request) {
      broker.offer(
          new Delivery(
              request.jobName().map(InMemoryBrokerSide::parsed).orElse(UNREADABLE),
              request.messageId(),
              request.correlationId(),
              request.replyQueue(),
              false,
              Optional.empty()));
    }

    private static final ParsedRequest UNREADABLE = new ParsedRequest.Unreadable("not JSON");

    private static ParsedRequest parsed(String jobName) {
      return new ParsedRequest.Valid(
          WorkRequest.builder().image("busybox").jobName(jobName).inputBucket("in-bucket").build(),
          List.of());
    }

    @Override
    public String newReplyQueue() {
      String name = "replies-" + UUID.randomUUID();
      broker.declareReplyQueue(name);
      return name;
    }

    @Override
    public String newFullReplyQueue() {
      String name = newReplyQueue();
      broker.fillReplyQueue(name, true);
      return name;
    }

    @Override
    public void empty(String replyQueue) {
      broker.fillReplyQueue(replyQueue, false);
    }

    @Override
    public void fillDeadQueue() {
      broker.fillDeadQueue(true);
    }

    @Override
    public void emptyDeadQueue() {
      broker.fillDeadQueue(false);
    }

    @Override
    public List<ReceivedReply> replies(String replyQueue) {
      return broker.replies(replyQueue).stream()
          .map(it -> new ReceivedReply(it.reply().result(), it.address().correlationId()))
          .toList();
    }

    @Override
    public int waiting() {
      return broker.waiting();
    }

    @Override
    public List<DeadMessage> deadMessages() {
      return broker.dead().stream()
          .map(it ->
              new DeadMessage(jobName(it.delivery()), it.reason(), it.delivery().correlationId()))
          .toList();
    }

    private static Optional<String> jobName(Delivery delivery) {
      return delivery.request() instanceof ParsedRequest.Valid valid
          ? Optional.of(valid.work().jobName().value())
          : Optional.empty();
    }

    @Override
    public void declareAsClient() {
      // This broker has its queue from the start.
    }

    @Override
    public void deleteWorkQueue() {
      broker.purge();
    }

    @Override
    public void cutConnections() {
      broker.cutConnections();
    }

    @Override
    public void stop() {
      broker.stop();
    }

    @Override
    public void start() {
      broker.start();
    }

    @Override
    public void close() {
      broker.stop();
    }
  }
}
