package mstc.cloud.worker.bootstrap.settings;

import mstc.cloud.worker.adapters.k8s.KubernetesSettings;
import mstc.cloud.worker.adapters.local.LocalSettings;

/** Which runtime is chosen, with its adapter's settings. */
public sealed interface RuntimeSettings {
  /**
   * Jobs run on a Kubernetes cluster.
   *
   * @param settings whose identity is the host's name, the same for all that run on it; opening the
   *     runtime makes it this replica's own
   */
  record Kubernetes(KubernetesSettings settings) implements RuntimeSettings {}

  /** Jobs are processes of this machine. */
  record Local(LocalSettings settings) implements RuntimeSettings {}
}
