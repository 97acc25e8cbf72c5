package mstc.cloud.worker.domain.store;

import java.io.InputStream;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Finds and reads objects in buckets, and changes nothing.
 *
 * <p>Its methods block, may be repeated and fail as those of {@link LogStore} do.
 */
public interface ObjectReader {

  /**
   * Opens an object for reading; empty when there is no such object or bucket. The caller closes
   * the stream; if the connection breaks while it is read, it throws {@link java.io.IOException}.
   */
  Optional<InputStream> read(ObjectLocation location);

  /**
   * Lists objects whose key begins with the prefix, sorted by key in UTF-8 binary order, without
   * their content type and metadata; empty when there is no such bucket. If there are more, it has
   * those that the server lists first, in S3's order the first ones; it is not asked for the rest.
   *
   * @param atMost how many, 1 or more
   */
  List<ObjectListing> list(BucketName bucket, String prefix, int atMost);

  /**
   * A URL by which whoever has it downloads the object, without credentials of their own. It is as
   * secret as they are. Made without asking the server, whether there is such an object or not.
   *
   * @param validity for how long, 1 s to 7 days; less if the worker's own credentials expire
   * @return empty if it is not known where others reach the store
   */
  Optional<URI> link(ObjectLocation location, Duration validity);
}
