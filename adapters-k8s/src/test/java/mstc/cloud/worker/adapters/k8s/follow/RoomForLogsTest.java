package mstc.cloud.worker.adapters.k8s.follow;

import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.Map;
import java.util.Optional;
import mstc.cloud.worker.adapters.k8s.KubernetesJobRuntime;
import mstc.cloud.worker.adapters.k8s.KubernetesSettings;
import mstc.cloud.worker.domain.runtime.JobRuntimeException;
import mstc.cloud.worker.testkit.runtime.DeafListener;
import mstc.cloud.worker.testkit.store.InMemoryObjectStore;
import mstc.cloud.worker.wire.WorkRequestFormat;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** A whole runtime whose jobs another replica follows. */
@Execution(ExecutionMode.CONCURRENT)
class RoomForLogsTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String LEASE = "lease";
  private static final String FULL = "leader the spool holds 9 of at most 10 bytes";

  private final JobServer server = new JobServer();
  private final KubernetesJobRuntime runtime;

  RoomForLogsTest(@TempDir Path folder) throws IOException {
    runtime =
        new KubernetesJobRuntime(
            settings(folder), InMemoryObjectStore.creatingBuckets(), new WorkRequestFormat());
  }

  private KubernetesSettings settings(Path folder) throws IOException {
    Path kubeconfig =
        Files.writeString(
            folder.resolve("kubeconfig"),
            """
            apiVersion: v1
            kind: Config
            current-context: here
            clusters: [{name: here, cluster: {server: "%s"}}]
            contexts: [{name: here, context: {cluster: here, user: me}}]
            users: [{name: me, user: {token: x}}]
            """
                .formatted(server.client().getMasterUrl()));
    return new KubernetesSettings(
        Optional.of(kubeconfig),
        Optional.empty(),
        JobServer.NAMESPACE,
        LEASE,
        "replica",
        Optional.empty(),
        folder.resolve("spool"),
        1 << 20,
        1 << 20,
        KubernetesSettings.DEFAULT_RETENTION,
        KubernetesSettings.DEFAULT_START_GRACE,
        KubernetesSettings.DEFAULT_SUSPENSION_LIMIT,
        KubernetesSettings.JobTemplate.of(Map.of(), Optional.empty()),
        KubernetesSettings.Timing.DEFAULT);
  }

  @AfterEach
  void close() {
    runtime.close();
    server.close();
  }

  /** The Lease of another replica, with its note on its spool. */
  private static Lease lease(String version, String note) {
    return new LeaseBuilder()
        .withNewMetadata()
        .withName(LEASE)
        .withNamespace(JobServer.NAMESPACE)
        .withUid("uid")
        .withResourceVersion(version)
        .addToAnnotations(LeaderSpool.FULL, note)
        .endMetadata()
        .withNewSpec()
        .withHolderIdentity("leader")
        .withLeaseDurationSeconds(3600)
        .withRenewTime(ZonedDateTime.now(ZoneOffset.UTC))
        .endSpec()
        .build();
  }

  /** Why the check fails; empty if it passes. */
  private String problem() {
    try {
      runtime.check();
      return "";
    } catch (JobRuntimeException e) {
      return String.valueOf(e.getMessage());
    }
  }

  @Test
  void theCheckOfAReplicaFailsWhileTheLeadersSpoolIsNearlyFull() throws Exception {
    // given
    server.add(lease("1", FULL));

    // when
    runtime.start(new DeafListener());

    // then
    await().atMost(PATIENCE).until(this::problem, problem -> problem.endsWith(FULL));

    // when
    await().atMost(PATIENCE).until(() -> server.isWatched("leases"));
    server.tell("leases", "MODIFIED", lease("1000000", ""));

    // then
    await().atMost(PATIENCE).until(this::problem, String::isEmpty);
  }
}
