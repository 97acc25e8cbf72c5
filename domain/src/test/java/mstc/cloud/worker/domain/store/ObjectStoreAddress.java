package mstc.cloud.worker.domain.store;

import java.net.URI;
import java.util.Map;
import java.util.Optional;

/** Where tests find an S3 server, and the keys that it accepts. */
public record ObjectStoreAddress(URI endpoint, String accessKey, String secretKey) {

  /** The server that the environment names by {@code MINIO_SERVICE_HOST}, if it does. */
  public static Optional<ObjectStoreAddress> fromEnvironment() {
    Map<String, String> environment = System.getenv();
    return Optional.ofNullable(environment.get("MINIO_SERVICE_HOST"))
        .filter(host -> !host.isBlank())
        .map(host ->
            new ObjectStoreAddress(
                URI.create(
                    "http://%s:%s"
                        .formatted(host, environment.getOrDefault("MINIO_SERVICE_PORT", "9000"))),
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
