package mstc.cloud.worker.adapters.local;

import static java.nio.charset.StandardCharsets.UTF_8;
import static mstc.cloud.worker.adapters.local.ShellJobs.running;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.request.WorkRequest;
import mstc.cloud.worker.domain.runtime.JobRuntime;
import mstc.cloud.worker.domain.runtime.LogTexts;
import mstc.cloud.worker.domain.view.JobState;
import mstc.cloud.worker.domain.view.JobView;
import mstc.cloud.worker.domain.view.LogReader;
import mstc.cloud.worker.testkit.view.JobViewsContract;
import mstc.cloud.worker.wire.WorkRequestFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** The contract, with scripts that a shell of this machine runs, and what is local about it. */
@Execution(ExecutionMode.CONCURRENT)
class LocalJobViewsTest extends JobViewsContract {
  @TempDir Path root;
  private OptionalLong logBytes = OptionalLong.empty();

  @Override
  protected JobRuntime openRuntime() {
    LocalSettings settings = ShellJobs.settings(root);
    return ShellJobs.runtime(
        new LocalSettings(
            settings.root(),
            settings.catalogue(),
            settings.retention(),
            settings.environment(),
            settings.inheritedVariables(),
            settings.grace(),
            logBytes));
  }

  @Override
  protected WorkRequest.Builder printing(String... lines) {
    return running(
        Arrays.stream(lines).map("echo '%s'"::formatted).collect(Collectors.joining("\n")));
  }

  @Override
  protected WorkRequest.Builder sleepingAfter(String line) {
    return running("echo '%s'; sleep 3600".formatted(line));
  }

  @Override
  protected WorkRequest.Builder sleepingWithinALine(int bytes) {
    // Written at once, so that whoever reads some of it may end the job.
    return running(
        "head -c %d /dev/zero | tr '\\0' x > line; cat line; sleep 3600".formatted(bytes));
  }

  @Override
  protected WorkRequest.Builder counting() {
    return running("i=0; while :; do i=$((i + 1)); echo $i; sleep 0.1; done");
  }

  @Override
  protected WorkRequest.Builder countingTo(int lines) {
    return running("seq 1 %d".formatted(lines));
  }

  @Override
  protected WorkRequest.Builder failingTwice() {
    return ShellJobs.failingTwice();
  }

  /** Processes of this machine end with their worker, as nobody could learn how they ended. */
  @Override
  protected boolean jobsOutliveTheWorker() {
    return false;
  }

  // What is local.

  @Test
  void whoReadsTheFirstAttemptWhileItIsTheOnlyOneLosesNothingOfTheNext() throws Exception {
    // given
    Job job =
        submitted(
            running(
                    """
                    if [ -e ../second ]; then echo second; exit 0; fi
                    echo first
                    touch ../second
                    while [ ! -e ../go ]; do sleep 0.1; done
                    exit 7
                    """)
                .retries(1));

    // when
    try (LogReader log = openLog(job, true)) {
      String first = text(next(log));
      Files.createFile(root.resolve(job.name().value()).resolve("go"));
      String rest = read(log).text();

      // then
      assertThat(first).isEqualTo("first\n");
      assertThat(rest).isEqualTo("=== attempt 2 of 2, after exit code 7 ===\nsecond\n");
    }
    restart();
    awaitSeen(job, JobState.ENDING);
    assertThat(read(openLog(job, false)).text())
        .isEqualTo(
            "=== attempt 1 of 2 ===\nfirst\n=== attempt 2 of 2, after exit code 7 ===\nsecond\n");
  }

  @Test
  void aFirstAttemptThatWroteNothingIsAnAttemptToo() throws Exception {
    // given
    Job job =
        submitted(
            running("[ -e ../second ] && echo second || { touch ../second; exit 7; }").retries(1));

    // when
    Read live = read(openLog(job, true));

    // then
    assertThat(live.text())
        .isEqualTo("=== attempt 1 of 2 ===\n=== attempt 2 of 2, after exit code 7 ===\nsecond\n");
  }

  @Test
  void noMoreIsGivenOfALogThanMayBeStored() throws Exception {
    // given
    logBytes = OptionalLong.of(10);
    restart();
    Job job = submitted(running("printf '12345\\n67890\\nmore\\n'; sleep 3600"));

    // when
    try (LogReader log = openLog(job, true)) {
      String first = text(next(log));
      runtime().cancel(job.name());
      String rest = read(log).text();

      // then
      assertThat(first + rest)
          .isEqualTo("12345\n6789" + LogTexts.cutHere(LogTexts.jobLimit(10)))
          .isEqualTo(Files.readString(root.resolve(job.name().value()).resolve("output.log")));
    }
  }

  @Test
  void aJobWhoseStartCannotBeRecordedSaysWhatItWaitsFor() throws Exception {
    // given
    Job job = job(sleepingAfter("started"));
    runtime().close();
    try (RootFolder folder = RootFolder.open(root)) {
      folder.add(
          job.name(),
          new StoredJobJson(new WorkRequestFormat())
              .write(StoredJob.submitted(job, Optional.empty(), false)));
    }
    Path inTheWay = Files.createDirectory(root.resolve(job.name().value(), "job.json.next"));

    // when
    restart();

    // then
    await()
        .atMost(patience())
        .until(() -> seen().find(job.name()).flatMap(JobView::hint).isPresent());
    assertThat(seen().find(job.name()).flatMap(JobView::hint).orElseThrow())
        .contains("the record of job " + job.name(), "job.json.next");
    Files.delete(inTheWay);
    assertThat(awaitSeen(job, JobState.RUNNING).hint()).isEmpty();
  }

  @Test
  void whatAnEarlierWorkerPutOnRecordWasPutThereThen() throws Exception {
    // given
    Job job = submitted(printing("done"));
    Instant before = awaitSeen(job, JobState.ENDING).createdAt();

    // when
    restart();

    // then
    assertThat(awaitSeen(job, JobState.ENDING).createdAt())
        .isBetween(before.minusSeconds(1), before.plusSeconds(1));
  }

  private static String text(LogReader.Piece piece) {
    return new String(piece.text(), UTF_8);
  }
}
