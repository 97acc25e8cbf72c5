package mstc.cloud.worker.adapters.k8s.follow;

import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseBuilder;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseSpec;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.util.List;
import java.util.Optional;
import mstc.cloud.worker.adapters.k8s.cluster.ApiErrors;

/** The Lease, through calls to the API server. What others note on it stays. */
final class KubernetesLease implements Election.SharedLease {
  private static final PatchContext MERGE = PatchContext.of(PatchType.JSON_MERGE);

  private final KubernetesClient client;
  private final String namespace;
  private final String name;
  private final List<OwnerReference> owners;

  /**
   * @param owners with which it is to be deleted
   */
  KubernetesLease(
      KubernetesClient client, String namespace, String name, List<OwnerReference> owners) {
    this.client = client;
    this.namespace = namespace;
    this.name = name;
    this.owners = owners;
  }

  private LeaseBuilder lease(LeaseSpec spec) {
    return new LeaseBuilder()
        .withNewMetadata()
        .withNamespace(namespace)
        .withName(name)
        .withOwnerReferences(owners)
        .endMetadata()
        .withSpec(spec);
  }

  private Resource<Lease> resource(Lease lease) {
    return client.leases().inNamespace(namespace).resource(lease);
  }

  @Override
  public Optional<Lease> get() {
    return Optional.ofNullable(client.leases().inNamespace(namespace).withName(name).get());
  }

  @Override
  public Optional<Lease> create(LeaseSpec spec) {
    try {
      return Optional.of(resource(lease(spec).build()).create());
    } catch (KubernetesClientException e) {
      if (ApiErrors.isConflict(e)) {
        return Optional.empty();
      }
      throw e;
    }
  }

  @Override
  public Optional<Lease> replace(Lease version, LeaseSpec spec) {
    Lease patch =
        lease(spec)
            .editMetadata()
            .withResourceVersion(version.getMetadata().getResourceVersion())
            .endMetadata()
            .build();
    try {
      return Optional.of(
          resource(patch).patch(MERGE, client.getKubernetesSerialization().asJson(patch)));
    } catch (KubernetesClientException e) {
      if (ApiErrors.isConflict(e) || ApiErrors.isNotFound(e)) {
        return Optional.empty();
      }
      throw e;
    }
  }
}
