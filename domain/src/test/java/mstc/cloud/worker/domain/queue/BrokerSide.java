package mstc.cloud.worker.domain.queue;

import java.util.List;
import java.util.Optional;

/** What a client and an operator of the broker do, for tests of a {@link WorkQueue}. */
public interface BrokerSide extends AutoCloseable {

  /**
   * A request as a client sends it.
   *
   * @param jobName tells requests apart; empty for a body that is no request
   */
  record SentRequest(
      Optional<String> jobName,
      Optional<String> messageId,
      Optional<String> correlationId,
      Optional<String> replyQueue) {
    /** A request nobody waits for. */
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
   * @param jobName of the request in its body; empty when the body is no request
   */
  record DeadMessage(Optional<String> jobName, String reason, Optional<String> correlationId) {}

  /** A queue of the kind under test on this broker, not opened; the test closes it. */
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
   * How many messages in the work queue are with no consumer; some brokers count those too that are
   * with one.
   */
  int waiting();

  /** Every message in the dead-letter queue so far. */
  List<DeadMessage> deadMessages();

  /** Declares exchange and queue as clients do; throws when the broker refuses. */
  void declareAsClient();

  /** Deletes the work queue and all in it. */
  void deleteWorkQueue();

  /** Breaks the connections of every work queue, once. */
  void cutConnections();

  /** Breaks them and lets none be made until {@link #start}. */
  void stop();

  /** Undoes {@link #stop}. */
  void start();

  @Override
  void close();
}
