package mstc.cloud.worker.adapters.k8s;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceQuotaBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import mstc.cloud.worker.adapters.k8s.log.SpooledLog;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.request.WorkRequest;
import mstc.cloud.worker.domain.store.ObjectStore;
import mstc.cloud.worker.wire.WorkRequestFormat;

/** Jobs that are shell scripts in a container, and runtimes for them. */
final class ClusterJobs {
  /** Of the request: ends its job after so many seconds. */
  static final String TIMEOUT_SECONDS = "TIMEOUT_SECONDS";

  static final Duration RETENTION = Duration.ofSeconds(25);

  private ClusterJobs() {}

  static KubernetesSettings settings(TestCluster cluster, Path spool) {
    return new KubernetesSettings(
        Optional.of(cluster.kubeconfig()),
        Optional.empty(),
        cluster.namespace(),
        "mstc-cloud-worker",
        "replica-" + UUID.randomUUID(),
        Optional.empty(),
        spool,
        1024 * 1024 * 1024,
        1024 * 1024 * 1024,
        RETENTION,
        Duration.ofSeconds(3),
        KubernetesSettings.DEFAULT_SUSPENSION_LIMIT,
        KubernetesSettings.JobTemplate.of(Map.of("STORE", "here"), Optional.empty()),
        KubernetesSettings.Timing.DEFAULT);
  }

  static KubernetesJobRuntime runtime(KubernetesSettings settings, ObjectStore store) {
    return new KubernetesJobRuntime(
        settings,
        store,
        new WorkRequestFormat(),
        _ -> Optional.empty(),
        request ->
            Optional.ofNullable(request.env().get(TIMEOUT_SECONDS))
                .map(seconds -> Duration.ofSeconds(Long.parseLong(seconds)))
                .orElseGet(request::timeout));
  }

  static WorkRequest.Builder running(String script) {
    return WorkRequest.builder()
        .image(TestCluster.image())
        .jobName("contract")
        .inputBucket("contract")
        .command(List.of("sh", "-c", script));
  }

  /** Has a quota named {@code no-pods} keep out every pod, from now on. */
  static void forbidPods(TestCluster cluster) {
    var quotas = cluster.admin().resourceQuotas().inNamespace(cluster.namespace());
    quotas
        .resource(
            new ResourceQuotaBuilder()
                .withNewMetadata()
                .withName("no-pods")
                .endMetadata()
                .withNewSpec()
                .addToHard("pods", new Quantity("0"))
                .endSpec()
                .build())
        .create();
    await()
        .atMost(Duration.ofMinutes(1))
        .until(() -> quotas.withName("no-pods").get().getStatus().getHard() != null);
  }

  /** Whether a worker with that spool has read a whole line of a job. */
  static boolean hasRead(Path spool, UniqueName name, String line) throws IOException {
    Path logs = spool.resolve(name.value());
    if (!Files.isDirectory(logs)) {
      return false;
    }
    try (Stream<Path> files = Files.list(logs)) {
      for (Path log : files.filter(it -> it.toString().endsWith(SpooledLog.SUFFIX)).toList()) {
        if (("\n" + Files.readString(log, ISO_8859_1)).contains("\n" + line + "\n")) {
          return true;
        }
      }
    }
    return false;
  }

  /**
   * Fails twice, then succeeds. Pods share nothing to count with, but Kubernetes waits 10 s before
   * the second, then 20 s.
   */
  static WorkRequest.Builder failingTwice() {
    return running(
            """
            waited=$(($(date +%s) - SUBMITTED))
            try=3
            [ "$waited" -ge 28 ] || try=2
            [ "$waited" -ge 10 ] || try=1
            echo "try $try"
            [ "$try" -gt 2 ] || exit 5
            """)
        .env(Map.of("SUBMITTED", Long.toString(Instant.now().getEpochSecond())));
  }
}
