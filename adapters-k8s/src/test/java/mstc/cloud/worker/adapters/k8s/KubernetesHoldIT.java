package mstc.cloud.worker.adapters.k8s;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.DeletionPropagation;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import mstc.cloud.worker.adapters.k8s.job.JobCalls;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.request.WorkRequest;
import mstc.cloud.worker.domain.runtime.Answer;
import mstc.cloud.worker.domain.runtime.JobCounts;
import mstc.cloud.worker.domain.runtime.JobEnd;
import mstc.cloud.worker.domain.runtime.JobRecord;
import mstc.cloud.worker.domain.runtime.Submission;
import mstc.cloud.worker.testkit.runtime.DeafListener;
import mstc.cloud.worker.testkit.store.InMemoryObjectStore;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a cluster makes of Jobs that are held, and of those that are never released. */
class KubernetesHoldIT {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @TempDir Path folder;
  private @Nullable TestCluster cluster;
  private @Nullable KubernetesJobRuntime runtime;

  @AfterEach
  void close() {
    if (runtime != null) {
      runtime.close();
    }
    if (cluster != null) {
      cluster.close();
    }
  }

  private void open(Optional<String> queueName) throws Exception {
    open(queueName, KubernetesSettings.DEFAULT_SUSPENSION_LIMIT);
  }

  private void open(Optional<String> queueName, Duration suspensionLimit) throws Exception {
    cluster = TestCluster.open(folder);
    KubernetesSettings settings = ClusterJobs.settings(cluster, folder.resolve("spool"));
    runtime =
        ClusterJobs.runtime(
            new KubernetesSettings(
                settings.kubeconfig(),
                settings.context(),
                settings.namespace(),
                settings.leaseName(),
                settings.identity(),
                settings.pod(),
                settings.spool(),
                settings.spoolBytes(),
                settings.logBytes(),
                Duration.ofSeconds(5),
                settings.startGrace(),
                suspensionLimit,
                ofQueue(settings.jobs(), queueName),
                settings.timing()),
            InMemoryObjectStore.creatingBuckets());
    runtime.start(new DeafListener());
    await().atMost(PATIENCE).until(runtime::isLeading);
  }

  private static KubernetesSettings.JobTemplate ofQueue(
      KubernetesSettings.JobTemplate jobs, Optional<String> queueName) {
    return new KubernetesSettings.JobTemplate(
        new TreeMap<>(Map.of()),
        jobs.credentialsSecret(),
        jobs.nodeSelector(),
        jobs.tolerations(),
        jobs.imagePullSecrets(),
        jobs.serviceAccount(),
        jobs.defaultResources(),
        jobs.priorityClass(),
        queueName,
        jobs.scheduler(),
        jobs.podLabels(),
        jobs.podAnnotations(),
        jobs.restricted(),
        jobs.labelsForPods());
  }

  private TestCluster cluster() {
    return Objects.requireNonNull(cluster);
  }

  private KubernetesJobRuntime runtime() {
    return Objects.requireNonNull(runtime);
  }

  private JobRecord hold(String script) {
    WorkRequest request = ClusterJobs.running(script).build();
    Job job = new Job(UniqueName.of(request.jobName(), UUID.randomUUID()), request, List.of());
    return ((Submission.Held) runtime().hold(job, Optional.empty())).record();
  }

  /** The Job in the cluster; empty where it is gone. */
  private Optional<io.fabric8.kubernetes.api.model.batch.v1.Job> find(JobRecord record) {
    return Optional.ofNullable(
        cluster()
            .admin()
            .batch()
            .v1()
            .jobs()
            .inNamespace(cluster().namespace())
            .withName(record.job().name().value())
            .get());
  }

  private io.fabric8.kubernetes.api.model.batch.v1.Job job(JobRecord record) {
    return find(record).orElseThrow();
  }

  private boolean hasPods() {
    return !cluster().admin().pods().inNamespace(cluster().namespace()).list().getItems().isEmpty();
  }

  private static Answer answer() {
    return new Answer(Reply.invalid("ran before"), Answer.Status.NONE, Instant.now());
  }

  @Test
  void aHeldJobJoinsItsQueueWhenItIsReleasedAndIsLeftSuspendedForIt() throws Exception {
    // given
    open(Optional.of("team"));
    JobRecord held = hold("echo ran");
    assertThat(job(held).getMetadata().getLabels()).doesNotContainKey("kueue.x-k8s.io/queue-name");

    // when
    boolean released = runtime().release(held);

    // then
    assertThat(released).isTrue();
    assertThat(job(held).getMetadata().getLabels())
        .containsEntry("kueue.x-k8s.io/queue-name", "team");
    assertThat(job(held).getMetadata().getAnnotations()).doesNotContainKey("mstc/held");
    assertThat(job(held).getSpec().getSuspend()).isTrue();
  }

  @Test
  void aHeldJobThatIsAnsweredGoesWithoutAPod() throws Exception {
    // given
    open(Optional.empty());
    JobRecord held = hold("echo ran");

    // when
    boolean recorded = runtime().recordAnswer(held, answer());

    // then
    assertThat(recorded).isTrue();
    await()
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(50))
        .until(() -> {
          assertThat(hasPods()).isFalse();
          return find(held).isEmpty();
        });
    assertThat(runtime().counts()).isEqualTo(JobCounts.NONE);
  }

  /** Who cancels has read that it is held, which it is no longer when that arrives. */
  @Test
  void aJobThatIsReleasedWhileItIsCancelledEndsAsCancelled() throws Exception {
    // given
    open(Optional.empty());
    JobRecord held = hold("trap 'exit 143' TERM; sleep 3600 & wait");
    JobCalls calls = new JobCalls(cluster().admin(), cluster().namespace(), Duration.ofSeconds(5));
    io.fabric8.kubernetes.api.model.batch.v1.Job read = job(held);
    runtime().release(held);

    // when
    calls.cancel(read);

    // then
    assertThat(runtime().awaitEnd(held.job().name()).outcome())
        .isEqualTo(new JobOutcome.Cancelled());
  }

  @Test
  void aHeldJobThatSomeoneDeletesEndsAsCancelledAndCannotBeReleased() throws Exception {
    // given
    open(Optional.empty());
    JobRecord held = hold("echo ran");

    // when
    cluster()
        .admin()
        .resource(job(held))
        .withPropagationPolicy(DeletionPropagation.BACKGROUND)
        .delete();

    // then
    assertThat(runtime().awaitRelease(held.job().name(), PATIENCE)).isTrue();
    assertThat(runtime().awaitEnd(held.job().name()).outcome())
        .isEqualTo(new JobOutcome.Cancelled());
    assertThat(runtime().release(held)).isFalse();
    JobRecord record = runtime().find(held.job().name().uuid()).orElseThrow();
    assertThat(record.held()).isFalse();
    assertThat(runtime().recordAnswer(record, answer())).isTrue();
    assertThat(hasPods()).isFalse();
  }

  /** It is suspended as by Kueue, of which the cluster has none that would admit it. */
  @Test
  void aJobThatNoQueueAdmitsIsEndedOnceItHasWaitedForTooLong() throws Exception {
    // given
    open(Optional.of("team"), Duration.ofSeconds(5));
    JobRecord waiting = hold("echo ran");

    // when
    runtime().release(waiting);

    // then
    assertThat(runtime().awaitEnd(waiting.job().name()).outcome())
        .isEqualTo(
            new JobOutcome.TimedOut(
                Duration.ofSeconds(5),
                Optional.of("it waited suspended in queue team, and never ran")));
    assertThatItGoesWithoutAPod(waiting);
  }

  @Test
  void aJobThatNoQueueAdmitsIsCancelledAtOnce() throws Exception {
    // given
    open(Optional.of("team"));
    JobRecord waiting = hold("echo ran");
    runtime().release(waiting);

    // when
    boolean cancelled = runtime().cancel(waiting.job().name());

    // then
    assertThat(cancelled).isTrue();
    assertThat(runtime().awaitEnd(waiting.job().name()).outcome())
        .isEqualTo(new JobOutcome.Cancelled());
    assertThatItGoesWithoutAPod(waiting);
  }

  /** As Kueue does if it needs the room for another. */
  @Test
  void aJobThatIsSuspendedWhileItRunsIsEndedWithItsLogOnceItsTimeIsOver() throws Exception {
    // given
    open(Optional.empty(), Duration.ofSeconds(1));
    WorkRequest request =
        ClusterJobs.running("echo ran; trap 'exit 143' TERM; sleep 3600 & wait").build();
    Job job = new Job(UniqueName.of(request.jobName(), UUID.randomUUID()), request, List.of());
    runtime().submit(job, Optional.empty());
    await()
        .atMost(PATIENCE)
        .until(() -> ClusterJobs.hasRead(folder.resolve("spool"), job.name(), "ran"));

    // when
    cluster()
        .admin()
        .batch()
        .v1()
        .jobs()
        .inNamespace(cluster().namespace())
        .withName(job.name().value())
        .patch(PatchContext.of(PatchType.JSON_MERGE), "{\"spec\": {\"suspend\": true}}");

    // then
    JobEnd end = runtime().awaitEnd(job.name());
    assertThat(end.outcome())
        .isEqualTo(new JobOutcome.TimedOut(Duration.ofSeconds(1), Optional.of("it was suspended")));
    assertThat(end.startedAt()).isPresent();
    assertThat(end.log().file()).content().contains("ran");
    JobRecord record = runtime().find(job.name().uuid()).orElseThrow();
    assertThat(runtime().recordAnswer(record, answer())).isTrue();
    await().atMost(PATIENCE).until(() -> find(record).isEmpty());
  }

  private void assertThatItGoesWithoutAPod(JobRecord ended) {
    JobRecord record = runtime().find(ended.job().name().uuid()).orElseThrow();
    assertThat(runtime().recordAnswer(record, answer())).isTrue();
    await().atMost(PATIENCE).until(() -> find(ended).isEmpty());
    assertThat(hasPods()).isFalse();
    assertThat(runtime().counts()).isEqualTo(JobCounts.NONE);
  }
}
