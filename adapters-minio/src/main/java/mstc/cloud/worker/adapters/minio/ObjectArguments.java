package mstc.cloud.worker.adapters.minio;

import io.minio.ObjectArgs;
import java.util.Map;
import mstc.cloud.worker.domain.store.ObjectLocation;

/** The arguments that all calls about an object share. */
final class ObjectArguments {
  private ObjectArguments() {}

  static <B extends ObjectArgs.Builder<B, ?>> B at(B builder, ObjectLocation location) {
    // The domain's rules for bucket names are those of S3; the client's are stricter.
    return builder.skipValidation(true).bucket(location.bucket().value()).object(location.key());
  }

  static Map<String, String> condition(boolean ifAbsent) {
    return ifAbsent ? Map.of("If-None-Match", "*") : Map.of();
  }
}
