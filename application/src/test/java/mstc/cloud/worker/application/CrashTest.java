package mstc.cloud.worker.application;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.reply.Reply;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The worker's process ends in the middle of a step, and another takes its place. */
class CrashTest {
  private final Site site = new Site();

  @AfterEach
  void close() {
    site.close();
  }

  /** Ends the process in the middle of that call. */
  private CountDownLatch crashAt(PortCall call, boolean done) {
    CountDownLatch crashed = new CountDownLatch(1);
    Runnable crash =
        () -> {
          site.crash();
          crashed.countDown();
        };
    if (done) {
      site.calls.after(call, crash);
    } else {
      site.calls.before(call, crash);
    }
    return crashed;
  }

  @ParameterizedTest
  @CsvSource({
    "AWAIT_END, true, 1",
    "STAT, false, 1",
    "STAT, true, 1",
    "PUT, false, 1",
    "PUT, true, 1",
    "REPLY, false, 1",
    "REPLY, true, 2",
    "RECORD_ANSWER, false, 2",
    "RECORD_ANSWER, true, 1"
  })
  void whereverTheWorkerDiesOnTheWayToTheAnswerAllAnswersAreEqualAndThereIsOneLog(
      PortCall call, boolean done, int replies) throws InterruptedException {
    // given
    site.start();
    site.send(Message.of("solve").replyTo(Site.REPLIES));
    UniqueName job = site.awaitJob();
    site.awaitAllSettled();
    Site.eventually().until(() -> site.calls.count(PortCall.AWAIT_END) == 1);
    CountDownLatch crashed = crashAt(call, done);
    site.succeed(job);
    crashed.await();

    // when
    site.clock.advance(Duration.ofSeconds(10));
    site.startAnother();

    // then
    site.awaitNoUnanswered();
    Reply first = site.awaitReplies(Site.REPLIES, replies).getFirst();
    assertThat(site.replies(Site.REPLIES)).allMatch(first::equals);
    assertThat(site.record(job).answer().orElseThrow().reply()).isEqualTo(first);
    assertThat(site.logs()).containsExactly(first.log().orElseThrow().location());
    assertThat(site.content(site.logs().getFirst())).isEqualTo("what it wrote\n");
    assertThat(site.runtime.jobs()).hasSize(1);
  }

  @ParameterizedTest
  @CsvSource({
    "STAT, false, ",
    "STAT, true, ",
    "SUBMIT, false, ",
    "SUBMIT, true, ",
    "FIND, false, key",
    "STAT, true, key",
    "HOLD, false, key",
    "HOLD, true, key",
    "RELEASE, false, key",
    "RELEASE, true, key"
  })
  void whereverTheWorkerDiesOnTheWayToTheJobTheMessageBecomesOneJob(
      PortCall call, boolean done, String messageId) throws InterruptedException {
    // given
    CountDownLatch crashed = crashAt(call, done);
    site.start();
    Message message = Message.of("solve").correlationId("mine").replyTo(Site.REPLIES);
    site.send(messageId == null ? message : message.messageId(messageId));
    crashed.await();

    // when
    site.startAnother();
    site.awaitAllSettled();

    // then
    site.succeed(site.awaitJob());
    site.awaitNoUnanswered();
    assertThat(site.runtime.jobs()).hasSize(1);
    assertThat(site.replies(Site.REPLIES)).hasSize(1);
    assertThat(site.logs()).hasSize(1);
  }

  /** The redelivered message and the job it became meet in every state of the job. */
  @ParameterizedTest
  @CsvSource({"false", "true"})
  void aMessageThatComesAgainAfterItsJobWasAnsweredIsAnsweredAgain(boolean recordIsGone)
      throws InterruptedException {
    // given
    CountDownLatch crashed = crashAt(PortCall.SUBMIT, true);
    site.start();
    site.send(Message.of("solve").correlationId("mine").replyTo(Site.REPLIES));
    crashed.await();
    site.awaitWaiting(1);
    Reply first = completeOnAWorkerWithoutTheBroker();
    if (recordIsGone) {
      site.clock.advance(Site.RETENTION.plusSeconds(1));
    }

    // when
    site.startAnother();

    // then
    assertThat(site.awaitReplies(Site.REPLIES, 2)).containsExactly(first, first);
    assertThat(site.logs()).hasSize(1);
  }

  private Reply completeOnAWorkerWithoutTheBroker() {
    site.store.stop();
    site.startAnother();
    site.succeed(site.awaitJob());
    // Nothing is taken in before the store can be reached, and then the job comes first.
    site.calls.beforeEvery(
        PortCall.DEMAND,
        () -> {
          throw new IllegalStateException("this worker takes nothing in");
        });
    site.store.start();
    Reply reply = site.awaitReply();
    site.awaitNoUnanswered();
    site.crash();
    return reply;
  }
}
