package mstc.cloud.worker.bootstrap.settings;

import static java.time.Duration.ZERO;
import static java.time.Duration.ofHours;
import static java.time.Duration.ofMinutes;
import static mstc.cloud.worker.bootstrap.configuration.ValueTypes.PATH;
import static mstc.cloud.worker.bootstrap.configuration.ValueTypes.READABLE_FILE;
import static mstc.cloud.worker.bootstrap.configuration.ValueTypes.SWITCH;
import static mstc.cloud.worker.bootstrap.configuration.ValueTypes.TEXT;
import static mstc.cloud.worker.bootstrap.configuration.ValueTypes.duration;
import static mstc.cloud.worker.bootstrap.configuration.ValueTypes.oneOf;
import static mstc.cloud.worker.bootstrap.configuration.ValueTypes.wholeNumber;
import static mstc.cloud.worker.bootstrap.settings.KubernetesTypes.ANNOTATIONS;
import static mstc.cloud.worker.bootstrap.settings.KubernetesTypes.CPU;
import static mstc.cloud.worker.bootstrap.settings.KubernetesTypes.DNS_LABEL;
import static mstc.cloud.worker.bootstrap.settings.KubernetesTypes.DNS_NAME;
import static mstc.cloud.worker.bootstrap.settings.KubernetesTypes.LABELS;
import static mstc.cloud.worker.bootstrap.settings.KubernetesTypes.MEMORY;
import static mstc.cloud.worker.bootstrap.settings.KubernetesTypes.NAMES;
import static mstc.cloud.worker.bootstrap.settings.KubernetesTypes.TOLERATIONS;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import mstc.cloud.worker.adapters.k8s.KubernetesSettings;
import mstc.cloud.worker.adapters.k8s.KubernetesSettings.JobTemplate;
import mstc.cloud.worker.adapters.k8s.KubernetesSettings.Toleration;
import mstc.cloud.worker.adapters.local.LocalSettings;
import mstc.cloud.worker.adapters.local.LocalSettings.CatalogueEntry;
import mstc.cloud.worker.bootstrap.configuration.ConfigurationValues;
import mstc.cloud.worker.bootstrap.configuration.Key;
import mstc.cloud.worker.bootstrap.configuration.Section;
import mstc.cloud.worker.domain.request.JobVariables;
import mstc.cloud.worker.domain.request.Resources;

/** The keys {@code mstc.runtime.*}: where jobs run, and how. */
public final class RuntimeSection extends Section {
  private enum Type {
    KUBERNETES,
    LOCAL
  }

  private final Key<Type> type =
      key("mstc.runtime.type", oneOf(Type.class), Type.KUBERNETES)
          .meaning("Where jobs run: on a Kubernetes cluster, or as processes of this machine.");
  private final Key<Path> kubeconfig =
      key("mstc.runtime.kubernetes.kubeconfig", READABLE_FILE)
          .withDerivedDefault("as kubectl finds it, in a pod its service account")
          .meaning("The file that tells how to reach the cluster.");
  private final Key<String> context =
      key("mstc.runtime.kubernetes.context", TEXT)
          .withDerivedDefault("its current one")
          .meaning("The context of the kubeconfig.");
  private final Key<String> namespace =
      key("mstc.runtime.kubernetes.namespace", DNS_LABEL, "mstc-dev")
          .meaning("The namespace that jobs run in; its workers share broker, store and Lease.");
  private final Key<String> lease =
      key("mstc.runtime.kubernetes.lease", DNS_NAME, "mstc-cloud-worker")
          .meaning("The Lease whose holder among the replicas follows and completes jobs.");
  private final Key<Duration> startGrace =
      key(
              "mstc.runtime.kubernetes.start-grace",
              duration(ZERO, ofHours(1)),
              KubernetesSettings.DEFAULT_START_GRACE)
          .meaning(
              "How long an image that cannot be pulled, or a pod that cannot be made, is waited"
                  + " for.");
  private final Key<Integer> spoolMebibytes =
      key("mstc.runtime.kubernetes.spool-mebibytes", wholeNumber(16, 100_000_000), 10_240)
          .meaning(
              "The most that logs take on their way to the store; at 80 % no more requests are taken.");
  private final Key<String> serviceAccount =
      key("mstc.runtime.kubernetes.service-account", DNS_NAME)
          .withDerivedDefault("the namespace's")
          .meaning("The service account of the jobs' pods, which never get its token.");
  private final Key<SortedMap<String, String>> nodeSelector =
      key("mstc.runtime.kubernetes.node-selector", LABELS, Collections.emptySortedMap())
          .meaning("Labels of the nodes that jobs run on.");
  private final Key<List<Toleration>> tolerations =
      key("mstc.runtime.kubernetes.tolerations", TOLERATIONS, List.of())
          .meaning("Taints that jobs tolerate.");
  private final Key<List<String>> imagePullSecrets =
      key("mstc.runtime.kubernetes.image-pull-secrets", NAMES, List.of())
          .meaning("Secrets for the registries of jobs' images.");
  private final Key<String> priorityClass =
      key("mstc.runtime.kubernetes.priority-class", DNS_NAME)
          .meaning("The priority class of jobs.");
  private final Key<String> queueName =
      key("mstc.runtime.kubernetes.queue-name", DNS_NAME)
          .meaning("The Kueue queue that admits jobs; Kueue has to be there.");
  private final Key<String> scheduler =
      key("mstc.runtime.kubernetes.scheduler", DNS_NAME)
          .withDerivedDefault("the cluster's")
          .meaning("The scheduler of the jobs' pods, such as volcano or yunikorn.");
  private final Key<SortedMap<String, String>> podLabels =
      key("mstc.runtime.kubernetes.pod-labels", LABELS, Collections.emptySortedMap())
          .meaning("Labels of the jobs' pods; they override a request's, not the worker's own.");
  private final Key<SortedMap<String, String>> podAnnotations =
      key("mstc.runtime.kubernetes.pod-annotations", ANNOTATIONS, Collections.emptySortedMap())
          .meaning("Annotations of the jobs' pods.");
  private final Key<String> cpu =
      key("mstc.runtime.kubernetes.cpu", CPU)
          .meaning("The cores of jobs whose requests name none.");
  private final Key<String> memory =
      key("mstc.runtime.kubernetes.memory", MEMORY)
          .meaning("The memory of jobs whose requests name none.");
  private final Key<Boolean> restricted =
      key("mstc.runtime.kubernetes.restricted", SWITCH, false)
          .meaning(
              "Whether jobs refuse to run as root, as namespaces of the Pod Security standard"
                  + " restricted want.");
  private final Key<Path> localFolder =
      key("mstc.runtime.local.folder", PATH)
          .withDerivedDefault("`jobs` in `mstc.scratch-dir`")
          .meaning("Holds a folder for each job; created if missing.");
  private final Key<List<CatalogueEntry>> localCatalogue =
      key("mstc.runtime.local.catalogue", new CatalogueType(), List.of())
          .meaning("Which command runs for which image (a glob); the first match counts.");
  private final Key<Duration> localGrace =
      key("mstc.runtime.local.grace", duration(ZERO, ofMinutes(10)), LocalSettings.DEFAULT_GRACE)
          .meaning("Time between asking a job's process to end and killing it.");

  /**
   * The settings of the chosen runtime's adapter.
   *
   * @param scratchFolder for files that the program can lose, absolute; created when missing
   * @param store where jobs have their inputs and results; local ones get its credentials
   */
  public RuntimeSettings read(
      ConfigurationValues values, Path scratchFolder, JobSettings jobs, StoreSettings store) {
    RuntimeSettings.Local local =
        new RuntimeSettings.Local(local(values, scratchFolder, jobs, store));
    RuntimeSettings.Kubernetes kubernetes =
        new RuntimeSettings.Kubernetes(kubernetes(values, scratchFolder, jobs));
    return switch (values.value(type)) {
      case KUBERNETES -> kubernetes;
      case LOCAL -> local;
    };
  }

  private LocalSettings local(
      ConfigurationValues values, Path scratchFolder, JobSettings jobs, StoreSettings store) {
    Map<String, String> environment = new TreeMap<>(jobs.environment());
    store
        .credentials()
        .ifPresent(keys -> {
          environment.put(JobVariables.AWS_ACCESS_KEY_ID, keys.accessKey());
          environment.put(JobVariables.AWS_SECRET_ACCESS_KEY, keys.secretKey());
          environment.put(JobVariables.MINIO_USER, keys.accessKey());
          environment.put(JobVariables.MINIO_PASSWORD, keys.secretKey());
        });
    return new LocalSettings(
        values.valueOr(localFolder, scratchFolder.resolve("jobs")),
        values.value(localCatalogue),
        jobs.retention(),
        environment,
        LocalSettings.DEFAULT_INHERITED_VARIABLES,
        values.value(localGrace),
        jobs.logBytes());
  }

  private KubernetesSettings kubernetes(
      ConfigurationValues values, Path scratchFolder, JobSettings jobs) {
    Optional<String> host = values.variable("HOSTNAME");
    long spoolBytes = values.value(spoolMebibytes) * 1024L * 1024L;
    return new KubernetesSettings(
        values.optional(kubeconfig),
        values.optional(context),
        values.value(namespace),
        values.value(lease),
        host.orElse("worker"),
        // In a pod, the kubelet sets the host name to the pod's name.
        values.variable("KUBERNETES_SERVICE_HOST").flatMap(_ -> host),
        scratchFolder.resolve("spool"),
        spoolBytes,
        jobs.logBytes().orElse(spoolBytes / 2),
        jobs.retention(),
        values.value(startGrace),
        jobs.suspensionLimit(),
        new JobTemplate(
            jobs.environment(),
            jobs.credentialsSecret(),
            values.value(nodeSelector),
            values.value(tolerations),
            values.value(imagePullSecrets),
            values.optional(serviceAccount),
            new Resources(values.optional(cpu), values.optional(memory), OptionalInt.empty()),
            values.optional(priorityClass),
            values.optional(queueName),
            values.optional(scheduler),
            values.value(podLabels),
            values.value(podAnnotations),
            values.value(restricted),
            jobs.labelsForPods()),
        KubernetesSettings.Timing.DEFAULT);
  }
}
