package mstc.cloud.worker.application;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import java.time.Duration;
import java.util.Optional;
import mstc.cloud.worker.application.reply.PatientReply;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.queue.WorkQueueException;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.reply.ReplyAddress;
import mstc.cloud.worker.domain.runtime.Answer;
import mstc.cloud.worker.domain.runtime.JobRuntimeException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** Replies that do not arrive at once, and clients that join late. */
@Isolated
class AnsweringTest {
  private static final String LATE = "late-replies";
  private static final ReplyAddress LATE_ADDRESS = new ReplyAddress(LATE, Optional.of("late"));
  private Site site = new Site();

  @AfterEach
  void close() {
    site.close();
  }

  private void useRoutingPatience(Duration patience) {
    site.close();
    site = new Site(Site.withRoutingPatience(patience));
  }

  private UniqueName sendAndAwaitJob(String replyQueue) {
    site.start();
    site.send(Message.of("solve").messageId("key").correlationId("mine").replyTo(replyQueue));
    UniqueName job = site.awaitJob();
    site.awaitAllSettled();
    return job;
  }

  @Test
  void aReplyThatIsNotConfirmedIsSentUntilItIs() {
    // given
    UniqueName job = sendAndAwaitJob(Site.REPLIES);
    site.queue.failReplies(true);
    site.succeed(job);
    Site.eventually().until(() -> site.calls.count(PortCall.REPLY) > 3);
    assertThat(site.unanswered()).containsExactly(job);

    // when
    site.queue.failReplies(false);

    // then
    site.awaitReply();
    site.awaitNoUnanswered();
    assertThat(site.record(job).answer().map(Answer::status)).contains(Answer.Status.SENT);
  }

  @Test
  void aReplyWhoseConfirmationIsLostIsSentAgain() {
    // given
    UniqueName job = sendAndAwaitJob(Site.REPLIES);
    site.calls.after(
        PortCall.REPLY,
        () -> {
          throw WorkQueueException.retryable("the confirmation was lost", null);
        });

    // when
    site.succeed(job);

    // then
    site.awaitNoUnanswered();
    assertThat(site.replies(Site.REPLIES))
        .hasSize(2)
        .allMatch(site.replies(Site.REPLIES).getFirst()::equals);
  }

  @Test
  void aReplyIsKeptWhileTheBrokerIsAway() {
    // given
    UniqueName job = sendAndAwaitJob(Site.REPLIES);
    site.broker.stop();
    site.succeed(job);
    Site.eventually().until(() -> site.calls.count(PortCall.REPLY) > 3);

    // when
    site.broker.start();

    // then
    site.awaitReply();
    site.awaitNoUnanswered();
  }

  @Test
  void anUnroutableReplyIsTriedForItsPatienceThenNotedAndTheRecordEnds() {
    // given
    useRoutingPatience(Duration.ofSeconds(1));
    UniqueName job = sendAndAwaitJob("gone");

    // when
    site.succeed(job);

    // then
    site.awaitNoUnanswered();
    assertThat(site.record(job).answer().map(Answer::status)).contains(Answer.Status.UNROUTABLE);
    assertThat(site.calls.count(PortCall.REPLY)).isGreaterThan(2);
    site.clock.advance(Site.RETENTION.plusSeconds(1));
    assertThat(site.runtime.jobs()).isEmpty();
    assertThat(site.logs()).hasSize(1);
  }

  @Test
  void aReplyQueueThatComesBackWithinThePatienceGetsTheReply() {
    // given
    UniqueName job = sendAndAwaitJob("back-soon");
    site.succeed(job);
    Site.eventually().until(() -> site.calls.count(PortCall.REPLY) > 2);

    // when
    site.broker.declareReplyQueue("back-soon");

    // then
    site.awaitReplies("back-soon", 1);
    site.awaitNoUnanswered();
    assertThat(site.record(job).answer().map(Answer::status)).contains(Answer.Status.SENT);
  }

  @Test
  void aReplyThatTheBrokerRefusesForGoodEndsAsRefused() {
    // given
    useRoutingPatience(Duration.ZERO);
    UniqueName job = sendAndAwaitJob(Site.REPLIES);
    site.calls.before(
        PortCall.REPLY,
        () -> {
          throw WorkQueueException.permanent("not allowed", null);
        });

    // when
    site.succeed(job);

    // then
    site.awaitNoUnanswered();
    assertThat(site.record(job).answer().map(Answer::status)).contains(Answer.Status.REFUSED);
  }

  @Test
  void aReplyThatItsFullQueueRefusesIsTriedForItsPatienceThenNotedAndTheRecordEnds() {
    // given
    useRoutingPatience(Duration.ofSeconds(1));
    site.broker.fillReplyQueue(Site.REPLIES, true);
    UniqueName job = sendAndAwaitJob(Site.REPLIES);

    // when
    site.succeed(job);

    // then
    site.awaitNoUnanswered();
    assertThat(site.record(job).answer().map(Answer::status)).contains(Answer.Status.REFUSED);
    assertThat(site.calls.count(PortCall.REPLY)).isGreaterThan(2);
    site.clock.advance(Site.RETENTION.plusSeconds(1));
    assertThat(site.runtime.jobs()).isEmpty();
    assertThat(site.logs()).hasSize(1);
  }

  @Test
  void aFullReplyQueueThatIsEmptiedWithinThePatienceGetsTheReply() {
    // given
    site.broker.fillReplyQueue(Site.REPLIES, true);
    UniqueName job = sendAndAwaitJob(Site.REPLIES);
    site.succeed(job);
    Site.eventually().until(() -> site.calls.count(PortCall.REPLY) > 2);

    // when
    site.broker.fillReplyQueue(Site.REPLIES, false);

    // then
    site.awaitReply();
    site.awaitNoUnanswered();
    assertThat(site.record(job).answer().map(Answer::status)).contains(Answer.Status.SENT);
  }

  /** The patience is for a broker that is there, and says no. */
  @Test
  void thePatienceWithAFullReplyQueueDoesNotRunWhileTheBrokerIsAway() {
    // given
    useRoutingPatience(Duration.ofSeconds(1));
    site.broker.fillReplyQueue(Site.REPLIES, true);
    UniqueName job = sendAndAwaitJob(Site.REPLIES);
    site.calls.after(PortCall.REPLY, site.broker::stop);
    site.succeed(job);
    Site.eventually().until(() -> site.calls.count(PortCall.REPLY) > 60);

    // when
    site.broker.fillReplyQueue(Site.REPLIES, false);
    site.broker.start();

    // then
    site.awaitReply();
    site.awaitNoUnanswered();
    assertThat(site.record(job).answer().map(Answer::status)).contains(Answer.Status.SENT);
  }

  @Test
  void aClientDoesNotWaitForAnothersQueueThatIsFull() {
    // given
    site.broker.fillReplyQueue(Site.REPLIES, true);
    UniqueName job = sendAndAwaitJob(Site.REPLIES);
    site.broker.declareReplyQueue(LATE);
    site.runtime.addReplyAddress(job, LATE_ADDRESS);

    // when
    site.succeed(job);

    // then
    site.awaitReplies(LATE, 1);
    assertThat(site.unanswered()).containsExactly(job);
  }

  /** It tells an operator where to look, and how often. */
  @Test
  void aClientThatDoesNotGetItsReplyIsWarnedOfAtTheFirstAttemptAndTheLast() {
    // given
    useRoutingPatience(Duration.ofSeconds(1));
    site.broker.fillReplyQueue(Site.REPLIES, true);
    UniqueName job = sendAndAwaitJob(Site.REPLIES);
    site.runtime.addReplyAddress(job, new ReplyAddress("gone", Optional.empty()));
    try (LogLines warnings = new LogLines(PatientReply.class, Level.WARN)) {

      // when
      site.succeed(job);
      site.awaitNoUnanswered();

      // then
      String result = "Job " + job + " complete.";
      assertThat(warnings.lines())
          .containsExactlyInAnyOrder(
              "A client does not have its reply yet, its queue \"replies\" is full or refuses it: "
                  + result,
              "A client does not have its reply yet, its queue \"gone\" does not exist: " + result,
              "A client does not get its reply, its queue \"replies\" is full or refuses it: "
                  + result,
              "A client does not get its reply, its queue \"gone\" does not exist: " + result);
    }
  }

  @Test
  void aClientThatJoinsBetweenReadingTheRecordAndNotingTheAnswerIsAnsweredToo() {
    // given
    UniqueName job = sendAndAwaitJob(Site.REPLIES);
    site.broker.declareReplyQueue(LATE);
    site.calls.before(
        PortCall.RECORD_ANSWER, () -> site.runtime.addReplyAddress(job, LATE_ADDRESS));

    // when
    site.succeed(job);

    // then
    site.awaitNoUnanswered();
    assertThat(site.replies(LATE)).isEqualTo(site.replies(Site.REPLIES)).hasSize(1);
    assertThat(site.record(job).answer().map(Answer::status)).contains(Answer.Status.SENT);
  }

  /** A client that lost its queue and asks again with its message_id must not wait for the old. */
  @Test
  void aClientDoesNotWaitForAnothersQueueThatIsGone() {
    // given
    UniqueName job = sendAndAwaitJob("gone");
    site.broker.declareReplyQueue(LATE);
    site.runtime.addReplyAddress(job, LATE_ADDRESS);

    // when
    site.succeed(job);

    // then
    site.awaitReplies(LATE, 1);
    assertThat(site.unanswered()).containsExactly(job);
  }

  @Test
  void aClientThatJoinsWhileAnothersQueueIsTriedIsAnsweredAtOnceAndOnce() {
    // given
    UniqueName job = sendAndAwaitJob("back-soon");
    site.succeed(job);
    Site.eventually().until(() -> site.calls.count(PortCall.REPLY) > 2);
    site.broker.declareReplyQueue(LATE);

    // when
    site.send(Message.of("solve").messageId("key").replyTo(LATE));

    // then
    Reply reply = site.awaitReplies(LATE, 1).getFirst();
    site.broker.declareReplyQueue("back-soon");
    assertThat(site.awaitReplies("back-soon", 1)).containsExactly(reply);
    site.awaitNoUnanswered();
    assertThat(site.replies(LATE)).hasSize(1);
  }

  @Test
  void anAnswerFromTheRecordIsSentAgainUntilConfirmed() {
    // given
    UniqueName job = sendAndAwaitJob(Site.REPLIES);
    site.succeed(job);
    site.awaitNoUnanswered();
    site.broker.declareReplyQueue(LATE);
    site.calls.before(
        PortCall.REPLY,
        () -> {
          throw WorkQueueException.retryable("not confirmed", null);
        });

    // when
    site.send(Message.of("solve").messageId("key").replyTo(LATE));

    // then
    assertThat(site.awaitReplies(LATE, 1)).isEqualTo(site.replies(Site.REPLIES));
    site.awaitAllSettled();
  }

  @Test
  void aJobOfAnotherWorkerIsLeftToItUntilItIsGivenBack() {
    // given
    UniqueName job = sendAndAwaitJob(Site.REPLIES);
    Site.eventually().until(() -> site.calls.count(PortCall.AWAIT_END) == 1);
    site.runtime.handOver(job);
    site.succeed(job);

    // when
    site.runtime.giveBack(job);

    // then
    site.awaitReply();
    site.awaitNoUnanswered();
  }

  @Test
  void aJobThatIsGivenBackWhileItsReplyIsSentIsAnsweredOnce() {
    // given
    UniqueName job = sendAndAwaitJob(Site.REPLIES);
    site.queue.failReplies(true);
    site.succeed(job);
    Site.eventually().until(() -> site.calls.count(PortCall.REPLY) > 2);
    site.runtime.handOver(job);
    site.runtime.giveBack(job);
    site.runtime.giveBack(job);

    // when
    site.queue.failReplies(false);

    // then
    site.awaitNoUnanswered();
    assertThat(site.replies(Site.REPLIES)).hasSize(1);
    assertThat(site.calls.count(PortCall.RECORD_ANSWER)).isEqualTo(1);
  }

  @Test
  void aReplyIsLeftToTheWorkerThatHasTheJobNow() {
    // given
    UniqueName job = sendAndAwaitJob(Site.REPLIES);
    site.calls.before(
        PortCall.REPLY,
        () -> {
          site.runtime.handOver(job);
          throw WorkQueueException.retryable("not confirmed", null);
        });

    // when
    site.succeed(job);

    // then: waited for the end, looked before the first attempt, looked before the second
    Site.eventually().until(() -> site.calls.count(PortCall.AWAIT_END) == 3);
    assertThat(site.calls.count(PortCall.REPLY)).isEqualTo(1);
    site.runtime.giveBack(job);
    site.awaitNoUnanswered();
    assertThat(site.replies(Site.REPLIES)).hasSize(1);
  }

  @Test
  void aReplyThatWasSentBeforeTheJobWasHandedOverIsNotSentAgain() {
    // given
    UniqueName job = sendAndAwaitJob(Site.REPLIES);
    site.calls.before(
        PortCall.RECORD_ANSWER,
        () -> {
          site.runtime.handOver(job);
          throw JobRuntimeException.retryable("the runtime is away", null);
        });
    site.succeed(job);
    Site.eventually().until(() -> site.calls.count(PortCall.AWAIT_END) == 3);

    // when
    site.runtime.giveBack(job);

    // then
    site.awaitNoUnanswered();
    assertThat(site.replies(Site.REPLIES)).hasSize(1);
  }
}
