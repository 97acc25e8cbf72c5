package mstc.cloud.worker.domain.store;

import java.nio.file.Path;
import java.util.List;

/**
 * Keeps files of any kind as objects in buckets: besides logs, the inputs and results of jobs,
 * which clients upload and download, and what a runtime keeps of logs that are not complete yet.
 *
 * <p>Its methods block, may be repeated and fail as those of {@link LogStore} do.
 */
public interface ObjectStore extends LogStore, ObjectReader {

  /**
   * Stores a file, replacing an object of that name; readers see the old object or the whole new
   * one. Otherwise as {@link #putIfAbsent}.
   */
  void put(ObjectLocation location, Path file, ObjectAttributes attributes);

  /**
   * Lists all objects whose key begins with the prefix, as {@link #list(BucketName, String, int)}.
   */
  default List<ObjectListing> list(BucketName bucket, String prefix) {
    return list(bucket, prefix, Integer.MAX_VALUE);
  }

  /**
   * Removes an object; does nothing when there is no such object or bucket. In a bucket that keeps
   * versions, the earlier ones stay.
   */
  void delete(ObjectLocation location);

  /**
   * Ends all unfinished uploads of an object, whoever began them, so that their parts take up no
   * room; does nothing if there are none, or no such bucket. The object itself stays. An upload
   * that is still in progress fails retryably.
   */
  void discardUploads(ObjectLocation location);
}
