package mstc.cloud.worker.adapters.minio;

import java.net.URI;
import java.util.Optional;
import java.util.function.Function;
import mstc.cloud.worker.domain.diagnosis.Diagnosis;
import mstc.cloud.worker.domain.store.BucketName;
import mstc.cloud.worker.s3protocol.ProxyServer;
import mstc.cloud.worker.s3protocol.S3ProtocolStore;
import mstc.cloud.worker.s3protocol.StoreFailures;
import mstc.cloud.worker.s3protocol.StoreKeys;

/**
 * Keeps objects in MinIO, or another server that speaks S3.
 *
 * <p>Retries are minio-java's: up to 5 attempts of a request that the server answers with 408, 429,
 * 499, 500, 502, 503, 504 or 520, with a random pause of up to 0.2, 0.4, 0.8 and 1.6 s between
 * them. A connection that breaks or times out is not retried, except at the host's other addresses.
 *
 * <p>An interrupt ends a call at once in a virtual thread; in a platform thread that waits for the
 * server, when the server responds or the request timeout is over.
 */
public final class MinioObjectStore extends S3ProtocolStore {

  /**
   * Opens no connection yet, and then no proxy is used.
   *
   * @throws IllegalArgumentException when the CA certificate cannot be read
   */
  public MinioObjectStore(MinioSettings settings) {
    this(settings, _ -> Optional.empty());
  }

  /**
   * As {@link #MinioObjectStore(MinioSettings)}, and maybe through a proxy.
   *
   * @param proxies gives the proxy of a server's URL as {@code http://[user:password@]host:port},
   *     or nothing if there is none
   */
  public MinioObjectStore(MinioSettings settings, Function<URI, Optional<URI>> proxies) {
    super(
        new MinioRequests(settings, proxies.apply(settings.endpoint()).map(ProxyServer::of)),
        new StoreFailures(
            settings.endpoint().toString(),
            MinioClients.region(settings),
            "set mstc.object-store.region"),
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
            "mstc.object-store.minio.host and mstc.object-store.minio.port",
            "mstc.object-store.minio.access-key and mstc.object-store.minio.secret-key",
            "mstc.object-store.minio.tls.ca-certificate"),
        bucket);
  }
}
