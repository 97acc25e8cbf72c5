package mstc.cloud.worker.adapters.k8s;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.request.WorkRequest;
import mstc.cloud.worker.domain.runtime.JobEnd;
import mstc.cloud.worker.domain.runtime.Submission;
import mstc.cloud.worker.testkit.runtime.DeafListener;
import mstc.cloud.worker.testkit.store.InMemoryObjectStore;
import mstc.cloud.worker.wire.WorkRequestFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What keeps a job from starting, or from being taken, on a real cluster. */
class KubernetesStartIT {
  @TempDir Path folder;

  /** A busy node may say for some seconds that it had no time to look for a Secret. */
  private static final Duration START_GRACE = Duration.ofSeconds(30);

  private static KubernetesSettings with(
      KubernetesSettings settings, KubernetesSettings.JobTemplate jobs) {
    return new KubernetesSettings(
        settings.kubeconfig(),
        settings.context(),
        settings.namespace(),
        settings.leaseName(),
        settings.identity(),
        settings.pod(),
        settings.spool(),
        settings.spoolBytes(),
        settings.logBytes(),
        settings.retention(),
        START_GRACE,
        settings.suspensionLimit(),
        jobs,
        settings.timing());
  }

  private static Job job(String image) {
    WorkRequest request =
        WorkRequest.builder().image(image).jobName("start").inputBucket("start").build();
    return new Job(UniqueName.of(request.jobName(), UUID.randomUUID()), request, List.of());
  }

  private static JobEnd run(KubernetesJobRuntime runtime, Job job) throws Exception {
    runtime.start(new DeafListener());
    await().atMost(Duration.ofSeconds(30)).until(runtime::isLeading);
    assertThat(runtime.submit(job, Optional.empty())).isEqualTo(new Submission.Created());
    return runtime.awaitEnd(job.name());
  }

  @Test
  void aMissingSecretIsNamed() throws Exception {
    try (TestCluster cluster = TestCluster.open(folder);
        KubernetesJobRuntime runtime =
            ClusterJobs.runtime(
                with(
                    ClusterJobs.settings(cluster, folder.resolve("spool")),
                    KubernetesSettings.JobTemplate.of(Map.of(), Optional.of("absent"))),
                InMemoryObjectStore.creatingBuckets())) {
      JobEnd end = run(runtime, job(TestCluster.image()));

      assertThat(end.outcome()).isInstanceOf(JobOutcome.NotStarted.class);
      assertThat(end.outcome().phrase()).contains("absent", "not found");
      assertThat(end.log().file()).isEmptyFile();
    }
  }

  @Test
  void aNamespaceThatRefusesThePodIsQuoted() throws Exception {
    try (TestCluster cluster = TestCluster.open(folder);
        KubernetesJobRuntime runtime =
            ClusterJobs.runtime(
                ClusterJobs.settings(cluster, folder.resolve("spool")),
                InMemoryObjectStore.creatingBuckets())) {
      cluster
          .admin()
          .namespaces()
          .withName(cluster.namespace())
          .patch(
              PatchContext.of(PatchType.JSON_MERGE),
              "{\"metadata\": {\"labels\": {\"pod-security.kubernetes.io/enforce\": \"restricted\"}}}");

      JobEnd end = run(runtime, job(TestCluster.image()));

      assertThat(end.outcome()).isInstanceOf(JobOutcome.NotStarted.class);
      assertThat(end.outcome().phrase()).contains("PodSecurity", "runAsNonRoot");
    }
  }

  @Test
  void aNodeThatThereIsNotIsToldAtTheDeadline() throws Exception {
    KubernetesSettings.JobTemplate plain =
        KubernetesSettings.JobTemplate.of(Map.of(), Optional.empty());
    try (TestCluster cluster = TestCluster.open(folder)) {
      KubernetesSettings settings =
          with(
              ClusterJobs.settings(cluster, folder.resolve("spool")),
              new KubernetesSettings.JobTemplate(
                  plain.environment(),
                  Optional.empty(),
                  new java.util.TreeMap<>(Map.of("no-such-label", "x")),
                  List.of(),
                  List.of(),
                  Optional.empty(),
                  plain.defaultResources(),
                  Optional.empty(),
                  Optional.empty(),
                  Optional.empty(),
                  plain.podLabels(),
                  plain.podAnnotations(),
                  false,
                  List.of()));
      // A Job's deadline is a minute after its pod's.
      try (KubernetesJobRuntime runtime =
          new KubernetesJobRuntime(
              settings,
              InMemoryObjectStore.creatingBuckets(),
              new WorkRequestFormat(),
              _ -> Optional.empty(),
              request -> Duration.ofSeconds(1))) {
        JobEnd end = run(runtime, job(TestCluster.image()));

        assertThat(end.outcome()).isInstanceOf(JobOutcome.TimedOut.class);
        assertThat(end.outcome().phrase()).contains("Unschedulable");
      }
    }
  }
}
