package mstc.cloud.worker.adapters.k8s;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.stream.Collectors;
import mstc.cloud.worker.domain.request.WorkRequest;
import mstc.cloud.worker.domain.runtime.JobRuntime;
import mstc.cloud.worker.testkit.store.InMemoryObjectStore;
import mstc.cloud.worker.testkit.view.JobViewsContract;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** The contract, with scripts that a shell in a container runs, on the cluster of KUBECONFIG. */
@Execution(ExecutionMode.CONCURRENT)
class KubernetesViewsContractIT extends JobViewsContract {
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

  @Override
  protected WorkRequest.Builder printing(String... lines) {
    return ClusterJobs.running(
        Arrays.stream(lines).map("echo '%s'"::formatted).collect(Collectors.joining("\n")));
  }

  @Override
  protected WorkRequest.Builder sleepingAfter(String line) {
    return ClusterJobs.running(
        "trap 'exit 143' TERM; echo '%s'; sleep 3600 & wait".formatted(line));
  }

  @Override
  protected WorkRequest.Builder sleepingWithinALine(int bytes) {
    return ClusterJobs.running(
        "trap 'exit 143' TERM; head -c %d /dev/zero | tr '\\0' x; sleep 3600 & wait"
            .formatted(bytes));
  }

  @Override
  protected WorkRequest.Builder counting() {
    return ClusterJobs.running(
        "trap 'exit 143' TERM; i=0; while :; do i=$((i + 1)); echo $i; sleep 0.1; done");
  }

  @Override
  protected WorkRequest.Builder countingTo(int lines) {
    // What a process leaves in its pipe when it ends, containerd may lose: up to 64 KiB.
    return ClusterJobs.running("seq 1 %d; sleep 2".formatted(lines));
  }

  @Override
  protected WorkRequest.Builder failingTwice() {
    return ClusterJobs.failingTwice();
  }

  /** Pods take seconds, and one that fails is tried again after 10. */
  @Override
  protected Duration patience() {
    return Duration.ofSeconds(100);
  }
}
