package mstc.cloud.worker.domain.store;

import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Keeps files as objects in buckets.
 *
 * <p>Every method blocks until the store has answered, may be called from any number of (virtual)
 * threads at once, may be repeated, and throws {@link ObjectStoreException} when the store cannot
 * be reached, refuses or breaks off. Where the store's client library retries, the retries are over
 * by then. An interrupted thread gets an {@code ObjectStoreException} and keeps its interrupt flag.
 */
public interface ObjectStore extends AutoCloseable {

  /**
   * Stores a file, replacing an object of that name. The bucket is created when it is missing and
   * the store is configured to do so. Files of any size are streamed, never held in memory; readers
   * see the old object or the whole new one. A file that cannot be opened is a permanent failure.
   *
   * <p>Of a large file's upload that is cut off, parts may stay in the store. The next upload of a
   * large file of that name ends such uploads before it begins, as far as the store lets it; one
   * that is still going on elsewhere then fails retryably.
   */
  void put(ObjectLocation location, Path file, ObjectAttributes attributes);

  /**
   * Stores a file unless an object of that name exists, and is otherwise as {@link #put}. Where the
   * store knows conditional writes the check is atomic, else it is made just before the write.
   * Repeating a call whose answer was lost gives {@link PutResult#ALREADY_EXISTS}.
   */
  PutResult putIfAbsent(ObjectLocation location, Path file, ObjectAttributes attributes);

  /** Describes an object; empty when there is no such object or bucket. */
  Optional<StoredObject> stat(ObjectLocation location);

  /**
   * Opens an object for reading; empty when there is no such object or bucket. The caller closes
   * the stream; a connection that breaks while reading is an {@link java.io.IOException} of it.
   */
  Optional<InputStream> read(ObjectLocation location);

  /**
   * Lists all objects whose key begins with the prefix, sorted by key in UTF-8 binary order,
   * without their content type and metadata; empty when there is no such bucket.
   */
  List<ObjectListing> list(BucketName bucket, String prefix);

  /**
   * Removes an object; does nothing when there is no such object or bucket. In a bucket that keeps
   * versions, the earlier ones stay.
   */
  void delete(ObjectLocation location);

  /**
   * Ends all unfinished uploads of an object, whoever began them, so that nothing of them takes up
   * room; does nothing where there are none, or no such bucket. The object itself stays. An upload
   * that is still going on fails retryably.
   */
  void discardUploads(ObjectLocation location);

  /**
   * Whether a file that is put into that bucket finds it: it is there, or the store is configured
   * to create it, and then nothing is asked. Changes nothing.
   */
  boolean hasBucket(BucketName bucket);

  /** Returns when the store answers and accepts the credentials; changes nothing. */
  void check();

  /** Frees connections and threads; calls under way fail. May be repeated. */
  @Override
  void close();
}
