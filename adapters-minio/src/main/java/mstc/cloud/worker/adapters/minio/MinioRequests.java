package mstc.cloud.worker.adapters.minio;

import static mstc.cloud.worker.adapters.minio.MinioAnswers.answerTo;
import static mstc.cloud.worker.adapters.minio.ObjectArguments.at;
import static mstc.cloud.worker.adapters.minio.ObjectArguments.condition;

import io.minio.AbortMultipartUploadArgs;
import io.minio.BucketExistsArgs;
import io.minio.CreateBucketArgs;
import io.minio.CreateMultipartUploadArgs;
import io.minio.GetObjectArgs;
import io.minio.GetPresignedObjectUrlArgs;
import io.minio.HeadObjectArgs;
import io.minio.HeadObjectResponse;
import io.minio.Http;
import io.minio.ListBucketsArgs;
import io.minio.ListObjectsV2Args;
import io.minio.ListObjectsV2Response;
import io.minio.MinioAsyncClient;
import io.minio.PutObjectAPIArgs;
import io.minio.RemoveObjectArgs;
import io.minio.errors.MinioException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import mstc.cloud.worker.domain.store.BucketName;
import mstc.cloud.worker.domain.store.ObjectAttributes;
import mstc.cloud.worker.domain.store.ObjectListing;
import mstc.cloud.worker.domain.store.ObjectLocation;
import mstc.cloud.worker.domain.store.StoredObject;
import mstc.cloud.worker.s3protocol.FileContent;
import mstc.cloud.worker.s3protocol.MultipartUpload;
import mstc.cloud.worker.s3protocol.ProxyServer;
import mstc.cloud.worker.s3protocol.S3Requests;
import okhttp3.Headers;
import okhttp3.OkHttpClient;

/** The requests of the S3 protocol with minio-java. */
final class MinioRequests implements S3Requests {
  private static final String DEFAULT_CONTENT_TYPE = "application/octet-stream";

  private static final Duration CLEAN_UP_TIMEOUT = Duration.ofSeconds(5);

  private final OkHttpClient http;
  private final MinioAsyncClient client;
  private final MinioAsyncClient cleaner;

  /** For the store as others reach it; makes no requests. */
  private final Optional<MinioAsyncClient> publicClient;

  private final UploadListing uploads;
  private final PartChecksum checksum;

  /** Opens no connection yet. */
  MinioRequests(MinioSettings settings, Optional<ProxyServer> proxy) {
    http = MinioClients.http(settings, proxy);
    client = MinioClients.minio(settings, settings.endpoint(), http);
    cleaner =
        MinioClients.minio(
            settings, settings.endpoint(), http.newBuilder().callTimeout(CLEAN_UP_TIMEOUT).build());
    publicClient =
        settings.publicEndpoint().map(address -> MinioClients.minio(settings, address, http));
    uploads = new UploadListing(client);
    checksum = PartChecksum.over(settings.endpoint().getScheme(), settings.checksumHeaders());
  }

  @Override
  public void putObject(
      ObjectLocation location, FileContent content, ObjectAttributes attributes, boolean ifAbsent)
      throws IOException {
    Http.Headers headers = UserMetadata.toHeaders(attributes);
    headers.putAll(checksum.headers(content.channel(), 0, content.bytes()));
    PutObjectAPIArgs args =
        at(PutObjectAPIArgs.builder(), location)
            .file(content.from(0), content.bytes())
            .contentType(attributes.contentType())
            .headers(headers)
            .extraHeaders(condition(ifAbsent))
            .build();
    answerTo(() -> client.putObject(args));
  }

  @Override
  public MultipartUpload createMultipartUpload(
      ObjectLocation location, ObjectAttributes attributes) {
    Http.Headers headers = UserMetadata.toHeaders(attributes);
    headers.put("Content-Type", attributes.contentType());
    headers.putAll(checksum.announcement());
    String id =
        answerTo(() ->
                client.createMultipartUpload(
                    at(CreateMultipartUploadArgs.builder(), location).headers(headers).build()))
            .result()
            .uploadId();
    return new MinioMultipartUpload(client, cleaner, checksum, location, id);
  }

  @Override
  public List<String> listMultipartUploads(ObjectLocation location) throws IOException {
    return uploads.of(location);
  }

  @Override
  public void abortMultipartUpload(ObjectLocation location, String upload) {
    answerTo(() ->
        client.abortMultipartUpload(
            at(AbortMultipartUploadArgs.builder(), location).uploadId(upload).build()));
  }

  @Override
  public StoredObject headObject(ObjectLocation location) {
    HeadObjectResponse response =
        answerTo(() -> client.headObject(at(HeadObjectArgs.builder(), location).build()));
    Headers headers = response.headers();
    return new StoredObject(
        location,
        response.size(),
        Optional.ofNullable(headers.get("Content-Type")).orElse(DEFAULT_CONTENT_TYPE),
        UserMetadata.of(headers));
  }

  @Override
  public InputStream getObject(ObjectLocation location) {
    return answerTo(() -> client.getObject(at(GetObjectArgs.builder(), location).build()));
  }

  @Override
  public List<ObjectListing> listObjects(BucketName bucket, String prefix, int atMost) {
    var listing = new ArrayList<ObjectListing>();
    ListObjectsV2Args.Builder args =
        ListObjectsV2Args.builder()
            .skipValidation(true)
            .bucket(bucket.value())
            .prefix(prefix)
            .encodingType("url");
    ListObjectsV2Response page;
    do {
      args.maxKeys(Math.min(MAX_PAGE, atMost - listing.size()));
      page = answerTo(() -> client.listObjectsV2(args.build()));
      String encoding = page.result().encodingType();
      page.result()
          .contents()
          .forEach(item -> {
            item.setEncodingType(encoding);
            listing.add(
                new ObjectListing(new ObjectLocation(bucket, item.objectName()), item.size()));
          });
      args.continuationToken(page.result().nextContinuationToken());
    } while (page.result().isTruncated() && listing.size() < atMost);
    return listing;
  }

  @Override
  public Optional<URI> presignGetObject(ObjectLocation location, Duration validity) {
    if (publicClient.isEmpty()) {
      return Optional.empty();
    }
    GetPresignedObjectUrlArgs args =
        at(GetPresignedObjectUrlArgs.builder(), location)
            .method(Http.Method.GET)
            .expiry(Math.toIntExact(validity.toSeconds()))
            .extraQueryParams(Map.of("response-content-disposition", "attachment"))
            .build();
    try {
      return Optional.of(URI.create(publicClient.get().getPresignedObjectUrl(args)));
    } catch (MinioException e) {
      throw new CompletionException(e);
    }
  }

  @Override
  public void deleteObject(ObjectLocation location) {
    answerTo(() -> client.removeObject(at(RemoveObjectArgs.builder(), location).build()));
  }

  @Override
  public boolean hasBucket(BucketName bucket) {
    return answerTo(() ->
        client.bucketExists(
            BucketExistsArgs.builder().skipValidation(true).bucket(bucket.value()).build()));
  }

  @Override
  public void createBucket(BucketName bucket) {
    answerTo(() ->
        client.createBucket(
            CreateBucketArgs.builder().skipValidation(true).bucket(bucket.value()).build()));
  }

  @Override
  public void listBuckets() {
    answerTo(() -> client.listBucketsAPI(ListBucketsArgs.builder().maxBuckets(1).build()));
  }

  @Override
  public void close() {
    http.dispatcher().executorService().shutdown();
    http.dispatcher().cancelAll();
    http.connectionPool().evictAll();
  }
}
