package mstc.cloud.worker.adapters.k8s;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.List;
import java.util.Map;
import mstc.cloud.worker.adapters.k8s.job.JobConditions;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.runtime.JobEnd;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;

/** Jobs on a real cluster whose pods a webhook puts containers into. */
@Execution(ExecutionMode.CONCURRENT)
class InjectedContainersIT extends JobsBehindWebhook {
  private static final String ENDLESS = "trap 'exit 143' TERM; echo proxy; sleep 3600 & wait";

  private static String container(String name, String script) {
    return container(Map.of("name", name, "image", TestCluster.image()), script);
  }

  private static String sidecar(String script) {
    return container(
        Map.of("name", "sidecar", "image", TestCluster.image(), "restartPolicy", "Always"), script);
  }

  private static String container(Map<String, String> fields, String script) {
    Map<String, Object> all = new java.util.HashMap<>(fields);
    all.put("command", List.of("sh", "-c", script));
    return JsonMapper.builder().build().writeValueAsString(all);
  }

  private io.fabric8.kubernetes.api.model.batch.v1.Job inCluster(Job job) {
    return cluster()
        .admin()
        .batch()
        .v1()
        .jobs()
        .inNamespace(cluster().namespace())
        .withName(job.name().value())
        .get();
  }

  /** Whose name comes before the job's, or after it, as the kubelet tells of them in that order. */
  @ParameterizedTest
  @ValueSource(strings = {"a-proxy", "z-proxy"})
  void theLogAndTheEndAreTheJobsThoughAProxyComesFirst(String proxy) throws Exception {
    // given
    webhook().injectFirst(container(proxy, "echo proxy; sleep 8"));

    // when
    JobEnd succeeded = run(ClusterJobs.running("echo job; sleep 1"));
    JobEnd failed = run(ClusterJobs.running("echo job; exit 3"));

    // then
    assertThat(succeeded.outcome()).isEqualTo(new JobOutcome.Succeeded());
    assertThat(failed.outcome()).isEqualTo(new JobOutcome.Failed(3));
    assertThat(List.of(succeeded, failed))
        .allSatisfy(end -> {
          assertThat(end.log().file()).hasContent("job\n");
          assertThat(end.log().complete()).isTrue();
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"a-proxy", "z-proxy"})
  void aProxyThatEndsWith0AfterTheJobFailedDoesNotHideThat(String proxy) throws Exception {
    // given
    webhook().injectFirst(container(proxy, "sleep 4"));

    // when
    JobEnd end = run(ClusterJobs.running("echo job; exit 3"));

    // then
    assertThat(end.outcome()).isEqualTo(new JobOutcome.Failed(3));
    assertThat(end.log().file()).hasContent("job\n");
  }

  @Test
  void aJobWhoseHelperNeverEndsHasEndedAllTheSame() throws Exception {
    // given
    webhook().injectFirst(container("a-proxy", ENDLESS));

    // when
    Job job = submitted(ClusterJobs.running("echo job"));
    JobEnd end = end(job);

    // then
    assertThat(end.outcome()).isEqualTo(new JobOutcome.Succeeded());
    assertThat(end.log().file()).hasContent("job\n");
    assertThat(end.log().complete()).isTrue();
    assertThat(end.warnings()).isEmpty();
    await().atMost(PATIENCE).until(() -> JobConditions.isFinished(inCluster(job)));
  }

  @Test
  void whoeverLeadsNextTellsTheSameEndThoughThePodIsGone() throws Exception {
    // given
    webhook().injectFirst(container("a-proxy", ENDLESS));
    Job job = submitted(ClusterJobs.running("echo job"));
    JobEnd end = end(job);
    await().atMost(PATIENCE).until(() -> JobConditions.isFinished(inCluster(job)));

    // when
    replaceRuntime();
    JobEnd again = end(job);

    // then
    assertThat(again.outcome()).isEqualTo(end.outcome());
    assertThat(again.finishedAt()).isEqualTo(end.finishedAt());
    assertThat(again.warnings()).isEqualTo(end.warnings());
    assertThat(again.log().file()).hasContent("job\n");
    assertThat(again.log().complete()).isTrue();
  }

  @Test
  void aFailedAttemptWhoseHelperNeverEndsIsRepeated() throws Exception {
    // given
    webhook().injectFirst(container("a-proxy", ENDLESS));

    // when
    JobEnd end = run(ClusterJobs.running("echo job; exit 3").retries(1));

    // then
    assertThat(end.outcome()).isEqualTo(new JobOutcome.Failed(3));
    assertThat(end.log().file())
        .hasContent(
            "=== attempt 1 of 2 ===\njob\n=== attempt 2 of 2, after exit code 3 ===\njob\n");
    assertThat(end.log().complete()).isTrue();
    assertThat(end.warnings()).isEmpty();
  }

  @Test
  void aHelperThatFailsIsAWarningAndNoReasonToTryAgain() throws Exception {
    // given
    webhook().injectFirst(container("a-proxy", "exit 7"));

    // when
    JobEnd end = run(ClusterJobs.running("sleep 3; echo job").retries(1));

    // then
    assertThat(end.outcome()).isEqualTo(new JobOutcome.Succeeded());
    assertThat(end.log().file()).hasContent("job\n");
    assertThat(end.warnings())
        .singleElement()
        .asString()
        .contains("container a-proxy failed: exit code 7");
  }

  @Test
  void anInitContainerWhoseImageIsMissingIsNamed() throws Exception {
    // given
    webhook()
        .injectBefore(
            container(
                Map.of("name", "certificates", "image", "registry.invalid:5000/init:7"), "true"));

    // when
    JobEnd end = run(ClusterJobs.running("echo job"));

    // then
    assertThat(end.outcome()).isInstanceOf(JobOutcome.NotStarted.class);
    assertThat(end.outcome().phrase())
        .contains("container certificates", "registry.invalid:5000/init:7");
  }

  @Test
  void anInitContainerThatFailsIsNamed() throws Exception {
    // given
    webhook().injectBefore(container("certificates", "exit 7"));

    // when
    JobEnd end = run(ClusterJobs.running("echo job"));

    // then
    assertThat(end.outcome()).isInstanceOf(JobOutcome.NotStarted.class);
    assertThat(end.outcome().phrase()).contains("container certificates", "exit code 7");
  }

  @Test
  void aSidecarOfKubernetesOwnIsWaitedFor() throws Exception {
    // given
    webhook().injectBefore(sidecar("trap 'exit 0' TERM; sleep 3600 & wait"));

    // when
    Job job = submitted(ClusterJobs.running("echo job"));
    JobEnd end = end(job);

    // then
    assertThat(end.outcome()).isEqualTo(new JobOutcome.Succeeded());
    assertThat(end.log().file()).hasContent("job\n");
    assertThat(end.warnings()).isEmpty();
    await().atMost(PATIENCE).until(() -> JobConditions.of(inCluster(job), "Complete").isPresent());
  }
}
