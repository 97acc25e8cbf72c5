package mstc.cloud.worker.testkit.view;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.request.ContainerWork;
import mstc.cloud.worker.domain.request.WorkRequest;
import mstc.cloud.worker.domain.runtime.JobRuntime;
import mstc.cloud.worker.domain.runtime.JobRuntimeException;
import mstc.cloud.worker.domain.runtime.LogTexts;
import mstc.cloud.worker.domain.view.JobState;
import mstc.cloud.worker.domain.view.LogReader;
import mstc.cloud.worker.testkit.runtime.InMemoryJobRuntime;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** The fake keeps the contract, with this test in the place of the processes. */
@Execution(ExecutionMode.CONCURRENT)
class InMemoryJobViewsTest extends JobViewsContract {
  private static final JobOutcome SUCCEEDED = new JobOutcome.Succeeded();

  private final InMemoryJobRuntime.Records records =
      new InMemoryJobRuntime.Records(InstantSource.system(), Duration.ofSeconds(3));
  private volatile boolean over;

  @Override
  protected JobRuntime openRuntime() {
    records.program(this::play);
    return new InMemoryJobRuntime(records);
  }

  @AfterEach
  void endThePrograms() {
    over = true;
  }

  private InMemoryJobRuntime fake() {
    return (InMemoryJobRuntime) runtime();
  }

  /** Does what the job's image and arguments say. */
  private void play(Job job) {
    UniqueName name = job.name();
    ContainerWork request = ContainerWork.of(job.work());
    List<String> args = request.args();
    switch (request.image().value()) {
      case "print" -> fake().end(name, SUCCEEDED, lines(args));
      case "write" -> fake().write(name, args.getFirst());
      case "count-to" -> fake().end(name, SUCCEEDED, lines(Integer.parseInt(args.getFirst())));
      case "fail-twice" -> fake().end(name, SUCCEEDED, attempts());
      default -> count(name);
    }
  }

  private void count(UniqueName name) {
    for (int line = 1; !over; line++) {
      fake().write(name, line + "\n");
      try {
        Thread.sleep(Duration.ofMillis(10));
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  private static String attempts() {
    Optional<String> exit = Optional.of(LogTexts.exitCode(5));
    return LogTexts.attemptHeader(1, 3, Optional.empty())
        + "try 1\n"
        + LogTexts.attemptHeader(2, 3, exit)
        + "try 2\n"
        + LogTexts.attemptHeader(3, 3, exit)
        + "try 3\n";
  }

  private static String lines(List<String> lines) {
    return lines.stream().map(line -> line + "\n").collect(Collectors.joining());
  }

  private static String lines(int last) {
    return lines(IntStream.rangeClosed(1, last).mapToObj(Integer::toString).toList());
  }

  @Override
  protected WorkRequest.Builder printing(String... lines) {
    return requestOf("print").args(List.of(lines));
  }

  @Override
  protected WorkRequest.Builder sleepingAfter(String line) {
    return requestOf("write").args(List.of(line + "\n"));
  }

  @Override
  protected WorkRequest.Builder sleepingWithinALine(int bytes) {
    return requestOf("write").args(List.of("x".repeat(bytes)));
  }

  @Override
  protected WorkRequest.Builder counting() {
    return requestOf("count");
  }

  @Override
  protected WorkRequest.Builder countingTo(int lines) {
    return requestOf("count-to").args(List.of(Integer.toString(lines)));
  }

  @Override
  protected WorkRequest.Builder failingTwice() {
    return requestOf("fail-twice");
  }

  // What tests decide.

  @Test
  void aJobThatIsKeptPendingWaitsWithItsHintUntilItsProcessIsStarted() {
    // given
    fake().keepPending("Unschedulable: 0/3 nodes are available");
    Job job = submitted(sleepingAfter("started"));
    assertThat(awaitSeen(job, JobState.PENDING).hint())
        .contains("Unschedulable: 0/3 nodes are available");

    // when
    fake().startProcess(job.name());

    // then
    assertThat(awaitSeen(job, JobState.RUNNING).hint()).isEmpty();
    awaitLog(job, "started\n");
    assertThat(records.runs()).containsExactly(job.name());
  }

  @Test
  void aJobThatWaitsAgainIsStartedAgainWithoutAnotherRunOfItsProgram() {
    // given
    Job job = submitted(sleepingAfter("started"));
    awaitLog(job, "started\n");

    // when
    fake().waitAgain(job.name(), "the next attempt begins later");

    // then
    assertThat(awaitSeen(job, JobState.PENDING).hint()).contains("the next attempt begins later");
    fake().startProcess(job.name());
    awaitSeen(job, JobState.RUNNING);
    assertThat(records.runs()).containsExactly(job.name());
  }

  @Test
  void whoComesAfterTheBeginningWasDroppedIsToldSo() throws Exception {
    // given
    Job job = submitted(sleepingAfter("started"));
    awaitLog(job, "started\n");
    fake().write(job.name(), "more\n");
    fake().dropBeginning(job.name(), "started\n".length());

    // when
    Read read = read(openLog(job, false));

    // then
    assertThat(read.text()).isEqualTo("more\n");
    assertThat(read.notices()).containsExactly("8 bytes are no longer there");
  }

  @Test
  void aBrokenRuntimeEndsReadsWithAFailure() throws Exception {
    // given
    Job job = submitted(sleepingAfter("started"));
    try (LogReader log = openLog(job, true)) {
      next(log);

      // when
      fake().breakDown();

      // then
      assertThatThrownBy(() -> log.read(Duration.ofHours(1)))
          .isInstanceOf(JobRuntimeException.class);
      assertThatThrownBy(() -> openLog(job, true)).isInstanceOf(JobRuntimeException.class);
    }
  }
}
