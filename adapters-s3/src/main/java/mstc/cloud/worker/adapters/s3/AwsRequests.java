package mstc.cloud.worker.adapters.s3;

import static mstc.cloud.worker.adapters.s3.AwsAnswers.answerTo;

import java.io.InputStream;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import mstc.cloud.worker.domain.store.BucketName;
import mstc.cloud.worker.domain.store.ObjectAttributes;
import mstc.cloud.worker.domain.store.ObjectListing;
import mstc.cloud.worker.domain.store.ObjectLocation;
import mstc.cloud.worker.domain.store.StoredObject;
import mstc.cloud.worker.s3protocol.FileContent;
import mstc.cloud.worker.s3protocol.MultipartUpload;
import mstc.cloud.worker.s3protocol.ProxyServer;
import mstc.cloud.worker.s3protocol.S3Requests;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.ChecksumAlgorithm;
import software.amazon.awssdk.services.s3.model.CreateMultipartUploadRequest;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;
import software.amazon.awssdk.services.s3.model.S3Exception;
import software.amazon.awssdk.services.s3.presigner.S3Presigner;

/** The requests of the S3 protocol with the AWS SDK. */
final class AwsRequests implements S3Requests {
  private static final String DEFAULT_CONTENT_TYPE = "application/octet-stream";

  private final SdkHttpClient http;
  private final S3Client client;
  private final Optional<S3Presigner> presigner;
  private final boolean checksums;
  private final AttemptTimeouts timeouts;

  /**
   * Opens no connection yet.
   *
   * @param checksums whether the server knows the checksums that the SDK adds by default
   */
  AwsRequests(S3Settings settings, Region region, Optional<ProxyServer> proxy, boolean checksums) {
    this.checksums = checksums;
    http = AwsClient.http(settings, proxy);
    AwsCredentialsProvider credentials = AwsClient.credentials(settings);
    client = AwsClient.s3(settings, region, credentials, http, checksums);
    presigner =
        settings
            .publicEndpoint()
            .map(address -> AwsClient.presigner(settings, region, credentials, address));
    timeouts = new AttemptTimeouts(settings.requestTimeout());
  }

  @Override
  public void putObject(
      ObjectLocation location, FileContent content, ObjectAttributes attributes, boolean ifAbsent) {
    PutObjectRequest.Builder request =
        PutObjectRequest.builder()
            .bucket(location.bucket().value())
            .key(location.key())
            .contentType(attributes.contentType())
            .metadata(attributes.metadata())
            .overrideConfiguration(timeouts.toSend(content.bytes()));
    if (ifAbsent) {
      request.ifNoneMatch("*");
    }
    FilePart whole = new FilePart(content.channel(), 0, content.bytes());
    answerTo(() -> client.putObject(request.build(), whole.body(attributes.contentType())));
  }

  @Override
  public MultipartUpload createMultipartUpload(
      ObjectLocation location, ObjectAttributes attributes) {
    CreateMultipartUploadRequest.Builder request =
        CreateMultipartUploadRequest.builder()
            .bucket(location.bucket().value())
            .key(location.key())
            .contentType(attributes.contentType())
            .metadata(attributes.metadata());
    if (checksums) {
      request.checksumAlgorithm(ChecksumAlgorithm.CRC32);
    }
    String id = answerTo(() -> client.createMultipartUpload(request.build())).uploadId();
    return new AwsMultipartUpload(client, timeouts, checksums, location, id);
  }

  @Override
  public List<String> listMultipartUploads(ObjectLocation location) {
    return answerTo(() ->
        client
            .listMultipartUploadsPaginator(
                request -> request.bucket(location.bucket().value()).prefix(location.key()))
            .uploads()
            .stream()
            .filter(upload -> upload.key().equals(location.key()))
            .map(upload -> upload.uploadId())
            .toList());
  }

  @Override
  public void abortMultipartUpload(ObjectLocation location, String upload) {
    answerTo(() ->
        client.abortMultipartUpload(request ->
            request.bucket(location.bucket().value()).key(location.key()).uploadId(upload)));
  }

  @Override
  public StoredObject headObject(ObjectLocation location) {
    HeadObjectResponse response =
        answerTo(() ->
            client.headObject(
                request -> request.bucket(location.bucket().value()).key(location.key())));
    return new StoredObject(
        location,
        response.contentLength(),
        Optional.ofNullable(response.contentType()).orElse(DEFAULT_CONTENT_TYPE),
        response.metadata());
  }

  @Override
  public InputStream getObject(ObjectLocation location) {
    return answerTo(() ->
        new ObjectContent(
            client.getObject(
                request -> request.bucket(location.bucket().value()).key(location.key()))));
  }

  @Override
  public List<ObjectListing> listObjects(BucketName bucket, String prefix, int atMost) {
    return answerTo(() ->
        client
            .listObjectsV2Paginator(request ->
                request.bucket(bucket.value()).prefix(prefix).maxKeys(Math.min(MAX_PAGE, atMost)))
            .contents()
            .stream()
            .limit(atMost)
            .map(object ->
                new ObjectListing(new ObjectLocation(bucket, object.key()), object.size()))
            .toList());
  }

  @Override
  public Optional<URI> presignGetObject(ObjectLocation location, Duration validity) {
    return presigner.map(signer ->
        URI.create(
            signer
                .presignGetObject(request ->
                    request
                        .signatureDuration(validity)
                        .getObjectRequest(object ->
                            object
                                .bucket(location.bucket().value())
                                .key(location.key())
                                .responseContentDisposition("attachment")))
                .url()
                .toString()));
  }

  @Override
  public void deleteObject(ObjectLocation location) {
    answerTo(() ->
        client.deleteObject(
            request -> request.bucket(location.bucket().value()).key(location.key())));
  }

  @Override
  public boolean hasBucket(BucketName bucket) {
    return answerTo(() -> {
      try {
        client.headBucket(request -> request.bucket(bucket.value()));
        return true;
      } catch (S3Exception e) {
        if (e.statusCode() == 404) {
          return false;
        }
        throw e;
      }
    });
  }

  @Override
  public void createBucket(BucketName bucket) {
    answerTo(() -> client.createBucket(request -> request.bucket(bucket.value())));
  }

  @Override
  public void listBuckets() {
    answerTo(() -> client.listBuckets(request -> request.maxBuckets(1)));
  }

  @Override
  public void close() {
    presigner.ifPresent(S3Presigner::close);
    client.close();
    http.close();
  }
}
