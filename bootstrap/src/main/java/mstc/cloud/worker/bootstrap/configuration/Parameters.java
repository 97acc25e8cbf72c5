package mstc.cloud.worker.bootstrap.configuration;

import static mstc.cloud.worker.bootstrap.configuration.KubernetesTypes.CPU;
import static mstc.cloud.worker.bootstrap.configuration.KubernetesTypes.DNS_LABEL;
import static mstc.cloud.worker.bootstrap.configuration.KubernetesTypes.DNS_NAME;
import static mstc.cloud.worker.bootstrap.configuration.KubernetesTypes.MEMORY;
import static mstc.cloud.worker.bootstrap.configuration.KubernetesTypes.NAMES;
import static mstc.cloud.worker.bootstrap.configuration.KubernetesTypes.NODE_SELECTOR;
import static mstc.cloud.worker.bootstrap.configuration.KubernetesTypes.TOLERATIONS;
import static mstc.cloud.worker.bootstrap.configuration.ValueTypes.ENDPOINT;
import static mstc.cloud.worker.bootstrap.configuration.ValueTypes.GLOBS;
import static mstc.cloud.worker.bootstrap.configuration.ValueTypes.HOST;
import static mstc.cloud.worker.bootstrap.configuration.ValueTypes.LISTENING_PORT;
import static mstc.cloud.worker.bootstrap.configuration.ValueTypes.PATH;
import static mstc.cloud.worker.bootstrap.configuration.ValueTypes.PORT;
import static mstc.cloud.worker.bootstrap.configuration.ValueTypes.READABLE_FILE;
import static mstc.cloud.worker.bootstrap.configuration.ValueTypes.SECRET;
import static mstc.cloud.worker.bootstrap.configuration.ValueTypes.SWITCH;
import static mstc.cloud.worker.bootstrap.configuration.ValueTypes.TEXT;
import static mstc.cloud.worker.bootstrap.configuration.ValueTypes.duration;
import static mstc.cloud.worker.bootstrap.configuration.ValueTypes.oneOf;
import static mstc.cloud.worker.bootstrap.configuration.ValueTypes.text;
import static mstc.cloud.worker.bootstrap.configuration.ValueTypes.wholeNumber;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.SortedMap;
import mstc.cloud.worker.bootstrap.configuration.WorkerConfiguration.CatalogueEntry;
import mstc.cloud.worker.bootstrap.configuration.WorkerConfiguration.KubernetesSettings;
import mstc.cloud.worker.bootstrap.configuration.WorkerConfiguration.LogFormat;
import mstc.cloud.worker.bootstrap.configuration.WorkerConfiguration.LogLevel;
import mstc.cloud.worker.domain.request.Glob;
import mstc.cloud.worker.domain.request.RequestPolicy;
import mstc.cloud.worker.domain.request.Resources;
import mstc.cloud.worker.domain.request.WorkRequest;

/** Every key there is, in the order of the documentation. */
final class Parameters {
  /** The stores that {@link #OBJECT_STORE_TYPE} chooses from. */
  enum StoreType {
    MINIO,
    S3
  }

  /** The runtimes that {@link #RUNTIME_TYPE} chooses from. */
  enum RuntimeType {
    KUBERNETES,
    LOCAL
  }

  static final Parameter<String> WORK_QUEUE_HOST =
      Parameter.of("mstc.work-queue.host", HOST, "RabbitMQ's host.")
          .withDefault("localhost")
          .readBeforeFrom("WORK_QUEUE_HOST");
  static final Parameter<Integer> WORK_QUEUE_PORT =
      Parameter.of("mstc.work-queue.port", PORT, "RabbitMQ's AMQP port; with TLS usually 5671.")
          .withDefault(5672)
          .readBeforeFrom("WORK_QUEUE_PORT");
  static final Parameter<String> WORK_QUEUE_USER =
      Parameter.of("mstc.work-queue.user", TEXT, "The user at RabbitMQ.")
          .withDefault("guest")
          .readBeforeFrom("WORK_QUEUE_USER");
  static final Parameter<Secret> WORK_QUEUE_PASSWORD =
      Parameter.of("mstc.work-queue.password", SECRET, "That user's password.")
          .withDefault(new Secret("guest"))
          .readBeforeFrom("WORK_QUEUE_PASS");
  static final Parameter<String> WORK_QUEUE_VIRTUAL_HOST =
      Parameter.of("mstc.work-queue.virtual-host", TEXT, "The virtual host at RabbitMQ.")
          .withDefault("/");
  static final Parameter<Duration> WORK_QUEUE_HEARTBEAT =
      Parameter.of(
              "mstc.work-queue.heartbeat",
              duration(Duration.ofSeconds(1), Duration.ofHours(1)),
              "How long the connection may be silent; after about two of them it counts as cut.")
          .withDefault(Duration.ofSeconds(30));
  static final Parameter<Boolean> WORK_QUEUE_TLS =
      Parameter.of(
              "mstc.work-queue.tls.enabled", SWITCH, "Whether the connection to RabbitMQ uses TLS.")
          .withDefault(false);
  static final Parameter<Path> WORK_QUEUE_CA_CERTIFICATE =
      Parameter.of(
              "mstc.work-queue.tls.ca-certificate",
              READABLE_FILE,
              "A PEM file of the authorities to trust for RabbitMQ.")
          .withDerivedDefault("those the JDK trusts");

  static final Parameter<StoreType> OBJECT_STORE_TYPE =
      Parameter.of(
              "mstc.object-store.type",
              oneOf(StoreType.class, Parameters::lowerCase),
              "Which client reaches the object store: MinIO's or the AWS SDK.")
          .withDefault(StoreType.MINIO);
  static final Parameter<Boolean> OBJECT_STORE_CREATE_BUCKETS =
      Parameter.of(
              "mstc.object-store.create-buckets",
              SWITCH,
              "Whether a missing output bucket is created.")
          .withDefault(true);
  static final Parameter<String> OBJECT_STORE_REGION =
      Parameter.of(
              "mstc.object-store.region",
              text(
                  "a region such as eu-central-1",
                  value -> value.length() <= 63 && value.matches("[A-Za-z0-9-]+")),
              "The region that requests are signed for and buckets are created in.")
          .withDerivedDefault("as the store's client finds it");
  static final Parameter<String> MINIO_HOST =
      Parameter.of("mstc.object-store.minio.host", HOST, "MinIO's host.")
          .withDefault("localhost")
          .readBeforeFrom("MINIO_SERVICE_HOST");
  static final Parameter<Integer> MINIO_PORT =
      Parameter.of("mstc.object-store.minio.port", PORT, "MinIO's API port.")
          .withDefault(9000)
          .readBeforeFrom("MINIO_SERVICE_PORT");
  static final Parameter<Boolean> MINIO_TLS =
      Parameter.of(
              "mstc.object-store.minio.tls.enabled", SWITCH, "Whether MinIO is reached by https.")
          .withDefault(false);
  static final Parameter<Path> MINIO_CA_CERTIFICATE =
      Parameter.of(
              "mstc.object-store.minio.tls.ca-certificate",
              READABLE_FILE,
              "A PEM file of the authorities to trust for MinIO.")
          .withDerivedDefault("those the JDK trusts");
  static final Parameter<String> MINIO_ACCESS_KEY =
      Parameter.of("mstc.object-store.minio.access-key", TEXT, "The access key (user) at MinIO.")
          .withDefault("minioadmin")
          .readBeforeFrom("MINIO_ROOT_USER");
  static final Parameter<Secret> MINIO_SECRET_KEY =
      Parameter.of("mstc.object-store.minio.secret-key", SECRET, "That access key's secret.")
          .withDefault(new Secret("minioadmin"))
          .readBeforeFrom("MINIO_ROOT_PASSWORD");
  static final Parameter<URI> S3_ENDPOINT =
      Parameter.of(
              "mstc.object-store.s3.endpoint",
              ENDPOINT,
              "The URL of a server that speaks S3, where it is not Amazon's.")
          .withDerivedDefault("Amazon's");
  static final Parameter<Boolean> S3_PATH_STYLE =
      Parameter.of(
              "mstc.object-store.s3.path-style",
              SWITCH,
              "Whether the bucket is part of the URL's path rather than of its host.")
          .withDerivedDefault("true with an endpoint, else false");
  static final Parameter<String> S3_ACCESS_KEY =
      Parameter.of(
              "mstc.object-store.s3.access-key",
              TEXT,
              "The access key at S3, together with its secret or not at all.")
          .withDerivedDefault(
              "with an endpoint MinIO's if given and no AWS_* credentials are, else as the AWS SDK"
                  + " finds it");
  static final Parameter<Secret> S3_SECRET_KEY =
      Parameter.of("mstc.object-store.s3.secret-key", SECRET, "That access key's secret.")
          .withDerivedDefault("as for the access key");
  static final Parameter<Path> S3_CA_CERTIFICATE =
      Parameter.of(
              "mstc.object-store.s3.tls.ca-certificate",
              READABLE_FILE,
              "A PEM file of the authorities to trust for an https endpoint.")
          .withDerivedDefault("those the JDK trusts");

  static final Parameter<RuntimeType> RUNTIME_TYPE =
      Parameter.of(
              "mstc.runtime.type",
              oneOf(RuntimeType.class, Parameters::lowerCase),
              "Where jobs run: on a Kubernetes cluster, or as processes of this machine.")
          .withDefault(RuntimeType.KUBERNETES);
  static final Parameter<Path> KUBERNETES_KUBECONFIG =
      Parameter.of(
              "mstc.runtime.kubernetes.kubeconfig",
              READABLE_FILE,
              "The file that tells how to reach the cluster.")
          .withDerivedDefault("as kubectl finds it, in a pod its service account");
  static final Parameter<String> KUBERNETES_CONTEXT =
      Parameter.of("mstc.runtime.kubernetes.context", TEXT, "The context of the kubeconfig.")
          .withDerivedDefault("its current one");
  static final Parameter<String> KUBERNETES_NAMESPACE =
      Parameter.of(
              "mstc.runtime.kubernetes.namespace",
              DNS_LABEL,
              "The namespace that jobs run in; its workers share broker, store and Lease.")
          .withDefault("mstc-dev");
  static final Parameter<String> KUBERNETES_LEASE =
      Parameter.of(
              "mstc.runtime.kubernetes.lease",
              DNS_NAME,
              "The Lease whose holder among the replicas follows and completes jobs.")
          .withDefault("mstc-cloud-worker");
  static final Parameter<Duration> KUBERNETES_START_GRACE =
      Parameter.of(
              "mstc.runtime.kubernetes.start-grace",
              duration(Duration.ZERO, Duration.ofHours(1)),
              "How long an image that cannot be pulled, or a pod that cannot be made, is waited"
                  + " for.")
          .withDefault(Duration.ofSeconds(30));
  static final Parameter<Integer> KUBERNETES_SPOOL_MEBIBYTES =
      Parameter.of(
              "mstc.runtime.kubernetes.spool-mebibytes",
              wholeNumber(16, 100_000_000),
              "The most that logs take on their way to the store; at 80 % no more requests are taken.")
          .withDefault(10_240);
  static final Parameter<String> KUBERNETES_SERVICE_ACCOUNT =
      Parameter.of(
              "mstc.runtime.kubernetes.service-account",
              DNS_NAME,
              "The service account of the jobs' pods, which never get its token.")
          .withDerivedDefault("the namespace's");
  static final Parameter<SortedMap<String, String>> KUBERNETES_NODE_SELECTOR =
      Parameter.of(
              "mstc.runtime.kubernetes.node-selector",
              NODE_SELECTOR,
              "Labels of the nodes that jobs run on.")
          .withDefault(Collections.emptySortedMap());
  static final Parameter<List<KubernetesSettings.Toleration>> KUBERNETES_TOLERATIONS =
      Parameter.of("mstc.runtime.kubernetes.tolerations", TOLERATIONS, "Taints that jobs tolerate.")
          .withDefault(List.of());
  static final Parameter<List<String>> KUBERNETES_IMAGE_PULL_SECRETS =
      Parameter.of(
              "mstc.runtime.kubernetes.image-pull-secrets",
              NAMES,
              "Secrets for the registries of jobs' images.")
          .withDefault(List.of());
  static final Parameter<String> KUBERNETES_PRIORITY_CLASS =
      Parameter.of(
          "mstc.runtime.kubernetes.priority-class", DNS_NAME, "The priority class of jobs.");
  static final Parameter<String> KUBERNETES_QUEUE_NAME =
      Parameter.of(
          "mstc.runtime.kubernetes.queue-name",
          DNS_NAME,
          "The Kueue queue that admits jobs; Kueue has to be there.");
  static final Parameter<String> KUBERNETES_CPU =
      Parameter.of(
          "mstc.runtime.kubernetes.cpu", CPU, "The cores of jobs whose requests name none.");
  static final Parameter<String> KUBERNETES_MEMORY =
      Parameter.of(
          "mstc.runtime.kubernetes.memory", MEMORY, "The memory of jobs whose requests name none.");
  static final Parameter<Boolean> KUBERNETES_RESTRICTED =
      Parameter.of(
              "mstc.runtime.kubernetes.restricted",
              SWITCH,
              "Whether jobs refuse to run as root, as namespaces of the Pod Security standard"
                  + " restricted want.")
          .withDefault(false);
  static final Parameter<Path> LOCAL_FOLDER =
      Parameter.of(
              "mstc.runtime.local.folder", PATH, "Holds a folder for each job; created if missing.")
          .withDerivedDefault("`jobs` in `mstc.scratch-dir`");
  static final Parameter<List<CatalogueEntry>> LOCAL_CATALOGUE =
      Parameter.of(
              "mstc.runtime.local.catalogue",
              new CatalogueType(),
              "Which command runs for which image (a glob); the first match counts.")
          .withDefault(List.of());
  static final Parameter<Duration> LOCAL_GRACE =
      Parameter.of(
              "mstc.runtime.local.grace",
              duration(Duration.ZERO, Duration.ofMinutes(10)),
              "Time between asking a job's process to end and killing it.")
          .withDefault(Duration.ofSeconds(10));

  static final Parameter<Integer> JOBS_MAX_CONCURRENT =
      Parameter.of(
              "mstc.jobs.max-concurrent",
              wholeNumber(1, 10_000),
              "How many jobs may be in flight at the same time.")
          .withDefault(50);
  static final Parameter<Integer> JOBS_MAX_UNANSWERED =
      Parameter.of(
              "mstc.jobs.max-unanswered",
              wholeNumber(1, 100_000),
              "How many jobs that have ended may be unanswered before no more requests are taken.")
          .withDefault(1_000);
  static final Parameter<Duration> JOBS_REPLY_PATIENCE =
      Parameter.of(
              "mstc.jobs.reply-patience",
              duration(Duration.ZERO, Duration.ofDays(1)),
              "How long a reply is tried that its queue does not take.")
          .withDefault(Duration.ofMinutes(5));
  static final Parameter<Duration> JOBS_LOG_PATIENCE =
      Parameter.of(
              "mstc.jobs.log-patience",
              duration(Duration.ZERO, Duration.ofDays(1)),
              "How long a log is tried that the store does not take, though it is there.")
          .withDefault(Duration.ofHours(1));
  static final Parameter<String> JOBS_MAX_LOG =
      Parameter.of(
              "mstc.jobs.max-log",
              MEMORY,
              "The most that one job's log may have; it is cut there, and said to be.")
          .withDerivedDefault("half of the spool; no limit with the local runtime");
  static final Parameter<Duration> JOBS_MAX_TIMEOUT =
      Parameter.of(
              "mstc.jobs.max-timeout",
              duration(Duration.ofMinutes(1), WorkRequest.MAX_TIMEOUT),
              "The longest timeOut of a request; one that names none means 15 minutes.")
          .withDefault(RequestPolicy.OPEN.maxTimeout());
  static final Parameter<String> JOBS_MAX_CPU =
      Parameter.of(
              "mstc.jobs.max-cpu",
              CPU,
              "The most cores that a request may ask for; jobs that name none are not held to it.")
          .withDerivedDefault("no limit");
  static final Parameter<String> JOBS_MAX_MEMORY =
      Parameter.of(
              "mstc.jobs.max-memory",
              MEMORY,
              "The most memory that a request may ask for; jobs that name none are not held to it.")
          .withDerivedDefault("no limit");
  static final Parameter<Integer> JOBS_MAX_GPU =
      Parameter.of(
              "mstc.jobs.max-gpu",
              wholeNumber(0, Resources.MAX_GPU),
              "The most GPUs that a request may ask for.")
          .withDefault(RequestPolicy.OPEN.maxGpu());
  static final Parameter<Integer> JOBS_MAX_RETRIES =
      Parameter.of(
              "mstc.jobs.max-retries",
              wholeNumber(0, WorkRequest.MAX_RETRIES),
              "The most retries that a request may ask for.")
          .withDefault(RequestPolicy.OPEN.maxRetries());
  static final Parameter<List<Glob>> JOBS_ALLOWED_IMAGES =
      Parameter.of(
              "mstc.jobs.allowed-images",
              GLOBS,
              "Which images may run, as requests write them; * stands for any characters, ? for"
                  + " one.")
          .withDefault(RequestPolicy.OPEN.images());
  static final Parameter<List<Glob>> JOBS_ALLOWED_BUCKETS =
      Parameter.of(
              "mstc.jobs.allowed-buckets",
              GLOBS,
              "Which buckets requests may name, for inputs and for outputs.")
          .withDefault(RequestPolicy.OPEN.buckets());
  static final Parameter<Duration> JOBS_RETENTION =
      Parameter.of(
              "mstc.jobs.retention",
              duration(Duration.ZERO, Duration.ofDays(7)),
              "How long an answered job stays visible.")
          .withDefault(Duration.ofSeconds(30));
  static final Parameter<String> JOBS_CREDENTIALS_SECRET =
      Parameter.of(
          "mstc.jobs.credentials-secret",
          DNS_NAME,
          "The Secret whose access-key and secret-key Kubernetes jobs get for the store.");
  static final Parameter<String> JOBS_STORE_HOST =
      Parameter.of(
              "mstc.jobs.store-host",
              HOST,
              "The store's host as jobs see it, their MINIO_SERVICE_HOST.")
          .withDerivedDefault("the worker's");
  static final Parameter<Integer> JOBS_STORE_PORT =
      Parameter.of(
              "mstc.jobs.store-port",
              PORT,
              "The store's port as jobs see it, their MINIO_SERVICE_PORT.")
          .withDerivedDefault("the worker's");
  static final Parameter<URI> JOBS_STORE_ENDPOINT =
      Parameter.of(
              "mstc.jobs.store-endpoint",
              ENDPOINT,
              "The store's URL as jobs see it, their AWS_ENDPOINT_URL.")
          .withDerivedDefault("of the store's host and port as jobs see them");

  static final Parameter<Boolean> HTTP_ENABLED =
      Parameter.of("mstc.http.enabled", SWITCH, "Whether the HTTP API is served.")
          .withDefault(true);
  static final Parameter<String> HTTP_HOST =
      Parameter.of("mstc.http.host", HOST, "The address that the HTTP API listens on.")
          .withDefault("127.0.0.1");
  static final Parameter<Integer> HTTP_PORT =
      Parameter.of("mstc.http.port", LISTENING_PORT, "The HTTP API's port; 0 takes any free one.")
          .withDefault(8080);

  static final Parameter<Secret> HTTP_TOKEN =
      Parameter.of(
              "mstc.http.token",
              SECRET,
              "What clients send as a bearer token to run work from beyond loopback.")
          .withDerivedDefault("none: then work is run over HTTP from this machine only");

  static final Parameter<Path> SCRATCH_DIR =
      Parameter.of(
              "mstc.scratch-dir", PATH, "Where the worker keeps its own files; created if missing.")
          .withDerivedDefault("`mstc-cloud-worker` in the system's temporary folder")
          .readBeforeFrom("SCRATCH_DIR");
  static final Parameter<Duration> SHUTDOWN_GRACE =
      Parameter.of(
              "mstc.shutdown.grace",
              duration(Duration.ZERO, Duration.ofHours(1)),
              "How long a stop waits for what is in progress.")
          .withDefault(Duration.ofSeconds(30));
  static final Parameter<LogFormat> LOGGING_FORMAT =
      Parameter.of(
              "mstc.logging.format",
              oneOf(LogFormat.class, Parameters::lowerCase),
              "How log lines are written.")
          .withDefault(LogFormat.TEXT);
  static final Parameter<LogLevel> LOGGING_LEVEL =
      Parameter.of(
              "mstc.logging.level",
              oneOf(LogLevel.class, LogLevel::name),
              "The least severe level that is logged.")
          .withDefault(LogLevel.INFO);

  static final List<Parameter<?>> ALL =
      List.of(
          WORK_QUEUE_HOST,
          WORK_QUEUE_PORT,
          WORK_QUEUE_USER,
          WORK_QUEUE_PASSWORD,
          WORK_QUEUE_VIRTUAL_HOST,
          WORK_QUEUE_HEARTBEAT,
          WORK_QUEUE_TLS,
          WORK_QUEUE_CA_CERTIFICATE,
          OBJECT_STORE_TYPE,
          OBJECT_STORE_CREATE_BUCKETS,
          OBJECT_STORE_REGION,
          MINIO_HOST,
          MINIO_PORT,
          MINIO_TLS,
          MINIO_CA_CERTIFICATE,
          MINIO_ACCESS_KEY,
          MINIO_SECRET_KEY,
          S3_ENDPOINT,
          S3_PATH_STYLE,
          S3_ACCESS_KEY,
          S3_SECRET_KEY,
          S3_CA_CERTIFICATE,
          RUNTIME_TYPE,
          KUBERNETES_KUBECONFIG,
          KUBERNETES_CONTEXT,
          KUBERNETES_NAMESPACE,
          KUBERNETES_LEASE,
          KUBERNETES_START_GRACE,
          KUBERNETES_SPOOL_MEBIBYTES,
          KUBERNETES_SERVICE_ACCOUNT,
          KUBERNETES_NODE_SELECTOR,
          KUBERNETES_TOLERATIONS,
          KUBERNETES_IMAGE_PULL_SECRETS,
          KUBERNETES_PRIORITY_CLASS,
          KUBERNETES_QUEUE_NAME,
          KUBERNETES_CPU,
          KUBERNETES_MEMORY,
          KUBERNETES_RESTRICTED,
          LOCAL_FOLDER,
          LOCAL_CATALOGUE,
          LOCAL_GRACE,
          JOBS_MAX_CONCURRENT,
          JOBS_MAX_UNANSWERED,
          JOBS_REPLY_PATIENCE,
          JOBS_LOG_PATIENCE,
          JOBS_MAX_LOG,
          JOBS_MAX_TIMEOUT,
          JOBS_MAX_CPU,
          JOBS_MAX_MEMORY,
          JOBS_MAX_GPU,
          JOBS_MAX_RETRIES,
          JOBS_ALLOWED_IMAGES,
          JOBS_ALLOWED_BUCKETS,
          JOBS_RETENTION,
          JOBS_CREDENTIALS_SECRET,
          JOBS_STORE_HOST,
          JOBS_STORE_PORT,
          JOBS_STORE_ENDPOINT,
          HTTP_ENABLED,
          HTTP_HOST,
          HTTP_PORT,
          HTTP_TOKEN,
          SCRATCH_DIR,
          SHUTDOWN_GRACE,
          LOGGING_FORMAT,
          LOGGING_LEVEL);

  private Parameters() {}

  private static String lowerCase(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }
}
