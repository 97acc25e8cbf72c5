package mstc.cloud.worker.testkit.queue;

import java.util.List;
import java.util.Optional;
import mstc.cloud.worker.domain.queue.WorkQueue;

/** What a client and an operator of the broker do, for tests of a {@link WorkQueue}. */
public interface BrokerSide extends AutoCloseable {

  /**
   * A request as a client sends it.
   *
   * @param jobName identifies the request; empty for a body that is not a request
   */
  record SentRequest(
      Optional<String> jobName,
      Optional<String> messageId,
      Optional<String> correlationId,
      Optional<String> replyQueue) {
    /** A request whose reply nobody waits for. */
    public static SentRequest of(String jobName) {
      return new SentRequest(
          Optional.of(jobName), Optional.empty(), Optional.empty(), Optional.empty());
    }
  }

  /** A reply as a client gets it. */
  record ReceivedReply(String result, Optional<String> correlationId) {}

  /**
   * A message in the dead-letter queue.
   *
   * @param jobName of the request in its body; empty if the body is not a request
   */
  record DeadMessage(Optional<String> jobName, String reason, Optional<String> correlationId) {}

  /** An unopened queue of the kind under test on this broker; the test closes it. */
  WorkQueue newWorkQueue();

  /** Sends a request; returns once the broker has it. */
  void publish(SentRequest request);

  /** Creates a queue for replies. */
  String newReplyQueue();

  /** Creates a queue for replies that is full, and rejects what is published to it. */
  String newFullReplyQueue();

  /** Empties a queue for replies. */
  void empty(String replyQueue);

  /** Makes the dead-letter queue full, so that it rejects what is published to it. */
  void fillDeadQueue();

  /** Undoes {@link #fillDeadQueue}, and leaves the queue empty. */
  void emptyDeadQueue();

  /** Every reply that has come to a queue so far. */
  List<ReceivedReply> replies(String replyQueue);

  /**
   * How many messages of the work queue no consumer has; some brokers also count those that a
   * consumer has.
   */
  int waiting();

  /** Every message in the dead-letter queue so far. */
  List<DeadMessage> deadMessages();

  /** Declares exchange and queue as clients do; throws if the broker refuses. */
  void declareAsClient();

  /** Deletes the work queue with all its messages. */
  void deleteWorkQueue();

  /** Breaks the connections of every work queue, once. */
  void cutConnections();

  /** Breaks these connections, and allows none until {@link #start}. */
  void stop();

  /** Undoes {@link #stop}. */
  void start();

  @Override
  void close();
}
