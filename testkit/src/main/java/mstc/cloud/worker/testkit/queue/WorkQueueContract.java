package mstc.cloud.worker.testkit.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import mstc.cloud.worker.domain.queue.Delivery;
import mstc.cloud.worker.domain.queue.DeliveryHandler;
import mstc.cloud.worker.domain.queue.Disposition;
import mstc.cloud.worker.domain.queue.ReplyReceipt;
import mstc.cloud.worker.domain.queue.WorkQueue;
import mstc.cloud.worker.domain.queue.WorkQueueException;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.reply.ReplyAddress;
import mstc.cloud.worker.domain.request.ParsedRequest;
import mstc.cloud.worker.testkit.queue.BrokerSide.DeadMessage;
import mstc.cloud.worker.testkit.queue.BrokerSide.ReceivedReply;
import mstc.cloud.worker.testkit.queue.BrokerSide.SentRequest;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.awaitility.core.ThrowingRunnable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** What every {@link WorkQueue} does. */
@Execution(ExecutionMode.CONCURRENT)
public abstract class WorkQueueContract {
  private static final Disposition ACKNOWLEDGE = new Disposition.Acknowledge();
  private static final Disposition REQUEUE = new Disposition.Requeue();
  private static final Disposition POSTPONE = new Disposition.Postpone();

  /** How long something must not happen, if nothing shows that it no longer can. */
  private static final Duration QUIET = Duration.ofMillis(400);

  private final List<WorkQueue> queues = new ArrayList<>();
  private final HeldDeliveries held = new HeldDeliveries();
  private final AtomicInteger published = new AtomicInteger();
  private BrokerSide broker;

  /** A broker that no other test uses, with an empty work queue or none yet. */
  protected abstract BrokerSide newBroker() throws Exception;

  @BeforeEach
  final void createBroker() throws Exception {
    broker = newBroker();
  }

  @AfterEach
  final void closeAll() {
    held.ceiling(Integer.MAX_VALUE);
    queues.forEach(WorkQueue::close);
    held.release(Integer.MAX_VALUE, ACKNOWLEDGE);
    broker.close();
  }

  @Test
  void aDeliveryHoldsWhatTheClientSent() {
    // given
    open(held).demand(1);

    // when
    broker.publish(
        new SentRequest(
            Optional.of("solver"),
            Optional.of("id-1"),
            Optional.of("correlation-é"),
            Optional.of("reply-here")));

    // then
    awaitHeld(1);
    Delivery delivery = held.all().getFirst();
    assertThat(jobName(delivery)).contains("solver");
    assertThat(delivery.messageId()).contains("id-1");
    assertThat(delivery.correlationId()).contains("correlation-é");
    assertThat(delivery.replyQueue()).contains("reply-here");
    assertThat(delivery.redelivered()).isFalse();
  }

  @Test
  void whatAClientLeavesOutIsAbsent() {
    // given
    open(held).demand(1);

    // when
    broker.publish(SentRequest.of("solver"));

    // then
    awaitHeld(1);
    Delivery delivery = held.all().getFirst();
    assertThat(delivery.messageId()).isEmpty();
    assertThat(delivery.correlationId()).isEmpty();
    assertThat(delivery.replyAddress()).isEmpty();
  }

  @Test
  void whatIsNoRequestIsDeliveredAsUnreadable() {
    // given
    open(held).demand(1);

    // when
    broker.publish(
        new SentRequest(Optional.empty(), Optional.empty(), Optional.of("c"), Optional.empty()));

    // then
    awaitHeld(1);
    assertThat(held.all().getFirst().request()).isInstanceOf(ParsedRequest.Unreadable.class);
  }

  @Test
  void withoutDemandNothingIsDelivered() {
    // given
    WorkQueue queue = open(held);
    publish(3);

    // when
    awaitConnected(queue);

    // then
    quietly(() -> assertThat(held.count()).isZero());
    assertThat(broker.waiting()).isEqualTo(3);
  }

  @Test
  void aDemandSetBeforeOpeningHolds() {
    // given
    WorkQueue queue = create();
    queue.demand(2);
    broker.declareAsClient();
    publish(3);

    // when
    queue.open(held);

    // then
    awaitHeld(2);
    quietly(() -> assertThat(held.count()).isEqualTo(2));
  }

  @Test
  void aQueueIsOpenedOnce() {
    // given
    WorkQueue queue = open(held);

    // then
    assertThatThrownBy(() -> queue.open(held)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void aNegativeDemandIsRefused() {
    // given
    WorkQueue queue = create();

    // then
    assertThatThrownBy(() -> queue.demand(-1)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void neverMoreThanTheDemandIsInHandWhileItChanges() {
    // given
    WorkQueue queue = open(held);
    awaitConnected(queue);
    publish(250);
    Random random = new Random(25);
    int expected = 0;

    for (int round = 0; round < 40 && broker.waiting() > 20; round++) {
      // when the demand changes, then as many are in hand, or as before if the demand is lower
      int demand = random.nextInt(11);
      held.ceiling(Math.max(demand, expected));
      queue.demand(demand);
      expected = Math.max(demand, expected);
      awaitHeld(expected);

      // when some are settled, then they are replaced up to the demand
      int settled = random.nextInt(expected + 1);
      expected = Math.max(demand, expected - settled);
      held.ceiling(expected);
      held.release(settled, ACKNOWLEDGE);
      awaitHeld(expected);
    }

    // then
    assertThat(held.excess()).isZero();
  }

  @Test
  void nothingIsLostOrDoubledWhileDemandChangesAndDeliveriesFlow() {
    // given
    int messages = 1_500;
    int highest = 8;
    AtomicInteger inHand = new AtomicInteger();
    AtomicInteger mostInHand = new AtomicInteger();
    Set<String> settled = ConcurrentHashMap.newKeySet();
    AtomicInteger doubled = new AtomicInteger();
    WorkQueue queue =
        open((delivery, _) -> {
          mostInHand.accumulateAndGet(inHand.incrementAndGet(), Math::max);
          if (!settled.add(jobName(delivery).orElseThrow())) {
            doubled.incrementAndGet();
          }
          inHand.decrementAndGet();
          return ACKNOWLEDGE;
        });
    awaitConnected(queue);
    publish(messages);
    Random random = new Random(7);

    // when
    await()
        .pollInterval(Duration.ofMillis(1))
        .until(() -> {
          queue.demand(random.nextInt(highest + 1));
          return settled.size() == messages;
        });

    // then
    assertThat(mostInHand).hasValueLessThanOrEqualTo(highest);
    assertThat(doubled).hasValue(0);
    await().until(() -> broker.waiting() == 0);
  }

  @Test
  void loweringTheDemandEndsWhatIsOnItsWay() {
    // given
    WorkQueue queue = open(held);
    queue.demand(10);
    awaitConnected(queue);

    // when
    queue.demand(0);
    publish(5);

    // then
    quietly(() -> assertThat(held.count()).isZero());
    assertThat(broker.waiting()).isEqualTo(5);
  }

  @Test
  void whatWasLoweredWhileFullIsNotRefilled() {
    // given
    WorkQueue queue = open(held);
    queue.demand(4);
    publish(10);
    awaitHeld(4);

    // when
    queue.demand(2);
    held.release(2, ACKNOWLEDGE);

    // then
    quietly(() -> assertThat(held.count()).isEqualTo(2));
    held.release(1, ACKNOWLEDGE);
    awaitHeld(2);
    assertThat(held.all()).hasSize(5);
  }

  @Test
  void aHandlerMayLowerTheDemandBeforeItAcknowledges() {
    // given
    AtomicInteger handled = new AtomicInteger();
    AtomicReference<WorkQueue> queue = new AtomicReference<>();
    queue.set(
        open((_, _) -> {
          handled.incrementAndGet();
          queue.get().demand(0);
          return ACKNOWLEDGE;
        }));
    publish(3);

    // when
    queue.get().demand(1);

    // then
    await().until(() -> handled.get() == 1);
    quietly(() -> assertThat(handled).hasValue(1));
    await().until(() -> broker.waiting() == 2);
  }

  @Test
  void roomUsedUpByHandlersAdmitsExactlyAsMany() {
    // given
    Object lock = new Object();
    int[] room = {8};
    AtomicInteger handled = new AtomicInteger();
    AtomicReference<WorkQueue> queue = new AtomicReference<>();
    queue.set(
        open((_, _) -> {
          synchronized (lock) {
            handled.incrementAndGet();
            room[0]--;
            queue.get().demand(Math.max(0, room[0]));
          }
          return ACKNOWLEDGE;
        }));
    awaitConnected(queue.get());
    publish(30);

    // when
    synchronized (lock) {
      queue.get().demand(8);
    }

    // then deliveries that the handler already had may exceed it, later ones may not
    await().until(() -> handled.get() >= 8);
    quietly(() -> assertThat(handled.get()).isBetween(8, 16));
    await().until(() -> broker.waiting() == 30 - handled.get());
    int soFar = handled.get();

    // when there is room again
    synchronized (lock) {
      room[0] = 1;
      queue.get().demand(1);
    }

    // then
    await().until(() -> handled.get() == soFar + 1);
    quietly(() -> assertThat(handled).hasValue(soFar + 1));
  }

  @Test
  void aDemandOfOneDoesNotStall() {
    // given
    AtomicInteger handled = new AtomicInteger();
    WorkQueue queue =
        open((_, _) -> {
          handled.incrementAndGet();
          return ACKNOWLEDGE;
        });
    publishAfterConnect(queue, 300);

    // when
    queue.demand(1);

    // then
    await().until(() -> handled.get() == 300);
    await().until(() -> broker.waiting() == 0);
  }

  @Test
  void aDemandThatGoesBackAndForthDoesNotStall() {
    // given a handler that takes room and gives it back, as jobs do
    AtomicInteger handled = new AtomicInteger();
    AtomicReference<WorkQueue> queue = new AtomicReference<>();
    queue.set(
        open((_, _) -> {
          queue.get().demand(0);
          handled.incrementAndGet();
          queue.get().demand(1);
          return ACKNOWLEDGE;
        }));
    publishAfterConnect(queue.get(), 100);

    // when
    queue.get().demand(1);

    // then
    await().until(() -> handled.get() == 100);
  }

  @Test
  void acknowledgedMessagesAreGone() {
    // given
    WorkQueue queue = open(held);
    queue.demand(1);
    publish(2);
    awaitHeld(1);

    // when
    held.release(1, ACKNOWLEDGE);

    // then
    await().until(() -> held.all().size() == 2);
    queue.close();
    await().until(() -> broker.waiting() == 1);
  }

  @Test
  void requeuedMessagesComeAgainAsRedelivered() {
    // given
    open(held).demand(1);
    broker.publish(SentRequest.of("again"));
    awaitHeld(1);

    // when
    held.release(1, REQUEUE);

    // then
    awaitHeld(1);
    assertThat(held.all()).extracting(Delivery::redelivered).containsExactly(false, true);
  }

  @Test
  void whatIsPostponedComesAgainAsRedeliveredAfterAllThatWaits() {
    // given
    open(held).demand(1);
    broker.publish(
        new SentRequest(
            Optional.of("postponed"),
            Optional.of("id-1"),
            Optional.of("correlation-é"),
            Optional.of("reply-here")));
    broker.publish(SentRequest.of("waits"));
    broker.publish(SentRequest.of("waits-too"));
    awaitHeld(1);

    // when
    held.release(1, POSTPONE);
    for (int waiting = 0; waiting < 2; waiting++) {
      awaitHeld(1);
      held.release(1, ACKNOWLEDGE);
    }

    // then
    awaitHeld(1);
    assertThat(held.all())
        .extracting(WorkQueueContract::jobName)
        .extracting(Optional::orElseThrow)
        .containsExactly("postponed", "waits", "waits-too", "postponed");
    assertThat(held.all())
        .extracting(Delivery::redelivered)
        .containsExactly(false, false, false, true);
    Delivery again = held.all().getLast();
    assertThat(again.messageId()).contains("id-1");
    assertThat(again.correlationId()).contains("correlation-é");
    assertThat(again.replyQueue()).contains("reply-here");
    held.release(1, ACKNOWLEDGE);
    await().until(() -> broker.waiting() == 0);
  }

  /** When the handler was called, by the name of the job. */
  private static final class CallTimes {
    private static final Duration LEAST_PAUSE = Duration.ofSeconds(1);

    private final Map<String, List<Long>> nanos = new ConcurrentHashMap<>();

    /** Notes a call, and says which it is of that name. */
    int add(String name) {
      List<Long> times = nanos.computeIfAbsent(name, _ -> new CopyOnWriteArrayList<>());
      times.add(System.nanoTime());
      return times.size();
    }

    Set<String> names() {
      return Set.copyOf(nanos.keySet());
    }

    List<Long> of(String name) {
      return nanos.getOrDefault(name, List.of());
    }

    void assertPauseBeforeTheThird(String name) {
      List<Long> times = of(name);
      assertThat(Duration.ofNanos(times.get(2) - times.get(1))).isGreaterThan(LEAST_PAUSE);
    }
  }

  @Test
  void whatIsPostponedAgainPausesAndTakesNoRoomMeanwhile() {
    // given a handler that never finishes with some deliveries, more than there is room for
    CallTimes calls = new CallTimes();
    WorkQueue queue =
        open((delivery, _) -> {
          String name = jobName(delivery).orElseThrow();
          return calls.add(name) < 3 && name.startsWith("stuck") ? POSTPONE : ACKNOWLEDGE;
        });
    IntStream.range(0, 10).forEach(i -> broker.publish(SentRequest.of("stuck-" + i)));
    publish(40);

    // when
    queue.demand(2);

    // then the others pass, and each of these comes a third time after a while
    await().until(() -> calls.names().size() == 50);
    List<String> stuck = IntStream.range(0, 10).mapToObj(i -> "stuck-" + i).toList();
    await().until(() -> stuck.stream().allMatch(name -> calls.of(name).size() == 3));
    assertThat(stuck).allSatisfy(calls::assertPauseBeforeTheThird);
    await().until(() -> broker.waiting() == 0);
  }

  @Test
  void whatIsPostponedOverALostConnectionComesOnce() {
    // given
    open(held).demand(2);
    broker.publish(SentRequest.of("job"));
    awaitHeld(1);
    broker.cutConnections();
    awaitHeld(2);

    // when
    held.release(1, POSTPONE);

    // then
    quietly(() -> assertThat(held.count()).isEqualTo(1));
    held.release(1, ACKNOWLEDGE);
    await().until(() -> broker.waiting() == 0);
    assertThat(held.all()).hasSize(2);
  }

  @Test
  void deadLettersAreKeptWithTheirReason() {
    // given
    open(held).demand(1);
    broker.publish(
        new SentRequest(Optional.of("bad"), Optional.empty(), Optional.of("c7"), Optional.empty()));
    broker.publish(SentRequest.of("good"));
    awaitHeld(1);

    // when
    held.release(1, new Disposition.DeadLetter("nobody can run this"));

    // then
    await()
        .untilAsserted(() ->
            assertThat(broker.deadMessages())
                .containsExactly(
                    new DeadMessage(Optional.of("bad"), "nobody can run this", Optional.of("c7"))));
    awaitHeld(1);
    assertThat(jobName(held.all().getLast())).contains("good");
    held.release(1, ACKNOWLEDGE);
    await().until(() -> broker.waiting() == 0);
  }

  @Test
  void aDeadLetterThatIsNotTakenIsNotHandledAgainAndMovedOnceItIs() {
    // given
    open(held).demand(1);
    broker.fillDeadQueue();
    broker.publish(SentRequest.of("bad"));
    broker.publish(SentRequest.of("good"));
    awaitHeld(1);

    // when
    held.release(1, new Disposition.DeadLetter("nobody can run this"));

    // then it keeps no other message out
    await().until(() -> held.all().size() == 2);
    assertThat(jobName(held.all().getLast())).contains("good");
    held.release(1, ACKNOWLEDGE);

    // when
    broker.emptyDeadQueue();

    // then
    await()
        .untilAsserted(() ->
            assertThat(broker.deadMessages())
                .extracting(DeadMessage::reason)
                .containsExactly("nobody can run this"));
    await().until(() -> broker.waiting() == 0);
    assertThat(held.all()).hasSize(2);
  }

  @Test
  void aMessageTheHandlerFailsOnComesAgainButNotInAHotLoop() {
    // given
    CallTimes calls = new CallTimes();
    WorkQueue queue =
        open((delivery, _) -> {
          String name = jobName(delivery).orElseThrow();
          calls.add(name);
          if (name.equals("bad")) {
            throw new AssertionError("a failure of the handler, part of the test");
          }
          return ACKNOWLEDGE;
        });
    awaitConnected(queue);
    broker.publish(SentRequest.of("bad"));
    publish(50);

    // when
    queue.demand(1);

    // then the others pass, and it comes a third time after a while
    await().until(() -> calls.names().size() == 51);
    await().until(() -> calls.of("bad").size() >= 3);
    calls.assertPauseBeforeTheThird("bad");
  }

  @Test
  void repliesAreConfirmedAndCarryTheCorrelationId() {
    // given
    WorkQueue queue = open(held);
    awaitConnected(queue);
    String replyQueue = broker.newReplyQueue();

    // when
    ReplyReceipt receipt =
        queue.reply(
            new ReplyAddress(replyQueue, Optional.of("correlation-é")), Reply.invalid("no image"));

    // then
    assertThat(receipt).isEqualTo(ReplyReceipt.CONFIRMED);
    await()
        .untilAsserted(() ->
            assertThat(broker.replies(replyQueue))
                .containsExactly(
                    new ReceivedReply("Invalid request: no image", Optional.of("correlation-é"))));
  }

  @Test
  void aReplyThatNobodyWaitsForIsUnroutable() {
    // given
    WorkQueue queue = open(held);
    awaitConnected(queue);

    // when
    ReplyReceipt receipt =
        queue.reply(new ReplyAddress("no-such-queue", Optional.of("c")), Reply.invalid("no image"));

    // then
    assertThat(receipt).isEqualTo(ReplyReceipt.UNROUTABLE);
  }

  @Test
  void aReplyToAFullQueueIsRefusedUntilThereIsRoom() {
    // given
    WorkQueue queue = open(held);
    awaitConnected(queue);
    ReplyAddress full = new ReplyAddress(broker.newFullReplyQueue(), Optional.of("c1"));
    ReplyAddress other = new ReplyAddress(broker.newReplyQueue(), Optional.of("c2"));

    // when
    ReplyReceipt refused = queue.reply(full, Reply.invalid("no image"));

    // then
    assertThat(refused).isEqualTo(ReplyReceipt.REFUSED);
    assertThat(queue.reply(other, Reply.invalid("no image"))).isEqualTo(ReplyReceipt.CONFIRMED);

    // when
    broker.empty(full.queue());

    // then
    assertThat(queue.reply(full, Reply.invalid("no image"))).isEqualTo(ReplyReceipt.CONFIRMED);
    await().untilAsserted(() -> assertThat(broker.replies(full.queue())).hasSize(1));
  }

  @Test
  void manyRepliesAtOnceAreEachToldTheirOwnReceipt() throws Exception {
    // given
    WorkQueue queue = open(held);
    awaitConnected(queue);
    String replyQueue = broker.newReplyQueue();
    int replies = 200;

    // when every tenth is unroutable
    List<Future<ReplyReceipt>> receipts = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < replies; i++) {
        String to = i % 10 == 0 ? "no-such-queue" : replyQueue;
        Optional<String> id = Optional.of("c" + i);
        receipts.add(
            threads.submit(() -> queue.reply(new ReplyAddress(to, id), Reply.invalid("no"))));
      }
    }

    // then
    for (int i = 0; i < replies; i++) {
      assertThat(receipts.get(i).get())
          .isEqualTo(i % 10 == 0 ? ReplyReceipt.UNROUTABLE : ReplyReceipt.CONFIRMED);
    }
    Set<String> expected = new HashSet<>();
    IntStream.range(0, replies).filter(i -> i % 10 != 0).forEach(i -> expected.add("c" + i));
    await()
        .untilAsserted(() ->
            assertThat(broker.replies(replyQueue))
                .hasSize(180)
                .allSatisfy(it -> assertThat(expected).contains(it.correlationId().get())));
  }

  @Test
  void aReplyWithoutConnectionFailsAtOnceAndMayBeRepeated() {
    // given
    WorkQueue queue = open(held);
    awaitConnected(queue);
    String replyQueue = broker.newReplyQueue();
    ReplyAddress address = new ReplyAddress(replyQueue, Optional.empty());

    // when
    broker.stop();
    await().until(() -> !queue.isConnected());

    // then
    assertThatThrownBy(() -> queue.reply(address, Reply.invalid("no")))
        .isInstanceOfSatisfying(
            WorkQueueException.class, it -> assertThat(it.isRetryable()).isTrue());

    // when
    broker.start();
    awaitConnected(queue);

    // then
    assertThat(queue.reply(address, Reply.invalid("no"))).isEqualTo(ReplyReceipt.CONFIRMED);
  }

  @Test
  void aBrokerThatComesLaterIsFound() {
    // given
    broker.declareAsClient();
    publish(1);
    broker.stop();
    WorkQueue queue = create();
    queue.open(held);
    queue.demand(1);
    assertThat(queue.isConnected()).isFalse();

    // when
    broker.start();

    // then
    awaitHeld(1);
  }

  @Test
  void whatALostConnectionDeliveredComesAgainAndItsDispositionIsVoid() {
    // given
    WorkQueue queue = open(held);
    queue.demand(2);
    broker.publish(SentRequest.of("job"));
    awaitHeld(1);

    // when
    broker.cutConnections();

    // then
    awaitHeld(2);
    assertThat(held.all()).extracting(Delivery::redelivered).containsExactly(false, true);

    // when the first handling ends, which no longer matters
    held.release(1, ACKNOWLEDGE);
    quietly(() -> assertThat(held.count()).isEqualTo(1));
    held.release(1, REQUEUE);

    // then
    await().until(() -> held.all().size() == 3);
  }

  @Test
  void aDeliveryIsVoidOnceItsConnectionIsLostAndWhatComesAgainIsNot() {
    // given
    WorkQueue queue = open(held);
    queue.demand(2);
    broker.publish(SentRequest.of("job"));
    awaitHeld(1);
    assertThat(held.areVoid()).containsExactly(false);

    // when
    broker.cutConnections();

    // then
    awaitHeld(2);
    await().untilAsserted(() -> assertThat(held.areVoid()).containsExactly(true, false));

    // when
    queue.close();

    // then
    await().untilAsserted(() -> assertThat(held.areVoid()).containsExactly(true, true));
  }

  @Test
  void whoStepsAsideMakesRoomAndWhoDoesNotKeepsIt() {
    // given
    WorkQueue queue = open(held);
    held.ceiling(4);
    queue.demand(4);
    publish(60);

    // when
    for (int aside = 0; aside < 40; aside += 4) {
      awaitHeld(aside + 4);
      assertThat(held.stepAside()).isEqualTo(aside + 4);
    }
    awaitHeld(44);

    // then
    quietly(() -> assertThat(held.count()).isEqualTo(44));
    assertThat(held.excess()).isZero();

    // when
    held.release(20, ACKNOWLEDGE);
    held.release(20, REQUEUE);

    // then
    awaitHeld(4);
    quietly(() -> assertThat(held.count()).isEqualTo(4));
    assertThat(held.excess()).isZero();
    queue.close();
    // More if it is closed before the broker has been told of all.
    await().until(() -> broker.waiting() >= 40);
  }

  @Test
  void whoSteppedAsideTakesRoomAgainWhereThereIsSome() {
    // given
    WorkQueue queue = open(held);
    queue.demand(2);
    publish(2);
    awaitHeld(2);
    assertThat(held.stepAside()).isEqualTo(2);
    publish(1);
    awaitHeld(3);

    // when there is room for one of the two
    int steppedIn = held.stepIn();

    // then
    assertThat(steppedIn).isEqualTo(1);
    held.ceiling(2);
    publish(4);
    quietly(() -> assertThat(held.count()).isEqualTo(3));
    assertThat(held.excess()).isZero();

    // when the one in hand and those aside are settled
    held.release(3, ACKNOWLEDGE);

    // then
    awaitHeld(2);
    quietly(() -> assertThat(held.count()).isEqualTo(2));
    assertThat(held.excess()).isZero();
    assertThat(held.stepIn()).isZero();
  }

  @Test
  void whatSteppedAsideComesAgainWhereItsConnectionIsLost() {
    // given
    WorkQueue queue = open(held);
    queue.demand(2);
    publish(2);
    awaitHeld(2);
    held.stepAside();

    // when
    broker.cutConnections();

    // then
    awaitHeld(4);
    assertThat(held.all().subList(2, 4)).allMatch(Delivery::redelivered);
    held.release(2, ACKNOWLEDGE);
    quietly(() -> assertThat(held.count()).isEqualTo(2));
  }

  @Test
  void aThousandMayStepAsideAndNoMore() {
    // given
    WorkQueue queue = open(held);
    queue.demand(100);
    publish(1_150);
    for (int aside = 0; aside < 1_000; aside += 100) {
      awaitHeld(aside + 100);
      assertThat(held.stepAside()).isEqualTo(aside + 100);
    }
    awaitHeld(1_100);

    // when
    int aside = held.stepAside();

    // then
    assertThat(aside).isEqualTo(1_000);
    quietly(() -> assertThat(held.count()).isEqualTo(1_100));
  }

  @Test
  void handlersThatOutliveTheirConnectionStillCount() {
    // given
    WorkQueue queue = open(held);
    queue.demand(1);
    publish(2);
    awaitHeld(1);

    // when
    broker.cutConnections();
    await().until(() -> broker.waiting() == 2);
    awaitConnected(queue);

    // then
    quietly(() -> assertThat(held.count()).isEqualTo(1));
    held.release(1, ACKNOWLEDGE);
    await().until(() -> held.all().size() == 2);
    assertThat(held.all().getLast().redelivered()).isTrue();
  }

  @Test
  void theDemandMayChangeWhileThereIsNoConnection() {
    // given
    WorkQueue queue = open(held);
    queue.demand(5);
    awaitConnected(queue);
    publish(0);
    broker.stop();
    await().until(() -> !queue.isConnected());

    // when
    queue.demand(1);
    queue.demand(3);
    broker.start();
    awaitConnected(queue);
    publish(10);

    // then
    awaitHeld(3);
    quietly(() -> assertThat(held.count()).isEqualTo(3));
  }

  @Test
  void consumingResumesAfterTheQueueWasDeleted() {
    // given
    WorkQueue queue = open(held);
    queue.demand(2);
    broker.publish(SentRequest.of("before"));
    awaitHeld(1);
    held.release(1, ACKNOWLEDGE);

    // when
    broker.deleteWorkQueue();

    // then
    AtomicInteger sent = new AtomicInteger();
    await()
        .until(() -> {
          broker.declareAsClient();
          broker.publish(SentRequest.of("after-" + sent.incrementAndGet()));
          return held.all().size() > 1;
        });
  }

  @Test
  void twoWorkQueuesShareOneQueue() {
    // given
    HeldDeliveries other = new HeldDeliveries();
    WorkQueue first = open(held);
    WorkQueue second = open(other);
    first.demand(3);
    second.demand(3);
    awaitConnected(first);
    awaitConnected(second);

    // when
    publish(6);

    // then
    awaitHeld(3);
    await().until(() -> other.count() == 3);
    Set<String> names = new HashSet<>();
    held.all().forEach(it -> names.add(jobName(it).orElseThrow()));
    other.all().forEach(it -> names.add(jobName(it).orElseThrow()));
    assertThat(names).hasSize(6);
    other.release(3, ACKNOWLEDGE);
  }

  @Test
  void closingRequeuesWhatIsNotSettled() {
    // given
    WorkQueue queue = open(held);
    queue.demand(2);
    publish(3);
    awaitHeld(2);

    // when
    queue.close();

    // then
    await().until(() -> broker.waiting() == 3);
    assertThat(queue.isConnected()).isFalse();
    held.release(2, ACKNOWLEDGE);
    quietly(() -> assertThat(broker.waiting()).isEqualTo(3));
  }

  @Test
  void closingMayBeRepeatedAndNeedsNoConnection() {
    // given
    broker.stop();
    WorkQueue queue = create();
    queue.open(held);
    queue.demand(1);

    // then
    assertThatCode(
            () -> {
              queue.close();
              queue.close();
              queue.demand(2);
            })
        .doesNotThrowAnyException();
    broker.start();
    quietly(() -> assertThat(queue.isConnected()).isFalse());
  }

  @Test
  void closingWhatWasNeverOpenedDoesNothing() {
    assertThatCode(() -> create().close()).doesNotThrowAnyException();
  }

  @Test
  void aClientMayDeclareTheQueueBeforeAndAfter() {
    // given
    broker.declareAsClient();

    // when
    WorkQueue queue = open(held);
    awaitConnected(queue);

    // then
    assertThatCode(broker::declareAsClient).doesNotThrowAnyException();
  }

  private WorkQueue create() {
    WorkQueue queue = broker.newWorkQueue();
    queues.add(queue);
    return queue;
  }

  /** Opens a queue and connects it, so that the broker has the queue. */
  private WorkQueue open(DeliveryHandler handler) {
    WorkQueue queue = create();
    queue.open(handler);
    awaitConnected(queue);
    return queue;
  }

  private void publishAfterConnect(WorkQueue queue, int messages) {
    awaitConnected(queue);
    publish(messages);
  }

  private void publish(int messages) {
    Collections.nCopies(messages, "job-")
        .forEach(prefix -> broker.publish(SentRequest.of(prefix + published.incrementAndGet())));
  }

  private void awaitConnected(WorkQueue queue) {
    await().until(queue::isConnected);
  }

  private void awaitHeld(int deliveries) {
    await()
        .untilAsserted(() -> assertThat(held.count()).as("deliveries held").isEqualTo(deliveries));
  }

  private static ConditionFactory await() {
    return awaitFor(Duration.ofSeconds(30));
  }

  private static ConditionFactory awaitFor(Duration time) {
    return Awaitility.await()
        .pollInterval(Duration.ofMillis(5))
        .pollDelay(Duration.ZERO)
        .atMost(time);
  }

  private static void quietly(ThrowingRunnable assertion) {
    Awaitility.await()
        .pollInterval(Duration.ofMillis(20))
        .during(QUIET)
        .atMost(QUIET.plusSeconds(30))
        .untilAsserted(assertion);
  }

  private static Optional<String> jobName(Delivery delivery) {
    return delivery.request() instanceof ParsedRequest.Valid valid
        ? Optional.of(valid.work().jobName().value())
        : Optional.empty();
  }
}
