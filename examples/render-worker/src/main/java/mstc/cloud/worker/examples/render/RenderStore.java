package mstc.cloud.worker.examples.render;

import java.net.URI;
import java.util.Map;
import mstc.cloud.worker.adapters.minio.MinioObjectStore;
import mstc.cloud.worker.adapters.minio.MinioSettings;
import mstc.cloud.worker.domain.store.ObjectStore;

/** The store of images and logs, as the worker and its jobs find it in their environment. */
final class RenderStore {
  private RenderStore() {}

  static ObjectStore open(Map<String, String> environment) {
    return new MinioObjectStore(
        MinioSettings.of(
            URI.create(environment.getOrDefault("AWS_ENDPOINT_URL", "")),
            environment.getOrDefault("AWS_ACCESS_KEY_ID", ""),
            environment.getOrDefault("AWS_SECRET_ACCESS_KEY", "")));
  }
}
