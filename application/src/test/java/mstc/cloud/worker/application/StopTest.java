package mstc.cloud.worker.application;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import mstc.cloud.worker.application.metrics.IntakePause;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.runtime.JobRecord;
import mstc.cloud.worker.domain.runtime.JobRuntimeException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A worker that is stopped. */
@Timeout(60)
class StopTest {
  private static final Duration LONG_GRACE = Duration.ofMinutes(10);
  private Site site = new Site();

  @AfterEach
  void close() {
    site.close();
  }

  private UniqueName sendAndAwaitJob() {
    site.send(Message.of("solve").correlationId("mine").replyTo(Site.REPLIES));
    UniqueName job = site.awaitJob();
    site.awaitAllSettled();
    return job;
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(10, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void runningJobsAreLeftToTheRuntimeWithoutWaitingForThem() {
    // given
    site.start();
    UniqueName job = sendAndAwaitJob();

    // when
    site.worker.stop(LONG_GRACE);

    // then
    assertThat(site.unanswered()).containsExactly(job);
    site.crash();
    site.startAnother();
    site.succeed(job);
    site.awaitReply();
  }

  @Test
  void nothingIsTakenInAfterwards() {
    // given
    site.start();
    site.awaitDemand();

    // when
    site.worker.stop(LONG_GRACE);
    site.send(Message.of("solve"));

    // then
    assertThat(site.queue.demand()).isZero();
    assertThat(site.broker.waiting()).isEqualTo(1);
    site.store.stop();
    site.store.start();
    assertThat(site.runtime.jobs()).isEmpty();
  }

  @Test
  void anAnswerInProgressIsFinishedWithinTheGrace() throws Exception {
    // given
    site.start();
    UniqueName job = sendAndAwaitJob();
    CountDownLatch sending = new CountDownLatch(1);
    CountDownLatch send = new CountDownLatch(1);
    site.calls.before(
        PortCall.REPLY,
        () -> {
          sending.countDown();
          await(send);
        });
    site.succeed(job);
    await(sending);

    // when
    CompletableFuture<Void> stopped =
        CompletableFuture.runAsync(() -> site.worker.stop(LONG_GRACE));
    site.awaitNoDemand();
    assertThat(stopped).isNotDone();
    send.countDown();

    // then
    stopped.get(10, TimeUnit.SECONDS);
    assertThat(site.replies(Site.REPLIES)).hasSize(1);
    assertThat(site.unanswered()).isEmpty();
  }

  @Test
  void aReplyThatWasSentIsNotedThoughTheRuntimeFailsForAMoment() throws Exception {
    // given
    site.start();
    UniqueName job = sendAndAwaitJob();
    CountDownLatch noting = new CountDownLatch(1);
    CountDownLatch fail = new CountDownLatch(1);
    site.calls.before(
        PortCall.RECORD_ANSWER,
        () -> {
          noting.countDown();
          await(fail);
          throw JobRuntimeException.retryable("not now", null);
        });
    site.succeed(job);
    await(noting);

    // when
    CompletableFuture<Void> stopped =
        CompletableFuture.runAsync(() -> site.worker.stop(LONG_GRACE));
    site.awaitNoDemand();
    fail.countDown();

    // then
    stopped.get(10, TimeUnit.SECONDS);
    assertThat(site.unanswered()).isEmpty();
    assertThat(site.replies(Site.REPLIES)).hasSize(1);
  }

  @Test
  void anAnswerThatTakesLongerThanTheGraceIsLeftToTheNextStart() {
    // given
    site.start();
    UniqueName job = sendAndAwaitJob();
    site.queue.failReplies(true);
    site.succeed(job);
    Site.eventually().until(() -> site.calls.count(PortCall.REPLY) > 2);

    // when
    site.worker.stop(Duration.ofMillis(50));
    site.crash();
    site.startAnother();

    // then
    site.awaitReply();
    site.awaitNoUnanswered();
    assertThat(site.logs()).hasSize(1);
  }

  @Test
  void aLogThatTheStoreCannotTakeNowIsLeftToTheNextStartWithoutWaiting() {
    // given
    site.start();
    UniqueName job = sendAndAwaitJob();
    site.store.stop();
    site.succeed(job);
    Site.eventually().until(() -> site.calls.count(PortCall.STAT) > 3);

    // when
    site.worker.stop(LONG_GRACE);

    // then
    site.crash();
    site.store.start();
    site.startAnother();
    site.awaitReply();
  }

  @Test
  void aMessageHeldDuringAnOutageGoesBackWithoutWaiting() {
    // given
    site.start();
    site.awaitDemand();
    site.runtime.breakDown();
    site.send(Message.of("solve").correlationId("mine").replyTo(Site.REPLIES));
    site.awaitNoDemand();

    // when
    site.worker.stop(LONG_GRACE);

    // then
    site.awaitWaiting(1);
    assertThat(site.queue.demand()).isZero();
  }

  @Test
  void aReplyOfIntakeThatIsNotConfirmedGoesBackWithoutWaiting() {
    // given
    site.start();
    site.queue.failReplies(true);
    site.send(Message.ofBody("{}").replyTo(Site.REPLIES));
    Site.eventually().until(() -> site.calls.count(PortCall.REPLY) > 2);

    // when
    site.worker.stop(LONG_GRACE);

    // then
    site.awaitWaiting(1);
    assertThat(site.broker.dead()).isEmpty();
  }

  @Test
  void aReplyOfIntakeWhoseQueueDoesNotExistGoesBackWithoutWaiting() {
    // given
    site.start();
    site.send(Message.ofBody("{}").replyTo("not-yet"));
    Site.eventually().until(() -> site.calls.count(PortCall.REPLY) > 2);

    // when
    site.worker.stop(LONG_GRACE);

    // then
    site.awaitWaiting(1);
    assertThat(site.broker.dead()).isEmpty();
  }

  @Test
  void aHeldJobIsLeftToTheNextStartWithoutWaitingForItsRelease() {
    // given
    site.close();
    site = new Site(Site.withHoldPatience(Duration.ofHours(1))).start();
    site.runtime.hold(Message.of("solve").job(), Optional.empty());
    Site.eventually().until(() -> site.calls.count(PortCall.AWAIT_RELEASE) == 1);

    // when
    site.worker.stop(LONG_GRACE);

    // then
    assertThat(site.runtime.jobs()).allMatch(JobRecord::held);
  }

  @Test
  void aRequestBeingTakenInIsFinished() throws Exception {
    // given
    site.start();
    CountDownLatch submitting = new CountDownLatch(1);
    CountDownLatch submit = new CountDownLatch(1);
    site.calls.before(
        PortCall.SUBMIT,
        () -> {
          submitting.countDown();
          await(submit);
        });
    site.send(Message.of("solve").replyTo(Site.REPLIES));
    await(submitting);

    // when
    CompletableFuture<Void> stopped =
        CompletableFuture.runAsync(() -> site.worker.stop(LONG_GRACE));
    site.awaitNoDemand();
    submit.countDown();

    // then
    stopped.get(10, TimeUnit.SECONDS);
    assertThat(site.unanswered()).hasSize(1);
    assertThat(site.broker.waiting()).isZero();
  }

  @Test
  void stoppingDuringAnOutageIsForGood() {
    // given
    site.start();
    site.awaitDemand();
    site.store.stop();
    UniqueName job = sendJobWhileIntakeStillIsOpen();
    site.succeed(job);
    site.awaitNoDemand();

    // when
    site.worker.stop(LONG_GRACE);
    int checks = site.calls.count(PortCall.CHECK_STORE);
    site.store.start();

    // then
    assertThat(site.queue.demand()).isZero();
    assertThat(site.calls.count(PortCall.CHECK_STORE)).isBetween(checks, checks + 1);
  }

  private UniqueName sendJobWhileIntakeStillIsOpen() {
    site.send(Message.of("solve").replyTo(Site.REPLIES));
    return site.awaitJob();
  }

  @Test
  void stoppingBeforeTheStartIsHarmlessAndPreventsIt() {
    // given
    site.send(Message.of("solve"));

    // when
    site.worker.stop(LONG_GRACE);
    site.start();

    // then
    assertThat(Thread.currentThread().isInterrupted()).isFalse();
    assertThat(site.queue.isConnected()).isFalse();
    assertThat(site.broker.waiting()).isEqualTo(1);
  }

  @Test
  void stoppingTwiceIsHarmless() {
    // given
    site.start();
    UniqueName job = sendAndAwaitJob();
    site.worker.stop(LONG_GRACE);

    // when
    site.worker.stop(LONG_GRACE);

    // then
    assertThat(site.unanswered()).isEqualTo(List.of(job));
  }

  @Test
  void jobsThatTheRuntimeTellsOfAfterwardsAreLeftToTheNextStart() {
    // given
    site.start();
    UniqueName job = sendAndAwaitJob();
    site.worker.stop(LONG_GRACE);

    // when
    site.runtime.giveBack(job);
    site.succeed(job);

    // then
    site.crash();
    site.startAnother();
    site.awaitReply();
  }

  /** As a broker does that neither responds nor closes the connection. */
  private void leaveTheQueueWithoutAnswer(CountDownLatch asked, CountDownLatch answer) {
    site.calls.beforeEvery(
        PortCall.DEMAND,
        () -> {
          asked.countDown();
          awaitHoweverLong(answer);
        });
  }

  private static void awaitHoweverLong(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void aQueueThatDoesNotAnswerHoldsUpNeitherTheStopBeyondItsGraceNorWhoAsksHowItIs()
      throws Exception {
    // given
    site.start();
    site.awaitDemand();
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch answer = new CountDownLatch(1);
    leaveTheQueueWithoutAnswer(asked, answer);
    site.runtime.breakDown();
    site.send(Message.of("solve").replyTo(Site.REPLIES));
    await(asked);

    // when
    CompletableFuture<List<String>> problems =
        CompletableFuture.supplyAsync(this::problems, Thread.ofVirtual()::start);
    CompletableFuture<Map<IntakePause, Duration>> pauses =
        CompletableFuture.supplyAsync(site.worker.status()::pauses, Thread.ofVirtual()::start);
    CompletableFuture<Void> stopped =
        CompletableFuture.runAsync(
            () -> site.worker.stop(Duration.ofMillis(50)), Thread.ofVirtual()::start);

    // then
    try {
      assertThat(problems.get(10, TimeUnit.SECONDS)).singleElement().asString().contains("runtime");
      assertThat(pauses.get(10, TimeUnit.SECONDS)).containsOnlyKeys(IntakePause.RUNTIME);
      stopped.get(10, TimeUnit.SECONDS);
    } finally {
      answer.countDown();
    }
  }

  private List<String> problems() {
    try {
      return site.worker.checkReadiness().check();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void whatIsInProgressHasOneGraceWithTheQueueThatDoesNotAnswerNotOneMore() throws Exception {
    // given a request that is being taken in for long
    site.start();
    CountDownLatch submitting = new CountDownLatch(1);
    CountDownLatch over = new CountDownLatch(1);
    site.calls.before(
        PortCall.SUBMIT,
        () -> {
          submitting.countDown();
          awaitHoweverLong(over);
        });
    site.send(Message.of("solve").replyTo(Site.REPLIES));
    await(submitting);
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch answer = new CountDownLatch(1);
    leaveTheQueueWithoutAnswer(asked, answer);
    Duration grace = Duration.ofSeconds(3);
    Duration halfAsMuch = grace.dividedBy(2);

    // when the queue answers just as the grace is over
    CompletableFuture<String> stopped =
        CompletableFuture.supplyAsync(
            () -> {
              site.worker.stop(grace);
              return "stopped";
            },
            Thread.ofVirtual()::start);
    CompletableFuture<String> stillStopping =
        new CompletableFuture<String>()
            .completeOnTimeout("", grace.toMillis(), TimeUnit.MILLISECONDS)
            .thenCompose(_ -> {
              answer.countDown();
              return new CompletableFuture<String>()
                  .completeOnTimeout(
                      "still stopping", halfAsMuch.toMillis(), TimeUnit.MILLISECONDS);
            });

    // then
    try {
      assertThat(CompletableFuture.anyOf(stopped, stillStopping).get()).isEqualTo("stopped");
    } finally {
      over.countDown();
    }
  }
}
