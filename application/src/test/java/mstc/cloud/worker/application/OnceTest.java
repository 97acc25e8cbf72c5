package mstc.cloud.worker.application;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import mstc.cloud.worker.application.PortCalls.Standstill;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.runtime.JobRecord;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Two workers have one request in hand, and each stands still in the middle of any call, for as
 * long as it takes the other to go as far as it can, while a third completes the jobs. Whatever the
 * order, one job runs.
 */
class OnceTest {
  private static final Set<PortCall> INTAKE =
      Set.of(
          PortCall.FIND,
          PortCall.STAT,
          PortCall.SUBMIT,
          PortCall.FIND_SUBMISSION,
          PortCall.HOLD,
          PortCall.RELEASE,
          PortCall.ADD_REPLY_ADDRESS);

  private static final Message KEYED =
      Message.of("solve").messageId("key").correlationId("mine").replyTo(Site.REPLIES);
  private static final Message ANOTHER =
      Message.ofBody(KEYED.body().replace("solver:1", "solver:2"))
          .messageId("key")
          .correlationId("other")
          .replyTo(Site.REPLIES);
  private static final Message CORRELATED =
      Message.of("solve").correlationId("mine").replyTo(Site.REPLIES);

  /** What becomes of the worker that stands still first. */
  enum Fate {
    GOES_ON,
    IS_KILLED
  }

  /**
   * One order of events.
   *
   * @param call the number of the first worker's call at which it stands still
   * @param otherCall the same of the second worker
   * @param again the second worker's message; empty where it is the first one's, redelivered as the
   *     broker lost the first worker
   * @param expire whether the record of a job is gone as soon as it is answered
   */
  private record Order(
      int call, Fate fate, int otherCall, Optional<Message> again, boolean expire) {

    /** One is killed that has made its call, as it may have made all but the next before. */
    boolean done() {
      return fate == Fate.IS_KILLED;
    }
  }

  /** What came of it. */
  private record Outcome(Standstill first, Standstill second, Replicas replicas)
      implements AutoCloseable {
    @Override
    public void close() {
      replicas.close();
    }
  }

  private static Outcome play(Message message, Order order) {
    Replicas replicas = new Replicas();
    Replicas.Replica one = replicas.add();
    Standstill first = one.calls.standStillAt(INTAKE, order.call(), order.done());
    one.start();
    replicas.broker.offer(message.delivery());
    Site.eventually().until(() -> first.isReached() || one.calls.handled() == 1);
    Replicas.Replica other = replicas.add();
    Standstill second = other.calls.standStillAt(INTAKE, order.otherCall(), false);
    other.start();
    if (!first.isReached()) {
      return new Outcome(first, second, replicas);
    }
    order
        .again()
        .ifPresentOrElse(
            again -> replicas.broker.offer(again.delivery()), replicas.broker::cutConnections);
    Site.eventually().until(() -> second.isReached() || other.calls.handled() == 1);
    replicas.awaitAnswers(order.expire());
    int deliveries = 1;
    switch (order.fate()) {
      case GOES_ON -> {
        first.end();
        Site.eventually().until(() -> one.calls.handled() == 1);
      }
      case IS_KILLED -> {
        one.kill();
        first.end();
        deliveries += order.again().isPresent() ? 1 : 0;
      }
    }
    replicas.awaitAnswers(order.expire());
    second.end();
    int all = deliveries;
    Site.eventually().until(() -> other.calls.handled() == all);
    replicas.awaitAnswers(order.expire());
    return new Outcome(first, second, replicas);
  }

  private static Stream<Arguments> fates() {
    return Stream.of(Fate.values())
        .flatMap(fate -> Stream.of(true, false).map(expire -> Arguments.of(fate, expire)));
  }

  /** Plays every order of the two workers' calls, and returns how many there are. */
  private static int playAll(
      Message message,
      Fate fate,
      Optional<Message> again,
      boolean expire,
      Consumer<Outcome> assertion) {
    int orders = 0;
    boolean moreCalls = true;
    for (int call = 0; moreCalls; call++) {
      boolean moreOfTheOther = true;
      for (int other = 0; moreOfTheOther; other++) {
        Order order = new Order(call, fate, other, again, expire);
        try (Outcome outcome = play(message, order)) {
          moreCalls = outcome.first().isReached();
          moreOfTheOther = moreCalls && outcome.second().isReached();
          if (moreCalls) {
            assertThat(outcome).as(order.toString()).satisfies(assertion);
            orders++;
          }
        }
      }
    }
    return orders;
  }

  private static void ranOnce(Outcome outcome) {
    assertThat(outcome.replicas().runs()).hasSize(1);
    assertThat(outcome.replicas().jobs()).noneMatch(JobRecord::held);
  }

  private static void isAnswered(Message message, Outcome outcome) {
    assertThat(outcome.replicas().answered()).contains(message.delivery().replyAddress().get());
  }

  private static void ranOnceAndAllAnswersAreEqual(Outcome outcome) {
    ranOnce(outcome);
    List<Reply> replies = outcome.replicas().replies();
    assertThat(replies)
        .isNotEmpty()
        .allMatch(replies.getFirst()::equals)
        .allMatch(reply -> reply.outcome() == JobOutcome.Kind.SUCCEEDED);
  }

  @ParameterizedTest
  @MethodSource("fates")
  void aMessageIdRunsOnceWhenItsMessageIsRedelivered(Fate fate, boolean expire) {
    // when
    int orders =
        playAll(KEYED, fate, Optional.empty(), expire, OnceTest::ranOnceAndAllAnswersAreEqual);

    // then
    assertThat(orders).isGreaterThan(10);
  }

  @ParameterizedTest
  @MethodSource("fates")
  void aMessageIdRunsOnceWhenItIsSentAgain(Fate fate, boolean expire) {
    for (Message again : List.of(KEYED, KEYED.correlationId("again"))) {
      // when
      int orders =
          playAll(
              KEYED,
              fate,
              Optional.of(again),
              expire,
              outcome -> {
                ranOnceAndAllAnswersAreEqual(outcome);
                isAnswered(KEYED, outcome);
                isAnswered(again, outcome);
              });

      // then
      assertThat(orders).isGreaterThan(10);
    }
  }

  @ParameterizedTest
  @MethodSource("fates")
  void oneOfTwoRequestsUnderOneMessageIdRunsAndTheOtherIsRejected(Fate fate, boolean expire) {
    // when
    int orders =
        playAll(
            KEYED,
            fate,
            Optional.of(ANOTHER),
            expire,
            outcome -> {
              ranOnce(outcome);
              isAnswered(KEYED, outcome);
              isAnswered(ANOTHER, outcome);
              assertThat(outcome.replicas().replies())
                  .extracting(Reply::outcome)
                  .contains(JobOutcome.Kind.SUCCEEDED, JobOutcome.Kind.REJECTED);
            });

    // then
    assertThat(orders).isGreaterThan(10);
  }

  /**
   * Of a message without an id nothing is on record before its job is: a worker that stands still
   * between its last look and its create is not noticed.
   */
  @ParameterizedTest
  @MethodSource("fates")
  void aMessageWithoutAnIdRunsOnceUnlessAWorkerStandsStillRightBeforeItsCreate(
      Fate fate, boolean expire) {
    // when
    int orders =
        playAll(
            CORRELATED,
            fate,
            Optional.empty(),
            expire,
            outcome -> {
              if (!outcome.first().isBefore(PortCall.SUBMIT)
                  && !outcome.second().isBefore(PortCall.SUBMIT)) {
                ranOnceAndAllAnswersAreEqual(outcome);
              }
            });

    // then
    assertThat(orders).isGreaterThan(3);
  }
}
