package mstc.cloud.worker.s3protocol;

import java.io.IOException;
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

/**
 * The requests of the S3 protocol that a store makes, sent with a client library.
 *
 * <p>Every method blocks until the server has responded, and may be called from any number of
 * (virtual) threads at once. An error response is a {@link RefusedException}, with the status 404
 * for a missing object, upload or bucket. Any other failure is thrown as it comes from the library,
 * with the {@link IOException} among its causes if the connection broke. A thread whose call ends
 * because it was interrupted keeps its interrupt flag.
 */
public interface S3Requests extends AutoCloseable {
  /** How many objects a server lists in one response, at most. */
  int MAX_PAGE = 1000;

  /** Sends a file in one request. */
  void putObject(
      ObjectLocation location, FileContent content, ObjectAttributes attributes, boolean ifAbsent)
      throws IOException;

  /** Begins a multipart upload. */
  MultipartUpload createMultipartUpload(ObjectLocation location, ObjectAttributes attributes);

  /** The ids of the object's unfinished uploads, whoever began them. */
  List<String> listMultipartUploads(ObjectLocation location) throws IOException;

  /** Ends an unfinished upload and removes its parts. */
  void abortMultipartUpload(ObjectLocation location, String upload);

  /** Describes an object. */
  StoredObject headObject(ObjectLocation location);

  /** Opens an object for reading, like {@link mstc.cloud.worker.domain.store.ObjectReader#read}. */
  InputStream getObject(ObjectLocation location);

  /**
   * The first objects whose key begins with the prefix, as the server orders them.
   *
   * @param atMost how many, 1 or more
   */
  List<ObjectListing> listObjects(BucketName bucket, String prefix, int atMost);

  /**
   * A presigned URL that downloads the object as an attachment, so that no browser renders it; like
   * {@link mstc.cloud.worker.domain.store.ObjectReader#link}. Makes no request to the server.
   */
  Optional<URI> presignGetObject(ObjectLocation location, Duration validity);

  /** Removes an object. */
  void deleteObject(ObjectLocation location);

  /** Whether there is such a bucket. */
  boolean hasBucket(BucketName bucket);

  /** Creates a bucket. */
  void createBucket(BucketName bucket);

  /** Asks for at most one bucket. */
  void listBuckets();

  /** Frees connections and threads; calls in progress fail. May be repeated. */
  @Override
  void close();
}
