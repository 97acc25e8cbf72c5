package mstc.cloud.worker.adapters.k8s;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import mstc.cloud.worker.domain.request.Resources;

/**
 * What the Kubernetes runtime is told.
 *
 * @param kubeconfig the file that tells how to reach the cluster; empty to find it as kubectl does,
 *     by {@code KUBECONFIG}, {@code ~/.kube/config} or the service account of the worker's own pod
 * @param context the context of the kubeconfig; empty for its current one
 * @param namespace where Jobs are created; it has to exist
 * @param leaseName the Lease whose holder follows and completes jobs; all replicas name the same
 * @param identity this replica's name in the Lease, unlike every other's
 * @param pod the name of the pod that this replica runs in, in the namespace of the Jobs; what owns
 *     it owns the Lease. Empty where it runs elsewhere
 * @param spool a folder for logs on their way to the object store; created when missing, and not
 *     shared with another replica
 * @param spoolBytes the most that all logs in the spool may take together
 * @param logBytes the most that one job's log may have; it is cut there, and said to be
 * @param retention how long Kubernetes keeps an answered Job, whole seconds
 * @param startGrace how long an error that keeps a pod from starting may last: some pass, such as a
 *     registry that is busy
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
    JobTemplate jobs,
    Timing timing) {

  /** Time for the cluster's users to look at an ended Job. */
  public static final Duration DEFAULT_RETENTION = Duration.ofSeconds(30);

  /** Two or three pulls, as the kubelet backs off. */
  public static final Duration DEFAULT_START_GRACE = Duration.ofSeconds(30);

  public KubernetesSettings {
    if (spoolBytes < 1 || logBytes < 1 || retention.isNegative() || startGrace.isNegative()) {
      throw new IllegalArgumentException("sizes and times must not be negative");
    }
  }

  Spool.Limits spoolLimits() {
    return new Spool.Limits(spoolBytes, logBytes);
  }

  /**
   * What all Jobs have in common.
   *
   * @param environment given to every job, such as where the object store is; no secrets
   * @param credentialsSecret the Secret whose keys {@code access-key} and {@code secret-key} every
   *     job gets as its store's credentials; empty where jobs have others or none
   * @param nodeSelector labels of the nodes that jobs run on
   * @param imagePullSecrets names of Secrets for registries
   * @param serviceAccount whose identity pods run with, though never with its token
   * @param defaultResources of requests that ask for none
   * @param queueName the Kueue queue that admits Jobs; empty where they start at once
   * @param restricted whether pods also refuse to run as root, as the Pod Security standard {@code
   *     restricted} wants
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
      boolean restricted) {

    public JobTemplate {
      environment = sorted(environment);
      nodeSelector = sorted(nodeSelector);
      tolerations = List.copyOf(tolerations);
      imagePullSecrets = List.copyOf(imagePullSecrets);
    }

    /** Nothing but an environment and credentials. */
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
          false);
    }

    private static SortedMap<String, String> sorted(Map<String, String> map) {
      return Collections.unmodifiableSortedMap(new TreeMap<>(map));
    }
  }

  /**
   * A taint that jobs tolerate.
   *
   * @param value empty where any will do
   * @param effect {@code NoSchedule}, {@code PreferNoSchedule} or {@code NoExecute}; empty for all
   */
  public record Toleration(String key, Optional<String> value, Optional<String> effect) {}

  /**
   * How long things take that nobody waits for as a rule.
   *
   * @param lease for how long the Lease is held without being renewed: the time until another
   *     replica takes over from one that died
   * @param leaseRenewal after which time without a renewal its holder gives up; below the former
   * @param leaseRetry the interval between attempts to take or renew it
   * @param relist the longest time without a change after which Jobs and pods are listed, the net
   *     under the watches; a tenth of it is the first
   */
  public record Timing(
      Duration lease, Duration leaseRenewal, Duration leaseRetry, Duration relist) {
    /**
     * A leader that is cut off gives up after the renewal's time and a call that times out, before
     * the Lease is another's.
     */
    public static final Timing DEFAULT =
        new Timing(
            Duration.ofSeconds(15),
            Duration.ofSeconds(6),
            Duration.ofSeconds(1),
            Duration.ofMinutes(5));
  }
}
