package mstc.cloud.worker.application;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.testkit.queue.InMemoryBroker.DeadDelivery;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Answers that are known as soon as the request is read have the patience of all others. */
class KnownAnswersTest {
  private static final String LATE = "late-replies";
  private static final Message KEYED = Message.of("solve").messageId("key").correlationId("mine");
  private static final String UNREADABLE = "<xml/>";

  private Site site = new Site();

  @AfterEach
  void close() {
    site.close();
  }

  private void useRoutingPatience(Duration patience) {
    site.close();
    site = new Site(Site.withRoutingPatience(patience));
  }

  /** Starts a worker that has answered a request with the key, and keeps its record or its log. */
  private void startAfterARun(boolean recordIsGone) {
    site.start();
    site.send(KEYED.replyTo(Site.REPLIES));
    site.succeed(site.awaitJob());
    site.awaitNoUnanswered();
    site.awaitUnsettled(0);
    if (recordIsGone) {
      site.clock.advance(Site.RETENTION.plusSeconds(1));
    }
  }

  /** Each is answered without a job. */
  private static Stream<Message> known() {
    return Stream.of(
        KEYED,
        Message.of("mesh").messageId("key"),
        Message.ofBody("{\"image\": \"UPPER CASE\"}"),
        Message.ofBody(UNREADABLE));
  }

  @ParameterizedTest
  @MethodSource("known")
  void aReplyQueueThatComesLateGetsItsReply(Message message) {
    // given
    startAfterARun(false);
    int repliesBefore = site.calls.count(PortCall.REPLY);
    site.send(message.replyTo(LATE));
    Site.eventually().until(() -> site.calls.count(PortCall.REPLY) > repliesBefore + 3);

    // when
    site.broker.declareReplyQueue(LATE);

    // then
    Reply reply = site.awaitReplies(LATE, 1).getFirst();
    assertThat(reply.outcome())
        .isEqualTo(message.equals(KEYED) ? JobOutcome.Kind.SUCCEEDED : JobOutcome.Kind.REJECTED);
    site.awaitAllSettled();
    Site.eventually()
        .until(() -> site.broker.dead().size() == (message.body().equals(UNREADABLE) ? 1 : 0));
    assertThat(site.records.runs()).hasSize(1);
  }

  @Test
  void aReplyQueueThatComesLateGetsTheReplyThatIsStoredWithTheLog() {
    // given
    startAfterARun(true);
    int repliesBefore = site.calls.count(PortCall.REPLY);
    site.send(KEYED.replyTo(LATE));
    Site.eventually().until(() -> site.calls.count(PortCall.REPLY) > repliesBefore + 3);

    // when
    site.broker.declareReplyQueue(LATE);

    // then
    assertThat(site.awaitReplies(LATE, 1)).containsExactly(site.awaitReply());
  }

  @Test
  void aReplyQueueThatComesLateIsToldThatTheRuntimeRefuses() {
    // given
    site.start();
    site.runtime.refuse("never");
    site.send(KEYED.replyTo(LATE));
    Site.eventually().until(() -> site.calls.count(PortCall.REPLY) > 3);

    // when
    site.broker.declareReplyQueue(LATE);

    // then
    assertThat(site.awaitReplies(LATE, 1).getFirst().result()).contains("rejected: never");
  }

  @Test
  void aMessageIsAcknowledgedOnlyWhenItsReplyIsSent() {
    // given
    startAfterARun(false);
    int repliesBefore = site.calls.count(PortCall.REPLY);
    site.send(KEYED.replyTo(LATE));
    Site.eventually().until(() -> site.calls.count(PortCall.REPLY) > repliesBefore + 3);

    // when
    site.crash();

    // then
    assertThat(site.broker.waiting()).isEqualTo(1);
    site.broker.declareReplyQueue(LATE);
    site.startAnother();
    assertThat(site.awaitReplies(LATE, 1)).containsExactly(site.awaitReply());
    site.awaitAllSettled();
  }

  @ParameterizedTest
  @MethodSource("known")
  void aReplyWhoseQueueStaysAwayIsGivenUp(Message message) {
    // given
    useRoutingPatience(Duration.ofSeconds(1));
    startAfterARun(false);

    // when
    site.send(message.replyTo(LATE));

    // then
    boolean acknowledged = message.messageId().isPresent();
    site.awaitAllSettled();
    assertThat(site.calls.count(PortCall.REPLY)).isGreaterThan(3);
    assertThat(site.broker.dead()).hasSize(acknowledged ? 0 : 1);
    assertThat(site.broker.dead())
        .extracting(DeadDelivery::delivery)
        .allMatch(delivery -> delivery.messageId().isEmpty());
  }

  @ParameterizedTest
  @MethodSource("known")
  void aReplyWhoseQueueStaysFullIsGivenUp(Message message) {
    // given
    useRoutingPatience(Duration.ofSeconds(1));
    startAfterARun(false);
    site.broker.declareReplyQueue(LATE);
    site.broker.fillReplyQueue(LATE, true);

    // when
    site.send(message.replyTo(LATE));

    // then
    boolean acknowledged = message.messageId().isPresent();
    site.awaitAllSettled();
    assertThat(site.calls.count(PortCall.REPLY)).isGreaterThan(3);
    assertThat(site.broker.dead()).hasSize(acknowledged ? 0 : 1);
  }

  @Test
  void manyWhoseReplyQueuesAreFullKeepNobodyOut() {
    // given
    site.start();
    List<Message> waiting =
        IntStream.range(0, 40)
            .mapToObj(i -> Message.ofBody("{}").correlationId("c" + i).replyTo("full-" + i))
            .toList();
    waiting.forEach(each -> site.broker.declareReplyQueue(each.replyQueue().orElseThrow()));
    waiting.forEach(each -> site.broker.fillReplyQueue(each.replyQueue().orElseThrow(), true));
    waiting.forEach(site::send);
    site.awaitWaiting(0);

    // when
    site.send(Message.of("solve").replyTo(Site.REPLIES));

    // then
    UniqueName job = site.awaitJob();
    site.succeed(job);
    assertThat(site.awaitReply().job()).contains(job);
    waiting.forEach(each -> site.broker.fillReplyQueue(each.replyQueue().orElseThrow(), false));
    waiting.forEach(each -> site.awaitReplies(each.replyQueue().orElseThrow(), 1));
  }

  /** What is answered once is not answered again because nobody can look at it. */
  @Test
  void aDeadLetterThatIsNotTakenIsAnsweredOnce() {
    // given
    site.start();
    site.broker.fillDeadQueue(true);
    site.send(Message.ofBody(UNREADABLE).replyTo(Site.REPLIES));
    site.awaitReply();
    site.send(Message.of("solve").correlationId("other").replyTo("others"));
    site.awaitJob();

    // when
    site.broker.fillDeadQueue(false);

    // then
    Site.eventually().until(() -> site.broker.dead().size() == 1);
    site.awaitUnsettled(0);
    assertThat(site.replies(Site.REPLIES)).hasSize(1);
  }

  @Test
  void manyWhoseReplyQueuesDoNotExistKeepNobodyOut() {
    // given
    site.start();
    List<Message> waiting =
        IntStream.range(0, 40)
            .mapToObj(i -> Message.ofBody("{}").correlationId("c" + i).replyTo("gone-" + i))
            .toList();
    waiting.forEach(site::send);
    site.awaitWaiting(0);

    // when
    site.send(Message.of("solve").replyTo(Site.REPLIES));

    // then
    UniqueName job = site.awaitJob();
    site.succeed(job);
    assertThat(site.awaitReply().job()).contains(job);
    assertThat(site.broker.dead()).isEmpty();
    waiting.forEach(each -> site.broker.declareReplyQueue(each.replyQueue().orElseThrow()));
    waiting.forEach(each -> site.awaitReplies(each.replyQueue().orElseThrow(), 1));
  }

  @Test
  void whatIsVoidWhileItWaitsIsLeftToItsNextDelivery() {
    // given
    startAfterARun(false);
    int repliesBefore = site.calls.count(PortCall.REPLY);
    site.send(KEYED.replyTo(LATE));
    Site.eventually().until(() -> site.calls.count(PortCall.REPLY) > repliesBefore + 3);

    // when
    site.broker.cutConnections();
    site.awaitHandled(2);
    site.broker.declareReplyQueue(LATE);

    // then
    site.awaitReplies(LATE, 1);
    site.awaitHandled(3);
    assertThat(site.replies(LATE)).hasSize(1);
  }
}
