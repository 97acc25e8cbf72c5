package mstc.cloud.worker.application;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import mstc.cloud.worker.application.intake.ExecuteWork.Execution;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.request.Glob;
import mstc.cloud.worker.domain.request.RequestPolicy;
import mstc.cloud.worker.domain.store.BucketName;
import mstc.cloud.worker.testkit.queue.InMemoryBroker;
import mstc.cloud.worker.testkit.store.InMemoryObjectStore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Isolated;

/** Requests in the right form that must not become jobs here. */
@Timeout(120)
@Isolated
class RefusedRequestsTest {
  private static final RequestPolicy STRICT =
      new RequestPolicy(
          Duration.ofMinutes(30),
          Optional.of("1"),
          Optional.of("1Gi"),
          0,
          0,
          List.of(new Glob("team/*")),
          List.of(new Glob("results")),
          List.of());
  private static final String GREEDY =
      """
      {"image": "solver:1", "jobName": "solve", "inputBucket": "results", "timeOut": 43200,
       "resources": {"memory": "9999Gi"}}
      """;

  private Site site = new Site();

  @AfterEach
  void close() {
    site.close();
  }

  private void openWithBuckets(String... buckets) {
    site.close();
    BucketName[] names = new BucketName[buckets.length];
    for (int i = 0; i < buckets.length; i++) {
      names[i] = new BucketName(buckets[i]);
    }
    site = new Site(Site.settings(4), InMemoryObjectStore.withBuckets(names)).start();
    site.awaitDemand();
  }

  private void openWithPolicy(RequestPolicy policy) {
    site.close();
    site = new Site(Site.withPolicy(policy)).start();
    site.awaitDemand();
  }

  @Test
  void aRequestWhoseOutputBucketIsMissingIsRejectedBeforeThereIsAJob() {
    // given
    openWithBuckets("results");

    // when
    site.send(
        Message.ofBody(
                """
                {"image": "a", "jobName": "b", "inputBucket": "results", "outputBucket": "resluts"}\
                """)
            .replyTo(Site.REPLIES));

    // then
    Reply reply = site.awaitReply();
    assertThat(reply.outcome()).isEqualTo(JobOutcome.Kind.REJECTED);
    assertThat(reply.result())
        .startsWith("Invalid request: outputBucket \"resluts\" must be a bucket that is there");
    assertThat(reply.job()).isEmpty();
    assertThat(site.runtime.jobs()).isEmpty();
    site.awaitAllSettled();
  }

  @Test
  void aBucketThatIsThereIsLookedForOnceAMinute() {
    // given
    openWithBuckets("results");
    for (int i = 0; i < 3; i++) {
      site.send(Message.of("solve").replyTo(Site.REPLIES));
    }
    site.awaitJobs(3);
    int looks = site.calls.count(PortCall.HAS_BUCKET);

    // when
    site.clock.advance(Duration.ofMinutes(1));
    site.send(Message.of("solve").replyTo(Site.REPLIES));

    // then
    site.awaitJobs(4);
    assertThat(looks).isBetween(1, 3);
    assertThat(site.calls.count(PortCall.HAS_BUCKET)).isEqualTo(looks + 1);
  }

  @Test
  void aBucketThatWasFoundIsNotLookedForAgainWithinTheMinute() {
    // given
    openWithBuckets("results");
    site.send(Message.of("solve").replyTo(Site.REPLIES));
    site.awaitJobs(1);

    // when
    site.clock.advance(Duration.ofSeconds(59));
    site.send(Message.of("solve").replyTo(Site.REPLIES));

    // then
    site.awaitJobs(2);
    assertThat(site.calls.count(PortCall.HAS_BUCKET)).isEqualTo(1);
  }

  @Test
  void whatTheStoreDoesWrongIsToldOnceBeforeTheFirstJob() throws ClassNotFoundException {
    // given
    openWithBuckets("results");
    site.store.fallShort("The object store ignores conditions");
    try (var warnings =
        new LogLines(
            Class.forName("mstc.cloud.worker.application.intake.OutputBuckets"), Level.WARN)) {

      // when
      site.send(Message.of("solve").replyTo(Site.REPLIES));
      site.awaitJobs(1);
      List<String> beforeTheFirstJob = warnings.lines();
      site.clock.advance(Duration.ofMinutes(1));
      site.send(Message.of("solve").replyTo(Site.REPLIES));
      site.awaitJobs(2);

      // then
      assertThat(beforeTheFirstJob).containsExactly("The object store ignores conditions");
      assertThat(warnings.lines()).isEqualTo(beforeTheFirstJob);
    }
  }

  @Test
  void aBucketThatIsMadeAfterARejectionIsFoundAtOnce() {
    // given
    openWithBuckets();
    site.send(Message.of("solve").replyTo(Site.REPLIES));
    site.awaitReply();

    // when
    site.store.create(new BucketName(Message.BUCKET));
    site.send(Message.of("solve").replyTo(Site.REPLIES));

    // then
    site.succeed(site.awaitJob());
    site.awaitReplies(Site.REPLIES, 2);
  }

  @Test
  void whereTheStoreIsAwayWhenTheBucketIsLookedForTheMessageIsKept() {
    // given
    openWithBuckets("results");
    site.store.stop();

    // when
    site.send(Message.of("solve").replyTo(Site.REPLIES));

    // then
    site.awaitNoDemand();
    assertThat(site.replies(Site.REPLIES)).isEmpty();
    site.store.start();
    site.succeed(site.awaitJob());
    assertThat(site.awaitReply().outcome()).isEqualTo(JobOutcome.Kind.SUCCEEDED);
  }

  @Test
  void everythingThatThePolicyForbidsIsNamedInOneReply() {
    // given
    openWithPolicy(STRICT);

    // when
    site.send(Message.ofBody(GREEDY).replyTo(Site.REPLIES));

    // then
    Reply reply = site.awaitReply();
    assertThat(reply.outcome()).isEqualTo(JobOutcome.Kind.REJECTED);
    assertThat(reply.result())
        .startsWith("Invalid request: image \"solver:1\" must be as this worker allows it: team/*")
        .contains("timeOut \"43200\" must be at most 30", "resources.memory \"9999Gi\" must be");
    assertThat(site.runtime.jobs()).isEmpty();
  }

  @Test
  void aForbiddenRequestThatNobodyCanBeToldOfIsADeadLetter() {
    // given
    openWithPolicy(STRICT);

    // when
    site.send(Message.ofBody(GREEDY));

    // then
    Site.eventually().until(() -> site.broker.dead().size() == 1);
    assertThat(site.broker.dead())
        .extracting(InMemoryBroker.DeadDelivery::reason)
        .singleElement()
        .asString()
        .contains("timeOut");
  }

  @Test
  void aForbiddenRequestOfACallerIsInvalid() throws InterruptedException {
    // given
    openWithPolicy(STRICT);

    // when
    Execution execution =
        site.worker.executeWork().execute(Message.ofBody(GREEDY).parsed(), Optional.of("key"));

    // then
    assertThat(execution).isInstanceOf(Execution.Invalid.class);
    assertThat(((Execution.Invalid) execution).reply().result()).contains("timeOut");
  }

  /** A policy is for what is new. */
  @Test
  void aJobOnRecordIsAnsweredThoughANewOneLikeItWouldBeForbidden() {
    // given
    site.start();
    Message byCorrelation = Message.of("solve").correlationId("mine").replyTo(Site.REPLIES);
    Message byId = Message.of("mesh").messageId("key").replyTo(Site.REPLIES);
    site.send(byCorrelation);
    site.send(byId);
    List<UniqueName> jobs = site.awaitJobs(2);
    site.awaitAllSettled();
    site.crash();

    // when
    site.startAnother(Site.withPolicy(STRICT));
    site.send(byCorrelation.again());
    site.send(byId);

    // then
    site.awaitAllSettled();
    jobs.forEach(site::succeed);
    site.awaitNoUnanswered();
    assertThat(site.replies(Site.REPLIES))
        .hasSize(2)
        .allMatch(reply -> reply.outcome() == JobOutcome.Kind.SUCCEEDED);
  }
}
