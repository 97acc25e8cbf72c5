package mstc.cloud.worker.faults.run;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.Comparator;
import java.util.List;
import mstc.cloud.worker.faults.service.WorkerNamespace;

/** What a run asks of the cluster and does to it, bypassing all proxies. */
final class Cluster {
  private final KubernetesClient admin;
  private final String namespace;

  Cluster(WorkerNamespace namespace) {
    this.admin = namespace.admin();
    this.namespace = namespace.name();
  }

  KubernetesClient admin() {
    return admin;
  }

  String namespace() {
    return namespace;
  }

  List<Job> jobs() {
    return admin.batch().v1().jobs().inNamespace(namespace).list().getItems();
  }

  /** The pods whose container runs, by name. */
  List<Pod> runningPods() {
    return admin.pods().inNamespace(namespace).list().getItems().stream()
        .filter(pod ->
            "Running".equals(pod.getStatus().getPhase())
                && pod.getMetadata().getDeletionTimestamp() == null)
        .sorted(Comparator.comparing(pod -> pod.getMetadata().getName()))
        .toList();
  }

  void delete(Pod pod) {
    admin.pods().inNamespace(namespace).withName(pod.getMetadata().getName()).delete();
  }

  void evict(Pod pod) {
    admin.pods().inNamespace(namespace).withName(pod.getMetadata().getName()).evict();
  }

  void deleteJob(String name) {
    admin.batch().v1().jobs().inNamespace(namespace).withName(name).delete();
  }
}
