package mstc.cloud.worker.application;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import mstc.cloud.worker.application.reply.StoredReply;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.reply.StoredLog;
import mstc.cloud.worker.domain.request.JobName;
import mstc.cloud.worker.domain.runtime.JobRuntimeException;
import mstc.cloud.worker.domain.store.BucketName;
import mstc.cloud.worker.domain.store.ObjectAttributes;
import mstc.cloud.worker.domain.store.ObjectLocation;
import mstc.cloud.worker.domain.store.ObjectStoreException;
import mstc.cloud.worker.domain.store.StoredObject;
import mstc.cloud.worker.wire.ReplyJson;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The runtime or the store is away, or refuses. */
class OutagesTest {
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

  @Test
  void whileTheRuntimeIsDownAtTheStartRequestsStayInTheQueue() {
    // given
    site.runtime.breakDown();
    site.start();
    site.send(Message.of("solve").replyTo(Site.REPLIES));
    Site.eventually().until(() -> site.calls.count(PortCall.CHECK_RUNTIME) > 3);
    assertThat(site.broker.waiting()).isEqualTo(1);
    assertThat(site.queue.demand()).isZero();

    // when
    site.runtime.recover();

    // then
    site.succeed(site.awaitJob());
    site.awaitReply();
  }

  @Test
  void whileTheStoreIsDownAtTheStartRequestsStayInTheQueue() {
    // given
    site.store.stop();
    site.start();
    site.send(Message.of("solve").replyTo(Site.REPLIES));
    Site.eventually().until(() -> site.calls.count(PortCall.CHECK_STORE) > 3);
    assertThat(site.broker.waiting()).isEqualTo(1);

    // when
    site.store.start();

    // then
    site.succeed(site.awaitJob());
    site.awaitReply();
  }

  @Test
  void aRuntimeThatGoesAwayPausesIntakeAndTheMessageInHandIsKeptUntilItIsBack() {
    // given
    site.start();
    site.awaitDemand();
    site.runtime.breakDown();
    site.send(Message.of("solve").correlationId("mine").replyTo(Site.REPLIES));
    site.awaitNoDemand();
    site.send(Message.of("later"));
    Site.eventually().until(() -> site.calls.count(PortCall.CHECK_RUNTIME) > 3);
    assertThat(site.broker.waiting()).isEqualTo(1);

    // when
    site.runtime.recover();

    // then
    List<UniqueName> jobs = site.awaitJobs(2);
    jobs.forEach(site::succeed);
    site.awaitNoUnanswered();
    assertThat(site.replies(Site.REPLIES)).hasSize(1);
    assertThat(site.broker.dead()).isEmpty();
    assertThat(site.calls.count(PortCall.RECORD_ANSWER)).isEqualTo(2);
  }

  @Test
  void aMessageIsNotHeldForLongerThanTheIntakePatience() {
    // given
    site.close();
    site = new Site(Site.withIntakePatience(Duration.ofMillis(50))).start();
    site.awaitDemand();
    site.runtime.breakDown();
    site.send(Message.of("solve").correlationId("mine").replyTo(Site.REPLIES));
    site.awaitNoDemand();

    // when it goes back
    site.awaitWaiting(1);

    // then
    site.runtime.recover();
    site.succeed(site.awaitJob());
    site.awaitReply();
  }

  @Test
  void aRuntimeThatIsAwayForAWhileLosesNoRunningJob() {
    // given
    site.start();
    UniqueName job = sendAndAwaitJob();
    site.runtime.breakDown();
    site.awaitNoDemand();
    site.succeed(job);

    // when
    site.runtime.recover();

    // then
    assertThat(site.awaitReply().job()).contains(job);
    site.awaitNoUnanswered();
    site.awaitDemand();
  }

  /** A reply may come twice only if the worker died between sending and noting it. */
  @Test
  void aReplyThatCannotBeNotedForAWhileIsNotSentAgain() {
    // given
    site.start();
    UniqueName job = sendAndAwaitJob();
    for (int i = 0; i < 5; i++) {
      site.calls.before(
          PortCall.RECORD_ANSWER,
          () -> {
            throw JobRuntimeException.retryable("not now", null);
          });
    }

    // when
    site.succeed(job);

    // then
    site.awaitNoUnanswered();
    assertThat(site.calls.count(PortCall.RECORD_ANSWER)).isEqualTo(6);
    assertThat(site.replies(Site.REPLIES)).hasSize(1);
  }

  @Test
  void theLogOfAJobThatEndsWhileTheStoreIsDownArrivesWhenItIsBack() {
    // given
    site.start();
    UniqueName job = sendAndAwaitJob();
    site.store.stop();

    // when
    site.succeed(job);
    site.awaitNoDemand();
    site.send(Message.of("later"));
    Site.eventually().until(() -> site.calls.count(PortCall.CHECK_STORE) > 3);

    // then
    assertThat(site.broker.waiting()).isEqualTo(1);
    assertThat(site.replies(Site.REPLIES)).isEmpty();
    site.store.start();
    Reply reply = site.awaitReply();
    assertThat(site.content(reply.log().orElseThrow().location())).isEqualTo("what it wrote\n");
    assertThat(reply.warnings()).isEmpty();
    assertThat(site.awaitJob().value()).startsWith("later-");
  }

  @Test
  void moreJobsThanUploadsAtOnceOutliveALongStoreOutage() {
    // given
    site.close();
    site = new Site(40).start();
    for (int i = 0; i < 40; i++) {
      site.send(Message.of("job-" + i).replyTo(Site.REPLIES));
    }
    List<UniqueName> jobs = site.awaitJobs(40);
    site.store.stop();
    jobs.forEach(site::succeed);
    Site.eventually().until(() -> site.calls.count(PortCall.STAT) > 200);

    // when
    site.store.start();

    // then
    site.awaitReplies(Site.REPLIES, 40);
    site.awaitNoUnanswered();
    assertThat(site.logs()).hasSize(40);
  }

  @Test
  void aStoreThatRefusesForGoodGivesAReplyWithoutLogAndAWarningAfterThePatience() {
    // given
    site.start();
    UniqueName job = sendAndAwaitJob();
    site.store.refuse();

    // when
    site.succeed(job);

    // then
    Reply reply = site.awaitReply();
    assertThat(reply.log()).isEmpty();
    assertThat(reply.outcome()).isEqualTo(JobOutcome.Kind.SUCCEEDED);
    assertThat(reply.warnings())
        .singleElement()
        .asString()
        .startsWith("the log was not stored: ")
        .contains("access denied");
    assertThat(site.calls.count(PortCall.STAT)).isGreaterThan(2);
    site.awaitNoUnanswered();
  }

  @Test
  void aStoreThatRefusesForLessThanThePatienceGetsTheLog() {
    // given
    site.start();
    UniqueName job = sendAndAwaitJob();
    site.calls.before(
        PortCall.PUT,
        () -> {
          throw ObjectStoreException.permanent("access denied", null);
        });

    // when
    site.succeed(job);

    // then
    assertThat(site.awaitReply().log()).isPresent();
    assertThat(site.awaitReply().warnings()).isEmpty();
  }

  @Test
  void aLogThatIsNotWholeInTheStoreIsNoLog(@TempDir Path folder) throws IOException {
    // given
    site.start();
    UniqueName job = sendAndAwaitJob();
    Path half = Files.writeString(folder.resolve("half"), "l");
    ObjectLocation location = site.record(job).job().logLocation();
    site.calls.after(
        PortCall.PUT,
        () -> {
          StoredObject stored = site.store.stat(location).orElseThrow();
          site.store.put(
              location, half, new ObjectAttributes(stored.contentType(), stored.metadata()));
        });

    // when
    site.succeed(job);

    // then
    Reply reply = site.awaitReply();
    assertThat(reply.log()).isEmpty();
    assertThat(reply.warnings()).singleElement().asString().contains("has 1 bytes in the store");
  }

  /** Once a client has been told that there is no log, every answer says so. */
  @Test
  void aReplyWithoutLogStaysTheReplyWhileItCannotBeNoted() {
    // given
    site.start();
    UniqueName job = sendAndAwaitJob();
    site.store.refuse();
    site.calls.before(
        PortCall.RECORD_ANSWER,
        () -> {
          site.store.start();
          throw JobRuntimeException.retryable("not now", null);
        });

    // when
    site.succeed(job);

    // then
    site.awaitNoUnanswered();
    assertThat(site.replies(Site.REPLIES))
        .containsExactly(site.record(job).answer().orElseThrow().reply());
    assertThat(site.logs()).isEmpty();
  }

  @Test
  void anObjectOfSomebodyElseAtTheLogsPlaceIsLeftAloneAndWarnedOf(@TempDir Path folder)
      throws IOException {
    // given
    site.start();
    UniqueName job = sendAndAwaitJob();
    site.store.put(
        site.record(job).job().logLocation(),
        Files.writeString(folder.resolve("foreign"), "mine"),
        ObjectAttributes.ofType("text/plain"));

    // when
    site.succeed(job);

    // then
    Reply reply = site.awaitReply();
    assertThat(reply.log()).isEmpty();
    assertThat(reply.warnings()).singleElement().asString().contains("another object is at");
    assertThat(site.content(site.logs().getFirst())).isEqualTo("mine");
  }

  private static Stream<UnaryOperator<Reply>> forgeries() {
    ObjectLocation elsewhere = new ObjectLocation(new BucketName("secrets"), "theirs.log");
    UniqueName another = UniqueName.of(new JobName("solve"), new UUID(0, 1));
    return Stream.of(
        reply -> with(reply, another, reply.log()),
        reply ->
            with(reply, reply.job().orElseThrow(), Optional.of(new StoredLog(elsewhere, 4, true))));
  }

  private static Reply with(Reply reply, UniqueName job, Optional<StoredLog> log) {
    return new Reply(
        reply.result(),
        Optional.of(job),
        reply.outcome(),
        reply.exitCode(),
        log,
        reply.startedAt(),
        reply.finishedAt(),
        reply.warnings());
  }

  @ParameterizedTest
  @MethodSource("forgeries")
  void aReplyThatTellsOfAnotherJobOrAnotherLogIsNotThisJobs(
      UnaryOperator<Reply> forgery, @TempDir Path folder) throws IOException {
    // given
    site.start();
    UniqueName name = sendAndAwaitJob();
    Job job = site.record(name).job();
    Reply ended =
        Reply.ended(
            job,
            new JobOutcome.Failed(7),
            Optional.of(new StoredLog(job.logLocation(), 4, true)),
            Optional.empty(),
            site.clock.instant(),
            List.of());
    ReplyJson format = new ReplyJson();
    site.store.put(
        job.logLocation(),
        Files.writeString(folder.resolve("forged"), "mine"),
        StoredReply.of(job.digest(), forgery.apply(ended), format).attributes(format));

    // when
    site.succeed(name);

    // then
    Reply reply = site.awaitReply();
    assertThat(reply.job()).contains(name);
    assertThat(reply.outcome()).isEqualTo(JobOutcome.Kind.SUCCEEDED);
    assertThat(reply.log()).isEmpty();
    assertThat(reply.warnings()).singleElement().asString().contains("another object is at");
  }

  @Test
  void aLogThatIsInTheStoreAlreadyWithAReplyDecidesTheReply() {
    // given a put that was done although its answer was lost
    site.start();
    UniqueName job = sendAndAwaitJob();
    site.calls.after(
        PortCall.PUT,
        () -> {
          throw ObjectStoreException.retryable("the answer was lost", null);
        });

    // when
    site.succeed(job);

    // then
    assertThat(site.awaitReply().log()).isPresent();
    assertThat(site.logs()).hasSize(1);
    assertThat(site.calls.count(PortCall.PUT)).isEqualTo(1);
  }

  @Test
  void aLogThatAnotherWorkerStoresMeanwhileDecidesTheReply() {
    // given
    site.start();
    UniqueName job = sendAndAwaitJob();
    site.runtime.write(job, "what it wrote\n");
    site.calls.before(PortCall.PUT, () -> storeLogOfAnotherWorker(job));

    // when
    site.succeed(job);

    // then
    Reply reply = site.awaitReply();
    assertThat(reply.warnings()).containsExactly("stored by another worker");
    assertThat(site.content(site.logs().getFirst())).isEqualTo("of another worker");
  }

  private void storeLogOfAnotherWorker(UniqueName name) {
    var job = site.record(name).job();
    var format = new ReplyJson();
    Reply reply =
        Reply.ended(
                job,
                new JobOutcome.Succeeded(),
                Optional.empty(),
                Optional.empty(),
                site.clock.instant(),
                List.of())
            .withWarning("stored by another worker");
    try {
      Path file = Files.createTempFile("another", ".log");
      Files.writeString(file, "of another worker");
      site.store.put(
          job.logLocation(), file, StoredReply.of(job.digest(), reply, format).attributes(format));
      Files.delete(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void intakeIsOpenAgainAfterManyShortOutages() {
    // given
    site.start();

    // when
    for (int i = 0; i < 20; i++) {
      site.awaitDemand();
      site.runtime.breakDown();
      site.send(Message.of("job-" + i).correlationId("c" + i).replyTo(Site.REPLIES));
      site.awaitNoDemand();
      site.runtime.recover();
      site.succeed(site.awaitJob());
      site.awaitNoUnanswered();
    }

    // then
    site.awaitReplies(Site.REPLIES, 20);
    Site.eventually().until(() -> site.queue.demand() == 10);
  }
}
