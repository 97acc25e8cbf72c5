package mstc.cloud.worker.examples.render;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import mstc.cloud.worker.adapters.k8s.KubernetesJobRuntime;
import mstc.cloud.worker.adapters.k8s.KubernetesSettings;
import mstc.cloud.worker.adapters.s3.S3ObjectStore;
import mstc.cloud.worker.adapters.s3.S3Settings;
import mstc.cloud.worker.domain.runtime.JobRuntime;
import mstc.cloud.worker.domain.store.ObjectStore;

/** The adapters that the example does without, as the page shows them. */
final class OtherPorts {
  private OtherPorts() {}

  static ObjectStore s3(Map<String, String> environment) {
    return new S3ObjectStore(
        new S3Settings(
            Optional.of(URI.create(environment.getOrDefault("AWS_ENDPOINT_URL", ""))),
            Optional.of("us-east-1"),
            Optional.of(
                new S3Settings.Keys(
                    environment.getOrDefault("AWS_ACCESS_KEY_ID", ""),
                    environment.getOrDefault("AWS_SECRET_ACCESS_KEY", ""))),
            true,
            true,
            Duration.ofSeconds(5),
            Duration.ofSeconds(60),
            Optional.empty(),
            Optional.empty()));
  }

  static JobRuntime kubernetes(Path folder, Path kubeconfig, ObjectStore store) {
    return new KubernetesJobRuntime(
        new KubernetesSettings(
            Optional.of(kubeconfig),
            Optional.empty(),
            "render",
            "render-worker",
            UUID.randomUUID().toString(),
            Optional.empty(),
            folder.resolve("spool"),
            1 << 30,
            1 << 29,
            KubernetesSettings.DEFAULT_RETENTION,
            KubernetesSettings.DEFAULT_START_GRACE,
            KubernetesSettings.DEFAULT_SUSPENSION_LIMIT,
            KubernetesSettings.JobTemplate.of(
                Map.of("AWS_ENDPOINT_URL", "http://minio:9000"), Optional.of("store-keys")),
            KubernetesSettings.Timing.DEFAULT),
        store,
        new FrameFormat());
  }
}
