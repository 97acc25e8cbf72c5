package mstc.cloud.worker.bootstrap.settings;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;
import mstc.cloud.worker.adapters.k8s.KubernetesSettings;
import mstc.cloud.worker.domain.request.Glob;

/**
 * What jobs have in common on either runtime.
 *
 * @param retention how long an answered job stays visible
 * @param suspensionLimit how long after its submission a job on Kubernetes may be suspended by
 *     others, such as Kueue
 * @param logBytes the most that one job's log may have; empty for half of the spool, or for no
 *     limit on the local runtime
 * @param credentialsSecret the Secret from which jobs on Kubernetes get the store's credentials
 * @param labelsForPods which of a request's labels its pods on Kubernetes get as well
 * @param environment where jobs find the store, in the names of the wire contract
 */
public record JobSettings(
    Duration retention,
    Duration suspensionLimit,
    OptionalLong logBytes,
    Optional<String> credentialsSecret,
    List<Glob> labelsForPods,
    SortedMap<String, String> environment) {

  public JobSettings {
    labelsForPods = List.copyOf(labelsForPods);
  }

  /**
   * For a program without the keys {@code mstc.jobs.*}: their defaults. Jobs on Kubernetes then get
   * no credentials for the store.
   */
  public static JobSettings of(StoreSettings store) {
    return new JobSettings(
        KubernetesSettings.DEFAULT_RETENTION,
        KubernetesSettings.DEFAULT_SUSPENSION_LIMIT,
        OptionalLong.empty(),
        Optional.empty(),
        List.of(),
        StoreAddress.of(store).environment(store));
  }
}
