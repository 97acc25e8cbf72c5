package mstc.cloud.worker.adapters.local;

import static mstc.cloud.worker.adapters.local.ShellJobs.running;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.request.WorkRequestBuilder;
import mstc.cloud.worker.domain.runtime.JobRuntime;
import mstc.cloud.worker.domain.runtime.JobRuntimeContract;
import org.junit.jupiter.api.io.TempDir;

/** The contract, with scripts that a shell of this machine runs. */
class LocalJobRuntimeContractTest extends JobRuntimeContract {
  @TempDir Path root;

  @Override
  protected JobRuntime openRuntime() {
    return ShellJobs.runtime(ShellJobs.settings(root));
  }

  @Override
  protected WorkRequestBuilder printing(String... lines) {
    return running(
        Arrays.stream(lines).map("echo '%s'"::formatted).collect(Collectors.joining("\n")));
  }

  @Override
  protected WorkRequestBuilder printingTo(String standardOutput, String standardError) {
    return running("echo '%s'; echo '%s' >&2".formatted(standardOutput, standardError));
  }

  @Override
  protected WorkRequestBuilder printingItsEnvironment() {
    return running("env");
  }

  @Override
  protected WorkRequestBuilder exitingWith(int code, String line) {
    return running("echo '%s'; exit %d".formatted(line, code));
  }

  @Override
  protected WorkRequestBuilder killedBySignal() {
    return running("kill -KILL $$");
  }

  @Override
  protected WorkRequestBuilder sleepingAfter(String line) {
    return running("echo '%s'; sleep 3600".formatted(line));
  }

  @Override
  protected WorkRequestBuilder exitingWith0WhenTerminated(String line) {
    return running("trap 'exit 0' TERM; echo '%s'; sleep 3600 & wait".formatted(line));
  }

  @Override
  protected WorkRequestBuilder writing(long bytes) {
    return running("head -c %d /dev/zero".formatted(bytes));
  }

  @Override
  protected WorkRequestBuilder writingEveryByte() {
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
  protected WorkRequestBuilder writingNothing() {
    return running("exit 0");
  }

  /** Each attempt has a scratch folder of its own; beside them there is room to count. */
  @Override
  protected WorkRequestBuilder failingTwice() {
    return running(
        """
        echo x >> ../tries
        try=$(wc -l < ../tries | tr -d ' ')
        echo "try $try"
        [ "$try" -gt 2 ] || exit 5
        """);
  }

  @Override
  protected WorkRequestBuilder ofUnknownImage() {
    return requestOf("registry.example:5000/team/unknown:7");
  }

  /** Requests know whole minutes only, so the runtime under test looks at a variable. */
  @Override
  protected WorkRequestBuilder timingOutSoon(WorkRequestBuilder job) {
    return job.env(Map.of(ShellJobs.TIMEOUT_MILLIS, "3000"));
  }

  @Override
  protected void awaitWritten(UniqueName name, String line) {
    Path log = root.resolve(name.value()).resolve("output.log");
    await().until(() -> holds(log, line));
  }

  /** Processes of this machine end with their worker, as nobody could learn how they ended. */
  @Override
  protected boolean jobsOutliveTheWorker() {
    return false;
  }
}
