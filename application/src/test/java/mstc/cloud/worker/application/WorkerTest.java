package mstc.cloud.worker.application;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.runtime.Answer;
import mstc.cloud.worker.domain.runtime.JobRecord;
import mstc.cloud.worker.testkit.queue.InMemoryBroker.DeadDelivery;
import mstc.cloud.worker.testkit.queue.InMemoryBroker.SentReply;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The whole path of a request, with every service there. */
class WorkerTest {
  private static final int LIMIT = 10;
  private Site site = new Site(LIMIT);

  @AfterEach
  void close() {
    site.close();
  }

  @Test
  void aRequestBecomesAJobItsLogAndItsReply() {
    // given
    site.start();
    site.send(Message.of("solve").correlationId("mine").replyTo(Site.REPLIES));
    UniqueName job = site.awaitJob();
    site.awaitAllSettled();

    // when
    site.runtime.write(job, "first line\n");
    site.runtime.end(job, new JobOutcome.Failed(3), "last line\n");

    // then
    Reply reply = site.awaitReply();
    assertThat(reply.result()).isEqualTo("Job " + job + " failed: exit code 3.");
    assertThat(reply.outcome()).isEqualTo(JobOutcome.Kind.FAILED);
    assertThat(reply.exitCode()).hasValue(3);
    assertThat(reply.log().orElseThrow().bytes()).isEqualTo(21);
    assertThat(site.logs()).containsExactly(reply.log().orElseThrow().location());
    assertThat(site.logs().getFirst().key()).isEqualTo(job + ".log");
    assertThat(site.content(site.logs().getFirst())).isEqualTo("first line\nlast line\n");
    assertThat(site.broker.replies(Site.REPLIES))
        .extracting(sent -> sent.address().correlationId())
        .containsExactly(Optional.of("mine"));
    site.awaitNoUnanswered();
    assertThat(site.record(job).answer().map(Answer::status)).contains(Answer.Status.SENT);
    assertThat(site.record(job).answer().map(Answer::reply)).contains(reply);
  }

  @Test
  void theLogOfAJobThatWroteNothingIsStoredEmpty() {
    // given
    site.start();
    site.send(Message.of("solve").replyTo(Site.REPLIES));

    // when
    site.runtime.end(site.awaitJob(), new JobOutcome.Succeeded(), "");

    // then
    Reply reply = site.awaitReply();
    assertThat(site.content(reply.log().orElseThrow().location())).isEmpty();
    assertThat(site.store.stat(site.logs().getFirst()).orElseThrow().contentType())
        .isEqualTo("text/plain; charset=utf-8");
  }

  @Test
  void aRequestNobodyWaitsForIsRunAndNotedAsAnsweredToNobody() {
    // given
    site.start();
    site.send(Message.of("solve"));
    UniqueName job = site.awaitJob();

    // when
    site.succeed(job);

    // then
    site.awaitNoUnanswered();
    assertThat(site.record(job).answer().map(Answer::status)).contains(Answer.Status.NONE);
    assertThat(site.logs()).hasSize(1);
  }

  @Test
  void whatTheRuntimeWillNeverTakeIsAnsweredWithItsWords() {
    // given
    site.start();
    site.runtime.refuse("no such queue of pods");

    // when
    site.send(Message.of("solve").replyTo(Site.REPLIES));

    // then
    Reply reply = site.awaitReply();
    assertThat(reply.outcome()).isEqualTo(JobOutcome.Kind.REJECTED);
    assertThat(reply.result()).endsWith("rejected: no such queue of pods.");
    assertThat(site.broker.dead()).isEmpty();
    site.awaitAllSettled();
  }

  @Test
  void whatTheClientShouldKnowIsInTheReply() {
    // given
    site.start();
    site.send(
        Message.ofBody(
                """
                {"image": "a", "jobName": "b", "inputBucket": "results", "colour": "red"}\
                """)
            .replyTo(Site.REPLIES));

    // when
    site.succeed(site.awaitJob());

    // then
    assertThat(site.awaitReply().warnings()).singleElement().asString().contains("colour");
  }

  /** The limit of a worker, and that deliveries beyond it stay with the broker, never to return. */
  @Test
  void ofFiftyRequestsAtOnceTenRunAtATimeAndAllAreAnswered() {
    // given
    AtomicInteger most = new AtomicInteger();
    site.calls.beforeEvery(
        PortCall.SUBMIT,
        () -> most.accumulateAndGet(site.runtime.counts().inFlight() + 1, Math::max));
    IntStream.range(0, 50)
        .forEach(
            i -> site.send(Message.of("job-" + i).correlationId("c" + i).replyTo(Site.REPLIES)));

    // when
    site.start();
    Set<UniqueName> ended = new HashSet<>();
    Site.eventually()
        .until(() -> {
          List<UniqueName> running =
              site.unanswered().stream().filter(name -> !ended.contains(name)).toList();
          most.accumulateAndGet(site.runtime.counts().inFlight(), Math::max);
          running.forEach(site::succeed);
          ended.addAll(running);
          return site.replies(Site.REPLIES).size() == 50;
        });

    // then
    site.awaitNoUnanswered();
    assertThat(most.get()).isBetween(2, LIMIT);
    assertThat(ended).hasSize(50);
    assertThat(site.calls.count(PortCall.SUBMIT)).isEqualTo(50);
    assertThat(site.broker.replies(Site.REPLIES))
        .extracting(sent -> sent.address().correlationId().orElseThrow())
        .doesNotHaveDuplicates();
    Site.eventually().until(() -> site.queue.demand() == LIMIT);
  }

  @Test
  void withoutRoomRequestsStayInTheQueueAndComeOnceThereIsRoom() {
    // given
    site.start();
    IntStream.range(0, LIMIT + 1).forEach(i -> site.send(Message.of("job-" + i)));
    List<UniqueName> running = site.awaitJobs(LIMIT);
    site.awaitNoDemand();
    assertThat(site.broker.waiting()).isEqualTo(1);

    // when
    site.succeed(running.getFirst());

    // then
    site.awaitAllSettled();
    Site.eventually()
        .until(() -> site.unanswered().stream().anyMatch(name -> !running.contains(name)));
    assertThat(site.unanswered()).hasSize(LIMIT);
  }

  @Test
  void anInvalidRequestIsAnsweredWithEveryViolationAndNoJob() {
    // given
    site.start();

    // when
    site.send(Message.ofBody("{\"image\": \"UPPER CASE\"}").replyTo(Site.REPLIES));

    // then
    Reply reply = site.awaitReply();
    assertThat(reply.result()).startsWith("Invalid request: ");
    assertThat(reply.result()).contains("image", "jobName is missing", "inputBucket is missing");
    assertThat(reply.outcome()).isEqualTo(JobOutcome.Kind.REJECTED);
    assertThat(reply.job()).isEmpty();
    site.awaitAllSettled();
    assertThat(site.broker.dead()).isEmpty();
    assertThat(site.runtime.jobs()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "nobody-listens"})
  void anInvalidRequestThatNobodyCanBeToldOfIsDeadLettered(String replyQueue) {
    // given
    site.close();
    site = new Site(Site.withRoutingPatience(Duration.ofMillis(50))).start();
    Message message = Message.ofBody("{}");

    // when
    site.send(replyQueue.isEmpty() ? message : message.replyTo(replyQueue));

    // then
    Site.eventually().until(() -> site.broker.dead().size() == 1);
    assertThat(site.broker.dead().getFirst().reason()).contains("image is missing");
    site.awaitAllSettled();
  }

  @Test
  void whatIsNoRequestIsAnsweredAndDeadLetteredWithTheReason() {
    // given
    site.start();

    // when
    site.send(Message.ofBody("<xml/>").correlationId("mine").replyTo(Site.REPLIES));

    // then
    Site.eventually().until(() -> site.broker.dead().size() == 1);
    assertThat(site.broker.dead())
        .extracting(DeadDelivery::reason)
        .allMatch(reason -> reason.contains("not JSON"));
    assertThat(site.awaitReply().result()).startsWith("Invalid request: the request is not JSON");
    assertThat(site.broker.replies(Site.REPLIES))
        .extracting(SentReply::address)
        .allMatch(address -> address.correlationId().equals(Optional.of("mine")));
  }

  @Test
  void whatIsNoRequestAndHasNoReplyAddressIsDeadLettered() {
    // given
    site.start();

    // when
    site.send(Message.ofBody("no"));

    // then
    Site.eventually().until(() -> site.broker.dead().size() == 1);
    site.awaitAllSettled();
  }

  @Test
  void anInvalidRequestIsKeptWhileItsReplyIsNotConfirmed() {
    // given
    site.start();
    site.queue.failReplies(true);
    site.send(Message.ofBody("{}").replyTo(Site.REPLIES));
    Site.eventually().until(() -> site.calls.count(PortCall.REPLY) > 2);

    // when
    site.queue.failReplies(false);

    // then
    assertThat(site.awaitReply().result()).startsWith("Invalid request: ");
    assertThat(site.broker.dead()).isEmpty();
    site.awaitAllSettled();
  }

  @Test
  void jobsOfAnEarlierRunAreAnsweredAndCountAgainstTheLimit() {
    // given
    site.start();
    IntStream.range(0, LIMIT).forEach(i -> site.send(Message.of("j" + i).replyTo(Site.REPLIES)));
    List<UniqueName> running = site.awaitJobs(LIMIT);
    site.awaitAllSettled();
    site.awaitNoDemand();
    site.crash();
    site.send(Message.of("next"));

    // when
    site.startAnother();
    running.forEach(site::succeed);

    // then
    site.awaitReplies(Site.REPLIES, LIMIT);
    assertThat(site.awaitJob().value()).startsWith("next-");
    assertThat(site.runtime.jobs()).extracting(JobRecord::job).hasSize(LIMIT + 1);
  }
}
