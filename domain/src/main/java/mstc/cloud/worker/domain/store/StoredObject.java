package mstc.cloud.worker.domain.store;

import java.util.Map;

/**
 * An object as the store describes it.
 *
 * @param bytes its size
 * @param contentType its media type
 * @param metadata its user metadata; keys in lower case, without the protocol's {@code x-amz-meta-}
 */
public record StoredObject(
    ObjectLocation location, long bytes, String contentType, Map<String, String> metadata) {
  public StoredObject {
    metadata = Map.copyOf(metadata);
  }
}
