package mstc.cloud.worker.testkit.runtime;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.reply.ReplyAddress;
import mstc.cloud.worker.domain.reply.StoredLog;
import mstc.cloud.worker.domain.request.ContainerWork;
import mstc.cloud.worker.domain.request.WorkRequest;
import mstc.cloud.worker.domain.runtime.Answer;
import mstc.cloud.worker.domain.runtime.JobCounts;
import mstc.cloud.worker.domain.runtime.JobEnd;
import mstc.cloud.worker.domain.runtime.JobHandedOverException;
import mstc.cloud.worker.domain.runtime.JobListener;
import mstc.cloud.worker.domain.runtime.JobRecord;
import mstc.cloud.worker.domain.runtime.JobRuntime;
import mstc.cloud.worker.domain.runtime.JobRuntimeException;
import mstc.cloud.worker.domain.runtime.Submission;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What every {@link JobRuntime} does. A runtime's test subclasses this, opens the runtime, and says
 * which images and arguments make its jobs do what the contract is about. If a runtime may differ,
 * a hook says how, and the override says why.
 */
public abstract class JobRuntimeContract {
  private static final ReplyAddress ALICE = new ReplyAddress("alice", Optional.of("a-1"));
  private static final ReplyAddress BOB = new ReplyAddress("bob", Optional.empty());

  private volatile ToldListener told = new ToldListener();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private @Nullable JobRuntime open;

  /**
   * A new runtime with the records of the current test, including those of an earlier runtime; the
   * subclass neither starts nor closes it.
   */
  protected abstract JobRuntime openRuntime() throws Exception;

  /** How long the runtime keeps the record of an answered job: a few seconds. */
  protected abstract Duration retention();

  /** A job that writes these lines to its standard output and exits with 0. */
  protected abstract WorkRequest.Builder printing(String... lines);

  /**
   * A job that writes one line to its standard output, one to its standard error, and exits with 0.
   */
  protected abstract WorkRequest.Builder printingTo(String standardOutput, String standardError);

  /** A job that writes its environment as lines of {@code name=value} and exits with 0. */
  protected abstract WorkRequest.Builder printingItsEnvironment();

  /** A job that writes a line and exits with a code. */
  protected abstract WorkRequest.Builder exitingWith(int code, String line);

  /** A job that ends itself with SIGKILL. */
  protected abstract WorkRequest.Builder killedBySignal();

  /** A job that writes a line, then sleeps for an hour. */
  protected abstract WorkRequest.Builder sleepingAfter(String line);

  /**
   * A job that writes a line, then sleeps for an hour; when asked to terminate, it exits with 0.
   */
  protected abstract WorkRequest.Builder exitingWith0WhenTerminated(String line);

  /** A job that writes this many bytes to its standard output and exits with 0. */
  protected abstract WorkRequest.Builder writing(long bytes);

  /** A job that writes the 256 bytes from 0 to 255 and nothing else, and exits with 0. */
  protected abstract WorkRequest.Builder writingEveryByte();

  /** A job that writes nothing and exits with 0. */
  protected abstract WorkRequest.Builder writingNothing();

  /**
   * A job whose attempt {@code n} writes {@code try n}; the first two exit with 5, the third with
   * 0.
   */
  protected abstract WorkRequest.Builder failingTwice();

  /** A job whose image does not exist. */
  protected abstract WorkRequest.Builder ofUnknownImage();

  /** The job with the shortest timeout that this runtime knows. */
  protected abstract WorkRequest.Builder timingOutSoon(WorkRequest.Builder job);

  /** Returns when a job has written that line. */
  protected abstract void awaitWritten(UniqueName name, String line) throws Exception;

  /** How many bytes the job writes in the test of long logs. */
  protected long longLogBytes() {
    return 20L * 1024 * 1024;
  }

  /** The longest time that one step of a test may take. */
  protected Duration patience() {
    return Duration.ofSeconds(20);
  }

  /** Whether a running job goes on while there is no worker; otherwise it ends as lost. */
  protected boolean jobsOutliveTheWorker() {
    return true;
  }

  /** Returns when the runtime, which was just started, completes jobs. */
  protected void awaitStarted() {}

  @BeforeEach
  void openTheRuntime() throws Exception {
    open = openRuntime();
    open.start(told);
    awaitStarted();
  }

  @AfterEach
  void closeTheRuntime() {
    if (open != null) {
      open.close();
    }
    threads.close();
  }

  protected final JobRuntime runtime() {
    if (open == null) {
      throw new IllegalStateException("no runtime is open");
    }
    return open;
  }

  /** Closes the runtime and opens another on the same records. */
  protected final void restart() throws Exception {
    runtime().close();
    // The one before may still be told something late.
    told = new ToldListener();
    openTheRuntime();
  }

  // How jobs end.

  @Test
  void aJobThatExitsWith0SucceedsAndItsLogHoldsWhatItWrote() throws Exception {
    // given
    Job job = job(printing("one", "two ü"));

    // when
    Instant before = Instant.now();
    JobEnd end = run(job);

    // then
    assertThat(end.outcome()).isEqualTo(new JobOutcome.Succeeded());
    assertThat(text(end)).isEqualTo("one\ntwo ü\n");
    assertThat(end.log().complete()).isTrue();
    assertThat(end.startedAt().orElseThrow()).isBetween(before.minusSeconds(1), end.finishedAt());
    assertThat(end.finishedAt()).isBeforeOrEqualTo(Instant.now().plusSeconds(1));
    assertThat(end.warnings()).isEmpty();
  }

  @Test
  void theLogHoldsStandardOutputAndStandardError() throws Exception {
    // given
    Job job = job(printingTo("out", "err"));

    // when
    JobEnd end = run(job);

    // then
    assertThat(text(end).lines()).containsExactlyInAnyOrder("out", "err");
  }

  @Test
  void aJobIsToldItsBucketsItsPrefixAndWhatTheRequestAdds() throws Exception {
    // given
    Job job =
        job(
            printingItsEnvironment()
                .inputBucket("inputs")
                .outputBucket("outputs")
                .prefix("run/7")
                .env(Map.of("OMP_NUM_THREADS", "4", "EMPTY", "")));

    // when
    JobEnd end = run(job);

    // then
    assertThat(text(end).lines())
        .contains(
            "MSTC_JOB=true",
            "INPUT_BUCKET=inputs",
            "OUTPUT_BUCKET=outputs",
            "FILE_PREFIX=run/7",
            "OMP_NUM_THREADS=4",
            "EMPTY=");
  }

  @Test
  void aJobWithoutAPrefixIsNotToldOne() throws Exception {
    // given
    Job job = job(printingItsEnvironment());

    // when
    JobEnd end = run(job);

    // then
    assertThat(text(end).lines())
        .contains("MSTC_JOB=true", "OUTPUT_BUCKET=contract")
        .noneMatch(line -> line.startsWith("FILE_PREFIX"));
  }

  @Test
  void aJobThatExitsWithAnotherCodeFailsWithIt() throws Exception {
    // given
    Job job = job(exitingWith(3, "no mesh"));

    // when
    JobEnd end = run(job);

    // then
    assertThat(end.outcome()).isEqualTo(new JobOutcome.Failed(3));
    assertThat(text(end)).isEqualTo("no mesh\n");
    assertThat(end.log().complete()).isTrue();
  }

  @Test
  void aJobThatASignalEndsFailsWith128AndTheSignal() throws Exception {
    // given
    Job job = job(killedBySignal());

    // when
    JobEnd end = run(job);

    // then
    assertThat(end.outcome()).isEqualTo(new JobOutcome.Failed(137));
  }

  @Test
  void aJobThatWritesNothingHasAnEmptyLog() throws Exception {
    // given
    Job job = job(writingNothing());

    // when
    JobEnd end = run(job);

    // then
    assertThat(end.log().file()).isEmptyFile();
    assertThat(end.log().complete()).isTrue();
  }

  @Test
  void theLogIsByteForByteWhatTheJobWrote() throws Exception {
    // given
    Job job = job(writingEveryByte());

    // when
    JobEnd end = run(job);

    // then
    byte[] everyByte = new byte[256];
    IntStream.range(0, 256).forEach(value -> everyByte[value] = (byte) value);
    assertThat(end.log().file()).hasBinaryContent(everyByte);
  }

  @Test
  void aLongLogIsComplete() throws Exception {
    // given
    Job job = job(writing(longLogBytes()));

    // when
    JobEnd end = run(job);

    // then
    assertThat(end.outcome()).isEqualTo(new JobOutcome.Succeeded());
    assertThat(end.log().file()).hasSize(longLogBytes());
    assertThat(end.log().complete()).isTrue();
  }

  @Test
  void aFailedAttemptIsRepeatedAsOftenAsTheRequestSays() throws Exception {
    // given
    Job job = job(failingTwice().retries(2));

    // when
    JobEnd end = run(job);

    // then
    assertThat(end.outcome()).isEqualTo(new JobOutcome.Succeeded());
    assertThat(text(end).lines().filter(line -> line.startsWith("try ")))
        .containsExactly("try 1", "try 2", "try 3");
  }

  @Test
  void aJobFailsAsItsLastAttemptDid() throws Exception {
    // given
    Job job = job(failingTwice().retries(1));

    // when
    JobEnd end = run(job);

    // then
    assertThat(end.outcome()).isEqualTo(new JobOutcome.Failed(5));
    assertThat(text(end)).contains("try 2").doesNotContain("try 3");
  }

  @Test
  void aJobWhoseImageThereIsNotEndsWithoutAStart() throws Exception {
    // given
    Job job = job(ofUnknownImage());

    // when
    JobEnd end = run(job);

    // then
    assertThat(end.outcome()).isInstanceOf(JobOutcome.ImageUnavailable.class);
    assertThat(end.outcome().phrase()).contains(ContainerWork.of(job.work()).image().value());
    assertThat(end.startedAt()).isEmpty();
    assertThat(end.log().file()).isEmptyFile();
  }

  @Test
  void aJobIsEndedAtItsTimeoutAndKeepsWhatItWrote() throws Exception {
    // given
    Job job = job(timingOutSoon(sleepingAfter("half done")));

    // when
    JobEnd end = run(job);

    // then
    assertThat(end.outcome())
        .isEqualTo(
            new JobOutcome.TimedOut(ContainerWork.of(job.work()).timeout(), Optional.empty()));
    assertThat(text(end)).isEqualTo("half done\n");
  }

  @Test
  void aJobThatExitsWith0BecauseOfItsTimeoutHasTimedOut() throws Exception {
    // given
    Job job = job(timingOutSoon(exitingWith0WhenTerminated("half done")));

    // when
    JobEnd end = run(job);

    // then
    assertThat(end.outcome())
        .isEqualTo(
            new JobOutcome.TimedOut(ContainerWork.of(job.work()).timeout(), Optional.empty()));
    assertThat(text(end)).startsWith("half done\n");
  }

  // Submitting and finding.

  @Test
  void aSubmittedJobIsFoundByItsUuid() {
    // given
    Job job = job(sleepingAfter("started"));
    runtime().submit(job, Optional.of(ALICE));

    // when
    Optional<JobRecord> found = runtime().find(job.name().uuid());

    // then
    assertThat(found.orElseThrow().job()).isEqualTo(job);
    assertThat(found.get().replyAddresses()).containsExactly(ALICE);
    assertThat(found.get().answer()).isEmpty();
  }

  @Test
  void aRecordSaysWhenTheJobWasCreatedAsLongAsItLasts() throws Exception {
    // given
    Instant before = Instant.now();
    Job job = job(printing("done"));
    runtime().submit(job, Optional.of(ALICE));
    Instant created = record(job).createdAt().orElseThrow();

    // when
    JobEnd end = awaitEnd(job);

    // then
    assertThat(created).isBetween(before.minusSeconds(1), end.startedAt().orElseThrow());
    assertThat(record(job).createdAt()).contains(created);
  }

  @Test
  void aRecordHoldsTheWholeRequest() {
    // given
    Job job =
        new Job(
            name(),
            sleepingAfter("started")
                .jobName("another-name")
                .inputBucket("the-inputs")
                .outputBucket("the-outputs")
                .timeoutMinutes(77)
                .prefix("a/b ü")
                .env(Map.of("EMPTY", "", "QUOTED", "\"'\\\n\t ü 😀"))
                .cpu("500m")
                .memory("1.5Gi")
                .retries(3)
                .labels(Map.of("example.org/team", "mesh"))
                .build(),
            List.of("unknown field \"x\"", "ü"));
    runtime().submit(job, Optional.empty());

    // when
    Optional<JobRecord> found = runtime().find(job.name().uuid());

    // then
    assertThat(found.orElseThrow().job()).isEqualTo(job);
    assertThat(found.get().replyAddresses()).isEmpty();
  }

  @Test
  void aNameThatIsTakenIsNotTakenOver() {
    // given
    Job first = job(sleepingAfter("started"));
    runtime().submit(first, Optional.of(ALICE));

    // when
    Submission second =
        runtime()
            .submit(new Job(first.name(), printing("x").build(), List.of("w")), Optional.of(BOB));

    // then
    assertThat(second)
        .isEqualTo(new Submission.NameTaken(runtime().find(first.name().uuid()).orElseThrow()));
    assertThat(((Submission.NameTaken) second).existing().job()).isEqualTo(first);
    assertThat(((Submission.NameTaken) second).existing().replyAddresses()).containsExactly(ALICE);
  }

  @Test
  void ofManySubmissionsOfOneNameOneIsTaken() throws Exception {
    // given
    Job job = job(printing("once"));
    List<Future<Submission>> submissions = new ArrayList<>();

    // when
    for (int i = 0; i < 8; i++) {
      submissions.add(threads.submit(() -> runtime().submit(job, Optional.empty())));
    }

    // then
    int created = 0;
    for (Future<Submission> submission : submissions) {
      created += submission.get() instanceof Submission.Created ? 1 : 0;
    }
    assertThat(created).isEqualTo(1);
    assertThat(text(awaitEnd(job))).isEqualTo("once\n");
  }

  @Test
  void aSubmissionThatWasInterruptedMayBeRepeated() throws Exception {
    // given
    Job job = job(printing("done"));
    Throwable interrupted =
        threads
            .submit(() -> {
              Thread.currentThread().interrupt();
              Throwable thrown =
                  catchThrowableOfType(
                      JobRuntimeException.class, () -> runtime().submit(job, Optional.empty()));
              assertThat(Thread.currentThread().isInterrupted()).isTrue();
              return thrown;
            })
            .get();

    // when
    Submission repeated = runtime().submit(job, Optional.empty());

    // then
    assertThat(interrupted).isInstanceOf(JobRuntimeException.class);
    assertThat(repeated).isEqualTo(new Submission.Created());
    assertThat(text(awaitEnd(job))).isEqualTo("done\n");
  }

  @Test
  void aJobThatWasNeverSubmittedIsNotKnown() {
    // given
    UniqueName name = name();

    // when
    Optional<JobRecord> found = runtime().find(name.uuid());

    // then
    assertThat(found).isEmpty();
    assertThat(runtime().addReplyAddress(name, ALICE)).isEmpty();
    assertThat(runtime().cancel(name)).isFalse();
    assertThat(runtime().findSubmission(new Job(name, printing("x").build(), List.of()))).isEmpty();
    assertThatThrownBy(() -> runtime().awaitEnd(name))
        .isInstanceOf(JobHandedOverException.class)
        .hasMessageContaining(name.value());
    assertThatThrownBy(() -> runtime().awaitRelease(name, Duration.ofHours(1)))
        .isInstanceOf(JobHandedOverException.class);
  }

  @Test
  void aRuntimeThatIsThereSaysSo() {
    // when
    runtime().check();

    // then
    assertThat(runtime().counts()).isEqualTo(JobCounts.NONE);
  }

  // Holding and releasing.

  @Test
  void aHeldJobIsOnRecordAndDoesNotRunBeforeItIsReleased() throws Exception {
    // given
    Job job = job(printing("once"));

    // when
    JobRecord held = held(job);

    // then
    assertThat(held.held()).isTrue();
    assertThat(held.replyAddresses()).containsExactly(ALICE);
    assertThat(record(job)).isEqualTo(held);
    await().atMost(patience()).until(() -> runtime().counts().inFlight() == 1);
    await()
        .atMost(patience())
        .untilAsserted(() -> assertThat(told.unanswered()).containsExactly(job.name()));
    assertThat(runtime().awaitRelease(job.name(), Duration.ofMillis(500))).isFalse();

    // when
    boolean released = runtime().release(held);

    // then
    assertThat(released).isTrue();
    assertThat(record(job).held()).isFalse();
    assertThat(record(job).version()).isNotEqualTo(held.version());
    assertThat(runtime().awaitRelease(job.name(), Duration.ZERO)).isTrue();
    JobEnd end = awaitEnd(job);
    assertThat(end.outcome()).isEqualTo(new JobOutcome.Succeeded());
    assertThat(text(end)).isEqualTo("once\n");
    answered(job);
  }

  @Test
  void aJobIsReleasedOnce() throws Exception {
    // given
    Job job = job(printing("once"));
    JobRecord held = held(job);
    runtime().release(held);

    // when
    boolean again = runtime().release(held);

    // then
    assertThat(again).isFalse();
    assertThat(text(awaitEnd(job))).isEqualTo("once\n");
    assertThat(runtime().release(held)).isFalse();
  }

  @Test
  void whoWaitsForTheReleaseIsToldAtOnce() throws Exception {
    // given
    Job job = job(printing("once"));
    JobRecord held = held(job);
    Future<Boolean> waiting =
        threads.submit(() -> runtime().awaitRelease(job.name(), Duration.ofHours(1)));

    // when
    runtime().release(held);

    // then
    assertThat(waiting.get(patience().toSeconds(), TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void aJobThatWasNeverHeldNeedsNoRelease() throws Exception {
    // given
    Job job = submitted(sleepingAfter("started"));

    // when
    boolean released = runtime().awaitRelease(job.name(), Duration.ofHours(1));

    // then
    assertThat(released).isTrue();
    assertThat(record(job).held()).isFalse();
    assertThat(runtime().release(record(job))).isFalse();
  }

  @Test
  void whoJoinsAHeldJobIsOnRecordAndKeepsNobodyFromReleasingIt() throws Exception {
    // given
    Job job = job(printing("once"));
    JobRecord held = held(job);

    // when
    JobRecord joined = runtime().addReplyAddress(job.name(), BOB).orElseThrow();

    // then
    assertThat(joined.held()).isTrue();
    assertThat(joined.replyAddresses()).containsExactly(ALICE, BOB);
    assertThat(runtime().release(held)).isTrue();
    assertThat(text(awaitEnd(job))).isEqualTo("once\n");
    assertThat(record(job).replyAddresses()).containsExactly(ALICE, BOB);
  }

  @Test
  void aHeldJobThatIsAnsweredNeverRunsAndIsRemovedAfterTheRetention() throws Exception {
    // given
    Job job = job(printing("never"));
    JobRecord held = held(job);
    await().atMost(patience()).until(() -> told.unanswered().contains(job.name()));
    Answer answer = earlierAnswer();

    // when
    boolean recorded = runtime().recordAnswer(held, answer);

    // then
    assertThat(recorded).isTrue();
    assertThat(record(job).answer()).contains(answer);
    assertThat(record(job).held()).isFalse();
    assertThat(runtime().release(held)).isFalse();
    await()
        .atMost(patience())
        .untilAsserted(() -> assertThat(told.answered()).containsExactly(job.name()));
    assertThatThrownBy(() -> runtime().awaitRelease(job.name(), Duration.ofHours(1)))
        .isInstanceOf(JobHandedOverException.class);
    await().atMost(patience()).until(() -> runtime().counts().equals(JobCounts.NONE));
    await()
        .atMost(retention().plus(patience()))
        .until(() -> runtime().find(job.name().uuid()).isEmpty());
  }

  @Test
  void anAnswerToAHeldJobIsNotRecordedWhereSomeoneJoinedOrReleasedItSince() {
    // given
    Job joined = job(sleepingAfter("started"));
    JobRecord beforeJoining = held(joined);
    runtime().addReplyAddress(joined.name(), BOB);
    Job released = job(sleepingAfter("started"));
    JobRecord beforeRelease = held(released);
    runtime().release(beforeRelease);
    Answer answer = earlierAnswer();

    // when
    boolean recordedJoined = runtime().recordAnswer(beforeJoining, answer);
    boolean recordedReleased = runtime().recordAnswer(beforeRelease, answer);

    // then
    assertThat(recordedJoined).isFalse();
    assertThat(recordedReleased).isFalse();
    assertThat(record(joined).answer()).isEmpty();
    assertThat(record(released).answer()).isEmpty();
  }

  @Test
  void aHeldJobIsNotReleasedByTheRecordOfAnEarlierOneOfItsName() throws Exception {
    // given
    Job job = job(printing("never"));
    JobRecord earlier = held(job);
    runtime().recordAnswer(earlier, earlierAnswer());
    await()
        .atMost(retention().plus(patience()))
        .until(() -> runtime().find(job.name().uuid()).isEmpty());
    held(job);

    // when
    boolean released = runtime().release(earlier);

    // then
    assertThat(released).isFalse();
    assertThat(record(job).held()).isTrue();
  }

  @Test
  void aHeldJobThatIsCancelledEndsSoWithoutHavingRun() throws Exception {
    // given
    Job job = job(sleepingAfter("started"));
    JobRecord held = held(job);

    // when
    boolean known = runtime().cancel(job.name());

    // then
    assertThat(known).isTrue();
    assertThat(runtime().release(held)).isFalse();
    assertThat(runtime().awaitRelease(job.name(), Duration.ofHours(1))).isTrue();
    JobEnd end = awaitEnd(job);
    assertThat(end.outcome()).isEqualTo(new JobOutcome.Cancelled());
    assertThat(end.startedAt()).isEmpty();
    assertThat(end.log().file()).isEmptyFile();
    answered(job);
  }

  @Test
  void aHeldJobIsHeldAcrossARestart() throws Exception {
    // given
    Job job = job(printing("once"));
    JobRecord held = held(job);

    // when
    restart();

    // then
    await()
        .atMost(patience())
        .untilAsserted(() -> assertThat(told.unanswered()).containsExactly(job.name()));
    assertThat(runtime().awaitRelease(job.name(), Duration.ofMillis(500))).isFalse();
    assertThat(record(job).held()).isTrue();
    assertThat(runtime().release(held)).isTrue();
    assertThat(text(awaitEnd(job))).isEqualTo("once\n");
  }

  @Test
  void ofManyWhoHoldAndReleaseOneNameOneDoes() throws Exception {
    // given
    Job job = job(printing("once"));

    // when
    List<Future<Submission>> submissions = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      submissions.add(threads.submit(() -> runtime().hold(job, Optional.empty())));
    }
    List<JobRecord> records = new ArrayList<>();
    int held = 0;
    for (Future<Submission> submission : submissions) {
      switch (submission.get()) {
        case Submission.Held(JobRecord record) -> {
          held++;
          records.add(record);
        }
        case Submission.NameTaken(JobRecord record) -> records.add(record);
        case Submission.Created _, Submission.Refused _ ->
            throw new AssertionError(submission.get());
      }
    }
    List<Future<Boolean>> releases =
        records.stream().map(record -> threads.submit(() -> runtime().release(record))).toList();

    // then
    int released = 0;
    for (Future<Boolean> release : releases) {
      released += release.get() ? 1 : 0;
    }
    assertThat(held).isEqualTo(1);
    assertThat(released).isEqualTo(1);
    assertThat(text(awaitEnd(job))).isEqualTo("once\n");
  }

  @Test
  void whatBecameOfASubmissionIsFoundWithoutAnother() {
    // given
    Job never = job(sleepingAfter("started"));
    Job anothers = job(sleepingAfter("started"));
    runtime().submit(anothers, Optional.of(ALICE));

    // when
    Optional<Submission> ofNever = runtime().findSubmission(never);
    Optional<Submission> ofAnothers = runtime().findSubmission(anothers);

    // then
    assertThat(ofNever).isEmpty();
    assertThat(ofAnothers).contains(new Submission.NameTaken(record(anothers)));
    assertThat(runtime().find(never.name().uuid())).isEmpty();
  }

  // Reply addresses and answers.

  @Test
  void whoWaitsIsAddedOnce() {
    // given
    Job job = submitted(sleepingAfter("started"));
    String version = record(job).version();

    // when
    Optional<JobRecord> added = runtime().addReplyAddress(job.name(), BOB);
    Optional<JobRecord> again = runtime().addReplyAddress(job.name(), BOB);

    // then
    assertThat(added.orElseThrow().replyAddresses()).containsExactly(ALICE, BOB);
    assertThat(added.get().version()).isNotEqualTo(version);
    assertThat(again.orElseThrow().replyAddresses()).containsExactly(ALICE, BOB);
    assertThat(record(job).replyAddresses()).containsExactly(ALICE, BOB);
  }

  @Test
  void anAnswerIsOnRecordAndTheListenerIsTold() throws Exception {
    // given
    Job job = submitted(printing("done"));
    Answer sent = answer(job, awaitEnd(job));
    Answer answer = new Answer(sent.reply(), Answer.Status.REFUSED, sent.at());

    // when
    boolean recorded = runtime().recordAnswer(record(job), answer);

    // then
    assertThat(recorded).isTrue();
    assertThat(record(job).answer()).contains(answer);
    await()
        .atMost(patience())
        .untilAsserted(() -> assertThat(told.answered()).containsExactly(job.name()));
  }

  @Test
  void anAnswerIsNotRecordedWhereSomeoneWasAddedSince() throws Exception {
    // given
    Job job = submitted(printing("done"));
    Answer answer = answer(job, awaitEnd(job));
    JobRecord read = record(job);
    runtime().addReplyAddress(job.name(), BOB);

    // when
    boolean recorded = runtime().recordAnswer(read, answer);

    // then
    assertThat(recorded).isFalse();
    assertThat(record(job).answer()).isEmpty();
    assertThat(runtime().recordAnswer(record(job), answer)).isTrue();
  }

  @Test
  void whoComesAfterTheAnswerIsGivenItAndNotAdded() throws Exception {
    // given
    Job job = submitted(printing("done"));
    Answer answer = answered(job);

    // when
    Optional<JobRecord> late = runtime().addReplyAddress(job.name(), BOB);

    // then
    assertThat(late.orElseThrow().answer()).contains(answer);
    assertThat(late.get().replyAddresses()).containsExactly(ALICE);
  }

  @Test
  void theFirstAnswerStays() throws Exception {
    // given
    Job job = submitted(printing("done"));
    Answer first = answered(job);
    Answer second = new Answer(first.reply(), Answer.Status.UNROUTABLE, first.at());

    // when
    boolean recorded = runtime().recordAnswer(record(job), second);

    // then
    assertThat(recorded).isTrue();
    assertThat(record(job).answer()).contains(first);
  }

  @Test
  void whoIsAddedWhileTheAnswerIsRecordedIsNeverForgotten() throws Exception {
    for (int round = 0; round < 20; round++) {
      // given
      Job job = submitted(writingNothing());
      Answer answer = answer(job, awaitEnd(job));
      CountDownLatch go = new CountDownLatch(1);

      // when
      Future<JobRecord> added =
          threads.submit(() -> {
            go.await();
            return runtime().addReplyAddress(job.name(), BOB).orElseThrow();
          });
      Future<Boolean> recorded =
          threads.submit(() -> {
            JobRecord read = record(job);
            go.countDown();
            return read.replyAddresses().contains(BOB) || runtime().recordAnswer(read, answer);
          });

      // then
      boolean leftToTheCaller = added.get().answer().isPresent();
      boolean leftToWhoAnswers = !recorded.get();
      assertThat(leftToTheCaller).isNotEqualTo(leftToWhoAnswers);
    }
  }

  @Test
  void anAnsweredJobIsRemovedAfterTheRetention() throws Exception {
    // given
    Job job = submitted(printing("done"));

    // when
    answered(job);

    // then
    await()
        .atMost(retention().plus(patience()))
        .until(() -> runtime().find(job.name().uuid()).isEmpty());
    assertThat(runtime().addReplyAddress(job.name(), BOB)).isEmpty();
    assertThat(runtime().cancel(job.name())).isFalse();
  }

  @Test
  void theRetentionGoesOnAcrossARestart() throws Exception {
    // given
    Job job = submitted(printing("done"));
    answered(job);

    // when
    restart();

    // then
    await()
        .atMost(retention().plus(patience()))
        .until(() -> runtime().find(job.name().uuid()).isEmpty());
    assertThat(told.unanswered()).isEmpty();
  }

  @Test
  void anAnswerToAJobThatIsGoneNeedsNoRecord() throws Exception {
    // given
    Job job = submitted(printing("done"));
    JobRecord read = record(job);
    Answer answer = answered(job);
    await()
        .atMost(retention().plus(patience()))
        .until(() -> runtime().find(job.name().uuid()).isEmpty());

    // when
    boolean recorded = runtime().recordAnswer(read, answer);

    // then
    assertThat(recorded).isTrue();
    assertThat(runtime().find(job.name().uuid())).isEmpty();
  }

  // Waiting.

  @Test
  void everyoneWhoWaitsIsGivenTheSameEnd() throws Exception {
    // given
    Job job = submitted(exitingWith(3, "line"));
    Future<JobEnd> first = threads.submit(() -> runtime().awaitEnd(job.name()));
    Future<JobEnd> second = threads.submit(() -> runtime().awaitEnd(job.name()));

    // when
    JobEnd later = awaitEnd(job);

    // then
    assertThat(Stream.of(first.get(), second.get(), awaitEnd(job))).containsOnly(later);
  }

  @Test
  void whoIsInterruptedWaitsNoLongerAndTheJobRunsOn() throws Exception {
    // given
    Job job = submitted(sleepingAfter("started"));
    CountDownLatch waiting = new CountDownLatch(1);
    Future<JobEnd> end =
        threads.submit(() -> {
          Thread.currentThread().interrupt();
          waiting.countDown();
          return runtime().awaitEnd(job.name());
        });
    waiting.await();

    // when
    ExecutionException thrown = catchThrowableOfType(ExecutionException.class, end::get);

    // then
    assertThat(thrown).hasCauseInstanceOf(InterruptedException.class);
    awaitWritten(job.name(), "started");
    assertThat(runtime().counts()).isEqualTo(new JobCounts(1, 0, Optional.empty()));
  }

  @Test
  void closingEndsEveryWait() throws Exception {
    // given
    Job job = submitted(sleepingAfter("started"));
    awaitWritten(job.name(), "started");
    Future<JobEnd> end = threads.submit(() -> runtime().awaitEnd(job.name()));

    // when
    runtime().close();
    runtime().close();

    // then
    assertThatThrownBy(() -> end.get(patience().toSeconds(), TimeUnit.SECONDS))
        .hasCauseInstanceOf(JobHandedOverException.class);
  }

  // Cancelling.

  @Test
  void aCancelledJobEndsAsCancelledAndKeepsWhatItWrote() throws Exception {
    // given
    Job job = submitted(sleepingAfter("half done"));
    awaitWritten(job.name(), "half done");

    // when
    boolean known = runtime().cancel(job.name());
    boolean still = runtime().cancel(job.name());

    // then
    JobEnd end = awaitEnd(job);
    assertThat(known).isTrue();
    assertThat(still).isTrue();
    assertThat(end.outcome()).isEqualTo(new JobOutcome.Cancelled());
    assertThat(text(end)).isEqualTo("half done\n");
    assertThat(record(job).answer()).isEmpty();
  }

  @Test
  void aJobThatIsCancelledAtOnceEndsAsCancelled() throws Exception {
    // given
    Job job = submitted(sleepingAfter("started"));

    // when
    runtime().cancel(job.name());

    // then
    assertThat(awaitEnd(job).outcome()).isEqualTo(new JobOutcome.Cancelled());
  }

  @Test
  void aJobThatHasEndedIsNotCancelled() throws Exception {
    // given
    Job job = submitted(exitingWith(3, "line"));
    JobEnd end = awaitEnd(job);

    // when
    boolean known = runtime().cancel(job.name());

    // then
    assertThat(known).isTrue();
    assertThat(awaitEnd(job)).isEqualTo(end);
  }

  /** The worker that completes it may be waiting for something that never comes. */
  @Test
  void aJobThatIsCancelledAfterItsEndIsGivenUp() throws Exception {
    // given
    Job job = submitted(exitingWith(3, "line"));
    JobEnd end = awaitEnd(job);
    JobRecord before = record(job);

    // when
    boolean known = runtime().cancel(job.name());
    boolean still = runtime().cancel(job.name());

    // then
    assertThat(known).isTrue();
    assertThat(still).isTrue();
    assertThat(before.givenUp()).isFalse();
    assertThat(record(job).givenUp()).isTrue();
    assertThat(awaitEnd(job)).isEqualTo(end);
    await()
        .atMost(patience())
        .untilAsserted(() -> assertThat(told.givenUp()).containsExactly(job.name()));
    answered(job);
  }

  @Test
  void aJobThatIsCancelledBeforeItsEndIsNotGivenUp() throws Exception {
    // given
    Job job = submitted(sleepingAfter("started"));
    awaitWritten(job.name(), "started");

    // when
    runtime().cancel(job.name());

    // then
    awaitEnd(job);
    assertThat(record(job).givenUp()).isFalse();
    assertThat(told.givenUp()).isEmpty();
  }

  @Test
  void aJobIsGivenUpAcrossARestart() throws Exception {
    // given
    Job job = submitted(exitingWith(3, "line"));
    awaitEnd(job);
    runtime().cancel(job.name());

    // when
    restart();

    // then
    await().atMost(patience()).until(() -> told.unanswered().contains(job.name()));
    assertThat(record(job).givenUp()).isTrue();
    assertThat(awaitEnd(job).outcome()).isEqualTo(new JobOutcome.Failed(3));
  }

  // What the listener is told, and how many jobs there are.

  @Test
  void theListenerIsToldOfEveryJobOnce() throws Exception {
    // given
    Job first = submitted(printing("1"));
    Job second = submitted(printing("2"));
    awaitEnd(first);
    awaitEnd(second);

    // when
    answered(first);

    // then
    await().atMost(patience()).until(() -> told.answered().contains(first.name()));
    assertThat(told.unanswered()).containsExactlyInAnyOrder(first.name(), second.name());
  }

  /** A job that has ended takes up no room, however long its answer takes. */
  @Test
  void jobsCountAsInFlightUntilTheyEndThenAsWaitingAndTheListenerIsToldOfEachChange()
      throws Exception {
    // given
    Job first = submitted(printing("1"));
    submitted(sleepingAfter("started"));
    JobCounts both = runtime().counts();
    JobEnd end = awaitEnd(first);
    await().atMost(patience()).until(() -> told.changes() >= 2);
    await().atMost(patience()).until(() -> runtime().counts().waiting() == 1);
    JobCounts waiting = runtime().counts();
    int changesBefore = told.changes();

    // when
    answered(first);

    // then
    assertThat(both.inFlight() + both.waiting()).isEqualTo(2);
    assertThat(waiting.inFlight()).isEqualTo(1);
    assertThat(waiting.oldestEnd().orElseThrow())
        .isBetween(end.finishedAt().minusSeconds(2), end.finishedAt().plus(patience()));
    await()
        .atMost(patience())
        .until(() -> runtime().counts().equals(new JobCounts(1, 0, Optional.empty())));
    await().atMost(patience()).until(() -> told.changes() > changesBefore);
  }

  // Restarts.

  @Test
  void afterARestartAnEndedJobHasTheSameEnd() throws Exception {
    // given
    Job job = submitted(exitingWith(3, "line"));
    JobEnd before = awaitEnd(job);

    // when
    restart();

    // then
    await()
        .atMost(patience())
        .untilAsserted(() -> assertThat(told.unanswered()).containsExactly(job.name()));
    JobEnd after = awaitEnd(job);
    assertThat(after.outcome()).isEqualTo(before.outcome());
    assertThat(after.startedAt()).isEqualTo(before.startedAt());
    assertThat(after.finishedAt()).isEqualTo(before.finishedAt());
    assertThat(after.log().complete()).isTrue();
    assertThat(text(after)).isEqualTo("line\n");
  }

  @Test
  void recordsOutliveTheWorker() throws Exception {
    // given
    Job waiting = submitted(printing("1"));
    Job done = submitted(printing("2"));
    runtime().addReplyAddress(waiting.name(), BOB);
    awaitEnd(waiting);
    Answer answer = answered(done);
    JobRecord waitingBefore = record(waiting);

    // when
    restart();

    // then
    await().atMost(patience()).until(() -> told.unanswered().contains(waiting.name()));
    assertThat(record(waiting).job()).isEqualTo(waiting);
    assertThat(record(waiting).replyAddresses()).containsExactly(ALICE, BOB);
    assertThat(runtime().find(done.name().uuid()).flatMap(JobRecord::answer)).contains(answer);
    await()
        .atMost(patience())
        .until(() -> runtime().counts().waiting() == 1 && runtime().counts().inFlight() == 0);
    assertThat(told.unanswered()).containsExactly(waiting.name());
    assertThat(runtime().recordAnswer(waitingBefore, answer(waiting, awaitEnd(waiting)))).isTrue();
  }

  @Test
  void afterARestartAJobThatRanIsNeverRunAgain() throws Exception {
    // given
    Job job = submitted(sleepingAfter("started"));
    awaitWritten(job.name(), "started");

    // when
    restart();

    // then
    await()
        .atMost(patience())
        .untilAsserted(() -> assertThat(told.unanswered()).containsExactly(job.name()));
    if (jobsOutliveTheWorker()) {
      runtime().cancel(job.name());
      assertThat(awaitEnd(job).outcome()).isEqualTo(new JobOutcome.Cancelled());
    } else {
      assertThat(awaitEnd(job).outcome()).isInstanceOf(JobOutcome.Lost.class);
      assertThat(awaitEnd(job).log().complete()).isFalse();
      assertThat(awaitEnd(job).startedAt()).isPresent();
    }
    assertThat(text(awaitEnd(job))).isEqualTo("started\n");
  }

  @Test
  void aCancelledJobIsCancelledAfterARestartToo() throws Exception {
    // given
    Job job = submitted(sleepingAfter("started"));
    awaitWritten(job.name(), "started");
    runtime().cancel(job.name());

    // when
    restart();

    // then
    assertThat(awaitEnd(job).outcome()).isEqualTo(new JobOutcome.Cancelled());
  }

  // Words of the tests.

  /** A name that no other test uses. */
  protected static UniqueName name() {
    return new UniqueName("contract-" + UUID.randomUUID());
  }

  /** Begins a request with the contract's job name and bucket. */
  protected static WorkRequest.Builder requestOf(String image) {
    return WorkRequest.builder().image(image).jobName("contract").inputBucket("contract");
  }

  /** A job of that request, not submitted. */
  protected static Job job(WorkRequest.Builder builder) {
    return new Job(name(), builder.build(), List.of());
  }

  /** A job of that request, submitted for {@code ALICE}. */
  protected final Job submitted(WorkRequest.Builder builder) {
    Job job = job(builder);
    assertThat(runtime().submit(job, Optional.of(ALICE))).isEqualTo(new Submission.Created());
    return job;
  }

  /** The record of a job that is held for {@code ALICE}. */
  protected final JobRecord held(Job job) {
    Submission submission = runtime().hold(job, Optional.of(ALICE));
    assertThat(submission).isInstanceOf(Submission.Held.class);
    return ((Submission.Held) submission).record();
  }

  /** Submits and runs a job, and returns its end. */
  protected final JobEnd run(Job job) throws Exception {
    assertThat(runtime().submit(job, Optional.empty())).isEqualTo(new Submission.Created());
    return awaitEnd(job);
  }

  /** The end of a job, within the patience of the test. */
  protected final JobEnd awaitEnd(Job job) throws Exception {
    return threads
        .submit(() -> runtime().awaitEnd(job.name()))
        .get(patience().toMillis(), TimeUnit.MILLISECONDS);
  }

  protected static String text(JobEnd end) throws IOException {
    return Files.readString(end.log().file(), UTF_8);
  }

  protected final JobRecord record(Job job) {
    return runtime().find(job.name().uuid()).orElseThrow();
  }

  /** Answers a job as soon as it has ended. */
  protected final Answer answered(Job job) throws Exception {
    Answer answer = answer(job, awaitEnd(job));
    assertThat(runtime().recordAnswer(record(job), answer)).isTrue();
    return answer;
  }

  /** For a job that need not run. */
  private static Answer earlierAnswer() {
    return new Answer(
        Reply.invalid("ran before"),
        Answer.Status.SENT,
        Instant.now().truncatedTo(ChronoUnit.MILLIS));
  }

  private static Answer answer(Job job, JobEnd end) throws IOException {
    StoredLog log = new StoredLog(job.logLocation(), Files.size(end.log().file()), true);
    Reply reply =
        Reply.ended(
            job,
            end.outcome(),
            Optional.of(log),
            end.startedAt(),
            end.finishedAt(),
            List.of("a warning"));
    return new Answer(reply, Answer.Status.SENT, Instant.now().truncatedTo(ChronoUnit.MILLIS));
  }

  /** Whether a file holds exactly that line. */
  protected static boolean holds(Path file, String line) throws IOException {
    if (!Files.exists(file)) {
      return false;
    }
    try (InputStream in = Files.newInputStream(file)) {
      String written = new String(in.readNBytes(64 * 1024), UTF_8);
      return Arrays.asList(written.split("\n", -1)).contains(line) && written.endsWith("\n");
    }
  }

  /** Records its notifications. */
  private static final class ToldListener implements JobListener {
    private final List<UniqueName> unanswered = new ArrayList<>();
    private final List<UniqueName> answered = new ArrayList<>();
    private final List<UniqueName> givenUp = new ArrayList<>();
    private int changes;

    @Override
    public synchronized void onUnanswered(JobRecord job) {
      unanswered.add(job.job().name());
    }

    @Override
    public synchronized void onAnswered(UniqueName name, Answer answer) {
      answered.add(name);
    }

    @Override
    public synchronized void onGivenUp(UniqueName name) {
      givenUp.add(name);
    }

    @Override
    public synchronized void onCountsChanged() {
      changes++;
    }

    synchronized List<UniqueName> unanswered() {
      return List.copyOf(unanswered);
    }

    synchronized List<UniqueName> answered() {
      return List.copyOf(answered);
    }

    synchronized List<UniqueName> givenUp() {
      return List.copyOf(givenUp);
    }

    synchronized int changes() {
      return changes;
    }
  }
}
