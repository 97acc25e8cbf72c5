package mstc.cloud.worker.adapters.local;

import static mstc.cloud.worker.adapters.local.ShellJobs.running;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.request.WorkRequest;
import mstc.cloud.worker.domain.runtime.JobRuntime;
import mstc.cloud.worker.testkit.runtime.JobRuntimeContract;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** The contract, with scripts that a shell of this machine runs. */
@Execution(ExecutionMode.CONCURRENT)
class LocalJobRuntimeContractTest extends JobRuntimeContract {
  @TempDir Path root;

  @Override
  protected JobRuntime openRuntime() {
    return ShellJobs.runtime(ShellJobs.settings(root));
  }

  @Override
  protected Duration retention() {
    return ShellJobs.RETENTION;
  }

  @Override
  protected WorkRequest.Builder printing(String... lines) {
    return running(
        Arrays.stream(lines).map("echo '%s'"::formatted).collect(Collectors.joining("\n")));
  }

  @Override
  protected WorkRequest.Builder printingTo(String standardOutput, String standardError) {
    return running("echo '%s'; echo '%s' >&2".formatted(standardOutput, standardError));
  }

  @Override
  protected WorkRequest.Builder printingItsEnvironment() {
    return running("env");
  }

  @Override
  protected WorkRequest.Builder exitingWith(int code, String line) {
    return running("echo '%s'; exit %d".formatted(line, code));
  }

  @Override
  protected WorkRequest.Builder killedBySignal() {
    return running("kill -KILL $$");
  }

  @Override
  protected WorkRequest.Builder sleepingAfter(String line) {
    return running("echo '%s'; sleep 3600".formatted(line));
  }

  @Override
  protected WorkRequest.Builder exitingWith0WhenTerminated(String line) {
    return running("trap 'exit 0' TERM; echo '%s'; sleep 3600 & wait".formatted(line));
  }

  @Override
  protected WorkRequest.Builder writing(long bytes) {
    return running("head -c %d /dev/zero".formatted(bytes));
  }

  @Override
  protected WorkRequest.Builder writingEveryByte() {
    return running(
        """
        value=0
        while [ $value -lt 256 ]; do
          printf "\\\\$(printf %03o $value)"
          value=$((value + 1))
        done
        """);
  }

  @Override
  protected WorkRequest.Builder writingNothing() {
    return running("exit 0");
  }

  @Override
  protected WorkRequest.Builder failingTwice() {
    return ShellJobs.failingTwice();
  }

  @Override
  protected WorkRequest.Builder ofUnknownImage() {
    return requestOf("registry.example:5000/team/unknown:7");
  }

  /** Requests know whole minutes only, so the runtime under test looks at a variable. */
  @Override
  protected WorkRequest.Builder timingOutSoon(WorkRequest.Builder job) {
    return job.env(Map.of(ShellJobs.TIMEOUT_MILLIS, "8000"));
  }

  @Override
  protected void awaitWritten(UniqueName name, String line) {
    Path log = root.resolve(name.value()).resolve("output.log");
    await().atMost(patience()).until(() -> holds(log, line));
  }

  /** Processes of this machine end with their worker, as nobody could learn how they ended. */
  @Override
  protected boolean jobsOutliveTheWorker() {
    return false;
  }
}
