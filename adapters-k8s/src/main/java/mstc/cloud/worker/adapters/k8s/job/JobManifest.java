package mstc.cloud.worker.adapters.k8s.job;

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
import io.fabric8.kubernetes.api.model.Toleration;
import io.fabric8.kubernetes.api.model.TolerationBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import mstc.cloud.worker.domain.request.ContainerWork;
import mstc.cloud.worker.domain.request.JobVariables;
import mstc.cloud.worker.domain.request.Resources;
import mstc.cloud.worker.domain.request.WorkFormat;

/** The Kubernetes Job that a job becomes. */
public final class JobManifest {
  /** How much later than its pod's a Job's own deadline is: only the pod's keeps the log. */
  static final Duration DEADLINE_MARGIN = Duration.ofSeconds(60);

  /**
   * How long Kubernetes keeps an unanswered Job: longer than any outage should last, so that
   * nothing vanishes while the worker or the store is down.
   */
  static final Duration UNANSWERED_RETENTION = Duration.ofDays(7);

  /** The resource of NVIDIA's device plugin, which is what "a GPU" means to most clusters. */
  private static final String GPU = "nvidia.com/gpu";

  private final String namespace;
  private final JobDefaults defaults;
  private final WorkFormat format;
  private final Function<ContainerWork, Duration> timeouts;

  /**
   * Creates manifests for one namespace.
   *
   * @param format of the work in the annotations
   * @param timeouts after which a job is ended
   */
  public JobManifest(
      String namespace,
      JobDefaults defaults,
      WorkFormat format,
      Function<ContainerWork, Duration> timeouts) {
    this.namespace = namespace;
    this.defaults = defaults;
    this.format = format;
    this.timeouts = timeouts;
  }

  /**
   * The Job of a job that may run at once.
   *
   * @param createId tells the call that creates the Job from all others
   */
  public Job of(NewJob job, String createId) {
    ContainerWork request = job.work();
    long timeoutSeconds = timeouts.apply(request).toSeconds();
    SortedMap<String, String> jobLabels = labels(job, job.work().labels());
    SortedMap<String, String> podLabels = labels(job, podLabels(job.work()));
    defaults.queueName().ifPresent(queue -> jobLabels.put(JobNames.QUEUE_NAME_LABEL, queue));
    return new JobBuilder()
        .withNewMetadata()
        .withName(job.name().value())
        .withNamespace(namespace)
        .withLabels(jobLabels)
        .withAnnotations(JobAnnotations.of(job.job(), format, job.replyAddress(), createId))
        .endMetadata()
        .withNewSpec()
        .withBackoffLimit(request.retries())
        .withActiveDeadlineSeconds(timeoutSeconds + DEADLINE_MARGIN.toSeconds())
        .withTtlSecondsAfterFinished((int) UNANSWERED_RETENTION.toSeconds())
        .withNewPodFailurePolicy()
        // A pod that the cluster took away is replaced, and does not count as an attempt.
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
        .withAnnotations(defaults.podAnnotations())
        .endMetadata()
        .withSpec(pod(job, timeoutSeconds))
        .endTemplate()
        .endSpec()
        .build();
  }

  /**
   * The same, but held: a Job that is suspended when it is created never creates a pod. What admits
   * Jobs to a queue ends their suspension, so this one is not in its queue yet.
   *
   * @param createId tells the call that creates the Job from all others
   */
  public Job held(NewJob job, String createId) {
    return new JobBuilder(of(job, createId))
        .editMetadata()
        .removeFromLabels(JobNames.QUEUE_NAME_LABEL)
        .addToAnnotations(JobNames.HELD, defaults.queueName().orElse(""))
        .endMetadata()
        .editSpec()
        .withSuspend(true)
        .endSpec()
        .build();
  }

  /**
   * A Job to be shown, without what its environment variables hold and without the request: either
   * may be a secret.
   */
  static Job withoutValues(Job job) {
    return new JobBuilder(job)
        .editMetadata()
        .removeFromAnnotations(JobNames.REQUEST)
        .endMetadata()
        .editSpec()
        .editTemplate()
        .editSpec()
        .editFirstContainer()
        .removeAllFromEnv(job.getSpec().getTemplate().getSpec().getContainers().getFirst().getEnv())
        .endContainer()
        .endSpec()
        .endTemplate()
        .endSpec()
        .build();
  }

  /** Those of the request that pods may have, and over them those that all pods have. */
  private SortedMap<String, String> podLabels(ContainerWork work) {
    SortedMap<String, String> labels = new TreeMap<>(work.labels());
    labels
        .keySet()
        .removeIf(key -> defaults.labelsForPods().stream().noneMatch(glob -> glob.matches(key)));
    labels.putAll(defaults.podLabels());
    return labels;
  }

  /** The worker's labels override all others. */
  private static SortedMap<String, String> labels(NewJob job, Map<String, String> others) {
    SortedMap<String, String> labels = new TreeMap<>(others);
    labels.put(JobNames.NAME_LABEL, job.work().jobName().value());
    labels.put(JobNames.INSTANCE_LABEL, job.name().value());
    labels.put(JobNames.PART_OF_LABEL, "MSTC");
    labels.put(JobNames.MANAGED_BY_LABEL, JobNames.WORKER);
    labels.put(JobNames.CREATED_BY_LABEL, JobNames.WORKER);
    labels.put(JobNames.UUID_LABEL, job.name().uuid().toString());
    return labels;
  }

  private PodSpec pod(NewJob job, long timeoutSeconds) {
    PodSpecBuilder pod =
        new PodSpecBuilder()
            .withRestartPolicy("Never")
            .withActiveDeadlineSeconds(timeoutSeconds)
            .withAutomountServiceAccountToken(false)
            // Otherwise the services of the namespace would add variables to the job's.
            .withEnableServiceLinks(false)
            .withNodeSelector(defaults.nodeSelector())
            .withTolerations(defaults.tolerations().stream().map(JobManifest::toleration).toList())
            .withImagePullSecrets(
                defaults.imagePullSecrets().stream().map(LocalObjectReference::new).toList())
            .withNewSecurityContext()
            .withNewSeccompProfile()
            .withType("RuntimeDefault")
            .endSeccompProfile()
            .endSecurityContext()
            .withContainers(container(job));
    defaults.serviceAccount().ifPresent(pod::withServiceAccountName);
    defaults.priorityClass().ifPresent(pod::withPriorityClassName);
    defaults.scheduler().ifPresent(pod::withSchedulerName);
    if (defaults.restricted()) {
      pod.editSecurityContext().withRunAsNonRoot(true).endSecurityContext();
    }
    return pod.build();
  }

  private static Toleration toleration(JobDefaults.ToleratedTaint taint) {
    TolerationBuilder builder =
        new TolerationBuilder()
            .withKey(taint.key())
            .withOperator(taint.value().isPresent() ? "Equal" : "Exists");
    taint.value().ifPresent(builder::withValue);
    taint.effect().ifPresent(builder::withEffect);
    return builder.build();
  }

  private Container container(NewJob job) {
    ContainerWork request = job.work();
    return new ContainerBuilder()
        .withName(request.jobName().value())
        .withImage(request.image().value())
        .withImagePullPolicy("IfNotPresent")
        .withCommand(request.command().stream().map(JobManifest::literal).toList())
        .withArgs(request.args().stream().map(JobManifest::literal).toList())
        .withEnv(environment(request))
        .withResources(resources(request.resources(), defaults.defaultResources()))
        .withNewSecurityContext()
        .withAllowPrivilegeEscalation(false)
        .withNewCapabilities()
        .withDrop("ALL")
        .endCapabilities()
        .endSecurityContext()
        .build();
  }

  /** From the configuration, then the request, then the worker; the last one counts. */
  private List<EnvVar> environment(ContainerWork request) {
    SortedMap<String, String> variables = new TreeMap<>(defaults.environment());
    variables.putAll(request.env());
    JobVariables.set(request, variables);
    SortedMap<String, EnvVar> all = new TreeMap<>();
    defaults
        .credentialsSecret()
        .ifPresent(secret -> {
          for (String variable : List.of(JobVariables.AWS_ACCESS_KEY_ID, JobVariables.MINIO_USER)) {
            all.put(variable, secret(variable, secret, "access-key"));
          }
          for (String variable :
              List.of(JobVariables.AWS_SECRET_ACCESS_KEY, JobVariables.MINIO_PASSWORD)) {
            all.put(variable, secret(variable, secret, "secret-key"));
          }
        });
    variables.forEach((name, value) ->
        all.put(name, new EnvVarBuilder().withName(name).withValue(literal(value)).build()));
    return new ArrayList<>(all.values());
  }

  /** Kubernetes reads {@code $(NAME)} as a variable, and two dollar signs as one. */
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

  /** As limits, which Kubernetes also uses as requests. */
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
