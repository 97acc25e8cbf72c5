package mstc.cloud.worker.adapters.minio;

import io.minio.MinioAsyncClient;
import io.minio.RemoveBucketArgs;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import mstc.cloud.worker.domain.store.BucketName;
import mstc.cloud.worker.domain.store.ObjectStore;
import mstc.cloud.worker.domain.store.ObjectStoreAddress;
import mstc.cloud.worker.domain.store.ObjectStoreContract;

/** The port's contract, over minio-java. */
abstract class MinioContract extends ObjectStoreContract {
  private static final URI NOBODY_LISTENS = URI.create("http://127.0.0.1:1");

  protected abstract ObjectStoreAddress server();

  static MinioSettings settings(ObjectStoreAddress server, boolean createBuckets) {
    return new MinioSettings(
        server.endpoint(),
        server.accessKey(),
        server.secretKey(),
        Optional.empty(),
        createBuckets,
        Duration.ofSeconds(2),
        Duration.ofSeconds(20),
        Optional.empty());
  }

  @Override
  protected ObjectStore open() {
    return new MinioObjectStore(settings(server(), true));
  }

  @Override
  protected ObjectStore openWithoutCreatingBuckets() {
    return new MinioObjectStore(settings(server(), false));
  }

  @Override
  protected ObjectStore openWithWrongCredentials() {
    return new MinioObjectStore(settings(server().withWrongSecret(), true));
  }

  @Override
  protected ObjectStore openWhereNothingListens() {
    return new MinioObjectStore(settings(server().through(NOBODY_LISTENS), true));
  }

  @Override
  protected long severalPartsInBytes() {
    return PartSize.SMALLEST_BYTES + 3;
  }

  @Override
  protected void remove(BucketName bucket) {
    try (MinioAsyncClient client =
        MinioAsyncClient.builder()
            .endpoint(server().endpoint().toString())
            .credentials(server().accessKey(), server().secretKey())
            .build()) {
      client
          .removeBucket(
              RemoveBucketArgs.builder()
                  .bucket(bucket.value())
                  .extraHeaders(Map.of("x-minio-force-delete", "true"))
                  .build())
          .join();
    } catch (CompletionException e) {
      if (MinioFailures.statusOf(e) != 404) {
        throw e;
      }
    }
  }
}
