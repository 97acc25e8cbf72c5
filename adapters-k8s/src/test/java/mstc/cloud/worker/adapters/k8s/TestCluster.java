package mstc.cloud.worker.adapters.k8s;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/**
 * A namespace of its own in the cluster of {@code KUBECONFIG}, with the account and the rights of
 * {@code config/service-account.yaml}: a worker under test never has more.
 */
public final class TestCluster implements AutoCloseable {
  private static final String MANIFEST = "../config/service-account.yaml";
  private static final String MANIFEST_NAMESPACE = "mstc-dev";

  private final KubernetesClient admin;
  private final String namespace;
  private final Path kubeconfig;

  private TestCluster(KubernetesClient admin, String namespace, Path kubeconfig) {
    this.admin = admin;
    this.namespace = namespace;
    this.kubeconfig = kubeconfig;
  }

  /** Opens a namespace, or skips the test where there is no cluster. */
  public static TestCluster open(Path folder) throws IOException {
    assumeTrue(
        Optional.ofNullable(System.getenv("KUBECONFIG"))
            .filter(path -> !path.isBlank())
            .isPresent(),
        "KUBECONFIG names no cluster");
    KubernetesClient admin = new KubernetesClientBuilder().build();
    String namespace = "mstc-it-" + UUID.randomUUID().toString().substring(0, 8);
    admin
        .namespaces()
        .resource(
            new NamespaceBuilder()
                .withNewMetadata()
                .withName(namespace)
                .withLabels(Map.of("mstc-it", "true"))
                .endMetadata()
                .build())
        .create();
    String manifest = Files.readString(Path.of(MANIFEST)).replace(MANIFEST_NAMESPACE, namespace);
    for (HasMetadata item :
        admin.load(new ByteArrayInputStream(manifest.getBytes(StandardCharsets.UTF_8))).items()) {
      if (!item.getKind().equals("Namespace")) {
        admin.resource(item).create();
      }
    }
    String token = token(admin, namespace);
    Path kubeconfig = folder.resolve("kubeconfig-" + namespace);
    Files.writeString(kubeconfig, kubeconfig(admin.getConfiguration(), token));
    return new TestCluster(admin, namespace, kubeconfig);
  }

  /** The controller fills such a Secret with a token of the account that it names. */
  private static String token(KubernetesClient admin, String namespace) {
    admin
        .secrets()
        .resource(
            new SecretBuilder()
                .withNewMetadata()
                .withName("mstc-token")
                .withNamespace(namespace)
                .addToAnnotations("kubernetes.io/service-account.name", "mstc")
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
    return new String(
        Base64.getDecoder().decode(filled.getData().get("token")), StandardCharsets.UTF_8);
  }

  private static String kubeconfig(Config config, String token) {
    return """
    apiVersion: v1
    kind: Config
    current-context: test
    clusters:
      - name: test
        cluster:
          server: %s
          certificate-authority-data: %s
    contexts:
      - name: test
        context: {cluster: test, user: test}
    users:
      - name: test
        user: {token: %s}
    """
        .formatted(config.getMasterUrl(), config.getCaCertData(), token);
  }

  /** Rights of everything, for what the tests do themselves. */
  public KubernetesClient admin() {
    return admin;
  }

  public String namespace() {
    return namespace;
  }

  /** The rights of the worker's service account. */
  public Path kubeconfig() {
    return kubeconfig;
  }

  /** An image with a shell, coreutils and Python: another one where the registry is another. */
  public static String image() {
    return Optional.ofNullable(System.getenv("MSTC_TEST_PYTHON_IMAGE")).orElse("python:3-slim");
  }

  /** Returns before the namespace is gone. */
  @Override
  public void close() {
    admin.namespaces().withName(namespace).withGracePeriod(0).delete();
    admin.close();
  }
}
