package mstc.cloud.worker.application;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.job.JobIdentity;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.runtime.JobRecord;
import mstc.cloud.worker.domain.runtime.JobRuntimeException;
import mstc.cloud.worker.domain.store.ObjectAttributes;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Which job a message is. */
class IdentityTest {
  private static final String OTHERS = "other-replies";
  private static final Message KEYED =
      Message.of("solve").messageId("key-1").correlationId("first").replyTo(Site.REPLIES);
  private static final Message CORRELATED =
      Message.of("solve").correlationId("mine").replyTo(Site.REPLIES);

  private final Site site = new Site();

  @BeforeEach
  void start() {
    site.broker.declareReplyQueue(OTHERS);
    site.start();
  }

  @AfterEach
  void close() {
    site.close();
  }

  private UniqueName run(Message message) {
    site.send(message);
    UniqueName job = site.awaitJob();
    site.awaitAllSettled();
    site.succeed(job);
    site.awaitNoUnanswered();
    return job;
  }

  private void awaitAdoption(int replyAddresses) {
    Site.eventually()
        .until(() -> site.runtime.jobs().getFirst().replyAddresses().size() == replyAddresses);
  }

  private List<UniqueName> jobs() {
    return site.runtime.jobs().stream().map(record -> record.job().name()).toList();
  }

  // With a message_id.

  @Test
  void aMessageIdSentTwiceWhileItsJobRunsIsOneJobAndBothAreAnswered() {
    // given
    site.send(KEYED);
    UniqueName job = site.awaitJob();

    // when
    site.send(KEYED.correlationId("second").replyTo(OTHERS));
    awaitAdoption(2);
    site.succeed(job);

    // then
    Reply reply = site.awaitReply();
    assertThat(site.awaitReplies(OTHERS, 1)).containsExactly(reply);
    assertThat(site.broker.replies(OTHERS).getFirst().address().correlationId()).contains("second");
    assertThat(jobs()).containsExactly(job);
  }

  @Test
  void aMessageIdSentTwiceWithTheSameReplyAddressIsAnsweredOnce() {
    // given
    site.send(KEYED);
    UniqueName job = site.awaitJob();

    // when
    site.send(KEYED);
    Site.eventually().until(() -> site.calls.count(PortCall.ADD_REPLY_ADDRESS) == 1);
    site.awaitAllSettled();
    site.succeed(job);

    // then
    site.awaitNoUnanswered();
    assertThat(site.replies(Site.REPLIES)).hasSize(1);
    assertThat(jobs()).containsExactly(job);
  }

  @Test
  void aMessageIdSentAgainAfterTheAnswerIsAnsweredFromTheRecord() {
    // given
    UniqueName job = run(KEYED);

    // when
    site.send(KEYED.replyTo(OTHERS));

    // then
    assertThat(site.awaitReplies(OTHERS, 1)).containsExactly(site.awaitReply());
    site.awaitAllSettled();
    assertThat(jobs()).containsExactly(job);
    assertThat(site.logs()).hasSize(1);
  }

  @Test
  void aMessageIdSentAgainAfterTheRecordIsGoneIsAnsweredFromTheLogObject() {
    // given
    run(KEYED);
    site.clock.advance(Duration.ofDays(400));
    assertThat(jobs()).isEmpty();

    // when
    site.send(KEYED.replyTo(OTHERS));

    // then
    assertThat(site.awaitReplies(OTHERS, 1)).containsExactly(site.awaitReply());
    assertThat(jobs()).isEmpty();
    assertThat(site.logs()).hasSize(1);
  }

  @Test
  void aMessageIdOfAnotherRunningRequestIsRejectedByName() {
    // given
    site.send(KEYED);
    site.awaitJob();

    // when
    site.send(
        Message.ofBody(
                """
                {"image": "solver:2", "jobName": "solve", "inputBucket": "results"}\
                """)
            .messageId("key-1")
            .replyTo(OTHERS));

    // then
    Reply reply = site.awaitReplies(OTHERS, 1).getFirst();
    assertThat(reply.result()).startsWith("Invalid request: message_id \"key-1\" ");
    assertThat(reply.job()).isEmpty();
    assertThat(jobs()).hasSize(1);
    assertThat(site.record(jobs().getFirst()).replyAddresses()).hasSize(1);
  }

  @Test
  void aMessageIdOfAnotherAnsweredRequestIsRejectedByNameAfterTheRecordIsGone() {
    // given
    run(KEYED);
    site.clock.advance(Site.RETENTION.plusSeconds(1));

    // when
    site.send(
        Message.ofBody(
                """
                {"image": "solver:2", "jobName": "solve", "inputBucket": "results"}\
                """)
            .messageId("key-1")
            .replyTo(OTHERS));

    // then
    assertThat(site.awaitReplies(OTHERS, 1).getFirst().result())
        .startsWith("Invalid request: message_id \"key-1\" ");
    assertThat(jobs()).isEmpty();
  }

  @Test
  void aMessageIdOfAJobOfAnotherNameIsRejectedByName() {
    // given
    site.send(KEYED);
    site.awaitJob();

    // when
    site.send(Message.of("mesh").messageId("key-1").replyTo(OTHERS));

    // then
    assertThat(site.awaitReplies(OTHERS, 1).getFirst().result())
        .startsWith("Invalid request: message_id \"key-1\" ");
    assertThat(jobs()).hasSize(1);
  }

  @Test
  void aRejectedKeyWithoutAReplyAddressIsAcknowledged() {
    // given
    site.send(KEYED);
    site.awaitJob();

    // when
    site.send(Message.of("mesh").messageId("key-1"));

    // then
    Site.eventually().until(() -> site.calls.count(PortCall.FIND) >= 2);
    site.awaitAllSettled();
    assertThat(jobs()).hasSize(1);
    assertThat(site.broker.dead()).isEmpty();
  }

  @Test
  void aMessageIdSpelledInAnotherWayIsTheSameRequest() {
    // given
    site.send(KEYED);
    UniqueName job = site.awaitJob();

    // when
    site.send(
        Message.ofBody(
                """
                {"JOBNAME": "solve", "inputbucket": "results", "outputBucket": "results",
                 "timeOut": 15, "image": "solver:1",}\
                """)
            .messageId("key-1")
            .replyTo(OTHERS));
    awaitAdoption(2);
    site.succeed(job);

    // then
    assertThat(site.awaitReplies(OTHERS, 1)).containsExactly(site.awaitReply());
  }

  @Test
  void aMessageIdThatTwoWorkersCreateAtOnceIsOneJob() {
    // given another worker that creates the job between this one's look and its create
    UUID uuid = new JobIdentity.IdempotencyKey("key-1").uuid();
    UniqueName name = UniqueName.of(KEYED.request().jobName(), uuid);
    site.calls.before(
        PortCall.HOLD,
        () ->
            site.runtime.submit(
                new Job(name, KEYED.request(), List.of()),
                KEYED.replyTo(OTHERS).delivery().replyAddress()));

    // when
    site.send(KEYED);
    awaitJobWithAddresses(2);
    site.succeed(name);

    // then
    assertThat(site.awaitReplies(OTHERS, 1)).containsExactly(site.awaitReply());
    assertThat(jobs()).containsExactly(name);
  }

  private void awaitJobWithAddresses(int count) {
    Site.eventually()
        .until(() ->
            site.runtime.jobs().stream()
                .map(JobRecord::replyAddresses)
                .anyMatch(addresses -> addresses.size() == count));
  }

  @Test
  void aMessageIdWhoseRecordGoesBetweenLookingAndAdoptingIsAnsweredFromTheLogObject() {
    // given
    run(KEYED);
    site.calls.before(
        PortCall.ADD_REPLY_ADDRESS, () -> site.clock.advance(Site.RETENTION.plusSeconds(1)));

    // when
    site.send(KEYED.replyTo(OTHERS));

    // then
    assertThat(site.awaitReplies(OTHERS, 1)).containsExactly(site.awaitReply());
    assertThat(site.logs()).hasSize(1);
  }

  @Test
  void aJobAnsweredBetweenLookingAndAdoptingIsAnsweredByIntake() {
    // given
    site.send(KEYED);
    UniqueName job = site.awaitJob();
    site.awaitAllSettled();
    site.calls.before(
        PortCall.ADD_REPLY_ADDRESS,
        () -> {
          site.succeed(job);
          site.awaitNoUnanswered();
        });

    // when
    site.send(KEYED.replyTo(OTHERS));

    // then
    assertThat(site.awaitReplies(OTHERS, 1)).containsExactly(site.awaitReply());
  }

  // With a correlation id.

  @Test
  void aFirstDeliveryWhoseNameIsTakenByARunningJobRunsAnew() {
    // given
    site.send(CORRELATED);
    site.awaitJob();

    // when
    site.send(CORRELATED);

    // then
    site.awaitJobs(2).forEach(site::succeed);
    assertThat(site.awaitReplies(Site.REPLIES, 2)).extracting(Reply::job).doesNotHaveDuplicates();
  }

  @Test
  void aFirstDeliveryWhoseNameIsTakenByAnAnsweredJobRunsAnew() {
    // given
    UniqueName first = run(CORRELATED);

    // when
    UniqueName second = run(CORRELATED);

    // then
    assertThat(second).isNotEqualTo(first);
    assertThat(site.awaitReplies(Site.REPLIES, 2))
        .extracting(reply -> reply.job().orElseThrow())
        .containsExactly(first, second);
    assertThat(site.logs()).hasSize(2);
  }

  @Test
  void aFirstDeliveryWhoseNameIsTakenByALogObjectRunsAnew() {
    // given
    UniqueName first = run(CORRELATED);
    site.clock.advance(Site.RETENTION.plusSeconds(1));
    assertThat(jobs()).isEmpty();

    // when
    UniqueName second = run(CORRELATED);

    // then
    assertThat(second).isNotEqualTo(first);
    assertThat(site.logs()).hasSize(2);
  }

  @Test
  void aRedeliveredMessageAdoptsItsUnansweredJob() {
    // given
    site.send(CORRELATED);
    UniqueName job = site.awaitJob();

    // when
    site.send(CORRELATED.again());
    Site.eventually().until(() -> site.calls.count(PortCall.ADD_REPLY_ADDRESS) == 1);
    site.awaitAllSettled();
    site.succeed(job);

    // then
    site.awaitNoUnanswered();
    assertThat(jobs()).containsExactly(job);
    assertThat(site.replies(Site.REPLIES)).hasSize(1);
  }

  @Test
  void aRedeliveredMessageIsAnsweredAgainFromItsRecord() {
    // given
    run(CORRELATED);

    // when
    site.send(CORRELATED.again());

    // then
    List<Reply> replies = site.awaitReplies(Site.REPLIES, 2);
    assertThat(replies.get(1)).isEqualTo(replies.get(0));
    assertThat(jobs()).hasSize(1);
  }

  @Test
  void aRedeliveredMessageIsAnsweredAgainFromItsLogObjectWithinTheHour() {
    // given
    run(CORRELATED);
    site.clock.advance(Duration.ofMinutes(59));
    assertThat(jobs()).isEmpty();

    // when
    site.send(CORRELATED.again());

    // then
    List<Reply> replies = site.awaitReplies(Site.REPLIES, 2);
    assertThat(replies.get(1)).isEqualTo(replies.get(0));
    assertThat(jobs()).isEmpty();
  }

  @Test
  void aRedeliveredMessageRunsAnewAfterTheHour() {
    // given
    UniqueName first = run(CORRELATED);
    site.clock.advance(Duration.ofMinutes(61));

    // when
    UniqueName second = run(CORRELATED.again());

    // then
    assertThat(second).isNotEqualTo(first);
    assertThat(site.logs()).hasSize(2);
  }

  @Test
  void aRedeliveredMessageThatNeverBecameAJobRunsUnderItsOwnName() {
    // given
    Message redelivered = CORRELATED.again();

    // when
    UniqueName job = run(redelivered);

    // then
    assertThat(job.uuid())
        .isEqualTo(
            new JobIdentity.Correlation(
                    "mine", redelivered.replyQueue(), redelivered.request().digest())
                .uuid());
  }

  @Test
  void theSameCorrelationIdWithAnotherRequestIsAnotherJob() {
    // given
    site.send(CORRELATED);
    site.awaitJob();

    // when
    site.send(Message.of("mesh").correlationId("mine").replyTo(Site.REPLIES).again());

    // then
    assertThat(site.awaitJobs(2)).anyMatch(job -> job.value().startsWith("mesh-"));
  }

  @Test
  void aMessageIdTakesPrecedenceOverTheCorrelation() {
    // given
    site.send(KEYED);
    site.awaitJob();

    // when
    site.send(KEYED.messageId("key-2"));

    // then
    assertThat(site.awaitJobs(2)).hasSize(2);
  }

  @Test
  void messagesWithoutIdentityAreAlwaysNewJobs() {
    // given
    Message anonymous = Message.of("solve").replyTo(Site.REPLIES);

    // when
    site.send(anonymous);
    site.send(anonymous);
    site.send(anonymous.again());

    // then
    assertThat(site.awaitJobs(3)).doesNotHaveDuplicates();
  }

  @Test
  void anObjectOfSomebodyElseAtTheLogsPlaceIsNoEarlierAnswer(@TempDir Path folder)
      throws IOException {
    // given
    UniqueName name =
        UniqueName.of(KEYED.request().jobName(), new JobIdentity.IdempotencyKey("key-1").uuid());
    site.store.put(
        new Job(name, KEYED.request(), List.of()).logLocation(),
        Files.writeString(folder.resolve("foreign"), "mine"),
        ObjectAttributes.ofType("text/plain"));

    // when
    UniqueName job = run(KEYED);

    // then
    assertThat(job).isEqualTo(name);
    assertThat(site.awaitReply().log()).isEmpty();
    assertThat(site.content(site.logs().getFirst())).isEqualTo("mine");
  }

  // When the runtime took a job and the worker was not told.

  private static Stream<Message> messages() {
    return Stream.of(
        KEYED, CORRELATED, CORRELATED.again(), Message.of("solve").replyTo(Site.REPLIES));
  }

  @ParameterizedTest
  @MethodSource("messages")
  void aSubmissionWhoseAnswerWasLostIsOneJobWithOneReply(Message message) {
    // given
    site.runtime.loseNextSubmission();

    // when
    run(message);

    // then
    assertThat(jobs()).hasSize(1);
    assertThat(site.records.runs()).hasSize(1);
    assertThat(site.replies(Site.REPLIES)).hasSize(1);
    assertThat(site.calls.count(PortCall.SUBMIT) + site.calls.count(PortCall.HOLD)).isEqualTo(1);
  }

  private static Stream<Message> messagesWithoutKey() {
    return messages().filter(message -> message.messageId().isEmpty());
  }

  @ParameterizedTest
  @MethodSource("messagesWithoutKey")
  void aLostSubmissionIsOneJobThoughItIsAnsweredBeforeTheWorkerKnows(Message message) {
    // given
    site.runtime.loseNextSubmission();
    site.calls.before(
        PortCall.FIND_SUBMISSION,
        () -> {
          site.succeed(site.awaitJob());
          site.awaitNoUnanswered();
        });

    // when
    site.send(message);

    // then
    Site.eventually().until(() -> site.calls.count(PortCall.FIND_SUBMISSION) == 1);
    site.awaitNoUnanswered();
    site.awaitAllSettled();
    assertThat(jobs()).hasSize(1);
    assertThat(site.replies(Site.REPLIES)).hasSize(1);
  }

  /** Its own answer may have been sent, or lost with another client: it is sent once more. */
  @ParameterizedTest
  @MethodSource("messagesWithoutKey")
  void aLostSubmissionIsOneJobThoughItIsGoneBeforeTheWorkerLooksAgain(Message message) {
    // given
    site.runtime.loseNextSubmission();
    site.calls.before(
        PortCall.FIND_SUBMISSION,
        () -> {
          site.succeed(site.awaitJob());
          site.awaitNoUnanswered();
          site.clock.advance(Site.RETENTION.plusSeconds(1));
        });

    // when
    site.send(message);

    // then
    List<Reply> replies = site.awaitReplies(Site.REPLIES, 2);
    assertThat(replies.get(1)).isEqualTo(replies.get(0));
    site.awaitAllSettled();
    assertThat(site.records.runs()).hasSize(1);
    assertThat(site.logs()).hasSize(1);
  }

  @ParameterizedTest
  @MethodSource("messagesWithoutKey")
  void aSubmissionThatFailedIsRepeatedAfterAnotherLook(Message message) {
    // given
    site.calls.before(
        PortCall.SUBMIT,
        () -> {
          throw JobRuntimeException.retryable("not now", null);
        });

    // when
    run(message);

    // then
    assertThat(site.calls.count(PortCall.SUBMIT)).isEqualTo(2);
    assertThat(site.calls.count(PortCall.FIND_SUBMISSION)).isEqualTo(1);
    assertThat(site.records.runs()).hasSize(1);
  }

  @Test
  void aFirstDeliveryWhoseNameIsTakenWhileItsSubmissionFailedRunsAnew() {
    // given
    UniqueName taken = nameOf(CORRELATED);
    site.calls.before(
        PortCall.SUBMIT,
        () -> {
          site.runtime.submit(new Job(taken, CORRELATED.request(), List.of()), Optional.empty());
          throw JobRuntimeException.retryable("not now", null);
        });

    // when
    site.send(CORRELATED);

    // then
    assertThat(site.awaitJobs(2)).contains(taken);
    site.awaitAllSettled();
    site.unanswered().forEach(site::succeed);
    assertThat(site.awaitReply().job()).isPresent().get().isNotEqualTo(taken);
  }

  @Test
  void aRedeliveredMessageWhoseNameIsTakenWhileItsSubmissionFailedAdoptsThatJob() {
    // given
    UniqueName taken = nameOf(CORRELATED);
    site.calls.before(
        PortCall.SUBMIT,
        () -> {
          site.runtime.submit(new Job(taken, CORRELATED.request(), List.of()), Optional.empty());
          throw JobRuntimeException.retryable("not now", null);
        });

    // when
    site.send(CORRELATED.again());
    awaitJobWithAddresses(1);
    site.succeed(taken);

    // then
    assertThat(site.awaitReply().job()).contains(taken);
    assertThat(site.records.runs()).containsExactly(taken);
  }

  private static UniqueName nameOf(Message message) {
    return UniqueName.of(
        message.request().jobName(),
        new JobIdentity.Correlation(
                message.correlationId().orElseThrow(),
                message.replyQueue(),
                message.request().digest())
            .uuid());
  }

  @Test
  void aLostSubmissionUnderANewNameIsOneJob() {
    // given
    UniqueName first = run(CORRELATED);
    site.calls.after(PortCall.STAT, site.runtime::loseNextSubmission);

    // when
    UniqueName second = run(CORRELATED);

    // then
    assertThat(site.calls.count(PortCall.SUBMIT)).isEqualTo(2);
    assertThat(jobs()).containsExactly(first, second);
    assertThat(site.replies(Site.REPLIES)).hasSize(2);
  }
}
