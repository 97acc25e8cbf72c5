package mstc.cloud.worker.bootstrap.assembly;

import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import mstc.cloud.worker.adapters.http.HttpSettings;
import mstc.cloud.worker.adapters.k8s.KubernetesSettings;
import mstc.cloud.worker.adapters.local.LocalSettings;
import mstc.cloud.worker.adapters.minio.MinioObjectStore;
import mstc.cloud.worker.adapters.minio.MinioSettings;
import mstc.cloud.worker.adapters.rabbitmq.RabbitSettings;
import mstc.cloud.worker.adapters.rabbitmq.RabbitWorkClient;
import mstc.cloud.worker.adapters.s3.S3ObjectStore;
import mstc.cloud.worker.adapters.s3.S3Settings;
import mstc.cloud.worker.bootstrap.configuration.Secret;
import mstc.cloud.worker.bootstrap.configuration.WorkerConfiguration;
import mstc.cloud.worker.bootstrap.configuration.WorkerConfiguration.Credentials;
import mstc.cloud.worker.domain.request.Resources;
import mstc.cloud.worker.domain.store.ObjectStore;

/** Makes adapters of the configuration: the one place where the two are known to each other. */
public final class Services {
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);
  private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(60);

  /** What signing wants where a store has no regions of its own. */
  private static final String DEFAULT_REGION = "us-east-1";

  private Services() {}

  /** The configured object store; does not connect yet. */
  public static ObjectStore objectStore(WorkerConfiguration configuration) {
    return switch (configuration.objectStore()) {
      case WorkerConfiguration.MinioSettings minio ->
          new MinioObjectStore(
              new MinioSettings(
                  minio.endpoint(),
                  minio.credentials().accessKey(),
                  minio.credentials().secretKey().value(),
                  minio.region(),
                  minio.createBuckets(),
                  CONNECT_TIMEOUT,
                  REQUEST_TIMEOUT,
                  minio.tls().caCertificate()));
      case WorkerConfiguration.S3Settings s3 ->
          new S3ObjectStore(
              new S3Settings(
                  s3.endpoint(),
                  s3.region(),
                  s3.credentials()
                      .map(keys -> new S3Settings.Keys(keys.accessKey(), keys.secretKey().value())),
                  s3.pathStyle(),
                  s3.createBuckets(),
                  CONNECT_TIMEOUT,
                  REQUEST_TIMEOUT,
                  s3.caCertificate()));
    };
  }

  /** A client of the configured queue; does not connect yet. */
  public static RabbitWorkClient workClient(WorkerConfiguration configuration) {
    return new RabbitWorkClient(rabbit(configuration.workQueue()));
  }

  static RabbitSettings rabbit(WorkerConfiguration.WorkQueueSettings queue) {
    RabbitSettings.Timing timing = RabbitSettings.Timing.DEFAULT;
    return new RabbitSettings(
        queue.host(),
        queue.port(),
        queue.user(),
        queue.password().value(),
        queue.virtualHost(),
        "mstc-cloud-worker",
        new RabbitSettings.Timing(
            queue.heartbeat(),
            timing.connection(),
            timing.confirmation(),
            timing.firstReconnect(),
            timing.lastReconnect()),
        new RabbitSettings.Tls(queue.tls().enabled(), queue.tls().caCertificate(), true),
        RabbitSettings.Names.DEFAULT);
  }

  static LocalSettings local(
      WorkerConfiguration.LocalSettings local, WorkerConfiguration configuration) {
    return new LocalSettings(
        local.folder(),
        local.catalogue().stream()
            .map(entry -> new LocalSettings.CatalogueEntry(entry.image(), entry.command()))
            .toList(),
        configuration.jobs().retention(),
        jobEnvironment(configuration),
        LocalSettings.DEFAULT_INHERITED_VARIABLES,
        local.grace(),
        configuration.jobs().logBytes());
  }

  static KubernetesSettings kubernetes(
      WorkerConfiguration.KubernetesSettings kubernetes, WorkerConfiguration configuration) {
    return new KubernetesSettings(
        kubernetes.kubeconfig(),
        kubernetes.context(),
        kubernetes.namespace(),
        kubernetes.lease(),
        replicaIdentity(),
        pod(),
        kubernetes.spool(),
        kubernetes.spoolBytes(),
        configuration.jobs().logBytes().orElse(kubernetes.spoolBytes() / 2),
        configuration.jobs().retention(),
        kubernetes.startGrace(),
        new KubernetesSettings.JobTemplate(
            storeAddress(configuration),
            kubernetes.credentialsSecret(),
            kubernetes.nodeSelector(),
            kubernetes.tolerations().stream()
                .map(taint ->
                    new KubernetesSettings.Toleration(taint.key(), taint.value(), taint.effect()))
                .toList(),
            kubernetes.imagePullSecrets(),
            kubernetes.serviceAccount(),
            new Resources(kubernetes.cpu(), kubernetes.memory(), OptionalInt.empty()),
            kubernetes.priorityClass(),
            kubernetes.queueName(),
            kubernetes.restricted()),
        KubernetesSettings.Timing.DEFAULT);
  }

  /** A pod's name, or the host's; never the same twice, as a restarted worker is another one. */
  private static String replicaIdentity() {
    String host = Optional.ofNullable(System.getenv("HOSTNAME")).orElse("worker");
    return host + "-" + UUID.randomUUID();
  }

  /** The kubelet names the host in a pod after the pod. */
  private static Optional<String> pod() {
    return Optional.ofNullable(System.getenv("KUBERNETES_SERVICE_HOST"))
        .flatMap(cluster -> Optional.ofNullable(System.getenv("HOSTNAME")));
  }

  static HttpSettings http(WorkerConfiguration.HttpSettings http) {
    return new HttpSettings(http.host(), http.port(), http.token().map(Secret::value));
  }

  /** Where jobs find the store, as the wire contract names it. */
  private static SortedMap<String, String> storeAddress(WorkerConfiguration configuration) {
    SortedMap<String, String> environment = new TreeMap<>();
    WorkerConfiguration.JobStoreAddress address = configuration.jobs().store();
    address.host().ifPresent(host -> environment.put("MINIO_SERVICE_HOST", host));
    address.port().ifPresent(port -> environment.put("MINIO_SERVICE_PORT", Integer.toString(port)));
    address
        .endpoint()
        .map(URI::toString)
        .ifPresent(url -> environment.put("AWS_ENDPOINT_URL", url));
    environment.put("AWS_REGION", configuration.objectStore().region().orElse(DEFAULT_REGION));
    return environment;
  }

  /** Where jobs find the store and what lets them in, as the wire contract names it. */
  private static Map<String, String> jobEnvironment(WorkerConfiguration configuration) {
    Map<String, String> environment = new TreeMap<>(storeAddress(configuration));
    Optional<Credentials> credentials =
        switch (configuration.objectStore()) {
          case WorkerConfiguration.MinioSettings minio -> Optional.of(minio.credentials());
          case WorkerConfiguration.S3Settings s3 -> s3.credentials();
        };
    credentials.ifPresent(keys -> {
      environment.put("AWS_ACCESS_KEY_ID", keys.accessKey());
      environment.put("AWS_SECRET_ACCESS_KEY", keys.secretKey().value());
      environment.put("MINIO_ROOT_USER", keys.accessKey());
      environment.put("MINIO_ROOT_PASSWORD", keys.secretKey().value());
    });
    return environment;
  }
}
