package mstc.cloud.worker.embedded;

import java.nio.file.Path;

/**
 * Where the embedded S3 server listens, who may use it and where it keeps its buckets.
 *
 * @param host the address to listen on
 * @param port the TCP port; 0 takes any free one, see {@link EmbeddedObjectStore#port()}
 * @param accessKey the only access key
 * @param secretKey that access key's secret
 * @param folder the folder of the buckets, created when missing
 */
public record ObjectStoreSettings(
    String host, int port, String accessKey, String secretKey, Path folder) {

  public ObjectStoreSettings {
    Ports.requireValid(port);
    if (host.isBlank() || accessKey.isBlank() || secretKey.isBlank()) {
      throw new IllegalArgumentException(
          "The object store's host, access key and secret key must not be blank.");
    }
  }

  /** On any free port of 127.0.0.1, with the default credentials of MinIO's clients. */
  public static ObjectStoreSettings in(Path folder) {
    return new ObjectStoreSettings("127.0.0.1", 0, "minioadmin", "minioadmin", folder);
  }

  /** Never shows the secret key. */
  @Override
  public String toString() {
    return "ObjectStoreSettings[host=%s, port=%d, accessKey=%s, folder=%s]"
        .formatted(host, port, accessKey, folder);
  }
}
