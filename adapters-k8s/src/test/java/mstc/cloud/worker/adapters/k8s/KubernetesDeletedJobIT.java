package mstc.cloud.worker.adapters.k8s;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.DeletionPropagation;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import mstc.cloud.worker.adapters.k8s.job.PodStates;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.request.WorkRequest;
import mstc.cloud.worker.domain.runtime.JobEnd;
import mstc.cloud.worker.domain.runtime.Submission;
import mstc.cloud.worker.testkit.runtime.DeafListener;
import mstc.cloud.worker.testkit.store.InMemoryObjectStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Jobs that someone deletes while they run, on the cluster of KUBECONFIG. */
@Execution(ExecutionMode.CONCURRENT)
class KubernetesDeletedJobIT {
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  @TempDir Path folder;

  private static Optional<Pod> runningPod(TestCluster cluster) {
    return cluster.admin().pods().inNamespace(cluster.namespace()).list().getItems().stream()
        .filter(pod -> PodStates.startedAt(pod).isPresent())
        .findFirst();
  }

  @ParameterizedTest
  @EnumSource(names = {"ORPHAN", "BACKGROUND", "FOREGROUND"})
  void aJobThatIsDeletedIsCancelledWhateverBecomesOfItsPod(DeletionPropagation propagation)
      throws Exception {
    try (TestCluster cluster = TestCluster.open(folder);
        KubernetesJobRuntime runtime =
            ClusterJobs.runtime(
                ClusterJobs.settings(cluster, folder.resolve("spool")),
                InMemoryObjectStore.creatingBuckets())) {
      // given
      runtime.start(new DeafListener());
      await().atMost(PATIENCE).until(runtime::isLeading);
      Job job =
          submitted(
              runtime,
              ClusterJobs.running(
                  "trap 'exit 143' TERM; while true; do echo on; sleep 1 & wait; done"));
      await()
          .atMost(PATIENCE)
          .until(() -> ClusterJobs.hasRead(folder.resolve("spool"), job.name(), "on"));

      // when
      delete(cluster, job, propagation);

      // then
      JobEnd end = runtime.awaitEnd(job.name());
      boolean isLeftToRun = propagation == DeletionPropagation.ORPHAN;
      assertThat(end.outcome()).isEqualTo(new JobOutcome.Cancelled());
      assertThat(end.log().file()).content().startsWith("on\n");
      assertThat(end.log().complete() && isLeftToRun).isFalse();
      await()
          .atMost(PATIENCE)
          .until(() ->
              isLeftToRun
                  == runningPod(cluster)
                      .filter(pod -> PodStates.terminated(pod).isEmpty())
                      .isPresent());
    }
  }

  @Test
  void nothingIsLeftOfADeletedJobWhoseLeaderLeadsNoLongerBeforeItsAnswer() throws Exception {
    try (TestCluster cluster = TestCluster.open(folder);
        KubernetesJobRuntime runtime =
            ClusterJobs.runtime(
                ClusterJobs.settings(cluster, folder.resolve("spool")),
                InMemoryObjectStore.creatingBuckets())) {
      // given
      runtime.start(new DeafListener());
      await().atMost(PATIENCE).until(runtime::isLeading);
      Job job = submitted(runtime, ClusterJobs.running("echo on; sleep 3600"));
      await().atMost(PATIENCE).until(() -> runningPod(cluster).isPresent());
      delete(cluster, job, DeletionPropagation.BACKGROUND);
      Path spooled = runtime.awaitEnd(job.name()).log().file();
      assertThat(spooled).exists();

      // when
      cluster
          .admin()
          .leases()
          .inNamespace(cluster.namespace())
          .withName("mstc-cloud-worker")
          .patch(
              PatchContext.of(PatchType.JSON_MERGE),
              "{\"spec\": {\"holderIdentity\": \"another\", \"leaseDurationSeconds\": 3600}}");

      // then
      await().atMost(PATIENCE).until(() -> Files.notExists(spooled.getParent()));
      assertThat(runtime.isLeading()).isFalse();
    }
  }

  private static Job submitted(KubernetesJobRuntime runtime, WorkRequest.Builder builder) {
    WorkRequest request = builder.build();
    Job job = new Job(UniqueName.of(request.jobName(), UUID.randomUUID()), request, List.of());
    assertThat(runtime.submit(job, Optional.empty())).isEqualTo(new Submission.Created());
    return job;
  }

  private static void delete(TestCluster cluster, Job job, DeletionPropagation propagation) {
    cluster
        .admin()
        .batch()
        .v1()
        .jobs()
        .inNamespace(cluster.namespace())
        .withName(job.name().value())
        .withPropagationPolicy(propagation)
        .delete();
  }
}
