package mstc.cloud.worker.testkit.queue;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import mstc.cloud.worker.domain.queue.Delivery;
import mstc.cloud.worker.domain.queue.DeliveryHandler;
import mstc.cloud.worker.domain.queue.Disposition;
import mstc.cloud.worker.domain.queue.Handling;
import mstc.cloud.worker.domain.queue.ReplyReceipt;
import mstc.cloud.worker.domain.queue.WorkQueue;
import mstc.cloud.worker.domain.queue.WorkQueueException;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.reply.ReplyAddress;
import org.jspecify.annotations.Nullable;

/** A work queue without a network; its {@link InMemoryBroker} holds the messages. */
public final class InMemoryWorkQueue implements WorkQueue {
  private static final long PAUSE_MILLIS = 2_000;
  private static final int MAX_ASIDE = 1_000;

  private final InMemoryBroker broker;
  private final Consumer consumer = new Consumer();
  private final List<InMemoryBroker.Queued> unsettled = new ArrayList<>();
  private @Nullable DeliveryHandler handler;
  private int demand;
  private int inHand;
  private int aside;
  private int connection;
  private boolean closed;
  private boolean failingReplies;

  /** A queue on a broker of its own. */
  public InMemoryWorkQueue() {
    this(new InMemoryBroker());
  }

  /** A queue on a broker that others use too. */
  public InMemoryWorkQueue(InMemoryBroker broker) {
    this.broker = broker;
  }

  public InMemoryBroker broker() {
    return broker;
  }

  public void offer(Delivery delivery) {
    broker.offer(delivery);
  }

  /** Sets whether replies fail from now on, as if the broker did not confirm them. */
  public void failReplies(boolean failing) {
    broker.locked(() -> failingReplies = failing);
  }

  public int demand() {
    return broker.locked(() -> demand);
  }

  /** How many deliveries of the current connection are not settled. */
  public int unsettled() {
    return broker.locked(unsettled::size);
  }

  @Override
  public void open(DeliveryHandler to) {
    broker.locked(() -> {
      if (handler != null) {
        throw new IllegalStateException("the queue has been opened before");
      }
      handler = to;
      broker.connect(consumer);
    });
  }

  @Override
  public void demand(int deliveries) {
    if (deliveries < 0) {
      throw new IllegalArgumentException("a demand of " + deliveries + " must be 0 or more");
    }
    broker.locked(() -> demand = deliveries);
  }

  @Override
  public ReplyReceipt reply(ReplyAddress address, Reply reply) {
    return broker.locked(() -> {
      if (!isConnected()) {
        throw WorkQueueException.retryable("no connection to the broker in memory", null);
      }
      if (failingReplies) {
        throw WorkQueueException.retryable("the broker in memory did not confirm", null);
      }
      return broker.accept(new InMemoryBroker.SentReply(address, reply));
    });
  }

  @Override
  public boolean isConnected() {
    return broker.locked(() -> handler != null && !closed && broker.isRunning());
  }

  @Override
  public void close() {
    broker.locked(() -> {
      closed = true;
      lose();
      broker.disconnect(consumer);
    });
  }

  private boolean hasRoom() {
    return inHand < demand;
  }

  private void take(InMemoryBroker.Queued message) {
    DeliveryHandler to = Objects.requireNonNull(handler, "only an opened queue is connected");
    int from = connection;
    inHand++;
    unsettled.add(message);
    InHand handling = new InHand(from);
    Thread.ofVirtual().start(() -> handle(message, handling, to));
  }

  /** A delivery with the handler. */
  private final class InHand implements Handling {
    final int from;
    private boolean isAside;

    InHand(int from) {
      this.from = from;
    }

    @Override
    public boolean isVoid() {
      return broker.locked(() -> from != connection);
    }

    @Override
    public boolean stepAside() {
      return broker.locked(() -> {
        if (!isAside && aside < MAX_ASIDE) {
          isAside = true;
          aside++;
          inHand--;
        }
        return isAside;
      });
    }

    @Override
    public boolean stepIn() {
      return broker.locked(() -> {
        if (isAside && hasRoom()) {
          isAside = false;
          aside--;
          inHand++;
        }
        return !isAside;
      });
    }

    void end() {
      if (isAside) {
        aside--;
      } else {
        inHand--;
      }
    }
  }

  private void lose() {
    connection++;
    unsettled.reversed().forEach(broker::putBack);
    unsettled.clear();
  }

  private void handle(InMemoryBroker.Queued message, InHand handling, DeliveryHandler to) {
    Disposition disposition;
    try {
      disposition = to.handle(message.delivery(), handling);
    } catch (Throwable _) { // the contract: whatever is thrown, the message is postponed
      disposition = new Disposition.Postpone();
    }
    settle(message, handling, disposition);
  }

  private void settle(InMemoryBroker.Queued message, InHand handling, Disposition disposition) {
    broker.locked(() -> {
      handling.end();
      if (handling.from != connection) {
        return;
      }
      switch (disposition) {
        case Disposition.Acknowledge() -> unsettled.remove(message);
        case Disposition.Requeue() -> {
          unsettled.remove(message);
          broker.putBack(message);
        }
        case Disposition.Postpone() -> postpone(message, handling.from);
        case Disposition.DeadLetter(String reason) ->
            bury(
                message,
                new InMemoryBroker.DeadDelivery(message.delivery(), reason),
                handling.from);
      }
    });
  }

  private void postpone(InMemoryBroker.Queued message, int from) {
    Runnable end =
        () -> {
          if (from == connection) {
            unsettled.remove(message);
            broker.postpone(message);
          }
        };
    if (message.delivery().redelivered()) {
      later(end);
    } else {
      end.run();
    }
  }

  private void bury(InMemoryBroker.Queued message, InMemoryBroker.DeadDelivery dead, int from) {
    if (from != connection) {
      return;
    }
    if (broker.bury(dead)) {
      unsettled.remove(message);
    } else {
      later(() -> bury(message, dead, from));
    }
  }

  private void later(Runnable change) {
    CompletableFuture.delayedExecutor(PAUSE_MILLIS, TimeUnit.MILLISECONDS)
        .execute(() -> broker.locked(change));
  }

  /** This queue as its broker sees it. */
  private final class Consumer implements InMemoryBroker.Consumer {
    @Override
    public boolean hasRoom() {
      return InMemoryWorkQueue.this.hasRoom();
    }

    @Override
    public void take(InMemoryBroker.Queued message) {
      InMemoryWorkQueue.this.take(message);
    }

    @Override
    public int unsettled() {
      return unsettled.size();
    }

    @Override
    public void lose() {
      InMemoryWorkQueue.this.lose();
    }
  }
}
