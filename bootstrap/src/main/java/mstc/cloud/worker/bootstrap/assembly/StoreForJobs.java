package mstc.cloud.worker.bootstrap.assembly;

import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import mstc.cloud.worker.adapters.k8s.KubernetesSettings;
import mstc.cloud.worker.adapters.local.LocalSettings;
import mstc.cloud.worker.bootstrap.settings.JobsSection;
import mstc.cloud.worker.bootstrap.settings.RuntimeSettings;
import mstc.cloud.worker.bootstrap.settings.StoreSettings;
import mstc.cloud.worker.domain.diagnosis.Check;
import mstc.cloud.worker.domain.diagnosis.Finding;
import mstc.cloud.worker.domain.request.JobVariables;

/** What jobs are told of the object store, which they may reach by another way than the worker. */
final class StoreForJobs {
  private static final List<String> SHOWN =
      List.of(JobVariables.MINIO_HOST, JobVariables.MINIO_PORT, JobVariables.AWS_ENDPOINT_URL);

  private final StoreSettings store;
  private final RuntimeSettings runtime;

  StoreForJobs(StoreSettings store, RuntimeSettings runtime) {
    this.store = store;
    this.runtime = runtime;
  }

  Check check() {
    return new Check("store for jobs", "look at what jobs are told of the store", this::look);
  }

  private Finding look() {
    Map<String, String> told = told();
    String shown =
        Stream.concat(SHOWN.stream(), Stream.of(JobVariables.AWS_REGION))
            .filter(told::containsKey)
            .map(name -> name + "=" + told.get(name))
            .collect(Collectors.joining(" "));
    String host = told.getOrDefault(JobVariables.MINIO_HOST, "");
    return runtime instanceof RuntimeSettings.Kubernetes && JobsSection.isLoopback(host)
        ? new Finding.Failed(
            shown + ", which is a job's own pod",
            "set mstc.jobs.store-host and mstc.jobs.store-port to where pods reach the store")
        : new Finding.Passed(shown + difference(told) + credentials());
  }

  private Map<String, String> told() {
    return switch (runtime) {
      case RuntimeSettings.Kubernetes(KubernetesSettings cluster) -> cluster.jobs().environment();
      case RuntimeSettings.Local(LocalSettings local) -> local.environment();
    };
  }

  private String difference(Map<String, String> told) {
    Optional<URI> workers = store.endpoint();
    Optional<String> jobs = Optional.ofNullable(told.get(JobVariables.AWS_ENDPOINT_URL));
    return workers.map(URI::toString).equals(jobs)
        ? ""
        : ", while the worker uses " + workers.map(URI::toString).orElse("Amazon's own address");
  }

  private String credentials() {
    return runtime instanceof RuntimeSettings.Kubernetes(KubernetesSettings cluster)
            && cluster.jobs().credentialsSecret().isEmpty()
        ? "; they get no credentials, as mstc.jobs.credentials-secret is not set"
        : "";
  }
}
