package mstc.cloud.worker.adapters.k8s;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import mstc.cloud.worker.faults.service.WorkerNamespace;

/**
 * A namespace of its own in the cluster of {@code KUBECONFIG}, with the account and the rights of
 * {@code config/service-account.yaml}: a worker under test never has more.
 */
public final class TestCluster implements AutoCloseable {
  /** The project's folder, seen from that of a module. */
  private static final Path HOME = Path.of("..");

  private final WorkerNamespace namespace;
  private final Path kubeconfig;

  private TestCluster(WorkerNamespace namespace, Path kubeconfig) {
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
    WorkerNamespace namespace = new WorkerNamespace(HOME, "mstc-it-");
    Path kubeconfig = folder.resolve("kubeconfig-" + namespace.name());
    Files.writeString(kubeconfig, namespace.kubeconfig());
    return new TestCluster(namespace, kubeconfig);
  }

  /** Rights of everything, for what the tests do themselves. */
  public KubernetesClient admin() {
    return namespace.admin();
  }

  public String namespace() {
    return namespace.name();
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
    namespace.close();
  }
}
