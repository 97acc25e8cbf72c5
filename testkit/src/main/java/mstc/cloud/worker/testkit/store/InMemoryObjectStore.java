package mstc.cloud.worker.testkit.store;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import mstc.cloud.worker.domain.store.BucketName;
import mstc.cloud.worker.domain.store.ObjectAttributes;
import mstc.cloud.worker.domain.store.ObjectListing;
import mstc.cloud.worker.domain.store.ObjectLocation;
import mstc.cloud.worker.domain.store.ObjectStore;
import mstc.cloud.worker.domain.store.ObjectStoreException;
import mstc.cloud.worker.domain.store.PutResult;
import mstc.cloud.worker.domain.store.StoredObject;
import org.jspecify.annotations.Nullable;

/** An {@link ObjectStore} in this process's memory that fails, stops and starts on request. */
public final class InMemoryObjectStore implements ObjectStore {
  private static final Comparator<ObjectListing> BY_KEY =
      Comparator.comparing(
          listing -> listing.location().key().getBytes(StandardCharsets.UTF_8),
          Arrays::compareUnsigned);

  private final ReentrantLock lock;
  private final boolean createBuckets;
  private final Set<BucketName> buckets;
  private final Map<ObjectLocation, StoredObject> objects;
  private final Map<ObjectLocation, byte[]> contents;
  private final List<ObjectLocation> discarded = new ArrayList<>();
  private @Nullable Supplier<ObjectStoreException> failure;
  private Optional<String> shortcoming = Optional.empty();
  private Optional<URI> publicEndpoint = Optional.empty();
  private final Map<String, Supplier<ObjectStoreException>> failures = new HashMap<>();

  private InMemoryObjectStore(boolean createBuckets) {
    this.createBuckets = createBuckets;
    lock = new ReentrantLock();
    buckets = new HashSet<>();
    objects = new HashMap<>();
    contents = new HashMap<>();
  }

  private InMemoryObjectStore(InMemoryObjectStore same) {
    createBuckets = false;
    lock = same.lock;
    buckets = same.buckets;
    objects = same.objects;
    contents = same.contents;
  }

  /** An empty store that creates missing buckets. */
  public static InMemoryObjectStore creatingBuckets() {
    return new InMemoryObjectStore(true);
  }

  /** An empty store that refuses to write to missing buckets. */
  public static InMemoryObjectStore withBuckets(BucketName... buckets) {
    var store = new InMemoryObjectStore(false);
    store.buckets.addAll(List.of(buckets));
    return store;
  }

  /** Creates a bucket, as somebody else would. */
  public void create(BucketName bucket) {
    locked(() -> buckets.add(bucket));
  }

  /** The same buckets and objects, for a worker that creates no buckets. */
  public InMemoryObjectStore withoutCreatingBuckets() {
    return new InMemoryObjectStore(this);
  }

  /** From now on every call fails as if the store could not be reached. */
  public void stop() {
    failWith(() -> ObjectStoreException.retryable("The object store is stopped", null));
  }

  /** From now on every call fails as if the store refused these credentials. */
  public void refuse() {
    failWith(() -> ObjectStoreException.permanent("The object store refuses: access denied", null));
  }

  /**
   * From now on every call about a key, or a listing, that begins with that prefix fails, though
   * the store is available, as if it failed over such a key.
   */
  public void failAt(String keyPrefix) {
    lock.lock();
    try {
      failures.put(
          keyPrefix,
          () ->
              ObjectStoreException.retryable(
                  "The object store fails at " + keyPrefix + " (HTTP 500)", null));
    } finally {
      lock.unlock();
    }
  }

  /** Ends every failure; the objects are unchanged. */
  public void start() {
    lock.lock();
    try {
      failure = null;
      failures.clear();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void put(ObjectLocation location, Path file, ObjectAttributes attributes) {
    at(
        location.key(),
        () -> {
          write(location, file, attributes);
          return PutResult.STORED;
        });
  }

  @Override
  public PutResult putIfAbsent(ObjectLocation location, Path file, ObjectAttributes attributes) {
    return at(
        location.key(),
        () -> {
          if (objects.containsKey(location)) {
            return PutResult.ALREADY_EXISTS;
          }
          write(location, file, attributes);
          return PutResult.STORED;
        });
  }

  @Override
  public Optional<StoredObject> stat(ObjectLocation location) {
    return at(location.key(), () -> Optional.ofNullable(objects.get(location)));
  }

  @Override
  public Optional<InputStream> read(ObjectLocation location) {
    return at(
        location.key(),
        () -> Optional.ofNullable(contents.get(location)).map(ByteArrayInputStream::new));
  }

  @Override
  public List<ObjectListing> list(BucketName bucket, String prefix, int atMost) {
    return at(
        prefix,
        () ->
            objects.values().stream()
                .filter(object -> object.location().bucket().equals(bucket))
                .filter(object -> object.location().key().startsWith(prefix))
                .map(object -> new ObjectListing(object.location(), object.bytes()))
                .sorted(BY_KEY)
                .limit(atMost)
                .toList());
  }

  /** From now on this store links to its objects below that address, where nothing is served. */
  public void linkTo(URI address) {
    lock.lock();
    try {
      publicEndpoint = Optional.of(address);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public Optional<URI> link(ObjectLocation location, Duration validity) {
    String path = URLEncoder.encode(location.toString(), StandardCharsets.UTF_8);
    return locked(() ->
        publicEndpoint.map(address ->
            URI.create("%s/%s?seconds=%d".formatted(address, path, validity.toSeconds()))));
  }

  @Override
  public void delete(ObjectLocation location) {
    at(
        location.key(),
        () -> {
          contents.remove(location);
          return Optional.ofNullable(objects.remove(location));
        });
  }

  /** Only notes the location, as nothing here is ever half uploaded. */
  @Override
  public void discardUploads(ObjectLocation location) {
    at(location.key(), () -> discarded.add(location));
  }

  /** The locations for which {@link #discardUploads} was called, in that order. */
  public List<ObjectLocation> discarded() {
    lock.lock();
    try {
      return List.copyOf(discarded);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public boolean hasBucket(BucketName bucket) {
    return createBuckets || locked(() -> buckets.contains(bucket));
  }

  /** From now on that is what this store does wrong, in every bucket. */
  public void fallShort(String what) {
    lock.lock();
    try {
      shortcoming = Optional.of(what);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public Optional<String> shortcoming(BucketName bucket) {
    lock.lock();
    try {
      return shortcoming;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void check() {
    locked(() -> true);
  }

  @Override
  public void close() {
    failWith(() -> ObjectStoreException.retryable("The object store is closed", null));
  }

  private void write(ObjectLocation location, Path file, ObjectAttributes attributes) {
    byte[] bytes;
    try {
      bytes = Files.readAllBytes(file);
    } catch (IOException e) {
      throw ObjectStoreException.permanent(
          "Cannot store %s: the file %s cannot be read: %s".formatted(location, file, e), e);
    }
    if (!buckets.contains(location.bucket())) {
      if (!createBuckets) {
        throw ObjectStoreException.permanent(
            "Cannot store %s: there is no such bucket".formatted(location), null);
      }
      buckets.add(location.bucket());
    }
    contents.put(location, bytes);
    objects.put(
        location,
        new StoredObject(location, bytes.length, attributes.contentType(), attributes.metadata()));
  }

  private void failWith(Supplier<ObjectStoreException> newFailure) {
    lock.lock();
    try {
      failure = newFailure;
    } finally {
      lock.unlock();
    }
  }

  private <T> T at(String key, Supplier<T> action) {
    return locked(() -> {
      for (Map.Entry<String, Supplier<ObjectStoreException>> failing : failures.entrySet()) {
        if (key.startsWith(failing.getKey())) {
          throw failing.getValue().get();
        }
      }
      return action.get();
    });
  }

  private <T> T locked(Supplier<T> action) {
    if (Thread.currentThread().isInterrupted()) {
      throw ObjectStoreException.retryable("The call was interrupted", null);
    }
    lock.lock();
    try {
      if (failure != null) {
        throw failure.get();
      }
      return action.get();
    } finally {
      lock.unlock();
    }
  }
}
