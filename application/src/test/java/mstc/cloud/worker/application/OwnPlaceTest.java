package mstc.cloud.worker.application;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import mstc.cloud.worker.application.metrics.IntakePause;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.request.RequestPolicy;
import mstc.cloud.worker.domain.runtime.Answer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Whatever becomes of one request, the others are run and answered. */
@Timeout(120)
class OwnPlaceTest {
  private static final int LIMIT = 4;
  private static final Duration LONG = Duration.ofMinutes(10);
  private static final String BAD = "bad";

  private Site site = new Site();

  @AfterEach
  void close() {
    site.close();
  }

  private void open(
      int maxWaiting, Duration intakePatience, Duration replyPatience, Duration logPatience) {
    site.close();
    site =
        new Site(
                Site.settings(
                    LIMIT,
                    maxWaiting,
                    RequestPolicy.OPEN,
                    intakePatience,
                    replyPatience,
                    logPatience))
            .start();
    site.awaitDemand();
  }

  /** A request whose log's name the store breaks down over, once it is told to. */
  private static Message bad(String jobName) {
    return Message.ofBody(
        """
        {"image": "solver:1", "jobName": "%s", "inputBucket": "results", "prefix": "%s"}\
        """
            .formatted(jobName, BAD));
  }

  private List<UniqueName> sendAndEnd(List<Message> messages) {
    messages.forEach(site::send);
    List<UniqueName> jobs = site.awaitJobs(messages.size());
    jobs.forEach(site::succeed);
    return jobs;
  }

  private void runAnother() {
    List<UniqueName> before = site.unanswered();
    site.send(Message.of("good").replyTo(Site.REPLIES));
    Site.eventually().until(() -> site.unanswered().size() == before.size() + 1);
    site.succeed(
        site.unanswered().stream()
            .filter(name -> !before.contains(name))
            .findFirst()
            .orElseThrow());
    assertThat(site.awaitReply().outcome()).isEqualTo(JobOutcome.Kind.SUCCEEDED);
    Site.eventually().until(() -> site.unanswered().equals(before));
  }

  @Test
  void asManyJobsAsMayBeInFlightThatWaitForTheirReplyQueuesStopNobody() {
    // given
    open(1_000, LONG, LONG, LONG);
    sendAndEnd(
        IntStream.range(0, LIMIT).mapToObj(i -> Message.of("bad-" + i).replyTo("gone")).toList());
    Site.eventually().until(() -> site.calls.count(PortCall.REPLY) > 2 * LIMIT);

    // when
    runAnother();

    // then
    assertThat(site.worker.status().counts().waiting()).isEqualTo(LIMIT);
    assertThat(site.worker.status().pauses()).isEmpty();
    site.clock.advance(Duration.ofMinutes(3));
    assertThat(site.worker.status().longestWait()).isGreaterThanOrEqualTo(Duration.ofMinutes(3));
  }

  @Test
  void asManyJobsAsMayBeInFlightWhoseLogsTheStoreBreaksDownOverStopNobody() {
    // given
    open(1_000, LONG, LONG, LONG);
    IntStream.range(0, LIMIT).forEach(i -> site.send(bad("bad-" + i).replyTo(Site.REPLIES)));
    List<UniqueName> jobs = site.awaitJobs(LIMIT);
    site.store.failAt(BAD);
    jobs.forEach(site::succeed);
    Site.eventually().until(() -> site.calls.count(PortCall.STAT) > 4 * LIMIT);

    // when
    runAnother();

    // then
    assertThat(site.worker.status().pauses()).isEmpty();
    assertThat(site.queue.demand()).isEqualTo(LIMIT);
  }

  @Test
  void aLogThatTheStoreBreaksDownOverIsGivenUpAfterThePatience() {
    // given
    open(1_000, LONG, LONG, Duration.ofSeconds(2));
    site.send(bad("bad").replyTo(Site.REPLIES));
    UniqueName job = site.awaitJob();
    site.store.failAt(BAD);

    // when
    site.runtime.end(job, new JobOutcome.Failed(3), "log");

    // then
    Reply reply = site.awaitReply();
    assertThat(reply.outcome()).isEqualTo(JobOutcome.Kind.FAILED);
    assertThat(reply.log()).isEmpty();
    assertThat(reply.warnings())
        .singleElement()
        .asString()
        .startsWith("the log was not stored: ")
        .contains("HTTP 500");
    assertThat(site.calls.count(PortCall.STAT)).isGreaterThan(3);
    site.awaitNoUnanswered();
    Site.eventually().until(() -> site.metrics.answeredWithoutWholeLog() == 1);
  }

  @Test
  void whileTheStoreIsAwayNobodysPatienceWithItEnds() {
    // given
    open(1_000, LONG, LONG, Duration.ZERO);
    site.send(Message.of("solve").replyTo(Site.REPLIES));
    UniqueName job = site.awaitJob();
    site.store.stop();
    site.succeed(job);
    Site.eventually().until(() -> site.calls.count(PortCall.STAT) > 4);
    boolean paused = site.worker.status().pauses().containsKey(IntakePause.STORE);

    // when
    site.store.start();

    // then
    assertThat(paused).isTrue();
    assertThat(site.awaitReply().log()).isPresent();
  }

  /** What makes a log unstorable makes it unreadable, too, before there is a job. */
  @Test
  void aRequestWhoseEarlierLogCannotBeLookedForIsRunAndKeepsNobodyWaiting() {
    // given
    open(1_000, Duration.ofSeconds(3), LONG, LONG);
    site.store.failAt(BAD);

    // when
    site.send(bad("bad").correlationId("mine").replyTo(Site.REPLIES));
    site.send(bad("worse").messageId("key").replyTo(Site.REPLIES));
    Site.eventually().until(() -> site.calls.count(PortCall.STAT) > 4);
    runAnother();

    // then
    assertThat(site.worker.status().pauses()).isEmpty();
    site.awaitJobs(2);
    site.awaitAllSettled();
  }

  @Test
  void aHeldJobWhoseEarlierLogCannotBeLookedForIsReleased() {
    // given
    open(1_000, Duration.ofMillis(300), LONG, LONG);
    Message message = bad("bad").messageId("key");
    site.store.failAt(BAD);

    // when
    site.runtime.hold(message.job(), Optional.empty());

    // then
    assertThat(site.awaitJob()).isEqualTo(message.job().name());
  }

  @Test
  void whereTooManyHaveEndedUnansweredThatIsSaidAndNoRequestTakenUntilSomeAreAnswered()
      throws InterruptedException {
    // given
    open(3, LONG, LONG, LONG);
    List<UniqueName> jobs =
        sendAndEnd(
            IntStream.range(0, 3).mapToObj(i -> Message.of("bad-" + i).replyTo("gone")).toList());

    // when
    site.awaitNoDemand();

    // then
    assertThat(site.worker.status().pauses()).containsOnlyKeys(IntakePause.UNANSWERED);
    assertThat(site.worker.checkReadiness().check())
        .containsExactly("jobs: 3 have ended and are not answered (mstc.jobs.max-unanswered)");
    site.worker.cancelJob().cancel(jobs.getFirst());
    site.awaitDemand();
    assertThat(site.worker.status().pauses()).isEmpty();
    assertThat(site.worker.checkReadiness().check()).isEmpty();
  }

  @Test
  void aJobThatWaitsForItsReplyQueueIsAnsweredWhenItIsCancelled() {
    // given
    open(1_000, LONG, LONG, LONG);
    UniqueName job = sendAndEnd(List.of(Message.of("bad").replyTo("gone"))).getFirst();
    Site.eventually().until(() -> site.calls.count(PortCall.REPLY) > 2);

    // when
    boolean known = site.worker.cancelJob().cancel(job);

    // then
    site.awaitNoUnanswered();
    assertThat(known).isTrue();
    Answer answer = site.record(job).answer().orElseThrow();
    assertThat(answer.status()).isEqualTo(Answer.Status.UNROUTABLE);
    assertThat(answer.reply().outcome()).isEqualTo(JobOutcome.Kind.SUCCEEDED);
    assertThat(answer.reply().log()).isPresent();
  }

  @Test
  void ofACancelledJobWhoseReplyQueueWasFullThatIsNoted() {
    // given
    open(1_000, LONG, LONG, LONG);
    site.broker.fillReplyQueue(Site.REPLIES, true);
    UniqueName job = sendAndEnd(List.of(Message.of("bad").replyTo(Site.REPLIES))).getFirst();
    Site.eventually().until(() -> site.calls.count(PortCall.REPLY) > 2);

    // when
    site.worker.cancelJob().cancel(job);

    // then
    site.awaitNoUnanswered();
    assertThat(site.record(job).answer().map(Answer::status)).contains(Answer.Status.REFUSED);
  }

  @Test
  void aJobThatWaitsForTheStoreIsAnsweredAsItEndedWhenItIsCancelled() {
    // given
    open(1_000, LONG, LONG, LONG);
    site.send(Message.of("solve").replyTo(Site.REPLIES));
    UniqueName job = site.awaitJob();
    site.store.stop();
    site.runtime.end(job, new JobOutcome.Failed(3), "log");
    Site.eventually().until(() -> site.calls.count(PortCall.STAT) > 2);

    // when
    site.worker.cancelJob().cancel(job);

    // then
    Reply reply = site.awaitReply();
    assertThat(reply.outcome()).isEqualTo(JobOutcome.Kind.FAILED);
    assertThat(reply.exitCode()).hasValue(3);
    assertThat(reply.log()).isEmpty();
    assertThat(reply.warnings()).singleElement().asString().contains("the job was given up");
    site.awaitNoUnanswered();
  }

  /** By a worker that does not complete it, or while none does. */
  @Test
  void aJobThatWasGivenUpIsAnsweredByWhoeverComesNext() {
    // given
    open(1_000, LONG, LONG, LONG);
    UniqueName job = sendAndEnd(List.of(Message.of("bad").replyTo("gone"))).getFirst();
    Site.eventually().until(() -> site.calls.count(PortCall.REPLY) > 2);
    site.calls.kill();
    site.runtime.cancel(job);
    site.queue.close();
    site.runtime.close();

    // when
    site.startAnother();

    // then
    site.awaitNoUnanswered();
    assertThat(site.record(job).answer().map(Answer::status)).contains(Answer.Status.UNROUTABLE);
  }

  /** A log that fails once is stored all the same: the cancel meant what ran. */
  @Test
  void aJobThatIsCancelledWhileItRunsKeepsItsLog() {
    // given
    open(1_000, LONG, LONG, LONG);
    site.send(bad("bad").replyTo(Site.REPLIES));
    UniqueName job = site.awaitJob();
    site.store.failAt(BAD);
    site.worker.cancelJob().cancel(job);
    Site.eventually().until(() -> site.calls.count(PortCall.STAT) > 4);

    // when
    site.store.start();

    // then
    Reply reply = site.awaitReply();
    assertThat(reply.outcome()).isEqualTo(JobOutcome.Kind.CANCELLED);
    assertThat(reply.log()).isPresent();
  }
}
