package mstc.cloud.worker.faults.service;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
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
 * Its own namespace in the cluster of {@code KUBECONFIG}, with the account and the rights of {@code
 * config/service-account.yaml}: a worker under test never has more.
 */
public final class WorkerNamespace implements AutoCloseable {
  private static final String MANIFEST = "config/service-account.yaml";
  private static final String MANIFEST_NAMESPACE = "mstc-dev";
  private static final String ACCOUNT = "mstc";

  private final KubernetesClient admin;
  private final String namespace;
  private final String token;

  /**
   * Creates the namespace.
   *
   * @param home the project's folder
   * @param prefix what its name begins with
   */
  public WorkerNamespace(Path home, String prefix) throws IOException {
    admin = new KubernetesClientBuilder().build();
    namespace = prefix + UUID.randomUUID().toString().substring(0, 8);
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

  /** The controller adds a token of the account that such a Secret names. */
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

  /** Its name. */
  public String name() {
    return namespace;
  }

  /** With all rights, for what is done without the worker. */
  public KubernetesClient admin() {
    return admin;
  }

  /** The API server's own address. */
  public URI apiServer() {
    return URI.create(admin.getConfiguration().getMasterUrl());
  }

  /** A kubeconfig of the worker's account. */
  public String kubeconfig() {
    return kubeconfig(List.of("server: " + apiServer()));
  }

  /** A kubeconfig of the worker's account for a proxy that passes the encrypted traffic through. */
  public String kubeconfigThrough(int proxyPort) {
    return kubeconfig(
        List.of(
            "server: https://127.0.0.1:" + proxyPort,
            "tls-server-name: \"" + apiServer().getHost() + "\""));
  }

  private String kubeconfig(List<String> way) {
    return """
    apiVersion: v1
    kind: Config
    current-context: worker
    clusters:
      - name: worker
        cluster:
          certificate-authority-data: %s
          %s
    contexts:
      - name: worker
        context: {cluster: worker, user: worker}
    users:
      - name: worker
        user: {token: %s}
    """
        .formatted(admin.getConfiguration().getCaCertData(), String.join("\n      ", way), token);
  }

  /** Returns before the namespace is gone. */
  @Override
  public void close() {
    admin.namespaces().withName(namespace).withGracePeriod(0).delete();
    admin.close();
  }
}
