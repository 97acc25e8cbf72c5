package mstc.cloud.worker.adapters.minio;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * Where the MinIO server is, and how to use it.
 *
 * @param endpoint {@code http://host:port} or {@code https://host:port}, without a path
 * @param accessKey the user's name
 * @param secretKey the user's password; never shown by {@link #toString()}
 * @param region the region that requests are signed for and buckets are created in; {@code
 *     us-east-1}, MinIO's own default, when empty
 * @param createBuckets whether a bucket that is missing on a write is created
 * @param connectTimeout how long connecting may take, for each of the host's addresses
 * @param requestTimeout how long the server may leave a request without any progress
 * @param caCertificate a PEM file of the certificates that may sign the server's; they replace the
 *     ones of the JDK
 */
public record MinioSettings(
    URI endpoint,
    String accessKey,
    String secretKey,
    Optional<String> region,
    boolean createBuckets,
    Duration connectTimeout,
    Duration requestTimeout,
    Optional<Path> caCertificate) {

  public MinioSettings {
    String scheme = endpoint.getScheme();
    if (!("http".equals(scheme) || "https".equals(scheme))
        || endpoint.getHost() == null
        || !(endpoint.getRawPath().isEmpty() || endpoint.getRawPath().equals("/"))) {
      throw new IllegalArgumentException(
          "The MinIO endpoint is '%s'; it must be http://host:port or https://host:port"
              .formatted(endpoint));
    }
    if (accessKey.isBlank() || secretKey.isBlank()) {
      throw new IllegalArgumentException("The MinIO access key and secret key must not be blank");
    }
    if (!connectTimeout.isPositive() || !requestTimeout.isPositive()) {
      throw new IllegalArgumentException(
          "The MinIO timeouts must be positive, not %s and %s"
              .formatted(connectTimeout, requestTimeout));
    }
  }

  @Override
  public String toString() {
    return "MinioSettings[endpoint=%s, accessKey=%s, secretKey=***, region=%s, createBuckets=%s, connectTimeout=%s, requestTimeout=%s, caCertificate=%s]"
        .formatted(
            endpoint,
            accessKey,
            region,
            createBuckets,
            connectTimeout,
            requestTimeout,
            caCertificate);
  }
}
