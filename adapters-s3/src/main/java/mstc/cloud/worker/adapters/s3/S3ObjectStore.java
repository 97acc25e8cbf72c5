package mstc.cloud.worker.adapters.s3;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import mstc.cloud.worker.domain.store.BucketName;
import mstc.cloud.worker.domain.store.ObjectAttributes;
import mstc.cloud.worker.domain.store.ObjectListing;
import mstc.cloud.worker.domain.store.ObjectLocation;
import mstc.cloud.worker.domain.store.ObjectStore;
import mstc.cloud.worker.domain.store.ObjectStoreException;
import mstc.cloud.worker.domain.store.PutResult;
import mstc.cloud.worker.domain.store.StoredObject;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.AwsRequestOverrideConfiguration;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.checksums.ResponseChecksumValidation;
import software.amazon.awssdk.core.exception.AbortedException;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.retry.RetryMode;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.apache5.Apache5HttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.regions.providers.DefaultAwsRegionProviderChain;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3ClientBuilder;
import software.amazon.awssdk.services.s3.model.ChecksumAlgorithm;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.CreateMultipartUploadRequest;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;
import software.amazon.awssdk.services.s3.model.MultipartUpload;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;
import software.amazon.awssdk.services.s3.model.S3Exception;
import software.amazon.awssdk.services.s3.model.UploadPartRequest;
import software.amazon.awssdk.services.s3.model.UploadPartResponse;

/**
 * Keeps objects in Amazon S3, or another server that speaks S3.
 *
 * <p>Files above 8 MiB are sent in parts, one after the other, each straight from the file. When
 * such an upload fails, its parts are removed as far as the server can be reached; what a process
 * that died has left of one is removed before the next upload of that object begins.
 *
 * <p>Retries are those of the SDK's standard mode: up to 3 attempts of a request (or as many as
 * {@code AWS_MAX_ATTEMPTS} says) after a broken connection, a time-out, 5xx or throttling, with a
 * random, growing pause between them, and fewer when most of the store's requests fail.
 *
 * <p>An attempt ends after the request timeout, and a second more for each 64 KiB that it sends;
 * the completion of an upload, for which S3 may need minutes, after ten minutes.
 *
 * <p>An interrupt ends a call at once in a virtual thread; in a platform thread that waits for the
 * server, when the server answers or the attempt is over.
 *
 * <p>The credentials need {@code s3:PutObject}, {@code s3:GetObject}, {@code s3:DeleteObject},
 * {@code s3:ListBucket} (without it S3 answers 403 for a missing object, which is a failure here),
 * {@code s3:ListBucketMultipartUploads} and {@code s3:AbortMultipartUpload} (without them the parts
 * of uploads that were cut off stay), and {@code s3:CreateBucket} where buckets are created.
 */
public final class S3ObjectStore implements ObjectStore {
  private static final Logger LOGGER = LoggerFactory.getLogger(S3ObjectStore.class);
  private static final String DEFAULT_CONTENT_TYPE = "application/octet-stream";
  private static final int MAX_CONNECTIONS = 256;
  private static final long SLOWEST_BYTES_PER_SECOND = 1L << 16;
  private static final Duration COMPLETION_TIMEOUT = Duration.ofMinutes(10);
  private static final Duration CLEAN_UP_TIMEOUT = Duration.ofSeconds(5);
  private static final Comparator<ObjectListing> BY_KEY =
      Comparator.comparing(
          listing -> listing.location().key().getBytes(StandardCharsets.UTF_8),
          Arrays::compareUnsigned);

  private final SdkHttpClient http;
  private final S3Client client;
  private final S3Failures failures;
  private final S3Failures writeFailures;
  private final boolean createBuckets;
  private final boolean checksums;
  private final Duration requestTimeout;

  /** Until the server answers such a write with "not implemented". */
  private volatile boolean conditionalWrites = true;

  private final AtomicBoolean warnedOfLeftovers = new AtomicBoolean();

  private volatile boolean closed;

  /**
   * Opens no connection yet.
   *
   * @throws IllegalArgumentException when the CA certificate cannot be read, or there is neither an
   *     endpoint nor a region
   */
  public S3ObjectStore(S3Settings settings) {
    this(settings, settings.endpoint().map(S3ObjectStore::isAmazon).orElse(true));
  }

  /**
   * @param checksums whether the server knows the checksums that the SDK likes to add to everything
   */
  S3ObjectStore(S3Settings settings, boolean checksums) {
    this.checksums = checksums;
    Region region = region(settings);
    http = httpClient(settings);
    client = client(settings, region, http, checksums);
    String place = settings.endpoint().map(URI::toString).orElse("S3 in " + region.id());
    // Amazon's endpoints name their region, too.
    String regionSettings =
        settings.endpoint().filter(S3ObjectStore::isAmazon).isPresent()
            ? "mstc.object-store.region and mstc.object-store.s3.endpoint"
            : "mstc.object-store.region";
    failures = new S3Failures(place, region.id(), regionSettings, false);
    writeFailures = new S3Failures(place, region.id(), regionSettings, settings.createBuckets());
    createBuckets = settings.createBuckets();
    requestTimeout = settings.requestTimeout();
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

  /**
   * The Apache client, as the smaller UrlConnectionHttpClient keeps its connections in a pool of
   * the whole JVM and does nothing when it is closed, so that {@link #close()} could not end calls
   * under way. The CRT client would bring native libraries.
   */
  private static SdkHttpClient httpClient(S3Settings settings) {
    Apache5HttpClient.Builder builder =
        Apache5HttpClient.builder()
            .connectionTimeout(settings.connectTimeout())
            .socketTimeout(settings.requestTimeout())
            .connectionAcquisitionTimeout(settings.requestTimeout())
            .maxConnections(MAX_CONNECTIONS);
    settings
        .caCertificate()
        .map(TrustedCertificates::of)
        .ifPresent(builder::tlsTrustManagersProvider);
    return builder.build();
  }

  private static S3Client client(
      S3Settings settings, Region region, SdkHttpClient http, boolean checksums) {
    S3ClientBuilder builder =
        S3Client.builder()
            .httpClient(http)
            .region(region)
            .credentialsProvider(credentials(settings))
            .forcePathStyle(settings.pathStyle())
            .requestChecksumCalculation(
                checksums
                    ? RequestChecksumCalculation.WHEN_SUPPORTED
                    : RequestChecksumCalculation.WHEN_REQUIRED)
            .responseChecksumValidation(
                checksums
                    ? ResponseChecksumValidation.WHEN_SUPPORTED
                    : ResponseChecksumValidation.WHEN_REQUIRED)
            .overrideConfiguration(override ->
                override
                    .retryStrategy(RetryMode.STANDARD)
                    .apiCallAttemptTimeout(settings.requestTimeout()));
    settings.endpoint().ifPresent(builder::endpointOverride);
    return builder.build();
  }

  private static AwsCredentialsProvider credentials(S3Settings settings) {
    return settings
        .credentials()
        .<AwsCredentialsProvider>map(keys ->
            StaticCredentialsProvider.create(
                AwsBasicCredentials.create(keys.accessKey(), keys.secretKey())))
        .orElseGet(() -> DefaultCredentialsProvider.builder().build());
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
    } catch (S3Exception e) {
      if (!conditional) {
        throw e;
      }
      return switch (e.statusCode()) {
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
              e.getMessage());
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
    try (FileChannel content = open(location, file)) {
      try {
        send(location, content, attributes, ifAbsent);
      } catch (S3Exception e) {
        if (!createBuckets || !S3Failures.codeOf(e).equals("NoSuchBucket")) {
          throw e;
        }
        createBucket(location.bucket());
        send(location, content, attributes, ifAbsent);
      }
    }
  }

  private static FileChannel open(ObjectLocation location, Path file) {
    try {
      return FileChannel.open(file, StandardOpenOption.READ);
    } catch (IOException e) {
      throw ObjectStoreException.permanent(
          "Cannot store %s: the file %s cannot be read: %s".formatted(location, file, e), e);
    }
  }

  private void send(
      ObjectLocation location, FileChannel content, ObjectAttributes attributes, boolean ifAbsent)
      throws IOException {
    long bytes = content.size();
    if (bytes > PartSize.SMALLEST_BYTES) {
      sendInParts(location, content, bytes, attributes, ifAbsent);
      return;
    }
    PutObjectRequest.Builder request =
        PutObjectRequest.builder()
            .bucket(location.bucket().value())
            .key(location.key())
            .contentType(attributes.contentType())
            .metadata(attributes.metadata())
            .overrideConfiguration(timeoutToSend(bytes));
    if (ifAbsent) {
      request.ifNoneMatch("*");
    }
    client.putObject(
        request.build(), new FilePart(content, 0, bytes).body(attributes.contentType()));
  }

  private void sendInParts(
      ObjectLocation location,
      FileChannel content,
      long bytes,
      ObjectAttributes attributes,
      boolean ifAbsent) {
    endEarlierUploads(location);
    CreateMultipartUploadRequest.Builder creation =
        CreateMultipartUploadRequest.builder()
            .bucket(location.bucket().value())
            .key(location.key())
            .contentType(attributes.contentType())
            .metadata(attributes.metadata());
    if (checksums) {
      creation.checksumAlgorithm(ChecksumAlgorithm.CRC32);
    }
    String upload = client.createMultipartUpload(creation.build()).uploadId();
    try {
      List<CompletedPart> parts = sendParts(location, content, bytes, upload);
      client.completeMultipartUpload(request -> {
        request
            .bucket(location.bucket().value())
            .key(location.key())
            .uploadId(upload)
            .multipartUpload(all -> all.parts(parts))
            .overrideConfiguration(timeout(COMPLETION_TIMEOUT));
        if (ifAbsent) {
          request.ifNoneMatch("*");
        }
      });
    } catch (RuntimeException | Error e) {
      abandon(location, upload, e);
      throw e;
    }
  }

  private List<CompletedPart> sendParts(
      ObjectLocation location, FileChannel content, long bytes, String upload) {
    var parts = new ArrayList<CompletedPart>();
    long partBytes = PartSize.forFileOf(bytes);
    for (long start = 0; start < bytes; start += partBytes) {
      long length = Math.min(partBytes, bytes - start);
      int number = parts.size() + 1;
      UploadPartRequest.Builder request =
          UploadPartRequest.builder()
              .bucket(location.bucket().value())
              .key(location.key())
              .uploadId(upload)
              .partNumber(number)
              .overrideConfiguration(timeoutToSend(length));
      if (checksums) {
        request.checksumAlgorithm(ChecksumAlgorithm.CRC32);
      }
      UploadPartResponse response =
          client.uploadPart(
              request.build(), new FilePart(content, start, length).body(DEFAULT_CONTENT_TYPE));
      parts.add(
          CompletedPart.builder()
              .partNumber(number)
              .eTag(response.eTag())
              .checksumCRC32(response.checksumCRC32())
              .build());
    }
    return parts;
  }

  private void abandon(ObjectLocation location, String upload, Throwable failure) {
    // Cleaning up is a request like any other, which an interrupted thread could not make.
    boolean interrupted = Thread.interrupted() || isInterruption(failure);
    try {
      client.abortMultipartUpload(request ->
          request
              .bucket(location.bucket().value())
              .key(location.key())
              .uploadId(upload)
              .overrideConfiguration(override -> override.apiCallTimeout(CLEAN_UP_TIMEOUT)));
    } catch (SdkException | IllegalStateException e) {
      failure.addSuppressed(e);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void createBucket(BucketName bucket) {
    try {
      client.createBucket(request -> request.bucket(bucket.value()));
      LOGGER.info("Created a bucket bucket={}", bucket);
    } catch (S3Exception e) {
      // 409: someone else is creating it or has just done so; the write that follows will tell.
      if (e.statusCode() != 409) {
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
      response =
          client.headObject(
              request -> request.bucket(location.bucket().value()).key(location.key()));
    } catch (S3Exception e) {
      if (e.statusCode() == 404) {
        return Optional.empty();
      }
      throw e;
    }
    return Optional.of(
        new StoredObject(
            location,
            response.contentLength(),
            Optional.ofNullable(response.contentType()).orElse(DEFAULT_CONTENT_TYPE),
            response.metadata()));
  }

  @Override
  public Optional<InputStream> read(ObjectLocation location) {
    return guarded(
        "read " + location,
        failures,
        () -> {
          try {
            return Optional.of(
                new ObjectContent(
                    client.getObject(
                        request -> request.bucket(location.bucket().value()).key(location.key()))));
          } catch (S3Exception e) {
            if (e.statusCode() == 404) {
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
            return client
                .listObjectsV2Paginator(request -> request.bucket(bucket.value()).prefix(prefix))
                .contents()
                .stream()
                .map(object ->
                    new ObjectListing(new ObjectLocation(bucket, object.key()), object.size()))
                .sorted(BY_KEY)
                .toList();
          } catch (S3Exception e) {
            if (e.statusCode() == 404) {
              return List.of();
            }
            throw e;
          }
        });
  }

  @Override
  public void delete(ObjectLocation location) {
    guarded(
        "remove " + location,
        failures,
        () -> {
          try {
            return client.deleteObject(
                request -> request.bucket(location.bucket().value()).key(location.key()));
          } catch (S3Exception e) {
            if (e.statusCode() == 404) {
              return e;
            }
            throw e;
          }
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
  private void endEarlierUploads(ObjectLocation location) {
    try {
      endUploads(location);
    } catch (RuntimeException e) {
      if (closed || Thread.currentThread().isInterrupted() || isInterruption(e)) {
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

  private void endUploads(ObjectLocation location) {
    for (String upload : uploadsOf(location)) {
      try {
        client.abortMultipartUpload(request ->
            request.bucket(location.bucket().value()).key(location.key()).uploadId(upload));
        LOGGER.info("Ended an unfinished upload object={} upload={}", location, upload);
      } catch (S3Exception e) {
        // 404: it was completed or ended meanwhile.
        if (e.statusCode() != 404) {
          throw e;
        }
      }
    }
  }

  private List<String> uploadsOf(ObjectLocation location) {
    try {
      return client
          .listMultipartUploadsPaginator(
              request -> request.bucket(location.bucket().value()).prefix(location.key()))
          .uploads()
          .stream()
          .filter(upload -> upload.key().equals(location.key()))
          .map(MultipartUpload::uploadId)
          .toList();
    } catch (S3Exception e) {
      if (e.statusCode() == 404) {
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
    try {
      client.headBucket(request -> request.bucket(bucket.value()));
      return true;
    } catch (S3Exception e) {
      if (e.statusCode() == 404) {
        return false;
      }
      throw e;
    }
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
            return client.listBuckets(request -> request.maxBuckets(1));
          } catch (S3Exception e) {
            if (S3Failures.codeOf(e).equals("AccessDenied")) {
              return e;
            }
            throw e;
          }
        });
  }

  @Override
  public void close() {
    closed = true;
    client.close();
    http.close();
  }

  private <T> T guarded(String action, S3Failures classification, StoreCall<T> call) {
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
      if (Thread.currentThread().isInterrupted() || isInterruption(e)) {
        Thread.currentThread().interrupt();
        throw classification.interrupted(action, e);
      }
      throw classification.translate(action, e);
    }
  }

  private static boolean isInterruption(Throwable failure) {
    return failure instanceof AbortedException
        || failure.getCause() instanceof InterruptedException;
  }

  private interface StoreCall<T> {
    T run() throws IOException;
  }

  private AwsRequestOverrideConfiguration timeoutToSend(long bytes) {
    return timeout(requestTimeout.plusSeconds(bytes / SLOWEST_BYTES_PER_SECOND));
  }

  private static AwsRequestOverrideConfiguration timeout(Duration attempt) {
    return AwsRequestOverrideConfiguration.builder().apiCallAttemptTimeout(attempt).build();
  }
}
