package mstc.cloud.worker.adapters.minio;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.minio.CreateMultipartUploadArgs;
import io.minio.MinioAsyncClient;
import io.minio.RemoveBucketArgs;
import io.minio.UploadPartArgs;
import io.minio.errors.ErrorResponseException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import mstc.cloud.worker.domain.store.BucketName;
import mstc.cloud.worker.domain.store.ObjectLocation;
import mstc.cloud.worker.domain.store.ObjectStore;
import mstc.cloud.worker.s3protocol.PartSize;
import mstc.cloud.worker.testkit.store.ObjectStoreAddress;
import mstc.cloud.worker.testkit.store.S3ServerContract;
import okhttp3.OkHttpClient;

/** The port's contract, over minio-java. */
abstract class MinioContract extends S3ServerContract {
  private static final OkHttpClient HTTP = new OkHttpClient();

  static MinioSettings settings(
      URI endpoint,
      String accessKey,
      String secretKey,
      boolean createBuckets,
      Duration requestTimeout,
      Optional<Path> caCertificate) {
    return settings(
        endpoint,
        accessKey,
        secretKey,
        createBuckets,
        requestTimeout,
        caCertificate,
        Optional.empty());
  }

  private static MinioSettings settings(
      URI endpoint,
      String accessKey,
      String secretKey,
      boolean createBuckets,
      Duration requestTimeout,
      Optional<Path> caCertificate,
      Optional<URI> publicEndpoint) {
    return new MinioSettings(
        endpoint,
        accessKey,
        secretKey,
        Optional.empty(),
        createBuckets,
        true,
        Duration.ofSeconds(2),
        requestTimeout,
        caCertificate,
        publicEndpoint);
  }

  @Override
  protected ObjectStore open(
      ObjectStoreAddress server, boolean createBuckets, Optional<URI> publicEndpoint) {
    return new MinioObjectStore(
        settings(
            server.endpoint(),
            server.accessKey(),
            server.secretKey(),
            createBuckets,
            Duration.ofSeconds(20),
            Optional.empty(),
            publicEndpoint));
  }

  @Override
  protected long severalPartsInBytes() {
    return PartSize.SMALLEST_BYTES + 3;
  }

  @Override
  protected void beginUpload(ObjectLocation location) {
    try (MinioAsyncClient client = client()) {
      String upload =
          client
              .createMultipartUpload(
                  CreateMultipartUploadArgs.builder()
                      .bucket(location.bucket().value())
                      .object(location.key())
                      .build())
              .join()
              .result()
              .uploadId();
      byte[] part = "the first part".getBytes(UTF_8);
      client
          .uploadPart(
              UploadPartArgs.builder()
                  .bucket(location.bucket().value())
                  .object(location.key())
                  .uploadId(upload)
                  .partNumber(1)
                  .data(part, part.length)
                  .build())
          .join();
    }
  }

  @Override
  protected List<String> unfinishedUploads(ObjectLocation location) throws IOException {
    try (MinioAsyncClient client = client()) {
      return new UploadListing(client).of(location);
    }
  }

  private MinioAsyncClient client() {
    return MinioAsyncClient.builder()
        .endpoint(server().endpoint().toString())
        .credentials(server().accessKey(), server().secretKey())
        .httpClient(HTTP)
        .build();
  }

  @Override
  protected void remove(BucketName bucket) {
    try (MinioAsyncClient client = client()) {
      client
          .removeBucket(
              RemoveBucketArgs.builder()
                  .bucket(bucket.value())
                  .extraHeaders(Map.of("x-minio-force-delete", "true"))
                  .build())
          .join();
    } catch (CompletionException e) {
      if (!(e.getCause() instanceof ErrorResponseException refused)
          || refused.response().code() != 404) {
        throw e;
      }
    }
  }
}
