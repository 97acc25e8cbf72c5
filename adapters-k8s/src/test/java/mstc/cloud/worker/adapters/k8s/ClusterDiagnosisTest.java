package mstc.cloud.worker.adapters.k8s;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import mstc.cloud.worker.testkit.diagnosis.Findings;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is told where no cluster responds. */
class ClusterDiagnosisTest {
  @TempDir private Path folder;

  private Findings examined(Path kubeconfig) throws InterruptedException {
    KubernetesSettings settings =
        new KubernetesSettings(
            Optional.of(kubeconfig),
            Optional.empty(),
            "jobs",
            "mstc-cloud-worker",
            "replica",
            Optional.empty(),
            folder.resolve("spool"),
            1,
            1,
            KubernetesSettings.DEFAULT_RETENTION,
            Duration.ZERO,
            KubernetesSettings.DEFAULT_SUSPENSION_LIMIT,
            KubernetesSettings.JobTemplate.of(Map.of(), Optional.of("store")),
            KubernetesSettings.Timing.DEFAULT);
    return Findings.of(KubernetesJobRuntime.diagnosis(settings, _ -> Optional.empty()));
  }

  @Test
  void aKubeconfigThatIsMissingIsNamed() throws Exception {
    // when
    Findings findings = examined(folder.resolve("none"));

    // then
    findings.assertFailed(
        "cluster access", folder.resolve("none").toString(), "mstc.runtime.kubernetes.kubeconfig");
    findings.assertSkipped("cluster version", "nothing tells how to reach a cluster");
  }

  private Path kubeconfig(String server) throws IOException {
    return Files.writeString(
        folder.resolve("config"),
        """
        apiVersion: v1
        kind: Config
        current-context: here
        clusters: [{name: here, cluster: {server: "%s"}}]
        contexts: [{name: here, context: {cluster: here, user: me}}]
        users: [{name: me, user: {token: x}}]
        """
            .formatted(server));
  }

  @Test
  void aHostThatIsUnknownIsTold() throws Exception {
    // when
    Findings findings = examined(kubeconfig("https://cluster.invalid:6443"));

    // then
    findings.assertFailed("cluster version", "cluster.invalid:6443/ is unknown", "the server of");
  }

  @Test
  void aServerThatSaysNothingHoldsNobodyUp() throws Exception {
    try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      // when
      Findings findings = examined(kubeconfig("http://127.0.0.1:" + silent.getLocalPort()));

      // then
      findings.assertFailed("cluster version", "did not answer in time", "firewalls");
      findings.assertSkipped("cluster login", "does not respond");
    }
  }

  @Test
  void anAddressWithoutAClusterIsTold() throws Exception {
    // given
    int port;
    try (ServerSocket socket = new ServerSocket(0)) {
      port = socket.getLocalPort();
    }

    // when
    Findings findings = examined(kubeconfig("http://127.0.0.1:" + port));

    // then
    findings.assertSeen("cluster access", "context here, http://127.0.0.1:" + port);
    findings.assertFailed(
        "cluster version", "nothing listens at http://127.0.0.1:" + port, "start the cluster");
    findings.assertSkipped("cluster login", "does not respond");
    findings.assertSkipped("cluster right to patch jobs.batch", "does not respond");
    findings.assertSkipped("cluster secret of jobs", "does not respond");
  }
}
