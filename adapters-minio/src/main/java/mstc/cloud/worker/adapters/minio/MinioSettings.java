package mstc.cloud.worker.adapters.minio;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Where the MinIO server is, and how to use it.
 *
 * @param endpoint {@code http://host:port} or {@code https://host:port}, without a path
 * @param accessKey the user's name
 * @param secretKey the user's password; never shown by {@link #toString()}
 * @param region the region that requests are signed for and buckets are created in; {@code
 *     us-east-1}, MinIO's own default, when empty
 * @param createBuckets whether a bucket that is missing on a write is created
 * @param checksumHeaders whether uploads carry {@code x-amz-checksum-*} headers, which some
 *     gateways refuse; else {@code Content-MD5}
 * @param connectTimeout how long connecting may take, for each of the host's addresses
 * @param requestTimeout how long a request may be without any progress
 * @param caCertificate a PEM file of the certificates that may sign the server's; they replace
 *     those of the JDK
 * @param publicEndpoint where others reach the store, such as browsers: {@code http://host:port} or
 *     {@code https://host:port}, without a path; if empty, there are no links to objects
 */
public record MinioSettings(
    URI endpoint,
    String accessKey,
    String secretKey,
    Optional<String> region,
    boolean createBuckets,
    boolean checksumHeaders,
    Duration connectTimeout,
    Duration requestTimeout,
    Optional<Path> caCertificate,
    Optional<URI> publicEndpoint) {

  /** Allows underscores, which DNS names do not have, but names of containers do. */
  private static final Pattern ENDPOINT =
      Pattern.compile("https?://(?:[A-Za-z0-9._-]+|\\[[^]]+])(?::[0-9]+)?/?");

  public MinioSettings {
    requireAddress("endpoint", endpoint);
    publicEndpoint.ifPresent(address -> requireAddress("public endpoint", address));
    if (accessKey.isBlank() || secretKey.isBlank()) {
      throw new IllegalArgumentException("The MinIO access key and secret key must not be blank");
    }
    if (!connectTimeout.isPositive() || !requestTimeout.isPositive()) {
      throw new IllegalArgumentException(
          "The MinIO timeouts must be positive, not %s and %s"
              .formatted(connectTimeout, requestTimeout));
    }
  }

  /**
   * The settings of a server that needs nothing special: missing buckets are created, connecting
   * may take 5 s, and a request may be without progress for a minute.
   */
  public static MinioSettings of(URI endpoint, String accessKey, String secretKey) {
    return new MinioSettings(
        endpoint,
        accessKey,
        secretKey,
        Optional.empty(),
        true,
        true,
        Duration.ofSeconds(5),
        Duration.ofMinutes(1),
        Optional.empty(),
        Optional.empty());
  }

  private static void requireAddress(String what, URI address) {
    if (!ENDPOINT.matcher(address.toString()).matches()) {
      throw new IllegalArgumentException(
          "The MinIO %s is '%s'; it must be http://host:port or https://host:port"
              .formatted(what, address));
    }
  }

  @Override
  public String toString() {
    return "MinioSettings[endpoint=%s, accessKey=%s, secretKey=***, region=%s, createBuckets=%s, checksumHeaders=%s, connectTimeout=%s, requestTimeout=%s, caCertificate=%s, publicEndpoint=%s]"
        .formatted(
            endpoint,
            accessKey,
            region,
            createBuckets,
            checksumHeaders,
            connectTimeout,
            requestTimeout,
            caCertificate,
            publicEndpoint);
  }
}
