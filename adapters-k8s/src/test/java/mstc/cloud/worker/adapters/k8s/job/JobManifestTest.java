package mstc.cloud.worker.adapters.k8s.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.UUID;
import mstc.cloud.worker.adapters.k8s.KubernetesSettings;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.reply.ReplyAddress;
import mstc.cloud.worker.domain.request.ContainerWork;
import mstc.cloud.worker.domain.request.Glob;
import mstc.cloud.worker.domain.request.Resources;
import mstc.cloud.worker.domain.request.WorkRequest;
import mstc.cloud.worker.wire.WorkRequestFormat;
import org.junit.jupiter.api.Test;

/** The Job as the wire contract describes it. */
class JobManifestTest {
  private static final JobDefaults DEFAULTS =
      new KubernetesSettings.JobTemplate(
          new TreeMap<>(Map.of("MINIO_SERVICE_HOST", "minio")),
          Optional.of("store"),
          new TreeMap<>(Map.of("disk", "ssd")),
          List.of(
              new KubernetesSettings.Toleration(
                  "gpu", Optional.empty(), Optional.of("NoSchedule"))),
          List.of("registry"),
          Optional.of("runner"),
          new Resources(Optional.of("1"), Optional.of("1Gi"), OptionalInt.empty()),
          Optional.of("low"),
          Optional.of("team"),
          Optional.of("volcano"),
          new TreeMap<>(
              Map.of(
                  "queue", "batch",
                  "example.org/team", "from-the-configuration",
                  "app.kubernetes.io/managed-by", "nobody")),
          new TreeMap<>(Map.of("volcano.sh/queue-name", "batch")),
          true,
          List.of(new Glob("example.org/*"), new Glob("tier")));

  private static final WorkRequest REQUEST =
      WorkRequest.builder()
          .image("registry:5000/team/solver:3")
          .jobName("solve-" + "x".repeat(40))
          .inputBucket("inputs")
          .prefix("run")
          .timeoutMinutes(5)
          .command(List.of("solve", "$(HOME)"))
          .args(List.of("$$"))
          .env(Map.of("A", "$(B)"))
          .memory("512Mi")
          .gpu(2)
          .retries(2)
          .labels(Map.of("example.org/team", "mesh", "tier", "2", "app", "billing"))
          .build();

  private static final UniqueName NAME =
      UniqueName.of(REQUEST.jobName(), UUID.fromString("11111111-2222-8333-9444-555555555555"));

  private final Job job =
      new JobManifest("mstc-dev", DEFAULTS, new WorkRequestFormat(), ContainerWork::timeout)
          .of(
              new NewJob(
                  new mstc.cloud.worker.domain.job.Job(NAME, REQUEST, List.of("w")),
                  Optional.of(new ReplyAddress("replies", Optional.of("c")))),
              "create-1");
  private final PodSpec pod = job.getSpec().getTemplate().getSpec();
  private final Container container = pod.getContainers().getFirst();

  @Test
  void namesAndLabels() {
    Map<String, String> labels = job.getSpec().getTemplate().getMetadata().getLabels();

    assertThat(job.getMetadata().getName()).isEqualTo(NAME.value()).hasSizeLessThanOrEqualTo(63);
    assertThat(labels)
        .containsEntry("app.kubernetes.io/name", REQUEST.jobName().value())
        .containsEntry("app.kubernetes.io/instance", NAME.value())
        .containsEntry("app.kubernetes.io/part-of", "MSTC")
        .containsEntry("app.kubernetes.io/managed-by", "mstc-cloud-worker")
        .containsEntry("app.kubernetes.io/created-by", "mstc-cloud-worker")
        .containsEntry("example.org/team", "from-the-configuration")
        .containsEntry("tier", "2")
        .containsEntry("queue", "batch")
        .containsOnlyKeys(
            "app.kubernetes.io/name",
            "app.kubernetes.io/instance",
            "app.kubernetes.io/part-of",
            "app.kubernetes.io/managed-by",
            "app.kubernetes.io/created-by",
            JobNames.UUID_LABEL,
            "example.org/team",
            "queue",
            "tier");
    assertThat(job.getMetadata().getLabels())
        .containsEntry("app.kubernetes.io/managed-by", "mstc-cloud-worker")
        .containsEntry("example.org/team", "mesh")
        .containsEntry("tier", "2")
        .containsEntry("app", "billing")
        .doesNotContainKey("queue")
        .containsEntry("kueue.x-k8s.io/queue-name", "team");
    assertThat(container.getName()).isEqualTo(REQUEST.jobName().value());
  }

  @Test
  void aHeldJobIsSuspendedAndDoesNotNameItsQueueToItYet() {
    // when
    Job held =
        new JobManifest("mstc-dev", DEFAULTS, new WorkRequestFormat(), ContainerWork::timeout)
            .held(
                new NewJob(
                    new mstc.cloud.worker.domain.job.Job(NAME, REQUEST, List.of("w")),
                    Optional.of(new ReplyAddress("replies", Optional.of("c")))),
                "create-1");

    // then
    assertThat(held.getSpec().getSuspend()).isTrue();
    assertThat(held.getMetadata().getLabels()).doesNotContainKey("kueue.x-k8s.io/queue-name");
    assertThat(held.getMetadata().getAnnotations())
        .containsAllEntriesOf(job.getMetadata().getAnnotations())
        .containsEntry("mstc/held", "team");
    assertThat(held.getSpec().getTemplate()).isEqualTo(job.getSpec().getTemplate());
    assertThat(job.getSpec().getSuspend()).isNull();
    assertThat(job.getMetadata().getAnnotations()).doesNotContainKey("mstc/held");
  }

  @Test
  void aJobThatIsShownHasNoValuesOfItsEnvironment() {
    // when
    String shown = JobManifest.withoutValues(job).toString();

    // then
    assertThat(shown).contains(NAME.value(), "solver:3").doesNotContain("$$(B)", "$(B)");
    assertThat(job.toString()).contains("$$(B)", "$(B)");
  }

  @Test
  void timesAndAttempts() {
    assertThat(job.getSpec().getBackoffLimit()).isEqualTo(2);
    assertThat(pod.getActiveDeadlineSeconds()).isEqualTo(300);
    assertThat(job.getSpec().getActiveDeadlineSeconds()).isEqualTo(360);
    assertThat(job.getSpec().getTtlSecondsAfterFinished()).isEqualTo(7 * 24 * 3600);
    assertThat(pod.getRestartPolicy()).isEqualTo("Never");
    assertThat(job.getSpec().getPodFailurePolicy().getRules().getFirst().getAction())
        .isEqualTo("Ignore");
  }

  @Test
  void whatTheJobIsTold() {
    Map<String, String> values = new TreeMap<>();
    container.getEnv().stream()
        .filter(variable -> variable.getValueFrom() == null)
        .forEach(variable -> values.put(variable.getName(), variable.getValue()));

    assertThat(values)
        .containsEntry("MSTC_JOB", "true")
        .containsEntry("INPUT_BUCKET", "inputs")
        .containsEntry("OUTPUT_BUCKET", "inputs")
        .containsEntry("FILE_PREFIX", "run")
        .containsEntry("MINIO_SERVICE_HOST", "minio")
        .containsEntry("A", "$$(B)");
    assertThat(container.getCommand()).containsExactly("solve", "$$(HOME)");
    assertThat(container.getArgs()).containsExactly("$$$$");
    assertThat(container.getEnv().stream().filter(variable -> variable.getValueFrom() != null))
        .extracting(EnvVar::getName)
        .containsExactlyInAnyOrder(
            "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "MINIO_ROOT_USER", "MINIO_ROOT_PASSWORD");
    assertThat(container.getImagePullPolicy()).isEqualTo("IfNotPresent");
  }

  @Test
  void whatTheJobMayUseAndDo() {
    assertThat(container.getResources().getLimits())
        .containsEntry("cpu", new Quantity("1"))
        .containsEntry("memory", new Quantity("512Mi"))
        .containsEntry("nvidia.com/gpu", new Quantity("2"));
    assertThat(container.getSecurityContext().getAllowPrivilegeEscalation()).isFalse();
    assertThat(container.getSecurityContext().getCapabilities().getDrop()).containsExactly("ALL");
    assertThat(pod.getSecurityContext().getSeccompProfile().getType()).isEqualTo("RuntimeDefault");
    assertThat(pod.getSecurityContext().getRunAsNonRoot()).isTrue();
    assertThat(pod.getAutomountServiceAccountToken()).isFalse();
  }

  @Test
  void whereTheJobRuns() {
    assertThat(pod.getNodeSelector()).containsEntry("disk", "ssd");
    assertThat(pod.getTolerations().getFirst().getOperator()).isEqualTo("Exists");
    assertThat(pod.getImagePullSecrets().getFirst().getName()).isEqualTo("registry");
    assertThat(pod.getServiceAccountName()).isEqualTo("runner");
    assertThat(pod.getPriorityClassName()).isEqualTo("low");
  }

  @Test
  void whatSchedulesPodsIsToldByTheConfigurationWhateverTheRequestSays() {
    assertThat(pod.getSchedulerName()).isEqualTo("volcano");
    assertThat(job.getSpec().getTemplate().getMetadata().getLabels())
        .containsEntry("queue", "batch")
        .containsEntry("example.org/team", "from-the-configuration");
    assertThat(job.getSpec().getTemplate().getMetadata().getAnnotations())
        .containsExactly(Map.entry("volcano.sh/queue-name", "batch"));
    assertThat(job.getMetadata().getLabels()).doesNotContainKey("queue");
    assertThat(job.getMetadata().getAnnotations()).doesNotContainKey("volcano.sh/queue-name");
  }

  @Test
  void theRecordIsInTheAnnotations() {
    assertThat(job.getMetadata().getAnnotations())
        .containsEntry("mstc/attempt", "create-1")
        .containsEntry("mstc/log", "inputs/run-" + NAME + ".log")
        .containsKeys("mstc/request", "mstc/request-sha256", "mstc/reply-to", "mstc/warnings");
  }
}
