package mstc.cloud.worker.s3protocol;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.Supplier;
import mstc.cloud.worker.domain.store.BucketName;
import mstc.cloud.worker.domain.store.ObjectAttributes;
import mstc.cloud.worker.domain.store.ObjectListing;
import mstc.cloud.worker.domain.store.ObjectLocation;
import mstc.cloud.worker.domain.store.StoredObject;

/** The requests of the protocol, answered from this process's memory or as a test has it. */
final class InMemoryRequests implements S3Requests {
  private static final Comparator<String> IN_BYTES =
      Comparator.comparing(key -> key.getBytes(UTF_8), Arrays::compareUnsigned);

  private static final class Content {
    private final byte[] bytes;
    private final ObjectAttributes attributes;

    Content(byte[] bytes, ObjectAttributes attributes) {
      this.bytes = bytes;
      this.attributes = attributes;
    }
  }

  private final ReentrantLock lock;
  private final Map<BucketName, Map<String, Content>> buckets;
  private final Map<String, ObjectLocation> uploads;
  private final List<String> made = new CopyOnWriteArrayList<>();
  private volatile Function<String, Optional<? extends RuntimeException>> failures =
      request -> Optional.empty();
  private volatile boolean ignoringConditions;
  private volatile boolean closed;

  InMemoryRequests() {
    lock = new ReentrantLock();
    buckets = new HashMap<>();
    uploads = new HashMap<>();
  }

  /** To the same server. */
  InMemoryRequests(InMemoryRequests same) {
    lock = same.lock;
    buckets = same.buckets;
    uploads = same.uploads;
  }

  static RefusedException refusal(int status, String code) {
    return new RefusedException(
        new Refusal(status, code, "Said so", Optional.empty(), Optional.empty()),
        new IllegalStateException("The server said " + code));
  }

  /** From now on a request fails so, by its name; conditional ones have " if absent" behind it. */
  void fail(Function<String, Optional<? extends RuntimeException>> newFailures) {
    failures = newFailures;
  }

  /** From now on all requests of that name fail so. */
  void fail(String request, RuntimeException failure) {
    fail(made -> made.equals(request) ? Optional.of(failure) : Optional.empty());
  }

  /** From now on conditional writes are done whatever is there. */
  void ignoreConditions() {
    ignoringConditions = true;
  }

  /** The names of the requests that were made, in that order. */
  List<String> made() {
    return List.copyOf(made);
  }

  /** An upload that some other process has begun. */
  String begin(ObjectLocation location) {
    return locked(() -> {
      String id = UUID.randomUUID().toString();
      uploads.put(id, location);
      return id;
    });
  }

  @Override
  public void putObject(
      ObjectLocation location, FileContent content, ObjectAttributes attributes, boolean ifAbsent)
      throws IOException {
    byte[] bytes = read(content, 0, content.bytes());
    request(
        "putObject" + (ifAbsent ? " if absent" : ""),
        () -> store(location, new Content(bytes, attributes), ifAbsent));
  }

  private Content store(ObjectLocation location, Content content, boolean ifAbsent) {
    if (ifAbsent && !ignoringConditions && bucket(location.bucket()).containsKey(location.key())) {
      throw refusal(412, "PreconditionFailed");
    }
    bucket(location.bucket()).put(location.key(), content);
    return content;
  }

  @Override
  public MultipartUpload createMultipartUpload(
      ObjectLocation location, ObjectAttributes attributes) {
    return request(
        "createMultipartUpload",
        () -> {
          bucket(location.bucket());
          return new Upload(begin(location), location, attributes);
        });
  }

  @Override
  public List<String> listMultipartUploads(ObjectLocation location) {
    return request(
        "listMultipartUploads",
        () -> {
          bucket(location.bucket());
          return uploads.entrySet().stream()
              .filter(upload -> upload.getValue().equals(location))
              .map(Map.Entry::getKey)
              .toList();
        });
  }

  @Override
  public void abortMultipartUpload(ObjectLocation location, String upload) {
    request("abortMultipartUpload", () -> end(upload));
  }

  private ObjectLocation end(String upload) {
    return Optional.ofNullable(uploads.remove(upload))
        .orElseThrow(() -> refusal(404, "NoSuchUpload"));
  }

  @Override
  public StoredObject headObject(ObjectLocation location) {
    return request(
        "headObject",
        () -> {
          Content content = content(location);
          return new StoredObject(
              location,
              content.bytes.length,
              content.attributes.contentType(),
              content.attributes.metadata());
        });
  }

  @Override
  public InputStream getObject(ObjectLocation location) {
    return request("getObject", () -> new ByteArrayInputStream(content(location).bytes));
  }

  @Override
  public List<ObjectListing> listObjects(BucketName bucket, String prefix, int atMost) {
    return request(
        "listObjects",
        () ->
            bucket(bucket).entrySet().stream()
                .filter(object -> object.getKey().startsWith(prefix))
                .sorted(Map.Entry.comparingByKey(IN_BYTES))
                .limit(atMost)
                .map(object ->
                    new ObjectListing(
                        new ObjectLocation(bucket, object.getKey()),
                        object.getValue().bytes.length))
                .toList());
  }

  @Override
  public Optional<URI> presignGetObject(ObjectLocation location, Duration validity) {
    return Optional.empty();
  }

  @Override
  public void deleteObject(ObjectLocation location) {
    request(
        "deleteObject",
        () -> Optional.ofNullable(bucket(location.bucket()).remove(location.key())));
  }

  @Override
  public boolean hasBucket(BucketName bucket) {
    return request("hasBucket", () -> buckets.containsKey(bucket));
  }

  @Override
  public void createBucket(BucketName bucket) {
    request(
        "createBucket",
        () -> {
          if (buckets.putIfAbsent(bucket, new HashMap<>()) != null) {
            throw refusal(409, "BucketAlreadyOwnedByYou");
          }
          return bucket;
        });
  }

  @Override
  public void listBuckets() {
    request("listBuckets", buckets::keySet);
  }

  @Override
  public void close() {
    closed = true;
  }

  private Map<String, Content> bucket(BucketName bucket) {
    return Optional.ofNullable(buckets.get(bucket)).orElseThrow(() -> refusal(404, "NoSuchBucket"));
  }

  private Content content(ObjectLocation location) {
    return Optional.ofNullable(bucket(location.bucket()).get(location.key()))
        .orElseThrow(() -> refusal(404, "NoSuchKey"));
  }

  private <T> T request(String name, Supplier<T> answer) {
    if (closed) {
      throw new IllegalStateException("The client is closed");
    }
    made.add(name);
    Optional<? extends RuntimeException> failure = failures.apply(name);
    if (failure.isPresent()) {
      throw failure.get();
    }
    return locked(answer);
  }

  private <T> T locked(Supplier<T> action) {
    lock.lock();
    try {
      return action.get();
    } finally {
      lock.unlock();
    }
  }

  private static byte[] read(FileContent content, long start, long bytes) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(Math.toIntExact(bytes));
    while (buffer.hasRemaining()) {
      content.channel().read(buffer, start + buffer.position());
    }
    return buffer.array();
  }

  private final class Upload implements MultipartUpload {
    private final String id;
    private final ObjectLocation location;
    private final ObjectAttributes attributes;
    private final ByteArrayOutputStream parts = new ByteArrayOutputStream();

    Upload(String id, ObjectLocation location, ObjectAttributes attributes) {
      this.id = id;
      this.location = location;
      this.attributes = attributes;
    }

    @Override
    public void uploadPart(FileContent content, long start, long bytes) throws IOException {
      byte[] part = read(content, start, bytes);
      request(
          "uploadPart",
          () -> {
            if (!uploads.containsKey(id)) {
              throw refusal(404, "NoSuchUpload");
            }
            parts.writeBytes(part);
            return parts;
          });
    }

    @Override
    public void complete(boolean ifAbsent) {
      request(
          "complete" + (ifAbsent ? " if absent" : ""),
          () -> {
            if (!uploads.containsKey(id)) {
              throw refusal(404, "NoSuchUpload");
            }
            Content stored =
                store(location, new Content(parts.toByteArray(), attributes), ifAbsent);
            uploads.remove(id);
            return stored;
          });
    }

    @Override
    public void abort() {
      request("abort", () -> end(id));
    }
  }
}
