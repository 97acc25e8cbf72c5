package mstc.cloud.worker.domain.store;

import java.util.Map;

/**
 * What is stored with an object besides its content.
 *
 * @param contentType a media type, such as {@code text/plain; charset=utf-8}
 * @param metadata user metadata: keys of a-z, 0-9 and '-', values of printable ASCII without
 *     leading or trailing spaces, together at most 2 KB, the limit of S3
 */
public record ObjectAttributes(String contentType, Map<String, String> metadata) {
  public ObjectAttributes {
    metadata = Map.copyOf(metadata);
  }

  /** This media type, without user metadata. */
  public static ObjectAttributes ofType(String contentType) {
    return new ObjectAttributes(contentType, Map.of());
  }
}
