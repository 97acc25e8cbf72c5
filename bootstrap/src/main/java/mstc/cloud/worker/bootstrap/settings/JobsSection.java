package mstc.cloud.worker.bootstrap.settings;

import static java.time.Duration.ZERO;
import static java.time.Duration.ofDays;
import static java.time.Duration.ofHours;
import static java.time.Duration.ofMinutes;
import static mstc.cloud.worker.bootstrap.configuration.ValueTypes.ENDPOINT;
import static mstc.cloud.worker.bootstrap.configuration.ValueTypes.GLOBS;
import static mstc.cloud.worker.bootstrap.configuration.ValueTypes.HOST;
import static mstc.cloud.worker.bootstrap.configuration.ValueTypes.PORT;
import static mstc.cloud.worker.bootstrap.configuration.ValueTypes.duration;
import static mstc.cloud.worker.bootstrap.configuration.ValueTypes.wholeNumber;
import static mstc.cloud.worker.bootstrap.settings.KubernetesTypes.CPU;
import static mstc.cloud.worker.bootstrap.settings.KubernetesTypes.DNS_NAME;
import static mstc.cloud.worker.bootstrap.settings.KubernetesTypes.MEMORY;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Pattern;
import mstc.cloud.worker.adapters.k8s.KubernetesSettings;
import mstc.cloud.worker.application.WorkerSettings;
import mstc.cloud.worker.bootstrap.configuration.ConfigurationValues;
import mstc.cloud.worker.bootstrap.configuration.Key;
import mstc.cloud.worker.bootstrap.configuration.Section;
import mstc.cloud.worker.domain.request.Glob;
import mstc.cloud.worker.domain.request.JobVariables;
import mstc.cloud.worker.domain.request.RequestPolicy;
import mstc.cloud.worker.domain.request.Resources;
import mstc.cloud.worker.domain.request.WorkRequest;

/** The keys {@code mstc.jobs.*}: what applies to all jobs. */
public final class JobsSection extends Section {
  private static final Pattern LOOPBACK = Pattern.compile("(?i)localhost|127\\..*|::1");

  private final Key<Integer> maxConcurrent =
      key("mstc.jobs.max-concurrent", wholeNumber(1, 10_000), 50)
          .meaning("How many jobs may be in flight at the same time.");
  private final Key<Integer> maxWaiting =
      key("mstc.jobs.max-unanswered", wholeNumber(1, 100_000), 1_000)
          .meaning(
              "How many jobs that have ended may wait for their answer before no more requests are"
                  + " taken.");
  private final Key<Duration> replyPatience =
      key("mstc.jobs.reply-patience", duration(ZERO, ofDays(1)), ofMinutes(5))
          .meaning("How long a reply is tried that its queue does not take.");
  private final Key<Duration> logPatience =
      key("mstc.jobs.log-patience", duration(ZERO, ofDays(1)), ofHours(1))
          .meaning("How long a log is tried that the store does not take, though it is there.");
  private final Key<String> maxLog =
      key("mstc.jobs.max-log", MEMORY)
          .withDerivedDefault("half of the spool; no limit with the local runtime")
          .meaning("The most that one job's log may have; it is cut there, and said to be.");
  private final Key<Duration> maxTimeout =
      key(
              "mstc.jobs.max-timeout",
              duration(ofMinutes(1), WorkRequest.MAX_TIMEOUT),
              RequestPolicy.OPEN.maxTimeout())
          .meaning(
              "The longest timeOut of a request, and how long a job may wait suspended, as by"
                  + " Kueue.");
  private final Key<String> maxCpu =
      key("mstc.jobs.max-cpu", CPU)
          .withDerivedDefault("no limit")
          .meaning(
              "The most cores that a request may ask for; jobs that name none are not held to it.");
  private final Key<String> maxMemory =
      key("mstc.jobs.max-memory", MEMORY)
          .withDerivedDefault("no limit")
          .meaning(
              "The most memory that a request may ask for; jobs that name none are not held to it.");
  private final Key<Integer> maxGpu =
      key("mstc.jobs.max-gpu", wholeNumber(0, Resources.MAX_GPU), RequestPolicy.OPEN.maxGpu())
          .meaning("The most GPUs that a request may ask for.");
  private final Key<Integer> maxRetries =
      key(
              "mstc.jobs.max-retries",
              wholeNumber(0, WorkRequest.MAX_RETRIES),
              RequestPolicy.OPEN.maxRetries())
          .meaning("The most retries that a request may ask for.");
  private final Key<List<Glob>> allowedImages =
      key("mstc.jobs.allowed-images", GLOBS, RequestPolicy.OPEN.images())
          .meaning(
              "Which images may run, as requests write them; * stands for any characters, ? for"
                  + " one.");
  private final Key<List<Glob>> allowedBuckets =
      key("mstc.jobs.allowed-buckets", GLOBS, RequestPolicy.OPEN.buckets())
          .meaning("Which buckets requests may name, for inputs and for outputs.");
  private final Key<List<Glob>> allowedLabels =
      key("mstc.jobs.allowed-labels", GLOBS)
          .withDerivedDefault("those without a domain, on Jobs only")
          .meaning("Which labels, such as example.com/*, requests may set and pods get as well.");
  private final Key<Duration> retention =
      key("mstc.jobs.retention", duration(ZERO, ofDays(7)), KubernetesSettings.DEFAULT_RETENTION)
          .meaning("How long an answered job stays visible.");
  private final Key<String> credentialsSecret =
      key("mstc.jobs.credentials-secret", DNS_NAME)
          .meaning("The Secret whose access-key and secret-key Kubernetes jobs get for the store.");
  private final Key<String> storeHost =
      key("mstc.jobs.store-host", HOST)
          .withDerivedDefault("the worker's")
          .meaning("The store's host as jobs see it, their MINIO_SERVICE_HOST.");
  private final Key<Integer> storePort =
      key("mstc.jobs.store-port", PORT)
          .withDerivedDefault("the worker's")
          .meaning("The store's port as jobs see it, their MINIO_SERVICE_PORT.");
  private final Key<URI> storeEndpoint =
      key("mstc.jobs.store-endpoint", ENDPOINT)
          .withDerivedDefault("of the store's host and port as jobs see them")
          .meaning("The store's URL as jobs see it, their AWS_ENDPOINT_URL.");

  /** How the worker works. */
  public WorkerSettings worker(ConfigurationValues values) {
    return WorkerSettings.of(
        values.value(maxConcurrent),
        values.value(maxWaiting),
        new RequestPolicy(
            values.value(maxTimeout),
            values.optional(maxCpu),
            values.optional(maxMemory),
            values.value(maxGpu),
            values.value(maxRetries),
            values.value(allowedImages),
            values.value(allowedBuckets),
            values.optional(allowedLabels).orElse(List.of()),
            limits()),
        values.value(replyPatience),
        values.value(logPatience));
  }

  /** Which key limits which field of requests. */
  private Map<String, String> limits() {
    return Map.of(
        "timeOut", maxTimeout.name(),
        "resources.cpu", maxCpu.name(),
        "resources.memory", maxMemory.name(),
        "resources.gpu", maxGpu.name(),
        "retries", maxRetries.name(),
        "image", allowedImages.name(),
        "inputBucket", allowedBuckets.name(),
        "outputBucket", allowedBuckets.name(),
        "labels", allowedLabels.name());
  }

  /**
   * What jobs have in common on either runtime.
   *
   * @param store where the worker reaches the store; the jobs' address of it follows from that
   */
  public JobSettings read(ConfigurationValues values, StoreSettings store) {
    return new JobSettings(
        values.value(retention),
        values.value(maxTimeout),
        values
            .optional(maxLog)
            .map(KubernetesTypes::bytes)
            .map(OptionalLong::of)
            .orElseGet(OptionalLong::empty),
        values.optional(credentialsSecret),
        values.optional(allowedLabels).orElse(List.of()),
        address(values, StoreAddress.of(store)).environment(store));
  }

  /**
   * What is not given follows from what is, and from the worker's own address of the store.
   *
   * @param workers where the worker reaches the store
   */
  private StoreAddress address(ConfigurationValues values, StoreAddress workers) {
    Optional<URI> givenEndpoint = values.optional(storeEndpoint);
    StoreAddress base = givenEndpoint.map(StoreAddress::of).orElse(workers);
    Optional<String> host = derived(values, storeHost, base.host());
    Optional<Integer> port = derived(values, storePort, base.port());
    boolean hostGiven = values.isGiven(storeHost);
    boolean portGiven = values.isGiven(storePort);
    if (base.endpoint().isEmpty() && hostGiven != portGiven) {
      values.problem(
          "%s and %s must be given together or not at all, as the store has no endpoint"
              .formatted(storeHost.name(), storePort.name()));
    }
    String scheme = base.endpoint().map(URI::getScheme).orElse("https");
    Optional<URI> endpoint =
        hostGiven || portGiven
            ? host.flatMap(name -> port.map(number -> StoreAddress.url(scheme, name, number)))
            : base.endpoint();
    return new StoreAddress(
        host, port, givenEndpoint.or(() -> derived(values, storeEndpoint, endpoint)));
  }

  private static <T> Optional<T> derived(
      ConfigurationValues values, Key<T> key, Optional<T> otherwise) {
    return values.isGiven(key)
        ? values.optional(key)
        : otherwise.map(value -> values.valueOr(key, value));
  }

  /** Whether it is each machine's, or each pod's, own name or address. */
  public static boolean isLoopback(String host) {
    return LOOPBACK.matcher(host).matches();
  }

  /** For example, a worker on a laptop that reaches the store through a port-forward. */
  void warnOfStoreOutOfReach(ConfigurationValues values, JobSettings jobs) {
    Optional.ofNullable(jobs.environment().get(JobVariables.MINIO_HOST))
        .filter(JobsSection::isLoopback)
        .ifPresent(host ->
            values.warn(
                ("jobs are told that the store is at %s, which is their own pod;"
                        + " where pods reach it: %s and %s")
                    .formatted(host, storeHost.name(), storePort.name())));
  }
}
