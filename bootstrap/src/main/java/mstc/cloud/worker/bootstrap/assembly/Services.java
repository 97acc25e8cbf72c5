package mstc.cloud.worker.bootstrap.assembly;

import java.util.List;
import java.util.Optional;
import java.util.UUID;
import mstc.cloud.worker.adapters.k8s.KubernetesJobRuntime;
import mstc.cloud.worker.adapters.k8s.KubernetesSettings;
import mstc.cloud.worker.adapters.local.LocalJobRuntime;
import mstc.cloud.worker.adapters.local.LocalSettings;
import mstc.cloud.worker.adapters.minio.MinioObjectStore;
import mstc.cloud.worker.adapters.minio.MinioSettings;
import mstc.cloud.worker.adapters.rabbitmq.RabbitWorkQueue;
import mstc.cloud.worker.adapters.s3.S3ObjectStore;
import mstc.cloud.worker.adapters.s3.S3Settings;
import mstc.cloud.worker.bootstrap.settings.Proxies;
import mstc.cloud.worker.bootstrap.settings.RuntimeSettings;
import mstc.cloud.worker.bootstrap.settings.StoreSettings;
import mstc.cloud.worker.bootstrap.settings.WorkerConfiguration;
import mstc.cloud.worker.domain.diagnosis.Check;
import mstc.cloud.worker.domain.diagnosis.Diagnosis;
import mstc.cloud.worker.domain.diagnosis.Finding;
import mstc.cloud.worker.domain.request.WorkFormat;
import mstc.cloud.worker.domain.runtime.JobRuntime;
import mstc.cloud.worker.domain.store.BucketName;
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

  /**
   * Examines every service that a worker with this configuration needs, as its adapters see it. The
   * caller closes each.
   *
   * @param bucket the bucket in which the store is tried; empty for one that is created for that,
   *     if buckets are
   */
  public static List<Diagnosis> diagnoses(
      WorkerConfiguration configuration, Optional<BucketName> bucket) {
    RuntimeSettings runtime = configuration.runtime();
    StoreSettings store = configuration.objectStore();
    Check folder = new Check("folder", "create and remove a file", () -> usableFolder(runtime));
    return List.of(
        RabbitWorkQueue.diagnosis(configuration.workQueue()),
        Diagnosis.of(List.of(folder)),
        ofRuntime(runtime, configuration.proxies()),
        ofStore(store, configuration.proxies(), bucket),
        Diagnosis.of(List.of(new StoreForJobs(store, runtime).check())));
  }

  private static Finding usableFolder(RuntimeSettings runtime) {
    try {
      OwnFolder.requireUsable(runtime);
      return new Finding.Passed();
    } catch (IllegalStateException e) {
      return new Finding.Failed(
          String.valueOf(e.getMessage()), "let this user write there, or set what is named");
    }
  }

  private static Diagnosis ofRuntime(RuntimeSettings runtime, Proxies proxies) {
    return switch (runtime) {
      case RuntimeSettings.Kubernetes(KubernetesSettings settings) ->
          KubernetesJobRuntime.diagnosis(settings, proxies);
      case RuntimeSettings.Local(LocalSettings settings) -> LocalJobRuntime.diagnosis(settings);
    };
  }

  private static Diagnosis ofStore(
      StoreSettings store, Proxies proxies, Optional<BucketName> bucket) {
    try {
      return switch (store) {
        case StoreSettings.Minio(MinioSettings settings) ->
            new MinioObjectStore(settings, proxies).diagnosis(bucket);
        case StoreSettings.S3(S3Settings settings) ->
            new S3ObjectStore(settings, proxies).diagnosis(bucket);
      };
    } catch (IllegalArgumentException e) {
      Finding unusable =
          new Finding.Failed(String.valueOf(e.getMessage()), "correct the setting that is named");
      return Diagnosis.of(List.of(new Check("store client", "set it up", () -> unusable)));
    }
  }

  /** Never the same twice, as a restarted worker is a different replica. */
  private static String replica(String host) {
    return host + "-" + UUID.randomUUID();
  }
}
