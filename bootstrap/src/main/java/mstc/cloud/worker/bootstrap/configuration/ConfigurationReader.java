package mstc.cloud.worker.bootstrap.configuration;

import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import mstc.cloud.worker.bootstrap.configuration.Parameters.StoreType;
import mstc.cloud.worker.bootstrap.configuration.WorkerConfiguration.Credentials;
import mstc.cloud.worker.bootstrap.configuration.WorkerConfiguration.HttpSettings;
import mstc.cloud.worker.bootstrap.configuration.WorkerConfiguration.JobSettings;
import mstc.cloud.worker.bootstrap.configuration.WorkerConfiguration.JobStoreAddress;
import mstc.cloud.worker.bootstrap.configuration.WorkerConfiguration.KubernetesSettings;
import mstc.cloud.worker.bootstrap.configuration.WorkerConfiguration.LocalSettings;
import mstc.cloud.worker.bootstrap.configuration.WorkerConfiguration.LoggingSettings;
import mstc.cloud.worker.bootstrap.configuration.WorkerConfiguration.MinioSettings;
import mstc.cloud.worker.bootstrap.configuration.WorkerConfiguration.RuntimeSettings;
import mstc.cloud.worker.bootstrap.configuration.WorkerConfiguration.S3Settings;
import mstc.cloud.worker.bootstrap.configuration.WorkerConfiguration.StoreSettings;
import mstc.cloud.worker.bootstrap.configuration.WorkerConfiguration.TlsSettings;
import mstc.cloud.worker.bootstrap.configuration.WorkerConfiguration.WorkQueueSettings;
import mstc.cloud.worker.domain.PrintableText;
import mstc.cloud.worker.domain.request.RequestPolicy;

/**
 * Reads the configuration of a worker.
 *
 * <p>Values are taken literally: neither <code>$</code> nor {@code \} nor a comma has a meaning in
 * them. A relative path is relative to the working directory, also in the file. A first version's
 * variable counts as the variable of its key, below it and above the file.
 */
public final class ConfigurationReader {
  /** Any of these is credentials, or the way to them, that the AWS SDK finds by itself. */
  private static final List<String> AWS_CREDENTIAL_VARIABLES =
      List.of(
          "AWS_ACCESS_KEY_ID",
          "AWS_PROFILE",
          "AWS_WEB_IDENTITY_TOKEN_FILE",
          "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
          "AWS_CONTAINER_CREDENTIALS_FULL_URI");

  private static final Pattern LOOPBACK = Pattern.compile("(?i)localhost|127\\..*|::1");

  private final ConfigurationSources sources;
  private final List<String> problems = new ArrayList<>();
  private final List<String> warnings = new ArrayList<>();
  private final Settings settings;

  private ConfigurationReader(ConfigurationSources sources) {
    this.sources = sources;
    KnownKeys keys = new KnownKeys(Parameters.ALL);
    Map<String, GivenValue> given = new HashMap<>();
    sources.file().ifPresent(file -> given.putAll(YamlFile.read(file, keys, problems)));
    given.putAll(EnvironmentVariables.read(sources.environment(), warnings, keys));
    given.putAll(overrides(keys));
    settings = new Settings(given, problems);
  }

  /**
   * Blocks while it reads the file; looks at the certificates named, and at nothing else.
   *
   * @throws ConfigurationException with every problem there is
   */
  public static LoadedConfiguration read(ConfigurationSources sources) {
    return new ConfigurationReader(sources).read();
  }

  private LoadedConfiguration read() {
    WorkerConfiguration configuration = configuration();
    warnOfSecretsWithBlankEnds();
    if (!problems.isEmpty()) {
      throw new ConfigurationException(problems);
    }
    return new LoadedConfiguration(configuration, warnings, settings.report());
  }

  private Map<String, GivenValue> overrides(KnownKeys keys) {
    Map<String, GivenValue> values = new HashMap<>();
    new TreeMap<>(sources.overrides())
        .forEach((name, text) -> {
          if (keys.isKey(name)) {
            values.put(name, new GivenValue.Text(text, Origin.OVERRIDE));
          } else {
            problems.add(
                "%s (%s) is not a key%s"
                    .formatted(
                        PrintableText.oneLine(name, 120),
                        Origin.OVERRIDE,
                        keys.suggestionFor(name)));
          }
        });
    return values;
  }

  private WorkerConfiguration configuration() {
    Path scratchDirectory =
        settings.valueOr(
            Parameters.SCRATCH_DIR,
            Path.of(System.getProperty("java.io.tmpdir"), "mstc-cloud-worker").toAbsolutePath());
    StoreSettings store = store();
    RuntimeSettings runtime = runtime(scratchDirectory);
    JobSettings jobs = jobs(store);
    if (runtime instanceof KubernetesSettings) {
      warnOfStoreOutOfReach(jobs.store());
    }
    return new WorkerConfiguration(
        workQueue(),
        store,
        runtime,
        jobs,
        new HttpSettings(
            settings.value(Parameters.HTTP_ENABLED),
            settings.value(Parameters.HTTP_HOST),
            settings.value(Parameters.HTTP_PORT),
            settings.optional(Parameters.HTTP_TOKEN)),
        new LoggingSettings(
            settings.value(Parameters.LOGGING_FORMAT), settings.value(Parameters.LOGGING_LEVEL)),
        scratchDirectory,
        settings.value(Parameters.SHUTDOWN_GRACE));
  }

  private WorkQueueSettings workQueue() {
    return new WorkQueueSettings(
        settings.value(Parameters.WORK_QUEUE_HOST),
        settings.value(Parameters.WORK_QUEUE_PORT),
        settings.value(Parameters.WORK_QUEUE_USER),
        settings.value(Parameters.WORK_QUEUE_PASSWORD),
        settings.value(Parameters.WORK_QUEUE_VIRTUAL_HOST),
        settings.value(Parameters.WORK_QUEUE_HEARTBEAT),
        tls(Parameters.WORK_QUEUE_TLS, Parameters.WORK_QUEUE_CA_CERTIFICATE));
  }

  private TlsSettings tls(Parameter<Boolean> enabled, Parameter<Path> caCertificate) {
    TlsSettings tls = new TlsSettings(settings.value(enabled), settings.optional(caCertificate));
    if (tls.caCertificate().isPresent() && !tls.enabled()) {
      warnings.add(
          "%s has no effect, as %s is false"
              .formatted(settings.nameWithOrigin(caCertificate), enabled.name()));
    }
    return tls;
  }

  /** Reads both stores' keys, as both are reported and may hold problems. */
  private StoreSettings store() {
    StoreType type = settings.value(Parameters.OBJECT_STORE_TYPE);
    boolean createBuckets = settings.value(Parameters.OBJECT_STORE_CREATE_BUCKETS);
    Optional<String> region = settings.optional(Parameters.OBJECT_STORE_REGION);
    MinioSettings minio =
        new MinioSettings(
            createBuckets,
            region,
            settings.value(Parameters.MINIO_HOST),
            settings.value(Parameters.MINIO_PORT),
            tls(Parameters.MINIO_TLS, Parameters.MINIO_CA_CERTIFICATE),
            new Credentials(
                settings.value(Parameters.MINIO_ACCESS_KEY),
                settings.value(Parameters.MINIO_SECRET_KEY)));
    Optional<URI> endpoint = settings.optional(Parameters.S3_ENDPOINT);
    S3Settings s3 =
        new S3Settings(
            createBuckets,
            region,
            endpoint,
            settings.valueOr(Parameters.S3_PATH_STYLE, endpoint.isPresent()),
            s3Credentials(type, endpoint, minio.credentials()),
            settings.optional(Parameters.S3_CA_CERTIFICATE));
    return switch (type) {
      case MINIO -> minio;
      case S3 -> s3;
    };
  }

  /**
   * A worker that reached its server through MinIO's client goes on with the same keys when only
   * the type and the endpoint change. MinIO's default keys are left out of that, and so are
   * Amazon's own endpoints, for which those keys were never meant.
   */
  private Optional<Credentials> s3Credentials(
      StoreType type, Optional<URI> endpoint, Credentials minio) {
    Optional<String> accessKey = settings.optional(Parameters.S3_ACCESS_KEY);
    Optional<Secret> secretKey = settings.optional(Parameters.S3_SECRET_KEY);
    boolean accessKeyGiven = settings.isGiven(Parameters.S3_ACCESS_KEY);
    boolean secretKeyGiven = settings.isGiven(Parameters.S3_SECRET_KEY);
    if (accessKeyGiven != secretKeyGiven) {
      Parameter<?> given = accessKeyGiven ? Parameters.S3_ACCESS_KEY : Parameters.S3_SECRET_KEY;
      Parameter<?> missing = accessKeyGiven ? Parameters.S3_SECRET_KEY : Parameters.S3_ACCESS_KEY;
      problems.add(
          "%s must be given together with %s, or neither of them"
              .formatted(settings.nameWithOrigin(given), missing.name()));
    }
    boolean takesMinios =
        type == StoreType.S3
            && endpoint.isPresent()
            && !accessKeyGiven
            && !secretKeyGiven
            && Stream.of(Parameters.MINIO_ACCESS_KEY, Parameters.MINIO_SECRET_KEY)
                .anyMatch(settings::isGiven)
            && AWS_CREDENTIAL_VARIABLES.stream()
                .allMatch(name -> sources.environment().getOrDefault(name, "").isEmpty());
    if (takesMinios) {
      settings.show(
          Parameters.S3_ACCESS_KEY, minio.accessKey(), borrowed(Parameters.MINIO_ACCESS_KEY));
      settings.show(
          Parameters.S3_SECRET_KEY, minio.secretKey(), borrowed(Parameters.MINIO_SECRET_KEY));
      return Optional.of(minio);
    }
    return accessKey.flatMap(access -> secretKey.map(secret -> new Credentials(access, secret)));
  }

  private Origin borrowed(Parameter<?> lender) {
    return new Origin("as %s, %s".formatted(lender.name(), settings.origin(lender)));
  }

  private RuntimeSettings runtime(Path scratchDirectory) {
    LocalSettings local =
        new LocalSettings(
            settings.valueOr(Parameters.LOCAL_FOLDER, scratchDirectory.resolve("jobs")),
            settings.value(Parameters.LOCAL_CATALOGUE),
            settings.value(Parameters.LOCAL_GRACE));
    KubernetesSettings kubernetes = kubernetes(scratchDirectory);
    return switch (settings.value(Parameters.RUNTIME_TYPE)) {
      case KUBERNETES -> kubernetes;
      case LOCAL -> local;
    };
  }

  private KubernetesSettings kubernetes(Path scratchDirectory) {
    return new KubernetesSettings(
        settings.optional(Parameters.KUBERNETES_KUBECONFIG),
        settings.optional(Parameters.KUBERNETES_CONTEXT),
        settings.value(Parameters.KUBERNETES_NAMESPACE),
        settings.value(Parameters.KUBERNETES_LEASE),
        settings.value(Parameters.KUBERNETES_START_GRACE),
        scratchDirectory.resolve("spool"),
        settings.value(Parameters.KUBERNETES_SPOOL_MEBIBYTES),
        settings.optional(Parameters.KUBERNETES_SERVICE_ACCOUNT),
        settings.value(Parameters.KUBERNETES_NODE_SELECTOR),
        settings.value(Parameters.KUBERNETES_TOLERATIONS),
        settings.value(Parameters.KUBERNETES_IMAGE_PULL_SECRETS),
        settings.optional(Parameters.KUBERNETES_PRIORITY_CLASS),
        settings.optional(Parameters.KUBERNETES_QUEUE_NAME),
        settings.optional(Parameters.KUBERNETES_CPU),
        settings.optional(Parameters.KUBERNETES_MEMORY),
        settings.value(Parameters.KUBERNETES_RESTRICTED),
        settings.optional(Parameters.JOBS_CREDENTIALS_SECRET));
  }

  private JobSettings jobs(StoreSettings store) {
    return new JobSettings(
        settings.value(Parameters.JOBS_MAX_CONCURRENT),
        settings.value(Parameters.JOBS_MAX_UNANSWERED),
        settings.value(Parameters.JOBS_REPLY_PATIENCE),
        settings.value(Parameters.JOBS_LOG_PATIENCE),
        settings
            .optional(Parameters.JOBS_MAX_LOG)
            .map(KubernetesTypes::bytes)
            .map(OptionalLong::of)
            .orElseGet(OptionalLong::empty),
        new RequestPolicy(
            settings.value(Parameters.JOBS_MAX_TIMEOUT),
            settings.optional(Parameters.JOBS_MAX_CPU),
            settings.optional(Parameters.JOBS_MAX_MEMORY),
            settings.value(Parameters.JOBS_MAX_GPU),
            settings.value(Parameters.JOBS_MAX_RETRIES),
            settings.value(Parameters.JOBS_ALLOWED_IMAGES),
            settings.value(Parameters.JOBS_ALLOWED_BUCKETS)),
        settings.value(Parameters.JOBS_RETENTION),
        jobStoreAddress(
            switch (store) {
              case MinioSettings minio ->
                  new JobStoreAddress(
                      Optional.of(minio.host()),
                      OptionalInt.of(minio.port()),
                      Optional.of(minio.endpoint()));
              case S3Settings s3 ->
                  s3.endpoint().map(JobStoreAddress::of).orElse(JobStoreAddress.NONE);
            }));
  }

  /**
   * What is not given follows from what is, and from the worker's own address of the store.
   *
   * @param workers where the worker reaches the store
   */
  private JobStoreAddress jobStoreAddress(JobStoreAddress workers) {
    Optional<URI> givenEndpoint = settings.optional(Parameters.JOBS_STORE_ENDPOINT);
    JobStoreAddress base = givenEndpoint.map(JobStoreAddress::of).orElse(workers);
    Optional<String> host = derived(Parameters.JOBS_STORE_HOST, base.host());
    Optional<Integer> port =
        derived(Parameters.JOBS_STORE_PORT, base.port().stream().boxed().findFirst());
    boolean hostGiven = settings.isGiven(Parameters.JOBS_STORE_HOST);
    boolean portGiven = settings.isGiven(Parameters.JOBS_STORE_PORT);
    if (base.endpoint().isEmpty() && hostGiven != portGiven) {
      problems.add(
          "%s and %s must be given together or not at all, as the store has no endpoint"
              .formatted(Parameters.JOBS_STORE_HOST.name(), Parameters.JOBS_STORE_PORT.name()));
    }
    String scheme = base.endpoint().map(URI::getScheme).orElse("https");
    Optional<URI> endpoint =
        hostGiven || portGiven
            ? host.flatMap(
                name -> port.map(number -> WorkerConfiguration.httpUrl(scheme, name, number)))
            : base.endpoint();
    return new JobStoreAddress(
        host,
        port.stream().mapToInt(Integer::intValue).findFirst(),
        givenEndpoint.or(() -> derived(Parameters.JOBS_STORE_ENDPOINT, endpoint)));
  }

  private <T> Optional<T> derived(Parameter<T> parameter, Optional<T> otherwise) {
    return settings.isGiven(parameter)
        ? settings.optional(parameter)
        : otherwise.map(value -> settings.valueOr(parameter, value));
  }

  /** Of a worker on a laptop that reaches the store through a port-forward, say. */
  private void warnOfStoreOutOfReach(JobStoreAddress store) {
    store
        .host()
        .filter(host -> LOOPBACK.matcher(host).matches())
        .ifPresent(host ->
            warnings.add(
                ("jobs are told that the store is at %s, which is their own pod;"
                        + " where pods reach it: %s and %s")
                    .formatted(
                        host,
                        Parameters.JOBS_STORE_HOST.name(),
                        Parameters.JOBS_STORE_PORT.name())));
  }

  /** A file written with echo ends with a line break, and so does the variable made from it. */
  private void warnOfSecretsWithBlankEnds() {
    for (Parameter<Secret> secret :
        List.of(
            Parameters.WORK_QUEUE_PASSWORD,
            Parameters.MINIO_SECRET_KEY,
            Parameters.S3_SECRET_KEY)) {
      if (settings.givenText(secret).filter(text -> !text.equals(text.strip())).isPresent()) {
        warnings.add(
            "%s begins or ends with a blank or a line break, which is taken as part of it"
                .formatted(settings.nameWithOrigin(secret)));
      }
    }
  }
}
