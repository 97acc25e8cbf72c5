package mstc.cloud.worker.application;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import mstc.cloud.worker.application.intake.ExecuteWork.Execution;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.runtime.JobRecord;
import mstc.cloud.worker.domain.store.ObjectStoreException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Jobs that were put on record to be held, and left so. */
@Timeout(60)
class HeldJobsTest {
  private static final String OTHERS = "other-replies";
  private static final Message KEYED =
      Message.of("solve").messageId("key").correlationId("mine").replyTo(Site.REPLIES);
  private static final Message ANOTHER =
      Message.ofBody(KEYED.body().replace("solver:1", "solver:2"))
          .messageId("key")
          .correlationId("other")
          .replyTo(OTHERS);

  private Site site = new Site();

  @AfterEach
  void close() {
    site.close();
  }

  private void useHoldPatience(Duration patience) {
    site.close();
    site = new Site(Site.withHoldPatience(patience));
  }

  /** Holds the job of a message, as a worker did that is no more. */
  private UniqueName leaveHeld(Message message) {
    Job job = message.job();
    site.runtime.hold(job, message.delivery().replyAddress());
    return job.name();
  }

  private UniqueName run(Message message) {
    site.send(message);
    UniqueName job = site.awaitJob();
    Site.eventually().until(() -> site.records.runs().contains(job));
    site.succeed(job);
    site.awaitNoUnanswered();
    return job;
  }

  @Test
  void aJobThatWasLeftHeldIsReleasedAndAnswered() {
    // given
    UniqueName job = leaveHeld(KEYED);

    // when
    site.start();

    // then
    Site.eventually().until(() -> site.records.runs().contains(job));
    site.succeed(job);
    assertThat(site.awaitReply().job()).contains(job);
    assertThat(site.metrics.created()).isEqualTo(1);
  }

  @Test
  void aHeldJobIsNotTakenUpBeforeThePatienceIsOver() throws Exception {
    // given
    useHoldPatience(Duration.ofSeconds(1));
    site.start();
    site.awaitDemand();

    // when
    long held = System.nanoTime();
    UniqueName job = leaveHeld(KEYED);
    Site.eventually().until(() -> site.records.runs().contains(job));

    // then
    assertThat(Duration.ofNanos(System.nanoTime() - held)).isGreaterThan(Duration.ofMillis(990));
  }

  @Test
  void aJobThatIsReleasedByWhoHoldsItIsAnsweredAsSoonAsItEnds() {
    // given
    useHoldPatience(Duration.ofHours(1));
    site.start();

    // when
    UniqueName job = run(KEYED);

    // then
    assertThat(site.awaitReply().job()).contains(job);
    assertThat(site.calls.count(PortCall.RELEASE)).isEqualTo(1);
  }

  @Test
  void aJobThatRanBeforeIsAnsweredFromItsLogAndNeverRunsAgain() {
    // given
    site.start();
    run(KEYED);
    site.clock.advance(Site.RETENTION.plusSeconds(1));
    site.broker.declareReplyQueue(OTHERS);

    // when
    leaveHeld(KEYED.replyTo(OTHERS));

    // then
    assertThat(site.awaitReplies(OTHERS, 1)).containsExactly(site.awaitReply());
    site.awaitNoUnanswered();
    assertThat(site.records.runs()).hasSize(1);
    assertThat(site.runtime.jobs()).noneMatch(JobRecord::held);
  }

  /**
   * A worker stands still between its look and its create, while the key is used.
   *
   * @param inHand the messages that the worker has meanwhile
   */
  private void useKeyBetweenLookAndCreate(int inHand, Runnable then) {
    site.broker.declareReplyQueue(OTHERS);
    site.calls.before(
        PortCall.HOLD,
        () -> {
          run(KEYED.replyTo(OTHERS));
          site.awaitUnsettled(inHand);
          site.clock.advance(Site.RETENTION.plusSeconds(1));
          then.run();
        });
  }

  @Test
  void whoHoldsAJobThatRanBeforeIsAnsweredAtOnce() {
    // given
    useHoldPatience(Duration.ofHours(1));
    site.start();
    useKeyBetweenLookAndCreate(1, () -> {});

    // when
    site.send(KEYED);

    // then
    assertThat(site.awaitReplies(OTHERS, 1)).containsExactly(site.awaitReply());
    site.awaitNoUnanswered();
    assertThat(site.records.runs()).hasSize(1);
  }

  /** Its message is answered by whom it was given to meanwhile, in whatever order. */
  @RepeatedTest(20)
  void aHeldJobOfAVoidDeliveryThatRanBeforeIsAnsweredOnce() {
    // given
    useHoldPatience(Duration.ofHours(1));
    site.start();
    useKeyBetweenLookAndCreate(1, site.broker::cutConnections);

    // when
    site.send(KEYED);

    // then
    site.awaitHandled(3);
    site.awaitNoUnanswered();
    assertThat(site.replies(Site.REPLIES)).isEqualTo(site.replies(OTHERS)).hasSize(1);
    assertThat(site.records.runs()).hasSize(1);
  }

  @Test
  void anotherRequestUnderAnIdThatRanBeforeIsRejected() {
    // given
    site.start();
    run(KEYED);
    site.clock.advance(Site.RETENTION.plusSeconds(1));
    site.broker.declareReplyQueue(OTHERS);

    // when
    leaveHeld(ANOTHER);

    // then
    assertThat(site.awaitReplies(OTHERS, 1).getFirst().result())
        .isEqualTo("Invalid request: its message_id was used for another request, use a new one");
    site.awaitNoUnanswered();
    assertThat(site.records.runs()).hasSize(1);
  }

  @Test
  void everyoneWhoJoinsAJobThatRanBeforeIsAnsweredOnce() {
    // given
    site.start();
    run(KEYED);
    site.clock.advance(Site.RETENTION.plusSeconds(1));
    site.broker.declareReplyQueue(OTHERS);
    site.calls.before(
        PortCall.RECORD_ANSWER, () -> site.send(KEYED.correlationId("late").replyTo(OTHERS)));
    site.calls.before(PortCall.RECORD_ANSWER, () -> {});

    // when
    leaveHeld(KEYED.correlationId("first").replyTo(OTHERS));

    // then
    assertThat(site.awaitReplies(OTHERS, 2)).allMatch(site.awaitReply()::equals);
    site.awaitNoUnanswered();
    assertThat(site.records.runs()).hasSize(1);
  }

  @Test
  void whoSendsTheIdOfAHeldJobAgainReleasesIt() {
    // given
    useHoldPatience(Duration.ofHours(1));
    site.start();
    site.broker.declareReplyQueue(OTHERS);
    UniqueName job = leaveHeld(KEYED);

    // when
    site.send(KEYED.replyTo(OTHERS));
    Site.eventually().until(() -> site.records.runs().contains(job));
    site.succeed(job);

    // then
    assertThat(site.awaitReplies(OTHERS, 1)).containsExactly(site.awaitReply());
  }

  @Test
  void anotherRequestUnderTheIdOfAHeldJobIsRejected() {
    // given
    useHoldPatience(Duration.ofHours(1));
    site.start();
    site.broker.declareReplyQueue(OTHERS);
    leaveHeld(KEYED);

    // when
    site.send(ANOTHER);

    // then
    assertThat(site.awaitReplies(OTHERS, 1).getFirst().outcome())
        .isEqualTo(JobOutcome.Kind.REJECTED);
    assertThat(site.records.runs()).isEmpty();
  }

  @Test
  void aHeldJobThatIsCancelledIsAnsweredAsCancelled() {
    // given
    useHoldPatience(Duration.ofHours(1));
    site.start();
    UniqueName job = leaveHeld(KEYED);

    // when
    site.worker.cancelJob().cancel(job);

    // then
    assertThat(site.awaitReply().outcome()).isEqualTo(JobOutcome.Kind.CANCELLED);
    site.awaitNoUnanswered();
    assertThat(site.records.runs()).isEmpty();
  }

  @Test
  void aHeldJobWaitsForTheStoreToTellWhetherItRanBefore() {
    // given
    site.start();
    run(KEYED);
    site.clock.advance(Site.RETENTION.plusSeconds(1));
    for (int i = 0; i < 5; i++) {
      site.calls.before(
          PortCall.STAT,
          () -> {
            throw ObjectStoreException.retryable("away", null);
          });
    }

    // when
    leaveHeld(KEYED);

    // then
    List<Reply> replies = site.awaitReplies(Site.REPLIES, 2);
    assertThat(replies.get(1)).isEqualTo(replies.get(0));
    site.awaitNoUnanswered();
    assertThat(site.records.runs()).hasSize(1);
  }

  @Test
  void aCallerWhoseRequestIsAnotherUnderItsKeyIsToldSo() throws Exception {
    // given
    site.start();
    site.awaitDemand();
    useKeyBetweenLookAndCreate(0, () -> {});

    // when
    FutureTask<Execution> caller =
        new FutureTask<>(
            () -> site.worker.executeWork().execute(ANOTHER.parsed(), Optional.of("key")));
    Thread.ofVirtual().start(caller);

    // then
    assertThat(caller.get(10, TimeUnit.SECONDS))
        .isInstanceOfSatisfying(
            Execution.Invalid.class,
            invalid -> assertThat(invalid.reply().result()).contains("another request"));
    assertThat(site.records.runs()).hasSize(1);
  }
}
