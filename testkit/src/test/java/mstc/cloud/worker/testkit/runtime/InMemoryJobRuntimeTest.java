package mstc.cloud.worker.testkit.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.request.ContainerWork;
import mstc.cloud.worker.domain.request.JobVariables;
import mstc.cloud.worker.domain.request.WorkRequest;
import mstc.cloud.worker.domain.runtime.JobHandedOverException;
import mstc.cloud.worker.domain.runtime.JobRecord;
import mstc.cloud.worker.domain.runtime.JobRuntime;
import mstc.cloud.worker.domain.runtime.JobRuntimeException;
import mstc.cloud.worker.domain.runtime.Submission;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** The fake keeps the contract, with this test in the place of the processes. */
@Execution(ExecutionMode.CONCURRENT)
class InMemoryJobRuntimeTest extends JobRuntimeContract {
  private static final Duration RETENTION = Duration.ofSeconds(5);
  private static final JobOutcome SUCCEEDED = new JobOutcome.Succeeded();

  private final InMemoryJobRuntime.Records records =
      new InMemoryJobRuntime.Records(InstantSource.system(), RETENTION);
  private final Set<UniqueName> asleep = ConcurrentHashMap.newKeySet();

  @Override
  protected JobRuntime openRuntime() {
    records.program(this::play);
    return new InMemoryJobRuntime(records);
  }

  @Override
  protected Duration retention() {
    return RETENTION;
  }

  private InMemoryJobRuntime fake() {
    return (InMemoryJobRuntime) runtime();
  }

  /** Ends the job as its image and arguments say. */
  private void play(Job job) {
    UniqueName name = job.name();
    ContainerWork request = ContainerWork.of(job.work());
    List<String> args = request.args();
    switch (request.image().value()) {
      case "print" -> fake().end(name, SUCCEEDED, lines(args));
      case "environment" -> fake().end(name, SUCCEEDED, environment(request));
      case "exit" ->
          fake()
              .end(
                  name,
                  new JobOutcome.Failed(Integer.parseInt(args.getFirst())),
                  lines(args.subList(1, args.size())));
      case "write" -> fake().end(name, SUCCEEDED, "x".repeat(Integer.parseInt(args.getFirst())));
      case "every-byte" -> fake().end(name, SUCCEEDED, everyByte());
      case "fail-twice" -> {
        int tries = Math.min(3, request.retries() + 1);
        JobOutcome outcome = tries == 3 ? SUCCEEDED : new JobOutcome.Failed(5);
        String log =
            IntStream.rangeClosed(1, tries)
                .mapToObj("try %d\n"::formatted)
                .collect(Collectors.joining());
        fake().end(name, outcome, log);
      }
      case "unknown" -> fake().end(name, new JobOutcome.ImageUnavailable("unknown"), "");
      case "time-out" ->
          fake()
              .end(name, new JobOutcome.TimedOut(request.timeout(), Optional.empty()), lines(args));
      default -> {
        if (!asleep.contains(name)) {
          fake().write(name, lines(args));
          asleep.add(name);
        }
      }
    }
  }

  private static String lines(List<String> lines) {
    return lines.stream().map(line -> line + "\n").collect(Collectors.joining());
  }

  private static String environment(ContainerWork request) {
    Map<String, String> variables = new TreeMap<>(request.env());
    JobVariables.set(request, variables);
    return lines(variables.entrySet().stream().map(Map.Entry::toString).toList());
  }

  private static byte[] everyByte() {
    byte[] bytes = new byte[256];
    IntStream.range(0, bytes.length).forEach(value -> bytes[value] = (byte) value);
    return bytes;
  }

  @Override
  protected WorkRequest.Builder printing(String... lines) {
    return requestOf("print").args(List.of(lines));
  }

  @Override
  protected WorkRequest.Builder printingTo(String standardOutput, String standardError) {
    return printing(standardOutput, standardError);
  }

  @Override
  protected WorkRequest.Builder printingItsEnvironment() {
    return requestOf("environment");
  }

  @Override
  protected WorkRequest.Builder exitingWith(int code, String line) {
    return requestOf("exit").args(List.of(Integer.toString(code), line));
  }

  @Override
  protected WorkRequest.Builder killedBySignal() {
    return requestOf("exit").args(List.of("137"));
  }

  @Override
  protected WorkRequest.Builder sleepingAfter(String line) {
    return requestOf("sleep").args(List.of(line));
  }

  @Override
  protected WorkRequest.Builder exitingWith0WhenTerminated(String line) {
    return sleepingAfter(line);
  }

  @Override
  protected WorkRequest.Builder writing(long bytes) {
    return requestOf("write").args(List.of(Long.toString(bytes)));
  }

  @Override
  protected WorkRequest.Builder writingEveryByte() {
    return requestOf("every-byte");
  }

  @Override
  protected WorkRequest.Builder writingNothing() {
    return printing();
  }

  @Override
  protected WorkRequest.Builder failingTwice() {
    return requestOf("fail-twice");
  }

  @Override
  protected WorkRequest.Builder ofUnknownImage() {
    return requestOf("unknown");
  }

  @Override
  protected WorkRequest.Builder timingOutSoon(WorkRequest.Builder job) {
    return job.image("time-out");
  }

  @Override
  protected void awaitWritten(UniqueName name, String line) {
    await().atMost(patience()).until(() -> asleep.contains(name));
  }

  /** Small: this runtime holds logs in memory. */
  @Override
  protected long longLogBytes() {
    return 100_000;
  }

  @Test
  void aLostSubmissionIsOnRecordAndTheLostCallsOwn() {
    // given
    Job job = job(sleepingAfter("started"));
    fake().loseNextSubmission();
    assertThatThrownBy(() -> fake().submit(job, Optional.empty()))
        .isInstanceOfSatisfying(
            JobRuntimeException.class, e -> assertThat(e.isRetryable()).isTrue());

    // when
    Submission repeated = fake().submit(job, Optional.empty());

    // then
    assertThat(repeated).isEqualTo(new Submission.Created());
    assertThat(fake().jobs()).extracting(JobRecord::job).containsExactly(job);
  }

  @Test
  void aBrokenRuntimeFailsRetryablyUntilItRecovers() {
    // given
    fake().breakDown();

    // when
    JobRuntimeException failure =
        catchThrowableOfType(JobRuntimeException.class, () -> fake().check());

    // then
    assertThat(failure.isRetryable()).isTrue();
    fake().recover();
    fake().check();
  }

  @Test
  void aJobThatIsHandedOverIsNotToBeCompletedUntilItIsGivenBack() throws Exception {
    // given
    Job job = submitted(printing("done"));
    awaitEnd(job);

    // when
    fake().handOver(job.name());

    // then
    assertThatThrownBy(() -> fake().awaitEnd(job.name()))
        .isInstanceOf(JobHandedOverException.class);
    fake().giveBack(job.name());
    assertThat(awaitEnd(job).outcome()).isEqualTo(SUCCEEDED);
  }
}
