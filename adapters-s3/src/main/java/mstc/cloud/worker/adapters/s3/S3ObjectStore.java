package mstc.cloud.worker.adapters.s3;

import java.net.URI;
import java.util.Optional;
import java.util.function.Function;
import mstc.cloud.worker.domain.diagnosis.Diagnosis;
import mstc.cloud.worker.domain.store.BucketName;
import mstc.cloud.worker.s3protocol.ProxyServer;
import mstc.cloud.worker.s3protocol.S3ProtocolStore;
import mstc.cloud.worker.s3protocol.StoreFailures;
import mstc.cloud.worker.s3protocol.StoreKeys;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.regions.providers.DefaultAwsRegionProviderChain;
import software.amazon.awssdk.services.s3.S3Client;

/**
 * Keeps objects in Amazon S3, or another server that speaks S3.
 *
 * <p>Retries are those of the SDK's standard mode: up to 3 attempts at a request (or as many as
 * {@code AWS_MAX_ATTEMPTS} says) after a broken connection, a time-out, 5xx or throttling, with a
 * random, growing pause between them, and fewer when most of the store's requests fail.
 *
 * <p>An attempt ends after the request timeout plus a second for each 64 KiB that it sends; the
 * completion of an upload, for which S3 may need minutes, ends after ten minutes.
 *
 * <p>An interrupt ends a call at once in a virtual thread; in a platform thread that waits for the
 * server, when the server responds or the attempt is over.
 */
public final class S3ObjectStore extends S3ProtocolStore {

  /**
   * Opens no connection yet, and then no proxy is used.
   *
   * @throws IllegalArgumentException when the CA certificate cannot be read, or there is neither an
   *     endpoint nor a region
   */
  public S3ObjectStore(S3Settings settings) {
    this(settings, _ -> Optional.empty());
  }

  /**
   * As {@link #S3ObjectStore(S3Settings)}, and maybe through a proxy: that of the endpoint, also
   * for buckets that are part of the host's name.
   *
   * @param proxies gives the proxy of a server's URL as {@code http://[user:password@]host:port},
   *     or nothing if there is none
   */
  public S3ObjectStore(S3Settings settings, Function<URI, Optional<URI>> proxies) {
    this(settings, proxies, settings.endpoint().map(S3ObjectStore::isAmazon).orElse(true));
  }

  /**
   * @param checksums whether the server knows the checksums that the SDK adds by default
   */
  S3ObjectStore(S3Settings settings, Function<URI, Optional<URI>> proxies, boolean checksums) {
    this(settings, region(settings), proxies, checksums);
  }

  private S3ObjectStore(
      S3Settings settings, Region region, Function<URI, Optional<URI>> proxies, boolean checksums) {
    super(
        new AwsRequests(
            settings,
            region,
            proxies.apply(settings.endpoint().orElseGet(() -> amazon(region))).map(ProxyServer::of),
            checksums),
        failures(settings, region),
        settings.createBuckets());
  }

  /**
   * Examines this store, which is closed with the diagnosis.
   *
   * @param bucket the bucket that is tried; if empty, one called {@code mstc-doctor}, if this store
   *     creates buckets
   */
  public Diagnosis diagnosis(Optional<BucketName> bucket) {
    return diagnosis(
        new StoreKeys(
            "mstc.object-store.s3.endpoint",
            "mstc.object-store.s3.access-key and mstc.object-store.s3.secret-key, or the AWS SDK's own",
            "mstc.object-store.s3.tls.ca-certificate"),
        bucket);
  }

  private static StoreFailures failures(S3Settings settings, Region region) {
    // Amazon's endpoints name their region, too.
    String regionSettings =
        settings.endpoint().filter(S3ObjectStore::isAmazon).isPresent()
            ? "mstc.object-store.region and mstc.object-store.s3.endpoint"
            : "mstc.object-store.region";
    return new StoreFailures(
        settings.endpoint().map(URI::toString).orElse("S3 in " + region.id()),
        region.id(),
        "set %s, or take a bucket in %s".formatted(regionSettings, region.id()));
  }

  private static URI amazon(Region region) {
    return URI.create("https://" + S3Client.serviceMetadata().endpointFor(region));
  }

  private static boolean isAmazon(URI endpoint) {
    String host = endpoint.getHost();
    return host.endsWith(".amazonaws.com") || host.endsWith(".amazonaws.com.cn");
  }

  private static Region region(S3Settings settings) {
    if (settings.region().isPresent()) {
      return Region.of(settings.region().get());
    }
    if (settings.endpoint().isPresent()) {
      return Region.US_EAST_1;
    }
    try {
      return DefaultAwsRegionProviderChain.builder().build().getRegion();
    } catch (SdkClientException e) {
      throw new IllegalArgumentException(
          "S3 needs a region: set mstc.object-store.region, or AWS_REGION in the environment", e);
    }
  }
}
