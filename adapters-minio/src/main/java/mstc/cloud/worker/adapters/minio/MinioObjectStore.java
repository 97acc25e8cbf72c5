package mstc.cloud.worker.adapters.minio;

import io.minio.AbortMultipartUploadArgs;
import io.minio.BucketExistsArgs;
import io.minio.CompleteMultipartUploadArgs;
import io.minio.CreateBucketArgs;
import io.minio.CreateMultipartUploadArgs;
import io.minio.GetObjectArgs;
import io.minio.HeadObjectArgs;
import io.minio.HeadObjectResponse;
import io.minio.Http;
import io.minio.ListBucketsArgs;
import io.minio.ListObjectsV2Args;
import io.minio.ListObjectsV2Response;
import io.minio.MinioAsyncClient;
import io.minio.ObjectArgs;
import io.minio.PutObjectAPIArgs;
import io.minio.RemoveObjectArgs;
import io.minio.UploadPartArgs;
import io.minio.messages.Part;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicBoolean;
import mstc.cloud.worker.domain.store.BucketName;
import mstc.cloud.worker.domain.store.ObjectAttributes;
import mstc.cloud.worker.domain.store.ObjectListing;
import mstc.cloud.worker.domain.store.ObjectLocation;
import mstc.cloud.worker.domain.store.ObjectStore;
import mstc.cloud.worker.domain.store.ObjectStoreException;
import mstc.cloud.worker.domain.store.PutResult;
import mstc.cloud.worker.domain.store.StoredObject;
import okhttp3.Dispatcher;
import okhttp3.Headers;
import okhttp3.OkHttpClient;
import okhttp3.Protocol;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps objects in MinIO, or another server that speaks S3.
 *
 * <p>Files above 8 MiB are sent in parts, one after the other, each straight from the file. When
 * such an upload fails, its parts are removed as far as the server can be reached; what a process
 * that died has left of one is removed before the next upload of that object begins.
 *
 * <p>Retries are minio-java's: up to 5 attempts of a request that the server answers with 408, 429,
 * 499, 500, 502, 503, 504 or 520, with a random pause of up to 0.2, 0.4, 0.8 and 1.6 s between
 * them. A connection that breaks or times out is not tried again, but for the host's other
 * addresses.
 *
 * <p>An interrupt ends a call at once in a virtual thread; in a platform thread that waits for the
 * server, when the server answers or the request timeout is over.
 *
 * <p>The credentials need {@code s3:PutObject}, {@code s3:GetObject}, {@code s3:DeleteObject},
 * {@code s3:ListBucket} (without it the server answers 403 for a missing object, which is a failure
 * here), {@code s3:ListBucketMultipartUploads} and {@code s3:AbortMultipartUpload} (without them
 * the parts of uploads that were cut off stay), and {@code s3:CreateBucket} where buckets are
 * created.
 */
public final class MinioObjectStore implements ObjectStore {
  private static final Logger LOGGER = LoggerFactory.getLogger(MinioObjectStore.class);
  private static final String DEFAULT_REGION = "us-east-1";
  private static final String METADATA_PREFIX = "x-amz-meta-";
  private static final String DEFAULT_CONTENT_TYPE = "application/octet-stream";
  private static final Duration CLEAN_UP_TIMEOUT = Duration.ofSeconds(5);
  private static final Comparator<ObjectListing> BY_KEY =
      Comparator.comparing(
          listing -> listing.location().key().getBytes(StandardCharsets.UTF_8),
          Arrays::compareUnsigned);

  private final OkHttpClient http;
  private final MinioAsyncClient client;
  private final MinioAsyncClient cleaner;
  private final UploadListing uploads;
  private final MinioFailures failures;
  private final MinioFailures writeFailures;
  private final boolean createBuckets;
  private final boolean encrypted;

  /** Until the server answers such a write with "not implemented". */
  private volatile boolean conditionalWrites = true;

  private final AtomicBoolean warnedOfLeftovers = new AtomicBoolean();

  private volatile boolean closed;

  /**
   * Opens no connection yet.
   *
   * @throws IllegalArgumentException when the CA certificate cannot be read
   */
  public MinioObjectStore(MinioSettings settings) {
    http = httpClient(settings);
    client = client(settings, http);
    cleaner = client(settings, http.newBuilder().callTimeout(CLEAN_UP_TIMEOUT).build());
    uploads = new UploadListing(client);
    String region = settings.region().orElse(DEFAULT_REGION);
    failures = new MinioFailures(settings.endpoint(), region, false);
    writeFailures = new MinioFailures(settings.endpoint(), region, settings.createBuckets());
    createBuckets = settings.createBuckets();
    encrypted = "https".equals(settings.endpoint().getScheme());
  }

  private static OkHttpClient httpClient(MinioSettings settings) {
    var dispatcher = new Dispatcher(new CallerThread());
    // A call that waited for another one's end would be run by that one's thread.
    dispatcher.setMaxRequests(Integer.MAX_VALUE);
    dispatcher.setMaxRequestsPerHost(Integer.MAX_VALUE);
    OkHttpClient.Builder builder =
        new OkHttpClient.Builder()
            .dispatcher(dispatcher)
            .protocols(List.of(Protocol.HTTP_1_1))
            .connectTimeout(settings.connectTimeout())
            .readTimeout(settings.requestTimeout())
            .writeTimeout(settings.requestTimeout())
            .addInterceptor(new GatewayFailures())
            .addInterceptor(new Http.StatusRetryInterceptor());
    settings.caCertificate().map(TrustedCertificates::of).ifPresent(ca -> ca.applyTo(builder));
    return builder.build();
  }

  private static MinioAsyncClient client(MinioSettings settings, OkHttpClient http) {
    return MinioAsyncClient.builder()
        .endpoint(settings.endpoint().toString())
        // Without a region the client would ask for every bucket's.
        .region(settings.region().orElse(DEFAULT_REGION))
        .credentials(settings.accessKey(), settings.secretKey())
        .httpClient(http)
        .build();
  }

  @Override
  public void put(ObjectLocation location, Path file, ObjectAttributes attributes) {
    guarded(
        "store " + location,
        writeFailures,
        () -> {
          write(location, file, attributes, false);
          return PutResult.STORED;
        });
  }

  /**
   * {@inheritDoc}
   *
   * <p>Looks for the object first in any case: that saves sending the file, and protects the object
   * on servers that do not know conditional writes and do not say so.
   */
  @Override
  public PutResult putIfAbsent(ObjectLocation location, Path file, ObjectAttributes attributes) {
    return guarded(
        "store " + location,
        writeFailures,
        () ->
            head(location).isPresent()
                ? PutResult.ALREADY_EXISTS
                : writeIfAbsent(location, file, attributes));
  }

  private PutResult writeIfAbsent(ObjectLocation location, Path file, ObjectAttributes attributes)
      throws IOException {
    boolean conditional = conditionalWrites;
    try {
      write(location, file, attributes, conditional);
      return PutResult.STORED;
    } catch (CompletionException e) {
      if (!conditional) {
        throw e;
      }
      return switch (MinioFailures.statusOf(e)) {
        case 412 -> PutResult.ALREADY_EXISTS;
        case 409 -> {
          // Another conditional write of this object was under way; see whether it succeeded.
          if (head(location).isEmpty()) {
            throw e;
          }
          yield PutResult.ALREADY_EXISTS;
        }
        case 501 -> {
          conditionalWrites = false;
          LOGGER.warn(
              "The object store knows no conditional writes, objects are looked for before they"
                  + " are written, reason=\"{}\"",
              e.getCause() == null ? e.getMessage() : e.getCause().getMessage());
          write(location, file, attributes, false);
          yield PutResult.STORED;
        }
        default -> throw e;
      };
    }
  }

  private void write(
      ObjectLocation location, Path file, ObjectAttributes attributes, boolean ifAbsent)
      throws IOException {
    try (FileContent content = FileContent.open(location, file)) {
      try {
        send(location, content, attributes, ifAbsent);
      } catch (CompletionException e) {
        if (!createBuckets || !MinioFailures.codeOf(e).equals("NoSuchBucket")) {
          throw e;
        }
        createBucket(location.bucket());
        send(location, content, attributes, ifAbsent);
      }
    }
  }

  private void send(
      ObjectLocation location, FileContent content, ObjectAttributes attributes, boolean ifAbsent)
      throws IOException {
    if (content.bytes() > PartSize.SMALLEST_BYTES) {
      sendInParts(location, content, attributes, ifAbsent);
      return;
    }
    Http.Headers headers = metadataOf(attributes);
    headers.putAll(content.checksum(0, content.bytes(), encrypted));
    RandomAccessFile source = content.from(0);
    client
        .putObject(
            at(PutObjectAPIArgs.builder(), location)
                .file(source, content.bytes())
                .contentType(attributes.contentType())
                .headers(headers)
                .extraHeaders(condition(ifAbsent))
                .build())
        .join();
  }

  private void sendInParts(
      ObjectLocation location, FileContent content, ObjectAttributes attributes, boolean ifAbsent)
      throws IOException {
    endEarlierUploads(location);
    Http.Headers headers = metadataOf(attributes);
    headers.put("Content-Type", attributes.contentType());
    headers.put("X-Amz-Checksum-Algorithm", FileContent.checksumAlgorithm(encrypted));
    String upload =
        client
            .createMultipartUpload(
                at(CreateMultipartUploadArgs.builder(), location).headers(headers).build())
            .join()
            .result()
            .uploadId();
    try {
      var parts = new ArrayList<Part>();
      long partBytes = PartSize.forFileOf(content.bytes());
      for (long start = 0; start < content.bytes(); start += partBytes) {
        long bytes = Math.min(partBytes, content.bytes() - start);
        Http.Headers checksum = content.checksum(start, bytes, encrypted);
        parts.add(
            client
                .uploadPart(
                    at(UploadPartArgs.builder(), location)
                        .uploadId(upload)
                        .partNumber(parts.size() + 1)
                        .file(content.from(start), bytes)
                        .headers(checksum)
                        .build())
                .join()
                .part());
      }
      client
          .completeMultipartUpload(
              at(CompleteMultipartUploadArgs.builder(), location)
                  .uploadId(upload)
                  .parts(parts.toArray(Part[]::new))
                  .extraHeaders(condition(ifAbsent))
                  // The HTTP client has made its attempts by then.
                  .maxRetries(1)
                  .build())
          .join();
    } catch (IOException | RuntimeException | Error e) {
      abandon(location, upload, e);
      throw e;
    }
  }

  private void abandon(ObjectLocation location, String upload, Throwable failure) {
    // Cleaning up is a request like any other, which an interrupted thread could not make.
    boolean interrupted = Thread.interrupted();
    try {
      cleaner
          .abortMultipartUpload(
              at(AbortMultipartUploadArgs.builder(), location).uploadId(upload).build())
          .join();
    } catch (CompletionException e) {
      failure.addSuppressed(e);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void createBucket(BucketName bucket) {
    try {
      client
          .createBucket(
              CreateBucketArgs.builder().skipValidation(true).bucket(bucket.value()).build())
          .join();
      LOGGER.info("Created a bucket bucket={}", bucket);
    } catch (CompletionException e) {
      // 409: someone else is creating it or has just done so; the write that follows will tell.
      if (MinioFailures.statusOf(e) != 409) {
        throw e;
      }
    }
  }

  @Override
  public Optional<StoredObject> stat(ObjectLocation location) {
    return guarded("describe " + location, failures, () -> head(location));
  }

  private Optional<StoredObject> head(ObjectLocation location) {
    HeadObjectResponse response;
    try {
      response = client.headObject(at(HeadObjectArgs.builder(), location).build()).join();
    } catch (CompletionException e) {
      if (MinioFailures.statusOf(e) == 404) {
        return Optional.empty();
      }
      throw e;
    }
    Headers headers = response.headers();
    String contentType = headers.get("Content-Type");
    return Optional.of(
        new StoredObject(
            location,
            response.size(),
            contentType == null ? DEFAULT_CONTENT_TYPE : contentType,
            metadataOf(headers)));
  }

  @Override
  public Optional<InputStream> read(ObjectLocation location) {
    return guarded(
        "read " + location,
        failures,
        () -> {
          try {
            return Optional.of(
                client.getObject(at(GetObjectArgs.builder(), location).build()).join());
          } catch (CompletionException e) {
            if (MinioFailures.statusOf(e) == 404) {
              return Optional.empty();
            }
            throw e;
          }
        });
  }

  @Override
  public List<ObjectListing> list(BucketName bucket, String prefix) {
    return guarded(
        "list %s/%s*".formatted(bucket, prefix),
        failures,
        () -> {
          try {
            return listAll(bucket, prefix);
          } catch (CompletionException e) {
            if (MinioFailures.statusOf(e) == 404) {
              return List.of();
            }
            throw e;
          }
        });
  }

  private List<ObjectListing> listAll(BucketName bucket, String prefix) {
    var listing = new ArrayList<ObjectListing>();
    ListObjectsV2Args.Builder args =
        ListObjectsV2Args.builder()
            .skipValidation(true)
            .bucket(bucket.value())
            .prefix(prefix)
            .encodingType("url")
            .maxKeys(1000);
    ListObjectsV2Response page;
    do {
      page = client.listObjectsV2(args.build()).join();
      String encoding = page.result().encodingType();
      page.result()
          .contents()
          .forEach(item -> {
            item.setEncodingType(encoding);
            listing.add(
                new ObjectListing(new ObjectLocation(bucket, item.objectName()), item.size()));
          });
      args.continuationToken(page.result().nextContinuationToken());
    } while (page.result().isTruncated());
    listing.sort(BY_KEY);
    return List.copyOf(listing);
  }

  @Override
  public void delete(ObjectLocation location) {
    guarded(
        "remove " + location,
        failures,
        () -> {
          try {
            client.removeObject(at(RemoveObjectArgs.builder(), location).build()).join();
          } catch (CompletionException e) {
            if (MinioFailures.statusOf(e) != 404) {
              throw e;
            }
          }
          return location;
        });
  }

  @Override
  public void discardUploads(ObjectLocation location) {
    guarded(
        "end unfinished uploads of " + location,
        failures,
        () -> {
          endUploads(location);
          return location;
        });
  }

  /** Ends what was left of the object's earlier uploads, unless something keeps it from that. */
  private void endEarlierUploads(ObjectLocation location) throws IOException {
    try {
      endUploads(location);
    } catch (IOException | RuntimeException e) {
      if (closed || Thread.currentThread().isInterrupted()) {
        throw e;
      }
      // The file is stored all the same: a store that cannot be reached fails that as well.
      ObjectStoreException failure = failures.translate("end unfinished uploads of " + location, e);
      if (!failure.isRetryable() && warnedOfLeftovers.compareAndSet(false, true)) {
        LOGGER.warn(
            "Parts of uploads that were cut off stay in the object store, unless a rule of the"
                + " bucket removes them, reason=\"{}\"",
            failure.getMessage());
      } else {
        LOGGER.debug("Unfinished uploads may stay object={}", location, failure);
      }
    }
  }

  private void endUploads(ObjectLocation location) throws IOException {
    for (String upload : uploadsOf(location)) {
      try {
        client
            .abortMultipartUpload(
                at(AbortMultipartUploadArgs.builder(), location).uploadId(upload).build())
            .join();
        LOGGER.info("Ended an unfinished upload object={} upload={}", location, upload);
      } catch (CompletionException e) {
        // 404: it was completed or ended meanwhile.
        if (MinioFailures.statusOf(e) != 404) {
          throw e;
        }
      }
    }
  }

  private List<String> uploadsOf(ObjectLocation location) throws IOException {
    try {
      return uploads.of(location);
    } catch (CompletionException e) {
      if (MinioFailures.statusOf(e) == 404) {
        return List.of();
      }
      throw e;
    }
  }

  @Override
  public boolean hasBucket(BucketName bucket) {
    return createBuckets || guarded("look for bucket " + bucket, failures, () -> isThere(bucket));
  }

  private boolean isThere(BucketName bucket) {
    return client
        .bucketExists(
            BucketExistsArgs.builder().skipValidation(true).bucket(bucket.value()).build())
        .join();
  }

  /**
   * {@inheritDoc}
   *
   * <p>Asks for the list of buckets, the one request that needs no bucket, and no right either: a
   * server that answers "access denied" to it has accepted the credentials.
   */
  @Override
  public void check() {
    guarded(
        "use the object store",
        failures,
        () -> {
          try {
            return client.listBucketsAPI(ListBucketsArgs.builder().maxBuckets(1).build()).join();
          } catch (CompletionException e) {
            if (MinioFailures.codeOf(e).equals("AccessDenied")) {
              return PutResult.STORED;
            }
            throw e;
          }
        });
  }

  @Override
  public void close() {
    closed = true;
    http.dispatcher().executorService().shutdown();
    http.dispatcher().cancelAll();
    http.connectionPool().evictAll();
  }

  private <T> T guarded(String action, MinioFailures classification, StoreCall<T> call) {
    if (closed) {
      throw classification.closed(action);
    }
    if (Thread.currentThread().isInterrupted()) {
      throw classification.interrupted(action, null);
    }
    try {
      return call.run();
    } catch (ObjectStoreException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      if (closed) {
        throw classification.closed(action);
      }
      if (Thread.currentThread().isInterrupted()) {
        throw classification.interrupted(action, e);
      }
      throw classification.translate(action, e);
    }
  }

  private interface StoreCall<T> {
    T run() throws IOException;
  }

  private static <B extends ObjectArgs.Builder<B, ?>> B at(B builder, ObjectLocation location) {
    // The domain's rules for bucket names are those of S3; the client's are stricter.
    return builder.skipValidation(true).bucket(location.bucket().value()).object(location.key());
  }

  private static Map<String, String> condition(boolean ifAbsent) {
    return ifAbsent ? Map.of("If-None-Match", "*") : Map.of();
  }

  private static Http.Headers metadataOf(ObjectAttributes attributes) {
    var headers = new Http.Headers();
    attributes.metadata().forEach((key, value) -> headers.put(METADATA_PREFIX + key, value));
    return headers;
  }

  private static Map<String, String> metadataOf(Headers headers) {
    var metadata = new HashMap<String, String>();
    for (String name : headers.names()) {
      String lowerCase = name.toLowerCase(Locale.ROOT);
      if (lowerCase.startsWith(METADATA_PREFIX)) {
        metadata.put(
            lowerCase.substring(METADATA_PREFIX.length()), String.join(",", headers.values(name)));
      }
    }
    return metadata;
  }
}
