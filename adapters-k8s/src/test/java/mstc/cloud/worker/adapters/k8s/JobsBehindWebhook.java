package mstc.cloud.worker.adapters.k8s;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.request.WorkRequest;
import mstc.cloud.worker.domain.runtime.JobEnd;
import mstc.cloud.worker.domain.runtime.Submission;
import mstc.cloud.worker.testkit.runtime.DeafListener;
import mstc.cloud.worker.testkit.store.InMemoryObjectStore;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/**
 * A runtime that leads in a namespace of its own, on a real cluster that asks a webhook of the test
 * about each pod.
 */
abstract class JobsBehindWebhook {
  static final Duration PATIENCE = Duration.ofMinutes(2);

  @TempDir Path folder;
  private final InMemoryObjectStore store = InMemoryObjectStore.creatingBuckets();
  private @Nullable TestCluster cluster;
  private @Nullable InjectingWebhook webhook;
  private @Nullable KubernetesJobRuntime runtime;

  @BeforeEach
  void open() throws Exception {
    cluster = TestCluster.open(folder);
    webhook = new InjectingWebhook(cluster, folder);
    runtime = started("spool");
  }

  private KubernetesJobRuntime started(String spool) {
    KubernetesJobRuntime started =
        ClusterJobs.runtime(ClusterJobs.settings(cluster(), folder.resolve(spool)), store);
    started.start(new DeafListener());
    await().atMost(PATIENCE).until(started::isLeading);
    return started;
  }

  /** Lets another worker with a spool of its own lead. */
  void replaceRuntime() {
    runtime().close();
    runtime = started("second");
  }

  @AfterEach
  void close() {
    if (runtime != null) {
      runtime.close();
    }
    if (webhook != null) {
      webhook.close();
    }
    if (cluster != null) {
      cluster.close();
    }
  }

  TestCluster cluster() {
    return Objects.requireNonNull(cluster);
  }

  InjectingWebhook webhook() {
    return Objects.requireNonNull(webhook);
  }

  private KubernetesJobRuntime runtime() {
    return Objects.requireNonNull(runtime);
  }

  Job submitted(WorkRequest.Builder builder) {
    WorkRequest request = builder.jobName("webhook").build();
    Job job = new Job(UniqueName.of(request.jobName(), UUID.randomUUID()), request, List.of());
    assertThat(runtime().submit(job, Optional.empty())).isEqualTo(new Submission.Created());
    return job;
  }

  JobEnd end(Job job) throws Exception {
    return runtime().awaitEnd(job.name());
  }

  JobEnd run(WorkRequest.Builder builder) throws Exception {
    return end(submitted(builder));
  }
}
