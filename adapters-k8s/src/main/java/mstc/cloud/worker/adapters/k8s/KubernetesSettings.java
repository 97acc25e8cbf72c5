package mstc.cloud.worker.adapters.k8s;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import mstc.cloud.worker.adapters.k8s.follow.LeaseTerms;
import mstc.cloud.worker.adapters.k8s.follow.LeaseTiming;
import mstc.cloud.worker.adapters.k8s.job.JobDefaults;
import mstc.cloud.worker.adapters.k8s.log.Spool;
import mstc.cloud.worker.domain.request.Glob;
import mstc.cloud.worker.domain.request.Resources;
import mstc.cloud.worker.domain.request.WorkRequest;

/**
 * The settings of the Kubernetes runtime.
 *
 * @param kubeconfig the file that tells how to reach the cluster; empty to find it as kubectl does,
 *     by {@code KUBECONFIG}, {@code ~/.kube/config} or the service account of the worker's own pod
 * @param context the context of the kubeconfig; empty for its current one
 * @param namespace where Jobs are created; it must exist
 * @param leaseName the Lease whose holder follows and completes jobs; the same for all replicas
 * @param identity this replica's name in the Lease, different from every other's
 * @param pod the name of the pod that this replica runs in, in the namespace of the Jobs; its owner
 *     owns the Lease. Empty if it runs elsewhere
 * @param spool a folder for logs on their way to the object store; created when missing, and not
 *     shared with another replica
 * @param spoolBytes the most that all logs in the spool may take together
 * @param logBytes the most that one job's log may have; it is cut there, and a line says so
 * @param retention how long Kubernetes keeps an answered Job, in whole seconds
 * @param startGrace how long an error that keeps a pod from starting may last: some pass, such as a
 *     registry that is busy
 * @param suspensionLimit how long after its creation a Job may be suspended by others, such as
 *     Kueue; then it is ended
 * @param jobs what all Jobs have in common
 * @param timing of what goes on beside the jobs
 */
public record KubernetesSettings(
    Optional<Path> kubeconfig,
    Optional<String> context,
    String namespace,
    String leaseName,
    String identity,
    Optional<String> pod,
    Path spool,
    long spoolBytes,
    long logBytes,
    Duration retention,
    Duration startGrace,
    Duration suspensionLimit,
    JobTemplate jobs,
    Timing timing) {

  /** Time for the cluster's users to look at an ended Job. */
  public static final Duration DEFAULT_RETENTION = Duration.ofSeconds(30);

  /** Two or three pulls, as the kubelet backs off. */
  public static final Duration DEFAULT_START_GRACE = Duration.ofSeconds(30);

  /** As long as the longest job may run. */
  public static final Duration DEFAULT_SUSPENSION_LIMIT = WorkRequest.MAX_TIMEOUT;

  public KubernetesSettings {
    if (spoolBytes < 1
        || logBytes < 1
        || retention.isNegative()
        || startGrace.isNegative()
        || suspensionLimit.isNegative()) {
      throw new IllegalArgumentException("sizes and times must not be negative");
    }
  }

  /** The same settings for a replica of another name. */
  public KubernetesSettings withIdentity(String other) {
    return new KubernetesSettings(
        kubeconfig,
        context,
        namespace,
        leaseName,
        other,
        pod,
        spool,
        spoolBytes,
        logBytes,
        retention,
        startGrace,
        suspensionLimit,
        jobs,
        timing);
  }

  Spool.Limits spoolLimits() {
    return new Spool.Limits(spoolBytes, logBytes);
  }

  LeaseTerms leaseTerms() {
    return new LeaseTerms(namespace, leaseName, identity, pod, timing);
  }

  /**
   * What all Jobs have in common.
   *
   * @param environment given to every job, such as where the object store is; no secrets
   * @param credentialsSecret the Secret whose keys {@code access-key} and {@code secret-key} every
   *     job gets as its store's credentials; empty if jobs have others or none
   * @param nodeSelector labels of the nodes that jobs run on
   * @param imagePullSecrets names of Secrets for registries
   * @param serviceAccount whose identity pods run with, though never with its token
   * @param defaultResources for requests that specify none
   * @param queueName the Kueue queue that admits Jobs; empty if they start at once
   * @param scheduler what assigns pods to nodes; empty for the cluster's default
   * @param podLabels further labels of pods; they override a request's, and the worker's override
   *     them
   * @param podAnnotations of pods
   * @param restricted whether pods also refuse to run as root, as the Pod Security standard {@code
   *     restricted} requires
   * @param labelsForPods which of a request's labels its pods get as well, by their keys; Services,
   *     policies and injectors select pods by labels. The Job gets all of them
   */
  public record JobTemplate(
      SortedMap<String, String> environment,
      Optional<String> credentialsSecret,
      SortedMap<String, String> nodeSelector,
      List<Toleration> tolerations,
      List<String> imagePullSecrets,
      Optional<String> serviceAccount,
      Resources defaultResources,
      Optional<String> priorityClass,
      Optional<String> queueName,
      Optional<String> scheduler,
      SortedMap<String, String> podLabels,
      SortedMap<String, String> podAnnotations,
      boolean restricted,
      List<Glob> labelsForPods)
      implements JobDefaults {

    public JobTemplate {
      environment = sorted(environment);
      nodeSelector = sorted(nodeSelector);
      tolerations = List.copyOf(tolerations);
      imagePullSecrets = List.copyOf(imagePullSecrets);
      podLabels = sorted(podLabels);
      podAnnotations = sorted(podAnnotations);
      labelsForPods = List.copyOf(labelsForPods);
    }

    /** Only an environment and credentials. */
    public static JobTemplate of(
        Map<String, String> environment, Optional<String> credentialsSecret) {
      return new JobTemplate(
          new TreeMap<>(environment),
          credentialsSecret,
          Collections.emptySortedMap(),
          List.of(),
          List.of(),
          Optional.empty(),
          Resources.UNSPECIFIED,
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Collections.emptySortedMap(),
          Collections.emptySortedMap(),
          false,
          List.of());
    }

    private static SortedMap<String, String> sorted(Map<String, String> map) {
      return Collections.unmodifiableSortedMap(new TreeMap<>(map));
    }
  }

  /**
   * A taint that jobs tolerate.
   *
   * @param value empty for any
   * @param effect {@code NoSchedule}, {@code PreferNoSchedule} or {@code NoExecute}; empty for all
   */
  public record Toleration(String key, Optional<String> value, Optional<String> effect)
      implements JobDefaults.ToleratedTaint {}

  /**
   * Times that nobody normally waits for.
   *
   * @param lease how long the Lease is held without being renewed: the time until another replica
   *     takes over from one that died
   * @param leaseRenewal how long after its last renewal the holder gives up; less than {@code
   *     lease}
   * @param leaseRetry the interval between tries to take or renew it
   * @param relist the longest time without a change until Jobs and pods are listed, in case a watch
   *     missed one; the first is a tenth of that
   */
  public record Timing(Duration lease, Duration leaseRenewal, Duration leaseRetry, Duration relist)
      implements LeaseTiming {
    /**
     * A leader that is cut off gives up, after the renewal time and one call that times out, before
     * another can hold the Lease.
     */
    public static final Timing DEFAULT =
        new Timing(
            Duration.ofSeconds(15),
            Duration.ofSeconds(6),
            Duration.ofSeconds(1),
            Duration.ofMinutes(5));
  }
}
