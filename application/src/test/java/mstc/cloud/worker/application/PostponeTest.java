package mstc.cloud.worker.application;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import mstc.cloud.worker.application.intake.HandleDelivery;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.runtime.JobRuntimeException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** Jobs whose creation keeps failing, though whatever is checked is there. */
@Isolated
class PostponeTest {
  private static final Message STUCK =
      Message.of("stuck").correlationId("mine").replyTo(Site.REPLIES);

  private Site site = new Site(Site.withIntakePatience(Duration.ofMillis(50)));

  @AfterEach
  void close() {
    site.close();
  }

  /** As with a quota of no Jobs, or a webhook that is broken. */
  private void refuseJobsCalled(String prefix) {
    site.calls.keepFromRecord(job -> job.work().jobName().value().startsWith(prefix));
  }

  @Test
  void aBrokerThatLimitsDeliveriesLosesNoneThatCannotBeCreatedForLong() {
    // given a broker that bears no message's coming back
    site.broker.limitReturns(0);
    refuseJobsCalled("stuck");
    site.start();

    // when
    site.send(STUCK);
    site.awaitHandled(3);

    // then
    site.calls.keepFromRecord(job -> false);
    UniqueName job = site.awaitJob();
    site.succeed(job);
    assertThat(site.awaitReply().job()).contains(job);
    site.awaitAllSettled();
  }

  /** As a mesh's control plane that stands still for an hour. */
  @Test
  void manyThatCannotBeCreatedKeepNobodyOut() {
    // given
    site.close();
    site = new Site(4);
    refuseJobsCalled("stuck");
    site.start();
    IntStream.range(0, 40).forEach(i -> site.send(Message.of("stuck-" + i).correlationId("c" + i)));
    site.awaitWaiting(0);

    // when
    List<Message> good =
        IntStream.range(0, 4).mapToObj(i -> Message.of("good").replyTo(Site.REPLIES)).toList();
    good.forEach(site::send);

    // then
    site.awaitJobs(4).forEach(site::succeed);
    site.awaitReplies(Site.REPLIES, 4);
    assertThat(site.records.runs()).hasSize(4);

    // when they can be
    site.calls.keepFromRecord(job -> false);

    // then never more at once than there is room for
    Site.eventually()
        .until(() -> {
          assertThat(site.runtime.counts().inFlight()).isLessThanOrEqualTo(4);
          site.unanswered().forEach(site::succeed);
          return site.records.runs().size() == 44;
        });
    site.unanswered().forEach(site::succeed);
    site.awaitNoUnanswered();
    assertThat(site.records.runs()).hasSize(44);
  }

  /** Its first delivery may have become a job, whose creator died before it could say so. */
  @Test
  void whatComesAgainFindsTheJobOfItsFirstDelivery() {
    // given
    site.calls.after(
        PortCall.SUBMIT,
        () -> {
          site.runtime.breakDown();
          throw JobRuntimeException.retryable("the answer was lost", null);
        });
    site.start();
    site.send(STUCK);
    site.awaitHandled(1);

    // when
    site.runtime.recover();
    Site.eventually().until(() -> site.calls.handled() > 1);
    site.awaitAllSettled();

    // then
    site.succeed(site.awaitJob());
    site.awaitReply();
    site.awaitNoUnanswered();
    assertThat(site.records.runs()).hasSize(1);
    assertThat(site.replies(Site.REPLIES)).hasSize(1);
  }

  @Test
  void whatIsPostponedIsWarnedOfEachTimeWithTheReason() {
    // given
    refuseJobsCalled("stuck");
    try (LogLines warnings = new LogLines(HandleDelivery.class, Level.WARN)) {

      // when
      site.start();
      site.send(STUCK);
      site.awaitHandled(2);

      // then
      assertThat(warnings.lines())
          .hasSize(2)
          .allMatch("Request goes to the end of the queue: exceeded quota: no jobs"::equals);
    }
  }
}
