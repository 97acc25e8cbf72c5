package mstc.cloud.worker.domain.runtime;

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
import mstc.cloud.worker.domain.request.WorkRequest;
import mstc.cloud.worker.domain.request.WorkRequestBuilder;
import org.junit.jupiter.api.Test;

/** The fake keeps the contract, with this test in the place of the processes. */
class InMemoryJobRuntimeTest extends JobRuntimeContract {
  private static final JobOutcome SUCCEEDED = new JobOutcome.Succeeded();

  private final InMemoryJobRuntime.Records records =
      new InMemoryJobRuntime.Records(InstantSource.system(), Duration.ofSeconds(5));
  private final Set<UniqueName> asleep = ConcurrentHashMap.newKeySet();

  @Override
  protected JobRuntime openRuntime() {
    records.program(this::play);
    return new InMemoryJobRuntime(records);
  }

  private InMemoryJobRuntime fake() {
    return (InMemoryJobRuntime) runtime();
  }

  /** Ends the job as its image and arguments say. */
  private void play(Job job) {
    UniqueName name = job.name();
    WorkRequest request = job.request();
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
        if (asleep.add(name)) {
          fake().write(name, lines(args));
        }
      }
    }
  }

  private static String lines(List<String> lines) {
    return lines.stream().map(line -> line + "\n").collect(Collectors.joining());
  }

  private static String environment(WorkRequest request) {
    Map<String, String> variables = new TreeMap<>(request.env());
    variables.put("MSTC_JOB", "true");
    variables.put("INPUT_BUCKET", request.inputBucket().value());
    variables.put("OUTPUT_BUCKET", request.outputBucket().value());
    request.prefix().ifPresent(prefix -> variables.put("FILE_PREFIX", prefix.value()));
    return lines(variables.entrySet().stream().map(Map.Entry::toString).toList());
  }

  private static byte[] everyByte() {
    byte[] bytes = new byte[256];
    IntStream.range(0, bytes.length).forEach(value -> bytes[value] = (byte) value);
    return bytes;
  }

  @Override
  protected WorkRequestBuilder printing(String... lines) {
    return requestOf("print").args(List.of(lines));
  }

  @Override
  protected WorkRequestBuilder printingTo(String standardOutput, String standardError) {
    return printing(standardOutput, standardError);
  }

  @Override
  protected WorkRequestBuilder printingItsEnvironment() {
    return requestOf("environment");
  }

  @Override
  protected WorkRequestBuilder exitingWith(int code, String line) {
    return requestOf("exit").args(List.of(Integer.toString(code), line));
  }

  @Override
  protected WorkRequestBuilder killedBySignal() {
    return requestOf("exit").args(List.of("137"));
  }

  @Override
  protected WorkRequestBuilder sleepingAfter(String line) {
    return requestOf("sleep").args(List.of(line));
  }

  @Override
  protected WorkRequestBuilder exitingWith0WhenTerminated(String line) {
    return sleepingAfter(line);
  }

  @Override
  protected WorkRequestBuilder writing(long bytes) {
    return requestOf("write").args(List.of(Long.toString(bytes)));
  }

  @Override
  protected WorkRequestBuilder writingEveryByte() {
    return requestOf("every-byte");
  }

  @Override
  protected WorkRequestBuilder writingNothing() {
    return printing();
  }

  @Override
  protected WorkRequestBuilder failingTwice() {
    return requestOf("fail-twice");
  }

  @Override
  protected WorkRequestBuilder ofUnknownImage() {
    return requestOf("unknown");
  }

  @Override
  protected WorkRequestBuilder timingOutSoon(WorkRequestBuilder job) {
    return job.image("time-out");
  }

  @Override
  protected void awaitWritten(UniqueName name, String line) {
    await().until(() -> asleep.contains(name));
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
