package mstc.cloud.worker.adapters.k8s;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.EnvVarBuilder;
import io.fabric8.kubernetes.api.model.LocalObjectReference;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.PodSpecBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import io.fabric8.kubernetes.api.model.ResourceRequirementsBuilder;
import io.fabric8.kubernetes.api.model.TolerationBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import mstc.cloud.worker.domain.reply.ReplyAddress;
import mstc.cloud.worker.domain.request.Resources;
import mstc.cloud.worker.domain.request.WorkRequest;

/** The Kubernetes Job that a job becomes. */
final class JobManifest {
  /** What a Job's own deadline leaves its pod to end at the pod's, as only that keeps the log. */
  static final Duration DEADLINE_MARGIN = Duration.ofSeconds(60);

  /**
   * How long Kubernetes keeps a Job that is not answered: longer than any outage should last, so
   * that nothing vanishes while the worker or the store is down.
   */
  static final Duration UNANSWERED_RETENTION = Duration.ofDays(7);

  /** The resource that NVIDIA's device plugin offers, what "a GPU" means to most clusters. */
  private static final String GPU = "nvidia.com/gpu";

  private final KubernetesSettings settings;
  private final Function<WorkRequest, Duration> timeouts;

  /**
   * @param timeouts after which time a job is ended
   */
  JobManifest(KubernetesSettings settings, Function<WorkRequest, Duration> timeouts) {
    this.settings = settings;
    this.timeouts = timeouts;
  }

  /**
   * @param attempt the call that creates the Job
   */
  Job of(
      mstc.cloud.worker.domain.job.Job job, Optional<ReplyAddress> replyAddress, String attempt) {
    WorkRequest request = job.request();
    long timeoutSeconds = timeouts.apply(request).toSeconds();
    KubernetesSettings.JobTemplate template = settings.jobs();
    SortedMap<String, String> podLabels = labels(job);
    SortedMap<String, String> jobLabels = new TreeMap<>(podLabels);
    template.queueName().ifPresent(queue -> jobLabels.put(JobNames.QUEUE_NAME_LABEL, queue));
    return new JobBuilder()
        .withNewMetadata()
        .withName(job.name().value())
        .withNamespace(settings.namespace())
        .withLabels(jobLabels)
        .withAnnotations(JobAnnotations.of(job, replyAddress, attempt))
        .endMetadata()
        .withNewSpec()
        .withBackoffLimit(request.retries())
        .withActiveDeadlineSeconds(timeoutSeconds + DEADLINE_MARGIN.toSeconds())
        .withTtlSecondsAfterFinished((int) UNANSWERED_RETENTION.toSeconds())
        .withNewPodFailurePolicy()
        // A pod that the cluster took away is replaced, and is none of the job's attempts.
        .addNewRule()
        .withAction("Ignore")
        .addNewOnPodCondition()
        .withType("DisruptionTarget")
        .withStatus("True")
        .endOnPodCondition()
        .endRule()
        .endPodFailurePolicy()
        .withNewTemplate()
        .withNewMetadata()
        .withLabels(podLabels)
        .endMetadata()
        .withSpec(pod(job, timeoutSeconds))
        .endTemplate()
        .endSpec()
        .build();
  }

  /**
   * The same, but held: a Job that is suspended when it is created never makes a pod. What admits
   * Jobs to a queue ends their suspension, so this one does not name its queue to it yet.
   *
   * @param attempt the call that creates the Job
   */
  Job held(
      mstc.cloud.worker.domain.job.Job job, Optional<ReplyAddress> replyAddress, String attempt) {
    return new JobBuilder(of(job, replyAddress, attempt))
        .editMetadata()
        .removeFromLabels(JobNames.QUEUE_NAME_LABEL)
        .addToAnnotations(JobNames.HELD, settings.jobs().queueName().orElse(""))
        .endMetadata()
        .editSpec()
        .withSuspend(true)
        .endSpec()
        .build();
  }

  /** A client's labels first: the worker's hold. */
  private static SortedMap<String, String> labels(mstc.cloud.worker.domain.job.Job job) {
    SortedMap<String, String> labels = new TreeMap<>(job.request().labels());
    labels.put(JobNames.NAME_LABEL, job.request().jobName().value());
    labels.put(JobNames.INSTANCE_LABEL, job.name().value());
    labels.put(JobNames.PART_OF_LABEL, "MSTC");
    labels.put(JobNames.MANAGED_BY_LABEL, JobNames.WORKER);
    labels.put(JobNames.CREATED_BY_LABEL, JobNames.WORKER);
    labels.put(JobNames.UUID_LABEL, job.name().uuid().toString());
    return labels;
  }

  private PodSpec pod(mstc.cloud.worker.domain.job.Job job, long timeoutSeconds) {
    KubernetesSettings.JobTemplate template = settings.jobs();
    PodSpecBuilder pod =
        new PodSpecBuilder()
            .withRestartPolicy("Never")
            .withActiveDeadlineSeconds(timeoutSeconds)
            .withAutomountServiceAccountToken(false)
            // Services of the namespace would otherwise put variables of theirs beside the job's.
            .withEnableServiceLinks(false)
            .withNodeSelector(template.nodeSelector())
            .withTolerations(template.tolerations().stream().map(JobManifest::toleration).toList())
            .withImagePullSecrets(
                template.imagePullSecrets().stream().map(LocalObjectReference::new).toList())
            .withNewSecurityContext()
            .withNewSeccompProfile()
            .withType("RuntimeDefault")
            .endSeccompProfile()
            .endSecurityContext()
            .withContainers(container(job));
    template.serviceAccount().ifPresent(pod::withServiceAccountName);
    template.priorityClass().ifPresent(pod::withPriorityClassName);
    if (template.restricted()) {
      pod.editSecurityContext().withRunAsNonRoot(true).endSecurityContext();
    }
    return pod.build();
  }

  private static io.fabric8.kubernetes.api.model.Toleration toleration(
      KubernetesSettings.Toleration toleration) {
    TolerationBuilder builder =
        new TolerationBuilder()
            .withKey(toleration.key())
            .withOperator(toleration.value().isPresent() ? "Equal" : "Exists");
    toleration.value().ifPresent(builder::withValue);
    toleration.effect().ifPresent(builder::withEffect);
    return builder.build();
  }

  private Container container(mstc.cloud.worker.domain.job.Job job) {
    WorkRequest request = job.request();
    return new ContainerBuilder()
        .withName(request.jobName().value())
        .withImage(request.image().value())
        .withImagePullPolicy("IfNotPresent")
        .withCommand(request.command().stream().map(JobManifest::literal).toList())
        .withArgs(request.args().stream().map(JobManifest::literal).toList())
        .withEnv(environment(request))
        .withResources(resources(request.resources(), settings.jobs().defaultResources()))
        .withNewSecurityContext()
        .withAllowPrivilegeEscalation(false)
        .withNewCapabilities()
        .withDrop("ALL")
        .endCapabilities()
        .endSecurityContext()
        .build();
  }

  /** The configuration's, then the request's, then what the worker tells every job. */
  private List<EnvVar> environment(WorkRequest request) {
    SortedMap<String, String> variables = new TreeMap<>(settings.jobs().environment());
    variables.putAll(request.env());
    variables.put("MSTC_JOB", "true");
    variables.put("INPUT_BUCKET", request.inputBucket().value());
    variables.put("OUTPUT_BUCKET", request.outputBucket().value());
    // Its absence tells the job something, so it does not come from anywhere else either.
    variables.remove("FILE_PREFIX");
    request.prefix().ifPresent(prefix -> variables.put("FILE_PREFIX", prefix.value()));
    SortedMap<String, EnvVar> all = new TreeMap<>();
    settings
        .jobs()
        .credentialsSecret()
        .ifPresent(secret -> {
          all.put("AWS_ACCESS_KEY_ID", secret("AWS_ACCESS_KEY_ID", secret, "access-key"));
          all.put("AWS_SECRET_ACCESS_KEY", secret("AWS_SECRET_ACCESS_KEY", secret, "secret-key"));
          all.put("MINIO_ROOT_USER", secret("MINIO_ROOT_USER", secret, "access-key"));
          all.put("MINIO_ROOT_PASSWORD", secret("MINIO_ROOT_PASSWORD", secret, "secret-key"));
        });
    variables.forEach((name, value) ->
        all.put(name, new EnvVarBuilder().withName(name).withValue(literal(value)).build()));
    return new ArrayList<>(all.values());
  }

  /** Kubernetes takes {@code $(NAME)} for a variable, and two dollar signs for one. */
  private static String literal(String value) {
    return value.replace("$", "$$");
  }

  private static EnvVar secret(String variable, String secret, String key) {
    return new EnvVarBuilder()
        .withName(variable)
        .withNewValueFrom()
        .withNewSecretKeyRef(key, secret, false)
        .endValueFrom()
        .build();
  }

  /** As limits, which Kubernetes takes as requests too. */
  private static ResourceRequirements resources(Resources asked, Resources defaults) {
    Map<String, Quantity> limits = new TreeMap<>();
    asked.cpu().or(defaults::cpu).ifPresent(cpu -> limits.put("cpu", new Quantity(cpu)));
    asked
        .memory()
        .or(defaults::memory)
        .ifPresent(memory -> limits.put("memory", new Quantity(memory)));
    asked.gpu().ifPresent(gpus -> limits.put(GPU, new Quantity(Integer.toString(gpus))));
    return new ResourceRequirementsBuilder().withLimits(limits).build();
  }
}
