package mstc.cloud.worker.domain.store;

import java.nio.charset.StandardCharsets;
import mstc.cloud.worker.domain.InvalidValueException;

/**
 * Where an object is.
 *
 * @param key the object's name in its bucket: 1 to 1,024 bytes of UTF-8, the limit of S3
 */
public record ObjectLocation(BucketName bucket, String key) {
  /**
   * What the keys of the worker's own objects begin with, other than those of logs. It removes them
   * itself, and the store may after some days, so nothing else may be kept there.
   */
  public static final String RESERVED_PREFIX = ".mstc/";

  private static final int MAX_KEY_BYTES = 1024;

  public ObjectLocation {
    int bytes = key.getBytes(StandardCharsets.UTF_8).length;
    if (bytes == 0 || bytes > MAX_KEY_BYTES) {
      throw new InvalidValueException(key, "an object name of 1 to 1024 bytes");
    }
  }

  @Override
  public String toString() {
    return bucket + "/" + key;
  }
}
