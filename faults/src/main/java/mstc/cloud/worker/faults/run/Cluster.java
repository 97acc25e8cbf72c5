package mstc.cloud.worker.faults.run;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/**
 * A namespace of the run's own in the cluster of {@code KUBECONFIG}, with the account and the
 * rights of {@code config/service-account.yaml}: workers never have more.
 */
final class Cluster implements AutoCloseable {
  private static final String MANIFEST = "config/service-account.yaml";
  private static final String MANIFEST_NAMESPACE = "mstc-dev";
  private static final String ACCOUNT = "mstc";

  private final KubernetesClient admin;
  private final String namespace;
  private final String token;

  /**
   * @param home the project's folder
   */
  Cluster(Path home) throws IOException {
    admin = new KubernetesClientBuilder().build();
    namespace = "mstc-faults-" + UUID.randomUUID().toString().substring(0, 8);
    admin
        .namespaces()
        .resource(
            new NamespaceBuilder().withNewMetadata().withName(namespace).endMetadata().build())
        .create();
    String manifest =
        Files.readString(home.resolve(MANIFEST)).replace(MANIFEST_NAMESPACE, namespace);
    for (HasMetadata item :
        admin.load(new ByteArrayInputStream(manifest.getBytes(UTF_8))).items()) {
      if (!item.getKind().equals("Namespace")) {
        admin.resource(item).create();
      }
    }
    token = createToken();
  }

  /** The controller fills such a Secret with a token of the account that it names. */
  private String createToken() {
    admin
        .secrets()
        .resource(
            new SecretBuilder()
                .withNewMetadata()
                .withName("mstc-token")
                .withNamespace(namespace)
                .addToAnnotations("kubernetes.io/service-account.name", ACCOUNT)
                .endMetadata()
                .withType("kubernetes.io/service-account-token")
                .build())
        .create();
    Secret filled =
        admin
            .secrets()
            .inNamespace(namespace)
            .withName("mstc-token")
            .waitUntilCondition(
                secret ->
                    secret != null
                        && secret.getData() != null
                        && secret.getData().containsKey("token"),
                30,
                TimeUnit.SECONDS);
    return new String(Base64.getDecoder().decode(filled.getData().get("token")), UTF_8);
  }

  String namespace() {
    return namespace;
  }

  KubernetesClient admin() {
    return admin;
  }

  /** The API server's own address, host:port. */
  String address() {
    URI url = URI.create(admin.getConfiguration().getMasterUrl());
    return url.getHost() + ":" + (url.getPort() < 0 ? 443 : url.getPort());
  }

  /** A kubeconfig of the worker's account for a proxy that passes the encryption through. */
  String kubeconfig(int proxyPort) {
    Config config = admin.getConfiguration();
    return """
    apiVersion: v1
    kind: Config
    current-context: faults
    clusters:
      - name: faults
        cluster:
          server: https://127.0.0.1:%d
          tls-server-name: "%s"
          certificate-authority-data: %s
    contexts:
      - name: faults
        context: {cluster: faults, user: faults}
    users:
      - name: faults
        user: {token: %s}
    """
        .formatted(
            proxyPort, URI.create(config.getMasterUrl()).getHost(), config.getCaCertData(), token);
  }

  List<Job> jobs() {
    return admin.batch().v1().jobs().inNamespace(namespace).list().getItems();
  }

  /** The pods whose container runs, the oldest first. */
  List<Pod> runningPods() {
    return admin.pods().inNamespace(namespace).list().getItems().stream()
        .filter(pod ->
            "Running".equals(pod.getStatus().getPhase())
                && pod.getMetadata().getDeletionTimestamp() == null)
        .sorted((a, b) -> a.getMetadata().getName().compareTo(b.getMetadata().getName()))
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

  /** Returns before the namespace is gone. */
  @Override
  public void close() {
    admin.namespaces().withName(namespace).withGracePeriod(0).delete();
    admin.close();
  }
}
