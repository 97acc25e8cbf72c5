package mstc.cloud.worker.testkit.store;

import static org.junit.jupiter.api.Assumptions.abort;

import java.net.URI;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.utility.DockerImageName;

/**
 * The MinIO server of the tests: the one that {@code MINIO_SERVICE_HOST} names, else a container of
 * the image {@code MSTC_TEST_MINIO_IMAGE} (environment or system property), which ends with this
 * JVM.
 */
public final class MinioServer {
  private static final String IMAGE = "MSTC_TEST_MINIO_IMAGE";
  private static final int PORT = 9000;
  private static final String ROOT_USER = "minioadmin";

  private static @Nullable ObjectStoreAddress container;

  private MinioServer() {}

  /** The server's address; if there is none, skips the test and says what is missing. */
  public static ObjectStoreAddress address() {
    return ObjectStoreAddress.fromEnvironment().orElseGet(MinioServer::containerAddress);
  }

  private static synchronized ObjectStoreAddress containerAddress() {
    if (container == null) {
      container = startContainer();
    }
    return container;
  }

  // Ryuk, Testcontainers' reaper, stops it.
  @SuppressWarnings("resource")
  private static ObjectStoreAddress startContainer() {
    if (!DockerClientFactory.instance().isDockerAvailable()) {
      return abort("no MinIO: MINIO_SERVICE_HOST is not set and Docker does not respond");
    }
    String image = System.getProperty(IMAGE, System.getenv().getOrDefault(IMAGE, "minio/minio"));
    var server =
        new GenericContainer<>(DockerImageName.parse(image))
            .withCommand("minio", "server", "/data")
            .withEnv(Map.of("MINIO_ROOT_USER", ROOT_USER, "MINIO_ROOT_PASSWORD", ROOT_USER))
            .withExposedPorts(PORT)
            .waitingFor(Wait.forHttp("/minio/health/live").forPort(PORT));
    server.start();
    return new ObjectStoreAddress(
        URI.create("http://%s:%d".formatted(server.getHost(), server.getMappedPort(PORT))),
        ROOT_USER,
        ROOT_USER);
  }
}
