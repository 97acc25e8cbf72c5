package mstc.cloud.worker.testkit.store;

import static org.junit.jupiter.api.Assumptions.abort;

import java.net.URI;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Where tests find an S3 server, and the keys that it accepts. */
public record ObjectStoreAddress(URI endpoint, String accessKey, String secretKey) {

  /** The server that {@code MINIO_SERVICE_HOST} names in the environment, if any. */
  public static Optional<ObjectStoreAddress> fromEnvironment() {
    return named(System.getenv("MINIO_SERVICE_HOST"), "MINIO_SERVICE_PORT");
  }

  /**
   * A server of another kind, which {@code MSTC_TEST_ANOTHER_S3_HOST} names in the environment,
   * with the same keys; if there is none, skips the test and says what is missing.
   */
  public static ObjectStoreAddress another() {
    return named(System.getenv("MSTC_TEST_ANOTHER_S3_HOST"), "MSTC_TEST_ANOTHER_S3_PORT")
        .orElseGet(() -> abort("no second S3 server: MSTC_TEST_ANOTHER_S3_HOST is not set"));
  }

  private static Optional<ObjectStoreAddress> named(@Nullable String host, String port) {
    Map<String, String> environment = System.getenv();
    return Optional.ofNullable(host)
        .filter(it -> !it.isBlank())
        .map(it ->
            new ObjectStoreAddress(
                URI.create("http://%s:%s".formatted(it, environment.getOrDefault(port, "9000"))),
                environment.getOrDefault("MINIO_ROOT_USER", "minioadmin"),
                environment.getOrDefault("MINIO_ROOT_PASSWORD", "minioadmin")));
  }

  /** The same server and keys, reached through another endpoint. */
  public ObjectStoreAddress through(URI endpoint) {
    return new ObjectStoreAddress(endpoint, accessKey, secretKey);
  }

  /** The same server, with a secret key that it does not accept. */
  public ObjectStoreAddress withWrongSecret() {
    return new ObjectStoreAddress(endpoint, accessKey, secretKey + "-wrong");
  }
}
