package mstc.cloud.worker.testkit.view;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.request.WorkRequest;
import mstc.cloud.worker.domain.runtime.Answer;
import mstc.cloud.worker.domain.runtime.JobEnd;
import mstc.cloud.worker.domain.runtime.JobRecord;
import mstc.cloud.worker.domain.runtime.JobRuntime;
import mstc.cloud.worker.domain.runtime.LogTexts;
import mstc.cloud.worker.domain.runtime.Submission;
import mstc.cloud.worker.domain.view.JobState;
import mstc.cloud.worker.domain.view.JobView;
import mstc.cloud.worker.domain.view.JobViews;
import mstc.cloud.worker.domain.view.LogReader;
import mstc.cloud.worker.domain.view.LogReader.Piece;
import mstc.cloud.worker.domain.view.LogReader.Result;
import mstc.cloud.worker.testkit.runtime.DeafListener;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What every {@link JobViews} does, of a runtime that implements both ports. A runtime's test
 * subclasses this, opens the runtime, and says which images and arguments make its jobs do what the
 * contract is about.
 */
public abstract class JobViewsContract {
  /** For a read that need not wait. */
  private static final Duration AT_ONCE = Duration.ZERO;

  /** For a read that waits: the test itself is not patient for so long. */
  private static final Duration LONG = Duration.ofHours(1);

  /** More than all buffers that are between a job and whoever reads its log. */
  private static final int LINES_OF_A_LONG_LOG = 200_000;

  /** More than a container runtime keeps of a line before it hands it on. */
  private static final int UNFINISHED_BYTES = 40_000;

  private SeenJobs seen = new SeenJobs();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private @Nullable JobRuntime open;

  /**
   * A new runtime, which is a {@link JobViews} too, with the records of the current test, including
   * those of an earlier runtime; the subclass neither starts nor closes it.
   */
  protected abstract JobRuntime openRuntime() throws Exception;

  /** A job that writes these lines and exits with 0. */
  protected abstract WorkRequest.Builder printing(String... lines);

  /** A job that writes a line, then sleeps for an hour. */
  protected abstract WorkRequest.Builder sleepingAfter(String line);

  /** A job that writes a line every tenth of a second, {@code 1}, {@code 2} and so on. */
  protected abstract WorkRequest.Builder counting();

  /** A job that writes so many lines, {@code 1}, {@code 2} and so on, and exits with 0. */
  protected abstract WorkRequest.Builder countingTo(int lines);

  /** A job that writes so many {@code x} without a line end, then sleeps for an hour. */
  protected abstract WorkRequest.Builder sleepingWithinALine(int bytes);

  /**
   * A job whose attempt {@code n} writes {@code try n}; the first two exit with 5, the third with
   * 0.
   */
  protected abstract WorkRequest.Builder failingTwice();

  /** The longest time that one step of a test may take. */
  protected Duration patience() {
    return Duration.ofSeconds(20);
  }

  /** Returns when the runtime, which was just started, completes jobs. */
  protected void awaitStarted() {}

  /** Whether a running job goes on while there is no worker; otherwise it ends as lost. */
  protected boolean jobsOutliveTheWorker() {
    return true;
  }

  @BeforeEach
  void openTheRuntime() throws Exception {
    open = openRuntime();
    views().watch(seen);
    open.start(new DeafListener());
    awaitStarted();
  }

  @AfterEach
  void closeTheRuntime() {
    if (open != null) {
      open.close();
    }
    threads.close();
    assertThat(seen.wasCalledTwiceAtOnce()).isFalse();
  }

  protected final JobRuntime runtime() {
    if (open == null) {
      throw new IllegalStateException("no runtime is open");
    }
    return open;
  }

  protected final JobViews views() {
    return (JobViews) runtime();
  }

  /** What the runtime has shown so far. */
  protected final SeenJobs seen() {
    return seen;
  }

  /** Closes the runtime and opens another on the same records. */
  protected final void restart() throws Exception {
    runtime().close();
    assertThat(seen.wasCalledTwiceAtOnce()).isFalse();
    // The closed one may still show something.
    seen = new SeenJobs();
    openTheRuntime();
  }

  // What is shown of jobs.

  @Test
  void aJobIsShownFromItsRecordToItsAnswer() throws Exception {
    // given
    Instant before = Instant.now();
    Job job = job(sleepingAfter("started"));
    JobRecord held = ((Submission.Held) runtime().hold(job, Optional.empty())).record();
    JobView pending = awaitSeen(job, JobState.PENDING);

    // when
    assertThat(runtime().release(held)).isTrue();
    JobView running = awaitSeen(job, JobState.RUNNING);
    assertThat(runtime().cancel(job.name())).isTrue();
    JobView ending = awaitSeen(job, JobState.ENDING);
    Reply reply = answered(job);
    JobView ended = awaitSeen(job, JobState.ENDED);

    // then
    assertThat(pending.job()).isEqualTo(job);
    assertThat(pending.createdAt()).isBetween(before.minusSeconds(2), Instant.now().plusSeconds(1));
    assertThat(pending.startedAt()).isEmpty();
    assertThat(pending.endedAt()).isEmpty();
    assertThat(pending.cancelled()).isFalse();
    assertThat(pending.reply()).isEmpty();
    assertThat(running.hint()).isEmpty();
    assertThat(running.startedAt().orElseThrow())
        .isBetween(before.minusSeconds(2), Instant.now().plusSeconds(1));
    assertThat(running.endedAt()).isEmpty();
    assertThat(ending.endedAt()).isPresent();
    assertThat(ending.reply()).isEmpty();
    assertThat(ended.reply()).contains(reply);
    assertThat(ended.startedAt()).isEqualTo(reply.startedAt());
    assertThat(ended.endedAt()).isEqualTo(reply.finishedAt());
    assertThat(ended.createdAt()).isEqualTo(pending.createdAt());
    assertThat(seen.states(job.name()))
        .containsExactly(JobState.PENDING, JobState.RUNNING, JobState.ENDING, JobState.ENDED);
  }

  @Test
  void aCancelledJobIsShownAsCancelled() throws Exception {
    // given
    Job job = submitted(sleepingAfter("started"));
    awaitSeen(job, JobState.RUNNING);

    // when
    runtime().cancel(job.name());

    // then
    awaitSeen(job, JobState.ENDING);
    assertThat(seen.find(job.name()).orElseThrow().cancelled()).isTrue();
    answered(job);
    assertThat(awaitSeen(job, JobState.ENDED).cancelled()).isTrue();
  }

  @Test
  void aJobThatSucceedsIsNotShownAsCancelled() throws Exception {
    // given
    Job job = submitted(printing("done"));

    // when
    answered(job);

    // then
    JobView ended = awaitSeen(job, JobState.ENDED);
    assertThat(ended.cancelled()).isFalse();
    assertThat(ended.hint()).isEmpty();
    assertThat(ended.startedAt()).isPresent();
  }

  @Test
  void aHeldJobThatIsAnsweredHasEndedWithoutAStart() {
    // given
    Job job = job(sleepingAfter("started"));
    JobRecord held = ((Submission.Held) runtime().hold(job, Optional.empty())).record();
    Reply reply = Reply.invalid("ran before");
    Instant now = Instant.now().truncatedTo(ChronoUnit.MILLIS);

    // when
    runtime().recordAnswer(held, new Answer(reply, Answer.Status.NONE, now));

    // then
    JobView ended = awaitSeen(job, JobState.ENDED);
    assertThat(ended.reply()).contains(reply);
    assertThat(ended.startedAt()).isEmpty();
    assertThat(ended.endedAt()).isPresent();
  }

  @Test
  void aJobIsGoneOnceItsRecordIsRemoved() throws Exception {
    // given
    Job job = submitted(printing("done"));

    // when
    answered(job);

    // then
    await()
        .atMost(patience())
        .until(
            () -> runtime().find(job.name().uuid()).isEmpty() && seen.gone().contains(job.name()));
    assertThat(seen.find(job.name())).isEmpty();
    assertThat(seen.gone()).containsOnlyOnce(job.name());
  }

  @Test
  void allJobsOnRecordAreShownAtTheStart() throws Exception {
    // given
    Job running = submitted(sleepingAfter("started"));
    Job held = job(sleepingAfter("started"));
    runtime().hold(held, Optional.empty());
    Job ended = submitted(printing("done"));
    Reply reply = answered(ended);
    awaitSeen(running, JobState.RUNNING);

    // when
    restart();

    // then
    awaitSeen(running, jobsOutliveTheWorker() ? JobState.RUNNING : JobState.ENDING);
    assertThat(awaitSeen(held, JobState.PENDING).job()).isEqualTo(held);
    assertThat(awaitSeen(ended, JobState.ENDED).reply()).contains(reply);
  }

  // Logs.

  @Test
  void aLogThatIsNotFollowedEndsWithWhatIsWrittenByNow() throws Exception {
    // given
    Job job = submitted(sleepingAfter("started"));
    awaitLog(job, "started\n");

    // when
    Read read = read(openLog(job, false));

    // then
    assertThat(read.text()).isEqualTo("started\n");
    assertThat(read.notices()).isEmpty();
  }

  @Test
  void aFollowedLogGivesLinesWhileTheJobRunsAndEndsWithIt() throws Exception {
    // given
    Job job = submitted(sleepingAfter("started"));

    // when
    try (LogReader log = openLog(job, true)) {
      String first = nextText(log);
      assertThat(log.read(AT_ONCE)).isInstanceOf(Result.Nothing.class);
      assertThat(awaitSeen(job, JobState.RUNNING).endedAt()).isEmpty();
      runtime().cancel(job.name());

      // then
      assertThat(first).isEqualTo("started\n");
      assertThat(within(() -> log.read(LONG))).isInstanceOf(Result.End.class);
      assertThat(log.read(LONG)).isInstanceOf(Result.End.class);
    }
  }

  @Test
  void aLineIsGivenBeforeItsEndAndIsResumedWithinIt() throws Exception {
    // given
    Job job = submitted(sleepingWithinALine(UNFINISHED_BYTES));
    Piece first;
    try (LogReader log = openLog(job, true)) {
      first = next(log);
    }

    // when
    try (LogReader log = open(job, Optional.of(first.position()), true)) {
      runtime().cancel(job.name());
      String all = Read.text(List.of(first)) + read(log).text();

      // then
      assertThat(first.text()).isNotEmpty();
      assertThat(all).isEqualTo("x".repeat(UNFINISHED_BYTES));
    }
  }

  @Test
  void aJobThatHasNotStartedHasAnEmptyLogThatGrows() throws Exception {
    // given
    Job job = job(sleepingAfter("started"));
    JobRecord held = ((Submission.Held) runtime().hold(job, Optional.empty())).record();
    awaitSeen(job, JobState.PENDING);

    // when
    try (LogReader log = openLog(job, true)) {
      assertThat(log.read(Duration.ofMillis(1))).isInstanceOf(Result.Nothing.class);
      assertThat(read(openLog(job, false)).text()).isEmpty();
      runtime().release(held);

      // then
      assertThat(nextText(log)).isEqualTo("started\n");
    }
  }

  @Test
  void aJobThatNeverStartsHasALogThatEnds() throws Exception {
    // given
    Job job = job(sleepingAfter("started"));
    runtime().hold(job, Optional.empty());
    awaitSeen(job, JobState.PENDING);

    // when
    try (LogReader log = openLog(job, true)) {
      runtime().cancel(job.name());

      // then
      assertThat(within(() -> log.read(LONG))).isInstanceOf(Result.End.class);
    }
  }

  @Test
  void theLogOfAJobThatHasEndedIsReadUntilItIsAnswered() throws Exception {
    // given
    Job job = submitted(countingTo(10));
    awaitSeen(job, JobState.ENDING);

    // when
    Read read = read(openLog(job, true));

    // then
    assertThat(read.text()).isEqualTo(lines(1, 10));
    assertThat(read.notices()).isEmpty();
  }

  @Test
  void aLogThatIsResumedAtAnyPositionGivesNoByteTwiceAndLosesNone() throws Exception {
    // given
    Job job = submitted(counting());
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    Optional<String> position = Optional.empty();

    // when
    while (all.size() < lines(1, 30).length()) {
      try (LogReader log = open(job, position, true)) {
        Piece piece = next(log);
        assertThat(piece.position()).matches("[!-~]+");
        assertThat(piece.notice()).isEmpty();
        all.write(piece.text());
        position = Optional.of(piece.position());
      }
    }
    runtime().cancel(job.name());
    all.write(read(open(job, position, true)).bytes());

    // then
    String text = all.toString(UTF_8);
    assertThat(text).isEqualTo(lines(1, (int) text.lines().count()));
  }

  @Test
  void aLongLogIsReadInPiecesOfWholeLines() throws Exception {
    // given
    Job job = submitted(countingTo(LINES_OF_A_LONG_LOG));
    awaitSeen(job, JobState.ENDING);
    Optional<String> position = Optional.empty();
    int sizeThere = 0;
    ByteArrayOutputStream all = new ByteArrayOutputStream();

    // when
    try (LogReader log = openLog(job, true)) {
      while (within(() -> log.read(LONG)) instanceof Result.More(Piece piece)) {
        assertThat(piece.text()).hasSizeLessThanOrEqualTo(Piece.MAX_BYTES).endsWith((byte) '\n');
        if (position.isEmpty() && all.size() > 500_000) {
          position = Optional.of(piece.position());
          sizeThere = all.size() + piece.text().length;
        }
        all.write(piece.text());
      }
    }

    // then
    assertSame(all.toString(UTF_8), lines(1, LINES_OF_A_LONG_LOG));
    assertThat(position).isPresent();
    byte[] rest = read(open(job, position, true)).bytes();
    assertThat(rest).hasSize(all.size() - sizeThere);
  }

  @Test
  void aSlowReaderLosesNothing() throws Exception {
    // given
    Job job = submitted(countingTo(LINES_OF_A_LONG_LOG));

    // when
    try (LogReader slow = openLog(job, true)) {
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      all.write(next(slow).text());
      awaitSeen(job, JobState.ENDING);
      all.write(read(slow).bytes());

      // then
      assertSame(all.toString(UTF_8), lines(1, LINES_OF_A_LONG_LOG));
    }
  }

  @Test
  void severalReadersOfOneLogEachGetAllOfIt() throws Exception {
    // given
    Job job = submitted(countingTo(1000));

    // when
    List<Future<Read>> reads =
        IntStream.range(0, 10)
            .mapToObj(number -> threads.submit(() -> readNow(openLog(job, true))))
            .toList();

    // then
    for (Future<Read> read : reads) {
      assertThat(result(read).text()).isEqualTo(lines(1, 1000));
    }
  }

  @Test
  void attemptsFollowEachOtherWithALineBeforeAndAreResumedAnywhere() throws Exception {
    // given
    Job job = submitted(failingTwice().retries(2));

    // when
    Read live = read(openLog(job, true));
    Read whole = read(openLog(job, false));

    // then
    String first = LogTexts.attemptHeader(1, 3, Optional.empty());
    String rest =
        "try 1\n"
            + LogTexts.attemptHeader(2, 3, Optional.of(LogTexts.exitCode(5)))
            + "try 2\n"
            + LogTexts.attemptHeader(3, 3, Optional.of(LogTexts.exitCode(5)))
            + "try 3\n";
    // Whoever reads the first attempt while it is the only one is not told that it is the first.
    assertThat(live.text()).isIn(rest, first + rest);
    assertThat(whole.text()).isEqualTo(first + rest);
    assertThat(whole.notices()).isEmpty();
    for (int count = 1; count <= live.pieces().size(); count++) {
      List<Piece> before = live.pieces().subList(0, count);
      Read after = read(open(job, Optional.of(before.getLast().position()), false));
      assertThat(Read.text(before) + after.text()).isEqualTo(live.text());
    }
  }

  @Test
  void aJobOfAnotherRunOfTheWorkerHasALogToo() throws Exception {
    // given
    Job job = submitted(sleepingAfter("started"));
    awaitLog(job, "started\n");

    // when
    restart();
    awaitSeen(job, jobsOutliveTheWorker() ? JobState.RUNNING : JobState.ENDING);

    // then
    assertThat(read(openLog(job, false)).text()).isEqualTo("started\n");
  }

  @Test
  void anUnknownJobHasNoLog() {
    assertThat(views().openLog(name(), Optional.empty(), true)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "x", "-1", "1 2", "99999999999999999999", "é"})
  void whatIsNoPositionIsRefused(String position) {
    // given
    Job job = submitted(sleepingAfter("started"));
    awaitSeen(job, JobState.RUNNING);

    // when, then
    assertThatThrownBy(() -> views().openLog(job.name(), Optional.of(position), true))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aReadThatWaitsEndsWhenAnotherThreadClosesTheReader() throws Exception {
    // given
    Job job = submitted(sleepingAfter("started"));
    LogReader log = openLog(job, true);
    next(log);
    Future<Result> waiting = threads.submit(() -> log.read(LONG));

    // when
    log.close();
    log.close();

    // then
    assertThat(result(waiting)).isInstanceOf(Result.End.class);
    assertThat(log.read(LONG)).isInstanceOf(Result.End.class);
  }

  @Test
  void anInterruptedReadEndsWithAnException() throws Exception {
    // given
    Job job = submitted(sleepingAfter("started"));
    try (LogReader log = openLog(job, true)) {
      next(log);
      List<Throwable> thrown = new ArrayList<>();
      Thread reading =
          Thread.ofVirtual()
              .start(() -> {
                try {
                  log.read(LONG);
                } catch (InterruptedException e) {
                  thrown.add(e);
                }
              });

      // when
      reading.interrupt();

      // then
      assertThat(reading.join(patience())).isTrue();
      assertThat(thrown).hasSize(1);
    }
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

  /** A job of that request, submitted for nobody. */
  protected final Job submitted(WorkRequest.Builder builder) {
    Job job = job(builder);
    assertThat(runtime().submit(job, Optional.empty())).isEqualTo(new Submission.Created());
    return job;
  }

  /** What is shown of a job once it is shown in that state. */
  protected final JobView awaitSeen(Job job, JobState state) {
    await().atMost(patience()).until(() -> seen.isIn(state, job.name()));
    return seen.find(job.name()).orElseThrow();
  }

  /** Returns once a job has written exactly this. */
  protected final void awaitLog(Job job, String text) {
    await().atMost(patience()).until(() -> read(openLog(job, false)).text().equals(text));
  }

  protected final LogReader openLog(Job job, boolean follow) {
    return open(job, Optional.empty(), follow);
  }

  protected final LogReader open(Job job, Optional<String> after, boolean follow) {
    return views().openLog(job.name(), after, follow).orElseThrow();
  }

  /** The next piece of a log, within the patience of the test. */
  protected final Piece next(LogReader log) throws Exception {
    Result result = within(() -> log.read(LONG));
    assertThat(result).isInstanceOf(Result.More.class);
    return ((Result.More) result).piece();
  }

  private String nextText(LogReader log) throws Exception {
    return new String(next(log).text(), UTF_8);
  }

  /** What was read of a log. */
  protected record Read(List<Piece> pieces) {
    /** The text of all pieces. */
    public String text() {
      return text(pieces);
    }

    byte[] bytes() {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      pieces.forEach(piece -> bytes.writeBytes(piece.text()));
      return bytes.toByteArray();
    }

    /** What was said to be missing. */
    public List<String> notices() {
      return pieces.stream().flatMap(piece -> piece.notice().stream()).toList();
    }

    static String text(List<Piece> pieces) {
      return new String(new Read(pieces).bytes(), UTF_8);
    }
  }

  /** Reads a log to its end, within the patience of the test, and closes it. */
  protected final Read read(LogReader log) throws Exception {
    return within(() -> readNow(log));
  }

  private static Read readNow(LogReader opened) throws InterruptedException {
    List<Piece> pieces = new ArrayList<>();
    try (opened) {
      while (opened.read(LONG) instanceof Result.More(Piece piece)) {
        pieces.add(piece);
      }
    }
    return new Read(pieces);
  }

  /** Makes a call that may wait, within the patience of the test. */
  private <T> T within(CallThatWaits<T> call) throws Exception {
    return result(threads.submit(call::make));
  }

  private interface CallThatWaits<T> {
    T make() throws InterruptedException;
  }

  private <T> T result(Future<T> future) throws Exception {
    return future.get(patience().toMillis(), TimeUnit.MILLISECONDS);
  }

  private static String lines(int first, int last) {
    return IntStream.rangeClosed(first, last)
        .mapToObj(number -> number + "\n")
        .collect(Collectors.joining());
  }

  /** Compares texts that are too long to be shown. */
  private static void assertSame(String text, String expected) {
    int same = Arrays.mismatch(text.toCharArray(), expected.toCharArray());
    assertThat(around(text, same)).isEqualTo(around(expected, same));
    assertThat(text).hasSameSizeAs(expected);
  }

  private static String around(String text, int index) {
    return index < 0
        ? ""
        : index
            + ": "
            + text.substring(Math.max(0, index - 20), Math.min(text.length(), index + 20));
  }

  /** Answers a job as soon as it has ended. */
  protected final Reply answered(Job job) throws Exception {
    JobEnd end =
        threads
            .submit(() -> runtime().awaitEnd(job.name()))
            .get(patience().toMillis(), TimeUnit.MILLISECONDS);
    Reply reply =
        Reply.ended(
            job,
            end.outcome(),
            Optional.empty(),
            end.startedAt(),
            end.finishedAt(),
            end.warnings());
    Answer answer =
        new Answer(reply, Answer.Status.NONE, Instant.now().truncatedTo(ChronoUnit.MILLIS));
    JobRecord record = runtime().find(job.name().uuid()).orElseThrow();
    assertThat(runtime().recordAnswer(record, answer)).isTrue();
    return reply;
  }
}
