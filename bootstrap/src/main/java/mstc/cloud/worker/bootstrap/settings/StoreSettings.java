package mstc.cloud.worker.bootstrap.settings;

import java.net.URI;
import java.util.Optional;
import mstc.cloud.worker.adapters.minio.MinioSettings;
import mstc.cloud.worker.adapters.s3.S3Settings;

/** Which object store is chosen, with its adapter's settings. */
public sealed interface StoreSettings {
  /** A MinIO server, through its own client. */
  record Minio(MinioSettings settings) implements StoreSettings {}

  /** Amazon S3 or a server that speaks its protocol, through the AWS SDK. */
  record S3(S3Settings settings) implements StoreSettings {}

  /** The server's URL; empty for Amazon's own. */
  default Optional<URI> endpoint() {
    return switch (this) {
      case Minio(MinioSettings minio) -> Optional.of(minio.endpoint());
      case S3(S3Settings s3) -> s3.endpoint();
    };
  }

  /** The region that requests are signed for; if empty, the store's client finds it. */
  default Optional<String> region() {
    return switch (this) {
      case Minio(MinioSettings minio) -> minio.region();
      case S3(S3Settings s3) -> s3.region();
    };
  }

  /** The credentials of the program and its jobs; if empty, the AWS SDK finds them. */
  default Optional<S3Settings.Keys> credentials() {
    return switch (this) {
      case Minio(MinioSettings minio) ->
          Optional.of(new S3Settings.Keys(minio.accessKey(), minio.secretKey()));
      case S3(S3Settings s3) -> s3.credentials();
    };
  }
}
