package mstc.cloud.worker.adapters.k8s;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.Map;
import java.util.Objects;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.request.WorkRequest;
import mstc.cloud.worker.domain.runtime.JobEnd;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** What a real cluster says of jobs that get no further, and what of it is in the answer. */
@Execution(ExecutionMode.CONCURRENT)
class KubernetesReasonsIT extends JobsBehindWebhook {
  private static WorkRequest.Builder endingSoon(String script) {
    return ClusterJobs.running(script).env(Map.of(ClusterJobs.TIMEOUT_SECONDS, "10"));
  }

  /** How often a Job's controller has tried in vain to create its pod; the same is told once. */
  private int refusals() {
    return cluster()
        .admin()
        .v1()
        .events()
        .inNamespace(cluster().namespace())
        .withField("reason", "FailedCreate")
        .list()
        .getItems()
        .stream()
        .mapToInt(event -> Objects.requireNonNullElse(event.getCount(), 1))
        .sum();
  }

  @Test
  void aVolumeThatCannotBeHadIsNamedAtTheTimeout() throws Exception {
    // given
    webhook()
        .change(
            """
            [{"op": "add", "path": "/spec/volumes", "value": [
               {"name": "missing", "configMap": {"name": "no-such-map"}}]},
             {"op": "add", "path": "/spec/containers/0/volumeMounts", "value": [
               {"name": "missing", "mountPath": "/missing"}]}]
            """);

    // when
    JobEnd end = run(endingSoon("echo job"));

    // then
    assertThat(end.outcome()).isInstanceOf(JobOutcome.TimedOut.class);
    assertThat(end.outcome().phrase()).contains("FailedMount", "no-such-map");
  }

  @Test
  void aContainerBeforeTheJobsThatDoesNotEndIsNamedAtTheTimeout() throws Exception {
    // given
    webhook()
        .injectBefore(
            "{\"name\": \"waits\", \"image\": \"%s\", \"command\": [\"sleep\", \"3600\"]}"
                .formatted(TestCluster.image()));

    // when
    JobEnd end = run(endingSoon("echo job"));

    // then
    assertThat(end.outcome()).isInstanceOf(JobOutcome.TimedOut.class);
    assertThat(end.outcome().phrase()).contains("waits");
  }

  /** A Job's deadline is a minute after its pod's. */
  @Test
  void aQuotaIsNamedAtTheTimeout() throws Exception {
    // given
    ClusterJobs.forbidPods(cluster());

    // when
    JobEnd end = run(endingSoon("echo job"));

    // then
    assertThat(end.outcome()).isInstanceOf(JobOutcome.TimedOut.class);
    assertThat(end.outcome().phrase()).contains("exceeded quota", "no-pods");
  }

  /** The grace of a start is 3 s here, and the Job's controller tries again after 1 s, 2 s, 4 s. */
  @Test
  void aWebhookThatIsAwayForLongerThanTheGraceIsWaitedFor() throws Exception {
    // given
    webhook().stop();
    Job job = submitted(ClusterJobs.running("echo job"));
    await().atMost(PATIENCE).until(() -> refusals() >= 4);

    // when
    webhook().start();

    // then
    JobEnd end = end(job);
    assertThat(end.outcome()).isEqualTo(new JobOutcome.Succeeded());
    assertThat(end.log().file()).hasContent("job\n");
  }

  @Test
  void aWebhookThatDeniesIsQuoted() throws Exception {
    // given
    webhook().deny("no timeout of this length for this team");

    // when
    JobEnd end = run(ClusterJobs.running("echo job"));

    // then
    assertThat(end.outcome()).isInstanceOf(JobOutcome.NotStarted.class);
    assertThat(end.outcome().phrase()).contains("denied the request", "no timeout of this length");
  }

  @Test
  void aChildThatIsKilledForMemoryIsAWarningThoughTheJobSucceeds() throws Exception {
    // when
    JobEnd end =
        run(
            ClusterJobs.running("python3 -c 'bytearray(300 << 20)' || echo killed; exit 0")
                .memory("48Mi"));

    // then
    assertThat(end.log().file()).content().contains("killed\n");
    assertThat(end.outcome()).isEqualTo(new JobOutcome.Succeeded());
    assertThat(end.warnings()).singleElement().asString().contains("killed for memory");
  }
}
