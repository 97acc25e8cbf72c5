package mstc.cloud.worker.s3protocol;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import mstc.cloud.worker.domain.diagnosis.Diagnosis;
import mstc.cloud.worker.domain.store.BucketName;
import mstc.cloud.worker.domain.store.ObjectAttributes;
import mstc.cloud.worker.domain.store.ObjectListing;
import mstc.cloud.worker.domain.store.ObjectLocation;
import mstc.cloud.worker.domain.store.ObjectStore;
import mstc.cloud.worker.domain.store.ObjectStoreException;
import mstc.cloud.worker.domain.store.PutResult;
import mstc.cloud.worker.domain.store.StoredObject;

/**
 * Keeps objects in a server that speaks S3.
 *
 * <p>Files above 8 MiB are sent in parts, one after the other, each straight from the file. When
 * such an upload fails, its parts are removed if the server can be reached; parts that a process
 * left when it died are removed before the next upload of that object begins.
 *
 * <p>The credentials need {@code s3:PutObject}, {@code s3:GetObject}, {@code s3:DeleteObject},
 * {@code s3:ListBucket} (without it the server responds with 403 for a missing object, which is a
 * failure here), {@code s3:ListBucketMultipartUploads} and {@code s3:AbortMultipartUpload} (without
 * them the parts of uploads that were cut off stay), and {@code s3:CreateBucket} if buckets are
 * created.
 */
public abstract class S3ProtocolStore implements ObjectStore {
  private static final Comparator<ObjectListing> BY_KEY =
      Comparator.comparing(
          listing -> listing.location().key().getBytes(StandardCharsets.UTF_8),
          Arrays::compareUnsigned);

  private final S3Requests requests;
  private final boolean createBuckets;
  private final StoreFailures failures;
  private final StoreFailures writeFailures;
  private final UnfinishedUploads unfinishedUploads;
  private final ObjectWriter writer;
  private final ConditionalWriteProbe probe;
  private final RoomProbe room;
  private final AtomicBoolean closed = new AtomicBoolean();

  /**
   * Makes no request yet.
   *
   * @param requests closed with this store
   * @param createBuckets whether a bucket that is missing on a write is created
   */
  protected S3ProtocolStore(S3Requests requests, StoreFailures failures, boolean createBuckets) {
    this.requests = requests;
    this.failures = failures;
    this.createBuckets = createBuckets;
    writeFailures = failures.ofWrites(createBuckets);
    unfinishedUploads = new UnfinishedUploads(requests, failures, closed::get);
    writer = new ObjectWriter(requests, unfinishedUploads, createBuckets);
    probe = new ConditionalWriteProbe(requests, failures);
    room = new RoomProbe(requests);
  }

  @Override
  public final void put(ObjectLocation location, Path file, ObjectAttributes attributes) {
    write(location, () -> writer.put(location, file, attributes));
  }

  /**
   * {@inheritDoc}
   *
   * <p>Looks for the object before each conditional write, too.
   */
  @Override
  public final PutResult putIfAbsent(
      ObjectLocation location, Path file, ObjectAttributes attributes) {
    return write(location, () -> writer.putIfAbsent(location, file, attributes));
  }

  private PutResult write(ObjectLocation location, StoreCall<PutResult> call) {
    return guarded("store " + location, writeFailures, () -> room.watch(location.bucket(), call));
  }

  @Override
  public final Optional<StoredObject> stat(ObjectLocation location) {
    return guarded(
        "describe " + location,
        failures,
        () -> StoreCall.unlessMissing(() -> requests.headObject(location)));
  }

  @Override
  public final Optional<InputStream> read(ObjectLocation location) {
    return guarded(
        "read " + location,
        failures,
        () -> StoreCall.unlessMissing(() -> requests.getObject(location)));
  }

  @Override
  public final List<ObjectListing> list(BucketName bucket, String prefix, int atMost) {
    return guarded(
        "list %s/%s*".formatted(bucket, prefix),
        failures,
        () ->
            StoreCall.unlessMissing(() -> requests.listObjects(bucket, prefix, atMost))
                .orElse(List.of())
                .stream()
                .sorted(BY_KEY)
                .toList());
  }

  @Override
  public final Optional<URI> link(ObjectLocation location, Duration validity) {
    return guarded(
        "link to " + location, failures, () -> requests.presignGetObject(location, validity));
  }

  @Override
  public final void delete(ObjectLocation location) {
    guarded(
        "remove " + location,
        failures,
        () ->
            StoreCall.unlessMissing(() -> {
              requests.deleteObject(location);
              return location;
            }));
  }

  @Override
  public final void discardUploads(ObjectLocation location) {
    guarded(
        "end unfinished uploads of " + location,
        failures,
        () -> {
          unfinishedUploads.end(location);
          return location;
        });
  }

  @Override
  public final boolean hasBucket(BucketName bucket) {
    return createBuckets
        || guarded("look for bucket " + bucket, failures, () -> requests.hasBucket(bucket));
  }

  @Override
  public final Optional<String> shortcoming(BucketName bucket) {
    return closed.get() ? Optional.empty() : probe.shortcoming(bucket);
  }

  /**
   * {@inheritDoc}
   *
   * <p>Asks for the list of buckets, the one request that needs no bucket. It needs no right
   * either: a server that responds with "access denied" has accepted the credentials. If the server
   * has said that it is full (507), also writes a small object under {@code .mstc/} of the bucket
   * concerned and removes it, until there is room for that.
   */
  @Override
  public final void check() {
    guarded(
        "use the object store",
        failures,
        () -> {
          try {
            requests.listBuckets();
          } catch (RefusedException e) {
            if (!e.code().equals("AccessDenied")) {
              throw e;
            }
          }
          room.check();
          return true;
        });
  }

  /**
   * Examines this store, which is closed with the diagnosis.
   *
   * @param keys what the store's settings are called
   * @param bucket the bucket that is tried; if empty, one called {@code mstc-doctor}, if this store
   *     creates buckets
   */
  protected final Diagnosis diagnosis(StoreKeys keys, Optional<BucketName> bucket) {
    return new StoreDiagnosis(requests, failures, keys, createBuckets, bucket);
  }

  @Override
  public final void close() {
    closed.set(true);
    requests.close();
  }

  private <T> T guarded(String action, StoreFailures classification, StoreCall<T> call) {
    if (closed.get()) {
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
      if (closed.get()) {
        throw classification.closed(action);
      }
      if (Thread.currentThread().isInterrupted()) {
        throw classification.interrupted(action, e);
      }
      throw classification.translate(action, e);
    }
  }
}
