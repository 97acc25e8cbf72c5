package mstc.cloud.worker.bootstrap.assembly;

import java.util.UUID;
import mstc.cloud.worker.adapters.k8s.KubernetesJobRuntime;
import mstc.cloud.worker.adapters.k8s.KubernetesSettings;
import mstc.cloud.worker.adapters.local.LocalJobRuntime;
import mstc.cloud.worker.adapters.local.LocalSettings;
import mstc.cloud.worker.adapters.minio.MinioObjectStore;
import mstc.cloud.worker.adapters.minio.MinioSettings;
import mstc.cloud.worker.adapters.s3.S3ObjectStore;
import mstc.cloud.worker.adapters.s3.S3Settings;
import mstc.cloud.worker.bootstrap.settings.Proxies;
import mstc.cloud.worker.bootstrap.settings.RuntimeSettings;
import mstc.cloud.worker.bootstrap.settings.StoreSettings;
import mstc.cloud.worker.domain.request.WorkFormat;
import mstc.cloud.worker.domain.runtime.JobRuntime;
import mstc.cloud.worker.domain.store.ObjectStore;

/**
 * Creates the adapters that a configuration chooses. The caller closes them, a runtime before the
 * store it was given.
 */
public final class Services {
  private Services() {}

  /**
   * The chosen object store; does not connect yet.
   *
   * @param proxies on the way to it
   * @throws IllegalArgumentException if a certificate cannot be read, or no region is found; the
   *     message says which
   */
  public static ObjectStore objectStore(StoreSettings store, Proxies proxies) {
    return switch (store) {
      case StoreSettings.Minio(MinioSettings settings) -> minio(settings, proxies);
      case StoreSettings.S3(S3Settings settings) -> s3(settings, proxies);
    };
  }

  // Separate, as this module must not know what the two classes have in common.

  private static ObjectStore minio(MinioSettings settings, Proxies proxies) {
    return new MinioObjectStore(settings, proxies);
  }

  private static ObjectStore s3(S3Settings settings, Proxies proxies) {
    return new S3ObjectStore(settings, proxies);
  }

  /**
   * The chosen runtime, as a new replica; does not begin its work yet.
   *
   * @param store takes the jobs' logs
   * @param format of the work in the jobs' records
   * @param proxies on the way to a cluster
   * @throws IllegalArgumentException if nothing tells how to reach a cluster
   */
  public static JobRuntime jobRuntime(
      RuntimeSettings runtime, ObjectStore store, WorkFormat format, Proxies proxies) {
    return switch (runtime) {
      case RuntimeSettings.Kubernetes(KubernetesSettings settings) ->
          new KubernetesJobRuntime(
              settings.withIdentity(replica(settings.identity())), store, format, proxies);
      case RuntimeSettings.Local(LocalSettings settings) -> new LocalJobRuntime(settings, format);
    };
  }

  /** Never the same twice, as a restarted worker is a different replica. */
  private static String replica(String host) {
    return host + "-" + UUID.randomUUID();
  }
}
