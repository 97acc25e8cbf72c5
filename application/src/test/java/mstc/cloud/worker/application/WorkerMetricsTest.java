package mstc.cloud.worker.application;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import mstc.cloud.worker.application.metrics.WorkerMetrics.Source;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.queue.Delivery;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a worker tells its operators of what it does. */
@Timeout(120)
class WorkerMetricsTest {
  private static final Message REQUEST = Message.of("solve").replyTo(Site.REPLIES);

  private Site site = new Site();

  @AfterEach
  void close() {
    site.close();
  }

  private void open(WorkerSettings settings) {
    site.close();
    site = new Site(settings);
  }

  private void awaitEvents(String... events) {
    Site.eventually().until(() -> site.metrics.events().containsAll(List.of(events)));
  }

  @Test
  void aJobIsToldOnceFromItsRequestToItsAnswer() {
    // given
    site.start();

    // when
    site.send(REQUEST);
    site.succeed(site.awaitJob());
    site.awaitNoUnanswered();

    // then
    awaitEvents("answered");
    assertThat(site.metrics.events())
        .containsExactlyInAnyOrder(
            "request from " + Source.QUEUE,
            "created",
            "stored " + "what it wrote\n".length(),
            "reply CONFIRMED",
            "answered");
    assertThat(site.metrics.beforeStart()).hasSize(1);
    assertThat(site.metrics.afterEnd()).hasSize(1);
  }

  @Test
  void theTimeFromAJobsEndToItsAnswerIncludesAnOutageOfTheStore() {
    // given
    site.start();
    site.send(REQUEST);
    UniqueName job = site.awaitJob();
    site.store.stop();
    site.succeed(job);
    awaitEvents("store retry");

    // when
    site.clock.advance(Duration.ofMinutes(7));
    site.store.start();
    site.awaitNoUnanswered();

    // then
    Site.eventually().until(() -> !site.metrics.afterEnd().isEmpty());
    assertThat(site.metrics.afterEnd()).singleElement().isEqualTo(Duration.ofMinutes(7));
  }

  @Test
  void theTimeFromAJobsCreationToItsStartIncludesThatForWhichItWasHeld() {
    // given
    open(Site.withHoldPatience(Duration.ofMillis(1)));
    site.runtime.hold(REQUEST.job(), REQUEST.delivery().replyAddress());
    site.clock.advance(Duration.ofMinutes(3));
    site.start();

    // when
    site.succeed(site.awaitJob());

    // then
    Site.eventually().until(() -> !site.metrics.afterEnd().isEmpty());
    assertThat(site.metrics.beforeStart()).containsExactly(Duration.ofMinutes(3));
  }

  @Test
  void aJobThatNeverStartedTellsNoTimeToItsStart() {
    // given
    site.start();
    site.send(REQUEST);

    // when
    site.runtime.end(site.awaitJob(), new JobOutcome.ImageUnavailable("no such image"), "");

    // then
    Site.eventually().until(() -> !site.metrics.afterEnd().isEmpty());
    assertThat(site.metrics.beforeStart()).isEmpty();
  }

  @Test
  void theTimeInTheQueueIsThatOfTheFirstDelivery() {
    // given
    site.start();
    Delivery plain = REQUEST.delivery();
    Delivery first =
        new Delivery(
            plain.request(),
            plain.messageId(),
            plain.correlationId(),
            plain.replyQueue(),
            false,
            Optional.of(site.clock.instant().minusSeconds(90)));
    Delivery again =
        new Delivery(
            plain.request(),
            plain.messageId(),
            plain.correlationId(),
            plain.replyQueue(),
            true,
            first.sentAt());

    // when
    site.broker.offer(first);
    site.broker.offer(again);
    site.awaitHandled(2);

    // then
    assertThat(site.metrics.inQueue()).containsExactly(Duration.ofSeconds(90));
    assertThat(site.metrics.count("redelivered")).isEqualTo(1);
    assertThat(site.metrics.count("request from QUEUE")).isEqualTo(2);
  }

  @ParameterizedTest
  @ValueSource(longs = {Long.MIN_VALUE, 0, Long.MAX_VALUE})
  void aTimeThatCannotBeTrueIsNotBelieved(long sentAtMillis) {
    // given
    site.start();
    Delivery plain = REQUEST.delivery();

    // when
    site.broker.offer(
        new Delivery(
            plain.request(),
            plain.messageId(),
            plain.correlationId(),
            plain.replyQueue(),
            false,
            Optional.of(Instant.ofEpochMilli(sentAtMillis))));
    site.awaitHandled(1);

    // then
    assertThat(site.metrics.inQueue()).isEmpty();
    assertThat(site.metrics.count("created")).isEqualTo(1);
  }

  @Test
  void aRequestThatIsNoneIsRejectedAndOneThatNobodyCanBeToldIsDeadLettered() {
    // given
    site.start();

    // when
    site.send(Message.ofBody("{}").replyTo(Site.REPLIES));
    site.send(Message.ofBody("{}"));
    site.awaitHandled(2);

    // then
    assertThat(site.metrics.count("rejected")).isEqualTo(2);
    assertThat(site.metrics.count("dead-lettered")).isEqualTo(1);
    assertThat(site.metrics.count("created")).isZero();
  }

  @Test
  void aRequestThatTheRuntimeRefusesIsRejectedAlsoWhenItCameByHttp() throws InterruptedException {
    // given
    site.start();
    site.awaitDemand();
    site.runtime.refuse("the quota says no");

    // when
    site.send(REQUEST);
    site.awaitHandled(1);
    var _ = site.worker.executeWork().execute(REQUEST.parsed(), Optional.empty());
    var _ = site.worker.executeWork().execute(Message.ofBody("[]").parsed(), Optional.of("a-key"));

    // then
    assertThat(site.metrics.count("rejected")).isEqualTo(3);
    assertThat(site.metrics.count("request from HTTP")).isEqualTo(2);
  }

  @Test
  void aRequestThatCannotBeCreatedForLongIsPostponed() {
    // given
    open(Site.withIntakePatience(Duration.ofMillis(50)));
    site.calls.keepFromRecord(job -> true);
    site.start();

    // when
    site.send(REQUEST);

    // then
    awaitEvents("postponed");
    site.calls.keepFromRecord(job -> false);
    site.succeed(site.awaitJob());
    site.awaitReply();
  }

  @Test
  void aReplyThatItsQueueDoesNotTakeIsToldAtEachAttemptAndWhenItIsGivenUp() {
    // given
    open(Site.withRoutingPatience(Duration.ofMillis(50)));
    site.start();
    site.broker.declareReplyQueue("full");
    site.broker.fillReplyQueue("full", true);
    site.send(Message.of("full").replyTo("full"));
    site.send(Message.of("gone").replyTo("no-such-queue"));

    // when
    site.awaitJobs(2).forEach(site::succeed);
    site.awaitNoUnanswered();

    // then
    awaitEvents("given up REFUSED", "given up UNROUTABLE");
    assertThat(site.metrics.count("reply REFUSED")).isGreaterThan(1);
    assertThat(site.metrics.count("reply UNROUTABLE")).isGreaterThan(1);
    assertThat(site.metrics.count("given up REFUSED")).isEqualTo(1);
    assertThat(site.metrics.count("given up UNROUTABLE")).isEqualTo(1);
  }

  @Test
  void aReplyThatTheBrokerDoesNotConfirmIsTold() {
    // given
    site.start();
    site.send(REQUEST);
    UniqueName job = site.awaitJob();
    site.broker.stop();

    // when
    site.runtime.end(job, new JobOutcome.Failed(3), "log");

    // then
    awaitEvents("reply unconfirmed");
    site.broker.start();
    site.awaitReply();
    awaitEvents("answered");
  }

  @Test
  void aPauseSaysHowLongItLasts() {
    // given
    site.start();
    site.awaitDemand();
    site.send(REQUEST);
    UniqueName job = site.awaitJob();
    site.store.stop();

    // when
    site.succeed(job);

    // then
    Site.eventually()
        .until(
            () -> site.worker.status().pauses().values().stream().anyMatch(Duration::isPositive));
    site.store.start();
    Site.eventually().until(() -> site.worker.status().pauses().isEmpty());
  }
}
