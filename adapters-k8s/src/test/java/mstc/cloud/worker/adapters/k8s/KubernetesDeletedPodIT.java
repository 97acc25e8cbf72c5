package mstc.cloud.worker.adapters.k8s;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.Pod;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import mstc.cloud.worker.adapters.k8s.job.PodStates;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.request.ContainerWork;
import mstc.cloud.worker.domain.request.WorkRequest;
import mstc.cloud.worker.domain.runtime.JobEnd;
import mstc.cloud.worker.domain.runtime.Submission;
import mstc.cloud.worker.testkit.runtime.DeafListener;
import mstc.cloud.worker.testkit.store.InMemoryObjectStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Pods that someone deletes or evicts, on the cluster of KUBECONFIG. */
@Execution(ExecutionMode.CONCURRENT)
class KubernetesDeletedPodIT {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final int TIMEOUT_SECONDS = 20;

  /** Beyond the pod's deadline. */
  private static final int GRACE_SECONDS = 20;

  @TempDir Path folder;
  private final InMemoryObjectStore store = InMemoryObjectStore.creatingBuckets();

  private KubernetesJobRuntime started(TestCluster cluster, String spool) {
    return started(cluster, spool, store);
  }

  private KubernetesJobRuntime started(
      TestCluster cluster, String spool, InMemoryObjectStore store) {
    KubernetesJobRuntime runtime =
        ClusterJobs.runtime(ClusterJobs.settings(cluster, folder.resolve(spool)), store);
    runtime.start(new DeafListener());
    await().atMost(PATIENCE).until(runtime::isLeading);
    return runtime;
  }

  private static Job submitted(KubernetesJobRuntime runtime) {
    WorkRequest request =
        ClusterJobs.running("trap '' TERM; echo on; while true; do sleep 1; done")
            .jobName("deleted")
            .env(Map.of(ClusterJobs.TIMEOUT_SECONDS, Integer.toString(TIMEOUT_SECONDS)))
            .build();
    return submitted(runtime, request);
  }

  private static Job submitted(KubernetesJobRuntime runtime, WorkRequest request) {
    Job job = new Job(UniqueName.of(request.jobName(), UUID.randomUUID()), request, List.of());
    assertThat(runtime.submit(job, Optional.empty())).isEqualTo(new Submission.Created());
    return job;
  }

  private static List<Pod> pods(TestCluster cluster) {
    return cluster.admin().pods().inNamespace(cluster.namespace()).list().getItems();
  }

  /** Deletes the pod while it runs, and tells when its process began. */
  private static Instant deletePod(TestCluster cluster) {
    Pod pod = awaitRunning(cluster);
    cluster.admin().resource(pod).withGracePeriod(GRACE_SECONDS).delete();
    return PodStates.startedAt(pod).orElseThrow();
  }

  private static Pod awaitRunning(TestCluster cluster) {
    await()
        .atMost(PATIENCE)
        .until(() -> pods(cluster).stream().anyMatch(pod -> PodStates.startedAt(pod).isPresent()));
    return pods(cluster).getFirst();
  }

  private static void assertWhatHappened(JobEnd end, Job job, Instant start) {
    assertThat(end.outcome())
        .isEqualTo(
            new JobOutcome.TimedOut(ContainerWork.of(job.work()).timeout(), Optional.empty()));
    // A busy kubelet dates an event later.
    assertThat(end.startedAt().orElseThrow()).isBetween(start, start.plusSeconds(15));
    assertThat(end.warnings())
        .anyMatch(warning -> warning.startsWith("pod ") && warning.endsWith(" was deleted"));
  }

  @Test
  void aPodThatIsDeletedAndRunsIntoItsDeadlineIsToldAsItWas() throws Exception {
    try (TestCluster cluster = TestCluster.open(folder);
        KubernetesJobRuntime runtime = started(cluster, "spool")) {
      // given
      Job job = submitted(runtime);

      // when
      Instant start = deletePod(cluster);

      // then
      JobEnd end = runtime.awaitEnd(job.name());
      assertWhatHappened(end, job, start);
      assertThat(end.log().file()).hasContent("on\n");
    }
  }

  @Test
  void aPodThatWasGoneBeforeAnyWorkerLookedIsToldByWhatEventsTell() throws Exception {
    try (TestCluster cluster = TestCluster.open(folder)) {
      // given
      Job job;
      Instant start;
      try (KubernetesJobRuntime first = started(cluster, "first")) {
        job = submitted(first);
        start = deletePod(cluster);
      }

      // when
      await().atMost(PATIENCE).until(() -> pods(cluster).isEmpty());
      try (KubernetesJobRuntime second = started(cluster, "second")) {
        JobEnd end = second.awaitEnd(job.name());

        // then
        assertWhatHappened(end, job, start);
        assertThat(end.log().complete()).isFalse();
      }
    }
  }

  @Test
  void anEvictedAttemptIsMissedThoughNoWorkerIsLeftThatKnewIt() throws Exception {
    try (TestCluster cluster = TestCluster.open(folder)) {
      // given
      Job job;
      try (InMemoryObjectStore lost = InMemoryObjectStore.creatingBuckets();
          KubernetesJobRuntime first = started(cluster, "first", lost)) {
        job =
            submitted(
                first,
                ClusterJobs.running("trap 'exit 143' TERM; echo on; sleep 30 & wait").build());
        var _ = awaitRunning(cluster);
      }
      String evicted = awaitRunning(cluster).getMetadata().getName();
      cluster.admin().pods().inNamespace(cluster.namespace()).withName(evicted).evict();

      // when
      await().atMost(PATIENCE).until(() -> pods(cluster).isEmpty());
      var _ = awaitRunning(cluster);
      try (KubernetesJobRuntime second = started(cluster, "second")) {
        JobEnd end = second.awaitEnd(job.name());

        // then
        assertThat(end.outcome()).isEqualTo(new JobOutcome.Succeeded());
        assertThat(end.log().file()).hasContent("on\n");
        assertThat(end.log().complete()).isFalse();
        assertThat(end.warnings())
            .anyMatch(warning -> warning.contains("an earlier attempt may be missing"));
      }
    }
  }
}
