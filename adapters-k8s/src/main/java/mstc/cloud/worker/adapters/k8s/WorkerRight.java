package mstc.cloud.worker.adapters.k8s;

import io.fabric8.kubernetes.api.model.authorization.v1.ResourceAttributes;
import io.fabric8.kubernetes.api.model.authorization.v1.ResourceAttributesBuilder;
import java.util.List;
import java.util.stream.Stream;

/**
 * A right that the worker uses in the namespace of its Jobs. All of them together are the Role of
 * {@code config/service-account.yaml}, and of the chart.
 *
 * @param group the API group; empty for the core's
 * @param resource in the plural, with a subresource behind a slash
 * @param named whether it is needed for the worker's Lease only
 */
record WorkerRight(String group, String resource, String verb, boolean named) {
  private static final String CORE = "";

  /** All rights, in the order of the Role. */
  static final List<WorkerRight> ALL =
      Stream.of(
              rights("batch", "jobs", false, "create", "get", "list", "watch", "patch"),
              rights(CORE, "pods", false, "list", "watch", "delete"),
              rights(CORE, "pods/log", false, "get"),
              rights(CORE, "events", false, "list", "watch"),
              rights("coordination.k8s.io", "leases", false, "create"),
              rights("coordination.k8s.io", "leases", true, "get", "list", "watch", "patch"))
          .flatMap(part -> part)
          .toList();

  private static Stream<WorkerRight> rights(
      String group, String resource, boolean named, String... verbs) {
    return Stream.of(verbs).map(verb -> new WorkerRight(group, resource, verb, named));
  }

  /** The question to the API server. */
  ResourceAttributes asked(String namespace, String lease) {
    String[] parts = resource.split("/", 2);
    return new ResourceAttributesBuilder()
        .withNamespace(namespace)
        .withGroup(group)
        .withResource(parts[0])
        .withSubresource(parts.length > 1 ? parts[1] : null)
        .withVerb(verb)
        .withName(named ? lease : null)
        .build();
  }

  /** Such as {@code create jobs.batch}. */
  @Override
  public String toString() {
    return verb + ' ' + resource + (group.isEmpty() ? "" : '.' + group);
  }
}
