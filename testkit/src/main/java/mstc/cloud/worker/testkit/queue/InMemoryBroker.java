package mstc.cloud.worker.testkit.queue;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import mstc.cloud.worker.domain.queue.Delivery;
import mstc.cloud.worker.domain.queue.ReplyReceipt;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.reply.ReplyAddress;
import org.jspecify.annotations.Nullable;

/** A broker without a network, for any number of queues. */
public final class InMemoryBroker {
  /** A reply that came to a queue. */
  public record SentReply(ReplyAddress address, Reply reply) {}

  /** A message that was moved to the dead-letter queue. */
  public record DeadDelivery(Delivery delivery, String reason) {}

  /**
   * A message.
   *
   * @param returns how often it was requeued
   */
  record Queued(Delivery delivery, int returns) {}

  private final ReentrantLock lock = new ReentrantLock();
  private final Deque<Queued> waiting = new ArrayDeque<>();
  private final List<Consumer> consumers = new ArrayList<>();
  private final List<DeadDelivery> dead = new ArrayList<>();
  private final Map<String, List<SentReply>> replies = new LinkedHashMap<>();
  private final Set<String> full = new HashSet<>();
  private int returnLimit = Integer.MAX_VALUE;
  private boolean deadQueueIsFull;
  private boolean running = true;

  public void offer(Delivery delivery) {
    locked(() -> waiting.add(new Queued(delivery, 0)));
  }

  /** Drops messages that are requeued more often than that, as a quorum queue does. */
  public void limitReturns(int returns) {
    locked(() -> returnLimit = returns);
  }

  public void purge() {
    locked(waiting::clear);
  }

  /** How many messages no consumer has. */
  public int waiting() {
    return locked(waiting::size);
  }

  /** How many messages there are in all, with those that a consumer has not settled. */
  public int messages() {
    return locked(() -> waiting.size() + consumers.stream().mapToInt(Consumer::unsettled).sum());
  }

  public List<DeadDelivery> dead() {
    return locked(() -> List.copyOf(dead));
  }

  /** Creates a reply queue; replies to others are unroutable. */
  public void declareReplyQueue(String name) {
    locked(() -> replies.computeIfAbsent(name, _ -> new ArrayList<>()));
  }

  /** Sets whether a reply queue refuses new messages. */
  public void fillReplyQueue(String name, boolean filled) {
    locked(() -> filled ? full.add(name) : full.remove(name));
  }

  /** Sets whether the dead-letter queue refuses new messages. */
  public void fillDeadQueue(boolean filled) {
    locked(() -> deadQueueIsFull = filled);
  }

  public void deleteReplyQueue(String name) {
    locked(() -> replies.remove(name));
  }

  /** The replies that came to a reply queue. */
  public List<SentReply> replies(String queue) {
    return locked(() -> List.copyOf(replies.getOrDefault(queue, List.of())));
  }

  /**
   * Breaks every connection: unsettled messages are requeued, and delivered again as redelivered.
   */
  public void cutConnections() {
    locked(() -> consumers.forEach(Consumer::lose));
  }

  /** Breaks every connection, and allows none until {@link #start}. */
  public void stop() {
    locked(() -> {
      running = false;
      consumers.forEach(Consumer::lose);
    });
  }

  public void start() {
    locked(() -> running = true);
  }

  boolean isRunning() {
    return locked(() -> running);
  }

  /** A connected queue; the broker's lock is held when it is called. */
  interface Consumer {
    boolean hasRoom();

    void take(Queued message);

    int unsettled();

    /** Its connection is gone. */
    void lose();
  }

  void connect(Consumer queue) {
    locked(() -> consumers.add(queue));
  }

  void disconnect(Consumer queue) {
    locked(() -> consumers.remove(queue));
  }

  void putBack(Queued message) {
    if (message.returns() < returnLimit) {
      waiting.addFirst(new Queued(redelivered(message.delivery()), message.returns() + 1));
    }
  }

  void postpone(Queued message) {
    waiting.addLast(new Queued(redelivered(message.delivery()), 0));
  }

  private static Delivery redelivered(Delivery delivery) {
    return new Delivery(
        delivery.request(),
        delivery.messageId(),
        delivery.correlationId(),
        delivery.replyQueue(),
        true,
        delivery.sentAt());
  }

  /** False if the dead-letter queue is full. */
  boolean bury(DeadDelivery delivery) {
    return !deadQueueIsFull && dead.add(delivery);
  }

  ReplyReceipt accept(SentReply sent) {
    @Nullable List<SentReply> queue = replies.get(sent.address().queue());
    if (queue == null) {
      return ReplyReceipt.UNROUTABLE;
    }
    if (full.contains(sent.address().queue())) {
      return ReplyReceipt.REFUSED;
    }
    queue.add(sent);
    return ReplyReceipt.CONFIRMED;
  }

  /** Changes the state, then delivers what can be delivered. */
  void locked(Runnable change) {
    lock.lock();
    try {
      change.run();
      dispatch();
    } finally {
      lock.unlock();
    }
  }

  /** Reads or changes the state, then delivers what can be delivered. */
  <T> T locked(Supplier<T> change) {
    lock.lock();
    try {
      T result = change.get();
      dispatch();
      return result;
    } finally {
      lock.unlock();
    }
  }

  private void dispatch() {
    while (running && !waiting.isEmpty()) {
      Optional<Consumer> taker = consumers.stream().filter(Consumer::hasRoom).findFirst();
      if (taker.isEmpty()) {
        return;
      }
      // The next message goes to the next consumer, as with a real broker.
      consumers.remove(taker.get());
      consumers.add(taker.get());
      taker.get().take(waiting.remove());
    }
  }
}
