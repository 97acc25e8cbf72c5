package mstc.cloud.worker.domain.store;

import java.nio.file.Path;
import java.util.Optional;

/**
 * Keeps the logs of jobs as objects in buckets: each is stored once and never changed.
 *
 * <p>Every method blocks until the store has responded, may be called from any number of (virtual)
 * threads at once, may be repeated, and throws {@link ObjectStoreException} when the store cannot
 * be reached, refuses or breaks off. If the store's client library retries, its retries are over by
 * then. An interrupted thread gets an {@code ObjectStoreException} and keeps its interrupt flag.
 */
public interface LogStore extends AutoCloseable {

  /**
   * Stores a file unless an object of that name exists. If the store knows conditional writes, the
   * check is atomic; else it is made just before the write. Repeating a call whose response was
   * lost gives {@link PutResult#ALREADY_EXISTS}.
   *
   * <p>A missing bucket is created if the store is configured to do so. Files of any size are
   * streamed, never held in memory; readers see no object or all of it. A file that cannot be
   * opened is a permanent failure.
   *
   * <p>An upload of a large file that is cut off may leave parts in the store. The next upload of a
   * large file of that name first ends such uploads, as far as the store allows it; an upload that
   * is still in progress elsewhere then fails retryably.
   */
  PutResult putIfAbsent(ObjectLocation location, Path file, ObjectAttributes attributes);

  /** Describes an object; empty when there is no such object or bucket. */
  Optional<StoredObject> stat(ObjectLocation location);

  /**
   * Whether files can be put into that bucket: it exists, or the store is configured to create it,
   * in which case no request is made. Changes nothing.
   */
  boolean hasBucket(BucketName bucket);

  /**
   * Finds out, once, whether the store keeps to what {@link #putIfAbsent} relies on, with an object
   * under {@code .mstc/} that it writes and removes. Empty if it does, or if that cannot be found
   * out now, such as while the bucket is missing; never fails.
   *
   * @return what the store does wrong and what follows from it, in one line
   */
  default Optional<String> shortcoming(BucketName bucket) {
    return Optional.empty();
  }

  /** Returns when the store responds and accepts the credentials; changes nothing. */
  void check();

  /** Frees connections and threads; calls in progress fail. May be repeated. */
  @Override
  void close();
}
