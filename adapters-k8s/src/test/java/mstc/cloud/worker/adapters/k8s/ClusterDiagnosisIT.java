package mstc.cloud.worker.adapters.k8s;

import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.SecretBuilder;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import mstc.cloud.worker.testkit.diagnosis.Findings;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** What is told of a real cluster, and what to do about it. */
@Execution(ExecutionMode.CONCURRENT)
class ClusterDiagnosisIT {
  private static final String LOOKING = "cluster namespace";
  private static final String SECRET = "cluster secret of jobs";

  @TempDir private Path folder;

  private KubernetesSettings settings(TestCluster cluster, Optional<Path> kubeconfig) {
    KubernetesSettings base = ClusterJobs.settings(cluster, folder.resolve("spool"));
    return new KubernetesSettings(
        kubeconfig,
        base.context(),
        base.namespace(),
        base.leaseName(),
        base.identity(),
        base.pod(),
        base.spool(),
        base.spoolBytes(),
        base.logBytes(),
        base.retention(),
        base.startGrace(),
        base.suspensionLimit(),
        KubernetesSettings.JobTemplate.of(Map.of(), Optional.of("store")),
        base.timing());
  }

  private static Findings examined(KubernetesSettings settings) throws InterruptedException {
    return Findings.of(KubernetesJobRuntime.diagnosis(settings, _ -> Optional.empty()));
  }

  @Test
  void theRightsOfTheManifestAreEnough() throws Exception {
    try (TestCluster cluster = TestCluster.open(folder)) {
      // when
      Findings findings = examined(settings(cluster, Optional.of(cluster.kubeconfig())));

      // then
      findings.assertPassedBut(LOOKING, SECRET);
      findings.assertSkipped(LOOKING, "need not");
      findings.assertSkipped(SECRET, "was not looked at");
      findings.assertSeen("cluster access", cluster.namespace());
      findings.assertSeen(
          "cluster login", "system:serviceaccount:" + cluster.namespace() + ":mstc");
    }
  }

  @Test
  void aVerbThatIsTakenFromTheRoleIsNamed() throws Exception {
    try (TestCluster cluster = TestCluster.open(folder)) {
      // given
      changeRole(
          cluster,
          manifest ->
              manifest
                  .replace("[create, get, list, watch, patch]", "[create, get, list, watch]")
                  .replace("[get, list, watch, patch]", "[get, list, patch]"));

      // An API server may know the Role of before for a moment.
      await()
          .atMost(Duration.ofMinutes(1))
          .untilAsserted(() -> {
            // when
            Findings findings = examined(settings(cluster, Optional.of(cluster.kubeconfig())));

            // then
            findings.assertFailed(
                "cluster right to patch jobs.batch",
                "may not patch jobs.batch in the namespace " + cluster.namespace(),
                "add the verb patch for jobs to the Role");
            findings.assertFailed(
                "cluster right to watch leases.coordination.k8s.io mstc-cloud-worker",
                "may not watch leases",
                "config/service-account.yaml");
            findings.assertPassedBut(
                LOOKING,
                SECRET,
                "cluster right to patch jobs.batch",
                "cluster right to watch leases.coordination.k8s.io mstc-cloud-worker");
          });
    }
  }

  private static void changeRole(TestCluster cluster, UnaryOperator<String> change)
      throws IOException {
    String manifest =
        Files.readString(Path.of("../config/service-account.yaml"))
            .replace("mstc-dev", cluster.namespace());
    cluster
        .admin()
        .load(new ByteArrayInputStream(change.apply(manifest).getBytes(StandardCharsets.UTF_8)))
        .items()
        .stream()
        .filter(item -> item.getKind().equals("Role"))
        .forEach(role -> cluster.admin().resource(role).update());
  }

  @Test
  void theSecretOfJobsIsLookedAtWhereThatIsAllowed() throws Exception {
    try (TestCluster cluster = TestCluster.open(folder)) {
      // when
      Findings missing = examined(settings(cluster, Optional.empty()));
      cluster
          .admin()
          .secrets()
          .resource(
              new SecretBuilder()
                  .withNewMetadata()
                  .withName("store")
                  .withNamespace(cluster.namespace())
                  .endMetadata()
                  .addToStringData("access-key", "someone")
                  .build())
          .create();
      Findings half = examined(settings(cluster, Optional.empty()));

      // then
      missing.assertFailed(SECRET, "there is no Secret store", "kubectl create secret");
      half.assertFailed(SECRET, "has no secret-key", "kubectl create secret");
    }
  }

  @Test
  void aTokenThatIsNotAcceptedIsTold() throws Exception {
    try (TestCluster cluster = TestCluster.open(folder)) {
      // given
      String worker = Files.readString(cluster.kubeconfig());
      Path stale =
          Files.writeString(
              folder.resolve("stale"), worker.replaceAll("token: [^}]*", "token: nobody"));

      // when
      Findings findings = examined(settings(cluster, Optional.of(stale)));

      // then
      findings.assertFailed("cluster login", "Unauthorized", "renew the token");
      findings.assertSkipped("cluster right to create jobs.batch", "does not accept the account");
    }
  }
}
