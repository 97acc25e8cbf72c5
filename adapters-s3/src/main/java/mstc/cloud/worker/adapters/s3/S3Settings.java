package mstc.cloud.worker.adapters.s3;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * Which S3 to use, and how.
 *
 * @param endpoint {@code http://host:port} or {@code https://host:port} of a server other than
 *     Amazon's, or of a private address of Amazon's; when empty, the region's own
 * @param region the region that requests are signed for and buckets are created in; when empty,
 *     {@code us-east-1} if an endpoint is given, else the region that the SDK finds in its
 *     environment
 * @param credentials the keys; when empty, those that the SDK's default chain finds: environment,
 *     system properties, web identity (IRSA), profile files, the container's or the instance's role
 * @param pathStyle whether the bucket goes into the path, which most servers other than Amazon's
 *     need, rather than into the host name
 * @param createBuckets whether a bucket that is missing on a write is created
 * @param connectTimeout how long connecting may take
 * @param requestTimeout how long the server may take to respond to a request
 * @param caCertificate a PEM file of the certificates that may sign the server's; they replace
 *     those of the JDK
 * @param publicEndpoint where others reach the store, such as browsers: {@code http://host:port} or
 *     {@code https://host:port}; if empty, there are no links to objects
 */
public record S3Settings(
    Optional<URI> endpoint,
    Optional<String> region,
    Optional<Keys> credentials,
    boolean pathStyle,
    boolean createBuckets,
    Duration connectTimeout,
    Duration requestTimeout,
    Optional<Path> caCertificate,
    Optional<URI> publicEndpoint) {

  /**
   * A pair of keys.
   *
   * @param secretKey never shown by {@link #toString()}
   */
  public record Keys(String accessKey, String secretKey) {
    public Keys {
      if (accessKey.isBlank() || secretKey.isBlank()) {
        throw new IllegalArgumentException("The S3 access key and secret key must not be blank");
      }
    }

    @Override
    public String toString() {
      return "Keys[accessKey=%s, secretKey=***]".formatted(accessKey);
    }
  }

  public S3Settings {
    endpoint.ifPresent(address -> requireAddress("endpoint", address));
    publicEndpoint.ifPresent(address -> requireAddress("public endpoint", address));
    if (!connectTimeout.isPositive() || !requestTimeout.isPositive()) {
      throw new IllegalArgumentException(
          "The S3 timeouts must be positive, not %s and %s"
              .formatted(connectTimeout, requestTimeout));
    }
  }

  private static void requireAddress(String what, URI address) {
    String scheme = address.getScheme();
    if (!("http".equals(scheme) || "https".equals(scheme)) || address.getHost() == null) {
      throw new IllegalArgumentException(
          "The S3 %s is '%s'; it must be http://host:port or https://host:port"
              .formatted(what, address));
    }
  }
}
