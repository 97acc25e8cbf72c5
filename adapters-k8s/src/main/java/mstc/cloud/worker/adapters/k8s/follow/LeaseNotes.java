package mstc.cloud.worker.adapters.k8s.follow;

import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.util.Map;
import java.util.Optional;
import mstc.cloud.worker.adapters.k8s.cluster.ApiErrors;

/** What replicas tell each other in annotations of the Lease, which all of them watch. */
public final class LeaseNotes {
  private final KubernetesClient client;
  private final String namespace;
  private final String leaseName;

  public LeaseNotes(KubernetesClient client, String namespace, String leaseName) {
    this.client = client;
    this.namespace = namespace;
    this.leaseName = leaseName;
  }

  /** The Lease as it is now. */
  Optional<Lease> lease() {
    return Optional.ofNullable(client.leases().inNamespace(namespace).withName(leaseName).get());
  }

  static Optional<String> read(Lease lease, String name) {
    return Optional.ofNullable(lease.getMetadata().getAnnotations())
        .map(annotations -> annotations.get(name));
  }

  /** False if the Lease has changed since that version, or is gone. */
  boolean write(Optional<String> version, String name, String value) {
    Lease patch =
        new LeaseBuilder()
            .withNewMetadata()
            .withName(leaseName)
            .withNamespace(namespace)
            .withResourceVersion(version.orElse(null))
            .withAnnotations(Map.of(name, value))
            .endMetadata()
            .build();
    try {
      var _ = client.resource(patch).patch(PatchContext.of(PatchType.JSON_MERGE));
      return true;
    } catch (KubernetesClientException e) {
      if (ApiErrors.isConflict(e) || ApiErrors.isNotFound(e)) {
        return false;
      }
      throw e;
    }
  }
}
