package mstc.cloud.worker.adapters.s3;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import mstc.cloud.worker.domain.store.BucketName;
import mstc.cloud.worker.domain.store.ObjectLocation;
import mstc.cloud.worker.domain.store.ObjectStore;
import mstc.cloud.worker.s3protocol.PartSize;
import mstc.cloud.worker.testkit.store.ObjectStoreAddress;
import mstc.cloud.worker.testkit.store.S3ServerContract;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.MultipartUpload;
import software.amazon.awssdk.services.s3.model.S3Exception;

/** The port's contract, over the AWS SDK. */
abstract class S3Contract extends S3ServerContract {
  static S3Settings settings(
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

  private static S3Settings settings(
      URI endpoint,
      String accessKey,
      String secretKey,
      boolean createBuckets,
      Duration requestTimeout,
      Optional<Path> caCertificate,
      Optional<URI> publicEndpoint) {
    return new S3Settings(
        Optional.of(endpoint),
        Optional.empty(),
        Optional.of(new S3Settings.Keys(accessKey, secretKey)),
        true,
        createBuckets,
        Duration.ofSeconds(2),
        requestTimeout,
        caCertificate,
        publicEndpoint);
  }

  static S3Settings settings(
      ObjectStoreAddress server, boolean createBuckets, Optional<URI> publicEndpoint) {
    return settings(
        server.endpoint(),
        server.accessKey(),
        server.secretKey(),
        createBuckets,
        Duration.ofSeconds(20),
        Optional.empty(),
        publicEndpoint);
  }

  @Override
  protected ObjectStore open(
      ObjectStoreAddress server, boolean createBuckets, Optional<URI> publicEndpoint) {
    return new S3ObjectStore(settings(server, createBuckets, publicEndpoint));
  }

  @Override
  protected long severalPartsInBytes() {
    return PartSize.SMALLEST_BYTES + 3;
  }

  @Override
  protected void beginUpload(ObjectLocation location) {
    try (S3Client client = client()) {
      String upload =
          client
              .createMultipartUpload(
                  request -> request.bucket(location.bucket().value()).key(location.key()))
              .uploadId();
      client.uploadPart(
          request ->
              request
                  .bucket(location.bucket().value())
                  .key(location.key())
                  .uploadId(upload)
                  .partNumber(1),
          RequestBody.fromString("the first part"));
    }
  }

  @Override
  protected List<String> unfinishedUploads(ObjectLocation location) {
    try (S3Client client = client()) {
      return client
          .listMultipartUploads(
              request -> request.bucket(location.bucket().value()).prefix(location.key()))
          .uploads()
          .stream()
          .filter(upload -> upload.key().equals(location.key()))
          .map(MultipartUpload::uploadId)
          .toList();
    }
  }

  private S3Client client() {
    return S3Client.builder()
        .endpointOverride(server().endpoint())
        .region(Region.US_EAST_1)
        .credentialsProvider(
            StaticCredentialsProvider.create(
                AwsBasicCredentials.create(server().accessKey(), server().secretKey())))
        .forcePathStyle(true)
        .build();
  }

  @Override
  protected void remove(BucketName bucket) {
    try (S3Client client = client()) {
      client.deleteBucket(request ->
          request
              .bucket(bucket.value())
              .overrideConfiguration(
                  override -> override.putHeader("x-minio-force-delete", "true")));
    } catch (S3Exception e) {
      if (e.statusCode() != 404) {
        throw e;
      }
    }
  }
}
