package mstc.cloud.worker.adapters.k8s;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.request.WorkRequest;
import mstc.cloud.worker.domain.runtime.JobRuntime;
import mstc.cloud.worker.testkit.runtime.JobRuntimeContract;
import mstc.cloud.worker.testkit.store.InMemoryObjectStore;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** The contract, with scripts that a shell in a container runs, on the cluster of KUBECONFIG. */
@Execution(ExecutionMode.CONCURRENT)
class KubernetesJobRuntimeIT extends JobRuntimeContract {
  @TempDir Path folder;
  private final InMemoryObjectStore store = InMemoryObjectStore.creatingBuckets();
  private @Nullable TestCluster cluster;

  @Override
  protected JobRuntime openRuntime() throws IOException {
    if (cluster == null) {
      cluster = TestCluster.open(folder);
    }
    return ClusterJobs.runtime(ClusterJobs.settings(cluster, folder.resolve("spool")), store);
  }

  @Override
  protected Duration retention() {
    return ClusterJobs.RETENTION;
  }

  @AfterEach
  void closeCluster() {
    if (cluster != null) {
      cluster.close();
    }
  }

  @Override
  protected void awaitStarted() {
    await().atMost(patience()).until(() -> ((KubernetesJobRuntime) runtime()).isLeading());
  }

  private static WorkRequest.Builder running(String script) {
    return ClusterJobs.running(script);
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

  /** A container's first process cannot be killed from within, so the shell is not the first. */
  @Override
  protected WorkRequest.Builder killedBySignal() {
    return running("sh -c 'kill -KILL $$'; exit $?");
  }

  @Override
  protected WorkRequest.Builder sleepingAfter(String line) {
    return running("trap 'exit 143' TERM; echo '%s'; sleep 3600 & wait".formatted(line));
  }

  @Override
  protected WorkRequest.Builder exitingWith0WhenTerminated(String line) {
    return running("trap 'exit 0' TERM; echo '%s'; sleep 3600 & wait".formatted(line));
  }

  /** What the kubelet does not rotate; {@link LogHandoverIT} is about logs that it does. */
  @Override
  protected long longLogBytes() {
    return 9_000_000;
  }

  @Override
  protected WorkRequest.Builder writing(long bytes) {
    // A container runtime may lose what is on its way when the process ends.
    return running("head -c %d /dev/zero; sleep 2".formatted(bytes));
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
    return ClusterJobs.failingTwice();
  }

  @Override
  protected WorkRequest.Builder ofUnknownImage() {
    return requestOf("registry.invalid:5000/team/unknown:7");
  }

  @Override
  protected WorkRequest.Builder timingOutSoon(WorkRequest.Builder job) {
    return job.env(Map.of(ClusterJobs.TIMEOUT_SECONDS, "20"));
  }

  @Override
  protected void awaitWritten(UniqueName name, String line) {
    await()
        .atMost(patience())
        .until(() -> ClusterJobs.hasRead(folder.resolve("spool"), name, line));
  }

  /** Pods take seconds, and one that fails is tried again after 10. */
  @Override
  protected Duration patience() {
    return Duration.ofSeconds(100);
  }
}
