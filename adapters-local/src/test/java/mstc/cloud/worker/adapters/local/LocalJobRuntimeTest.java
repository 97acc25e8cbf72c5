package mstc.cloud.worker.adapters.local;

import static java.nio.charset.StandardCharsets.UTF_8;
import static mstc.cloud.worker.adapters.local.ShellJobs.job;
import static mstc.cloud.worker.adapters.local.ShellJobs.request;
import static mstc.cloud.worker.adapters.local.ShellJobs.running;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.reply.ReplyAddress;
import mstc.cloud.worker.domain.runtime.Answer;
import mstc.cloud.worker.domain.runtime.JobCounts;
import mstc.cloud.worker.domain.runtime.JobEnd;
import mstc.cloud.worker.domain.runtime.JobRecord;
import mstc.cloud.worker.domain.runtime.JobRuntimeException;
import mstc.cloud.worker.domain.runtime.Submission;
import mstc.cloud.worker.testkit.request.HandWork;
import mstc.cloud.worker.testkit.runtime.DeafListener;
import mstc.cloud.worker.wire.WorkRequestFormat;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** What the local runtime does beyond the contract of all runtimes. */
@Timeout(60)
@Execution(ExecutionMode.CONCURRENT)
class LocalJobRuntimeTest {
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  private static final StoredJobJson JSON = new StoredJobJson(new WorkRequestFormat());
  private static final String LINUX_ONLY = "detached processes are found on Linux only";

  @TempDir Path root;
  private @Nullable LocalJobRuntime open;

  @BeforeEach
  void openTheRuntime() {
    open(ShellJobs.settings(root));
  }

  @AfterEach
  void closeTheRuntime() {
    runtime().close();
  }

  private void open(LocalSettings settings) {
    LocalJobRuntime opened = ShellJobs.runtime(settings);
    opened.start(new DeafListener());
    open = opened;
  }

  private LocalJobRuntime runtime() {
    if (open == null) {
      throw new IllegalStateException("no runtime is open");
    }
    return open;
  }

  /** Puts a job on record as a worker that is no more would have left it. */
  private void leftBehind(StoredJob stored) throws IOException {
    runtime().close();
    try (RootFolder folder = RootFolder.open(root)) {
      folder.add(stored.name(), JSON.write(stored));
    }
    openTheRuntime();
  }

  // What runs.

  @Test
  void theRequestsArgumentsFollowTheWordsOfTheCatalogue() throws Exception {
    // given
    Job job = job(request("words:7").args(List.of("two words", "*", "")));

    // when
    JobEnd end = run(job);

    // then
    assertThat(end.log().file()).hasContent("first\ntwo words\n*\n\n");
  }

  @Test
  void workThatNoContainerDoesIsRefused() {
    // given
    Job job = new Job(job(running("true")).name(), new HandWork(), List.of());

    // when
    Submission submission = runtime().submit(job, Optional.empty());

    // then
    assertThat(submission)
        .isInstanceOfSatisfying(
            Submission.Refused.class,
            refused -> assertThat(refused.reason()).contains("work of containers only"));
    assertThat(runtime().find(job.name().uuid())).isEmpty();
  }

  @Test
  void aRequestThatChoosesTheProgramIsRefused() {
    // given
    Job job = job(running("true").command(List.of("/bin/sh")));

    // when
    Submission submission = runtime().submit(job, Optional.empty());

    // then
    assertThat(submission)
        .isInstanceOfSatisfying(
            Submission.Refused.class,
            refused -> assertThat(refused.reason()).contains("takes no command", "use args"));
    assertThat(runtime().find(job.name().uuid())).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "BASH_ENV",
        "ENV",
        "PYTHONWARNINGS",
        "PYTHONPATH",
        "LD_PRELOAD",
        "JDK_JAVA_OPTIONS",
        "PATH",
        "PERL5OPT",
        "AWS_PROFILE"
      })
  void aRequestThatSetsAVariableThatIsNotAllowedIsRefused(String variable) {
    // given
    Job job = job(running("true").env(Map.of("ASKED_FOR", "yes", variable, "hush")));

    // when
    Submission submission = runtime().submit(job, Optional.empty());

    // then
    assertThat(submission)
        .isInstanceOfSatisfying(
            Submission.Refused.class,
            refused ->
                assertThat(refused.reason())
                    .startsWith("env \"" + variable + "\" must not be set: ")
                    .contains("mstc.runtime.local.catalogue allows TEST_*, ASKED_FOR, ")
                    .doesNotContain("hush"));
    assertThat(runtime().find(job.name().uuid())).isEmpty();
  }

  @Test
  void withoutAListNoVariableIsAllowed() {
    // given
    Job job = job(request("words:1").env(Map.of("OMP_NUM_THREADS", "4")));

    // when
    Submission submission = runtime().submit(job, Optional.empty());

    // then
    assertThat(submission)
        .isEqualTo(
            new Submission.Refused(
                "env \"OMP_NUM_THREADS\" must not be set: for this image"
                    + " mstc.runtime.local.catalogue allows no variables"));
  }

  @Test
  void aRequestThatCouldNotBeReadAgainIsRefused() {
    // given
    Job job = job(running("true").env(Map.of("LONG", "x".repeat(128 * 1024))));

    // when
    Submission submission = submit(job);

    // then
    assertThat(submission)
        .isInstanceOfSatisfying(
            Submission.Refused.class,
            refused -> assertThat(refused.reason()).contains("longer than 131072 bytes"));
    assertThat(runtime().counts()).isEqualTo(JobCounts.NONE);
  }

  @Test
  void resourcesAreNotLimitedAndTheClientIsTold() throws Exception {
    // given
    Job job = job(running("true").memory("1Gi"));

    // when
    JobEnd end = run(job);

    // then
    assertThat(end.warnings()).containsExactly("resources are not limited by the local runtime");
  }

  @Test
  void anUnknownImageIsAnsweredWithHowToAddIt() throws Exception {
    // given
    Job job = job(request("team/solver:7"));

    // when
    JobEnd end = run(job);

    // then
    assertThat(end.outcome().phrase())
        .isEqualTo(
            "failed: image not found: \"team/solver:7\" is not in"
                + " mstc.runtime.local.catalogue; add an entry with its command");
  }

  @Test
  void aProgramThatIsNotThereIsNamed() throws Exception {
    // given
    Job job = job(request("missing"));

    // when
    JobEnd end = run(job);

    // then
    assertThat(end.outcome()).isInstanceOf(JobOutcome.NotStarted.class);
    assertThat(end.outcome().phrase()).contains("/no/such/program", "No such file");
    assertThat(end.startedAt()).isEmpty();
  }

  @Test
  void theEnvironmentIsWhatIsInheritedSetAndAskedForAndNothingElse() throws Exception {
    // given
    Job job = job(running("env").env(Map.of("ASKED_FOR", "yes")));
    Set<String> expected = new TreeSet<>(System.getenv().keySet());
    expected.retainAll(LocalSettings.DEFAULT_INHERITED_VARIABLES);
    expected.addAll(
        List.of(
            "AWS_REGION",
            "AWS_SECRET_ACCESS_KEY",
            "ASKED_FOR",
            "INPUT_BUCKET",
            "OUTPUT_BUCKET",
            "MSTC_JOB",
            "MSTC_JOB_NAME",
            "MSTC_JOB_MARK"));

    // when
    JobEnd end = run(job);

    // then
    Set<String> names =
        lines(end).stream()
            .map(line -> line.substring(0, line.indexOf('=')))
            .collect(Collectors.toCollection(TreeSet::new));
    // Shells set these by themselves.
    names.removeAll(Set.of("PWD", "OLDPWD", "SHLVL", "_"));
    assertThat(names).isEqualTo(expected);
    assertThat(lines(end)).contains("AWS_REGION=eu-test-1", "MSTC_JOB_NAME=" + job.name());
  }

  @Test
  void aJobRunsInAnEmptyFolderOfItsOwnWithNothingToRead() throws Exception {
    // given
    Job job = job(running("pwd -P; ls -A; cat; echo done"));

    // when
    JobEnd end = run(job);

    // then
    Path scratch = root.toRealPath().resolve(job.name().value()).resolve("scratch-1");
    assertThat(end.log().file()).hasContent(scratch + "\ndone\n");
  }

  // Attempts.

  @Test
  void theLogTellsAttemptsApart() throws Exception {
    // given
    Job job = job(running("ls -A; touch left; printf one >&2; echo x >> ../n; exit 4").retries(2));

    // when
    JobEnd end = run(job);

    // then
    assertThat(end.outcome()).isEqualTo(new JobOutcome.Failed(4));
    assertThat(end.log().file())
        .hasContent(
            """
            === attempt 1 of 3 ===
            one
            === attempt 2 of 3, after exit code 4 ===
            one
            === attempt 3 of 3, after exit code 4 ===
            one\
            """);
  }

  @Test
  void aJobThatSucceedsAtOnceHasNoHeadersInItsLog() throws Exception {
    // given
    Job job = job(running("echo one").retries(2));

    // when
    JobEnd end = run(job);

    // then
    assertThat(end.log().file()).hasContent("one\n");
  }

  @Test
  void theTimeoutSpansAllAttempts() throws Exception {
    // given
    Job job =
        job(
            running("echo try; sleep 2; exit 1")
                .retries(10)
                .env(Map.of(ShellJobs.TIMEOUT_MILLIS, "5000")));

    // when
    JobEnd end = run(job);

    // then
    assertThat(end.outcome()).isInstanceOf(JobOutcome.TimedOut.class);
    assertThat(lines(end)).filteredOn("try"::equals).hasSizeBetween(1, 3);
  }

  @Test
  void aCancelledJobIsNotRepeated() throws Exception {
    // given
    Job job = job(running("echo started; sleep 3600").retries(10));
    submit(job);
    awaitLines(job, 1);

    // when
    runtime().cancel(job.name());

    // then
    JobEnd end = runtime().awaitEnd(job.name());
    assertThat(end.outcome()).isEqualTo(new JobOutcome.Cancelled());
    assertThat(lines(end)).containsExactly("started");
  }

  // How processes end.

  @Test
  @EnabledOnOs(value = OS.LINUX, disabledReason = LINUX_ONLY)
  void nothingThatAJobDetachedOutlivesIt() throws Exception {
    // given
    String detached = "(setsid sleep 3600 >/dev/null 2>&1 & echo $!)\n";
    Job job = job(running(detached.repeat(30)));

    // when
    JobEnd end = run(job);

    // then
    assertThat(end.outcome()).isEqualTo(new JobOutcome.Succeeded());
    assertThat(pids(end)).hasSize(30).noneMatch(TestProcesses::isAlive);
  }

  @Test
  void aJobIsOverWithItsFirstProcessThoughAnotherHoldsItsOutput() throws Exception {
    // given
    Job job = job(running("sleep 3600 & echo $!; exit 3"));

    // when
    JobEnd end = run(job);

    // then
    assertThat(end.outcome()).isEqualTo(new JobOutcome.Failed(3));
    assertThat(pids(end)).noneMatch(TestProcesses::isAlive);
  }

  @Test
  void aProcessThatHidesItsEnvironmentIsFoundByItsParents() throws Exception {
    // given
    Job job = job(running("env -i sh -c 'trap \"\" TERM; echo $$; sleep 3600; exit' & wait"));
    submit(job);
    awaitLines(job, 1);

    // when
    runtime().cancel(job.name());

    // then
    assertThat(pids(runtime().awaitEnd(job.name()))).noneMatch(TestProcesses::isAlive);
  }

  @Test
  void aJobThatIsCancelledHasTimeToSaveItsState() throws Exception {
    // given
    Job job =
        job(running("trap 'sleep 0.3; echo saved; exit 0' TERM; echo started; sleep 3600 & wait"));
    submit(job);
    awaitLines(job, 1);

    // when
    runtime().cancel(job.name());

    // then
    JobEnd end = runtime().awaitEnd(job.name());
    assertThat(end.outcome()).isEqualTo(new JobOutcome.Cancelled());
    assertThat(lines(end)).containsExactly("started", "saved");
  }

  @Test
  void whatDoesNotTerminateIsKilledAfterTheGrace() throws Exception {
    // given
    runtime().close();
    LocalSettings usual = ShellJobs.settings(root);
    open(
        new LocalSettings(
            root,
            usual.catalogue(),
            usual.retention(),
            Map.of(),
            usual.inheritedVariables(),
            Duration.ofMillis(300),
            OptionalLong.empty()));
    Job job =
        job(
            running("trap '' TERM; echo $$; while true; do sleep 1; done")
                .env(Map.of(ShellJobs.TIMEOUT_MILLIS, "8000")));

    // when
    JobEnd end = run(job);

    // then
    assertThat(end.outcome()).isInstanceOf(JobOutcome.TimedOut.class);
    assertThat(pids(end)).hasSize(1).noneMatch(TestProcesses::isAlive);
    assertThat(end.log().complete()).isTrue();
  }

  @Test
  void aLogIsCutAtWhatAJobsMayHaveAndSaidToBe() throws Exception {
    // given
    runtime().close();
    LocalSettings usual = ShellJobs.settings(root);
    open(
        new LocalSettings(
            root,
            usual.catalogue(),
            usual.retention(),
            Map.of(),
            usual.inheritedVariables(),
            usual.grace(),
            OptionalLong.of(10)));

    // when
    JobEnd longer = run(job(running("echo 123456789; echo 123456789")));
    JobEnd within = run(job(running("echo 123456789")));

    // then
    assertThat(Files.readString(longer.log().file()))
        .startsWith("123456789\n\n[mstc-cloud-worker: the log was cut here");
    assertThat(longer.log().complete()).isFalse();
    assertThat(longer.warnings())
        .containsExactly("the log is not complete: it was cut, as a job's log may have 10 bytes");
    assertThat(longer.outcome()).isEqualTo(new JobOutcome.Succeeded());
    assertThat(Files.readString(within.log().file())).isEqualTo("123456789\n");
    assertThat(within.log().complete()).isTrue();
  }

  @Test
  void aWorkerThatIsClosedEndsItsProcessesAndNotesThatTheirJobsAreLost() throws Exception {
    // given
    Job job = job(running("echo $$; sleep 3600"));
    submit(job);
    awaitLines(job, 1);

    // when
    runtime().close();

    // then
    List<String> lines = Files.readAllLines(log(job));
    assertThat(lines).noneMatch(line -> TestProcesses.isAlive(Long.parseLong(line)));
    StoredJob stored = new JobFolder(root.resolve(job.name().value())).read(JSON);
    assertThat(stored.ending().orElseThrow().outcome()).isInstanceOf(JobOutcome.Lost.class);
  }

  // The root folder.

  @Test
  void aRootFolderIsOneWorkersAtATime() {
    // given
    LocalJobRuntime second = ShellJobs.runtime(ShellJobs.settings(root));

    // when
    JobRuntimeException failure =
        catchThrowableOfType(JobRuntimeException.class, () -> second.start(new DeafListener()));

    // then
    assertThat(failure)
        .hasMessageContaining("in use by another worker")
        .hasMessageContaining(root.getFileName().toString());
    assertThat(failure.isRetryable()).isFalse();
    second.close();
    runtime().close();
    openTheRuntime();
  }

  @Test
  void aRecordThatCannotBeReadIsNamedAndLeftAlone() throws Exception {
    // given
    Job good = job(running("echo good"));
    Job bad = job(running("echo bad"));
    run(good);
    run(bad);
    runtime().close();
    Path record = root.resolve(bad.name().value()).resolve("job.json");
    Files.writeString(record, Files.readString(record).replace("echo bad", "echo worse"));
    ListAppender<ILoggingEvent> log = new ListAppender<>();
    log.start();
    Logger logger = (Logger) LoggerFactory.getLogger(LocalJobRuntime.class);
    logger.addAppender(log);

    // when
    openTheRuntime();

    // then
    logger.detachAppender(log);
    assertThat(log.list)
        .filteredOn(event -> event.getLevel() == Level.ERROR)
        .singleElement()
        .extracting(ILoggingEvent::getFormattedMessage)
        .asString()
        .contains(bad.name().value(), "another digest");
    assertThat(runtime().awaitEnd(good.name()).outcome()).isEqualTo(new JobOutcome.Succeeded());
    assertThat(runtime().find(bad.name().uuid())).isEmpty();
    assertThat(runtime().counts().inFlight() + runtime().counts().waiting()).isEqualTo(1);
    assertThat(record).exists();
    JobRuntimeException failure =
        catchThrowableOfType(
            JobRuntimeException.class, () -> runtime().submit(bad, Optional.empty()));
    assertThat(failure.isRetryable()).isFalse();
    assertThat(failure).hasMessageContaining(bad.name().value());
  }

  @Test
  void whatAKilledWorkerHadNotPutOnRecordIsSweptAway() throws Exception {
    // given
    runtime().close();
    Path temporary = root.resolve(".temporary");
    Files.createDirectories(temporary.resolve("new-1/scratch-1"));
    Files.writeString(temporary.resolve("new-1/job.json"), "{");

    // when
    openTheRuntime();

    // then
    await().atMost(PATIENCE).untilAsserted(() -> assertThat(temporary).isEmptyDirectory());
    assertThat(runtime().counts()).isEqualTo(JobCounts.NONE);
  }

  @Test
  void aJobThatWasNeverStartedIsStartedByTheNextWorker() throws Exception {
    // given
    Job job = job(running("echo ran"));

    // when
    leftBehind(StoredJob.submitted(job, Optional.empty(), false));

    // then
    JobEnd end = runtime().awaitEnd(job.name());
    assertThat(end.outcome()).isEqualTo(new JobOutcome.Succeeded());
    assertThat(lines(end)).containsExactly("ran");
  }

  @Test
  void aJobThatWasHeldIsHeldByTheNextWorker() throws Exception {
    // given
    Job job = job(running("echo ran"));

    // when
    leftBehind(StoredJob.submitted(job, Optional.empty(), true));

    // then
    JobRecord held = runtime().find(job.name().uuid()).orElseThrow();
    assertThat(held.held()).isTrue();
    assertThat(runtime().awaitRelease(job.name(), Duration.ofMillis(300))).isFalse();
    assertThat(runtime().release(held)).isTrue();
    assertThat(lines(runtime().awaitEnd(job.name()))).containsExactly("ran");
  }

  @Test
  void aRecordOfAnEarlierVersionIsThatOfAJobThatIsNotHeld() throws Exception {
    // given
    Job job = job(running("echo ran"));
    leftBehind(StoredJob.submitted(job, Optional.empty(), true));
    runtime().close();
    Path record = root.resolve(job.name().value()).resolve("job.json");
    Files.writeString(record, Files.readString(record).replaceAll("\"(id|held)\" *:[^,]*,", ""));

    // when
    openTheRuntime();

    // then
    assertThat(lines(runtime().awaitEnd(job.name()))).containsExactly("ran");
  }

  @Test
  void aJobOfAnEarlierCatalogueIsNotRunWithAVariableThatIsNoLongerAllowed() throws Exception {
    // given
    Job job = job(running("echo ran").env(Map.of("BASH_ENV", "/tmp/other")));

    // when
    leftBehind(StoredJob.submitted(job, Optional.empty(), false));

    // then
    JobEnd end = runtime().awaitEnd(job.name());
    assertThat(end.outcome()).isInstanceOf(JobOutcome.NotStarted.class);
    assertThat(end.outcome().phrase()).contains("env \"BASH_ENV\" must not be set");
    assertThat(end.log().file()).isEmptyFile();
  }

  @Test
  void aJobWhoseStartWasNotedIsNeverStartedAgain() throws Exception {
    // given
    Job job = job(running("echo ran"));
    Instant noted = Instant.now().truncatedTo(ChronoUnit.MILLIS);

    // when
    leftBehind(StoredJob.submitted(job, Optional.empty(), false).withStartNoted(noted));

    // then
    JobEnd end = runtime().awaitEnd(job.name());
    assertThat(end.outcome()).isInstanceOf(JobOutcome.Lost.class);
    assertThat(end.startedAt()).contains(noted);
    assertThat(end.log().file()).isEmptyFile();
  }

  @Test
  void aJobThatWasCancelledBeforeACrashIsCancelled() throws Exception {
    // given
    Job started = job(running("echo ran"));
    Job waiting = job(running("echo ran"));
    leftBehind(
        StoredJob.submitted(started, Optional.empty(), false)
            .withStartNoted(Instant.now())
            .withCancelled());

    // when
    leftBehind(StoredJob.submitted(waiting, Optional.empty(), false).withCancelled());

    // then
    assertThat(runtime().awaitEnd(started.name()).outcome()).isEqualTo(new JobOutcome.Cancelled());
    JobEnd end = runtime().awaitEnd(waiting.name());
    assertThat(end.outcome()).isEqualTo(new JobOutcome.Cancelled());
    assertThat(end.startedAt()).isEmpty();
  }

  @Test
  void anAnsweredJobsFolderIsRemovedWhateverItLeftThere() throws Exception {
    // given
    Path kept = Files.createDirectory(root.resolve("kept"));
    Files.createFile(kept.resolve("file"));
    String script =
        "mkdir -p a/b; touch a/b/c; chmod 500 a/b; chmod 0 a; ln -s '" + kept + "' link";
    Job job = job(running(script));
    JobEnd end = run(job);
    JobRecord record = runtime().find(job.name().uuid()).orElseThrow();
    Reply reply =
        Reply.ended(
            job, end.outcome(), Optional.empty(), end.startedAt(), end.finishedAt(), List.of());

    // when
    runtime().recordAnswer(record, new Answer(reply, Answer.Status.NONE, Instant.now()));

    // then
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> {
          assertThat(root.resolve(job.name().value())).doesNotExist();
          assertThat(root.resolve(".temporary")).isEmptyDirectory();
        });
    assertThat(kept.resolve("file")).exists();
    assertThat(submit(job)).isEqualTo(new Submission.Created());
  }

  // Failures of the disk.

  @Test
  @EnabledOnOs(value = OS.LINUX, disabledReason = "there is no /dev/full")
  void anEndThatCannotBePutOnRecordIsGivenOnceItCan() throws Exception {
    // given
    Job job = job(running("echo $$; while [ ! -e ../go ]; do sleep 0.05; done; exit 3"));
    submit(job);
    awaitLines(job, 1);
    Path folder = root.resolve(job.name().value());
    Path full = Files.createSymbolicLink(folder.resolve("job.json.next"), Path.of("/dev/full"));
    Files.createFile(folder.resolve("go"));

    // when
    JobRuntimeException failure =
        catchThrowableOfType(JobRuntimeException.class, () -> runtime().awaitEnd(job.name()));

    // then
    assertThat(failure.isRetryable()).isTrue();
    assertThat(failure)
        .hasMessageContaining(job.name().value())
        .hasMessageContaining("No space left on device");
    Files.delete(full);
    assertThat(runtime().awaitEnd(job.name()).outcome()).isEqualTo(new JobOutcome.Failed(3));
  }

  @Test
  @EnabledOnOs(value = OS.LINUX, disabledReason = "there is no /dev/full")
  void whoCouldNotBePutOnRecordIsNotThere() throws Exception {
    // given
    Job job = job(running("sleep 3600; exit"));
    submit(job);
    await()
        .atMost(PATIENCE)
        .until(() -> Files.exists(root.resolve(job.name().value()).resolve("process")));
    Path folder = root.resolve(job.name().value());
    Files.createSymbolicLink(folder.resolve("job.json.next"), Path.of("/dev/full"));
    ReplyAddress address = new ReplyAddress("queue", Optional.empty());

    // when
    JobRuntimeException failure =
        catchThrowableOfType(
            JobRuntimeException.class, () -> runtime().addReplyAddress(job.name(), address));

    // then
    assertThat(failure.isRetryable()).isTrue();
    assertThat(runtime().find(job.name().uuid()).orElseThrow().replyAddresses()).isEmpty();
    Files.delete(folder.resolve("job.json.next"));
    assertThat(runtime().addReplyAddress(job.name(), address).orElseThrow().replyAddresses())
        .containsExactly(address);
  }

  @Test
  void aJobThatCouldNotBePutOnRecordIsNotThere() throws Exception {
    // given
    Job job = job(running("true"));
    Files.delete(root.resolve(".temporary"));

    // when
    JobRuntimeException failure =
        catchThrowableOfType(
            JobRuntimeException.class, () -> runtime().submit(job, Optional.empty()));

    // then
    assertThat(failure.isRetryable()).isTrue();
    assertThat(failure).hasMessageContaining(root.getFileName().toString());
    assertThat(runtime().find(job.name().uuid())).isEmpty();
    assertThat(runtime().counts()).isEqualTo(JobCounts.NONE);
    Files.createDirectory(root.resolve(".temporary"));
    assertThat(submit(job)).isEqualTo(new Submission.Created());
  }

  @Test
  void aClosedRuntimeTakesNothingAndMayBeClosedAgain() {
    // given
    runtime().close();

    // when
    JobRuntimeException failure =
        catchThrowableOfType(
            JobRuntimeException.class,
            () -> runtime().submit(job(running("true")), Optional.empty()));

    // then
    assertThat(failure.isRetryable()).isTrue();
    assertThatCode(() -> runtime().close()).doesNotThrowAnyException();
  }

  @Test
  void manyJobsRunAtOnce() throws Exception {
    // given
    List<Job> jobs =
        IntStream.range(0, 60)
            .mapToObj(i -> job(running("echo " + i + "; exit " + i % 7)))
            .toList();

    // when
    for (Job job : jobs) {
      submit(job);
    }

    // then
    for (int i = 0; i < jobs.size(); i++) {
      JobEnd end = runtime().awaitEnd(jobs.get(i).name());
      assertThat(end.outcome())
          .isEqualTo(i % 7 == 0 ? new JobOutcome.Succeeded() : new JobOutcome.Failed(i % 7));
      assertThat(lines(end)).containsExactly(Integer.toString(i));
    }
  }

  private Submission submit(Job job) {
    return runtime().submit(job, Optional.empty());
  }

  private JobEnd run(Job job) throws Exception {
    assertThat(submit(job)).isEqualTo(new Submission.Created());
    return runtime().awaitEnd(job.name());
  }

  private Path log(Job job) {
    return root.resolve(job.name().value()).resolve("output.log");
  }

  private void awaitLines(Job job, int count) {
    await().atMost(PATIENCE).until(() -> Files.readAllLines(log(job)).size() >= count);
  }

  private static List<String> lines(JobEnd end) throws IOException {
    return Arrays.asList(Files.readString(end.log().file(), UTF_8).split("\n"));
  }

  private static List<Long> pids(JobEnd end) throws IOException {
    return lines(end).stream().map(Long::valueOf).toList();
  }
}
