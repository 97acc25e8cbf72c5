package mstc.cloud.worker.domain.request;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import mstc.cloud.worker.domain.store.BucketName;
import mstc.cloud.worker.domain.store.ObjectLocation;

/**
 * Which valid requests may become new jobs. It does not apply to jobs on record: they were let in
 * by the policy in force then.
 *
 * <p>A resource that a request leaves out is not checked against a limit: the runtime's
 * configuration says how much such jobs get.
 *
 * @param maxTimeout the longest timeout; a request that names none means {@link
 *     WorkRequest#DEFAULT_TIMEOUT}
 * @param maxCpu the most cores, as a request would write them; empty for no limit
 * @param maxMemory the most bytes of memory, as a request would write them; empty for no limit
 * @param maxGpu the most GPUs, 0 or more
 * @param maxRetries the most retries, 0 or more
 * @param images which images may run, as they are written in requests; at least one
 * @param buckets which buckets may be named, for inputs as for outputs; at least one
 * @param labels which labels with a domain may be set, as {@code domain/name}; none by default, as
 *     others select, inject or admit by labels. A label without a domain may always be set, and one
 *     of Kubernetes never
 * @param settings the worker's setting that limits a field of requests, by the field's name; a
 *     client whose request is refused is told it
 */
public record RequestPolicy(
    Duration maxTimeout,
    Optional<String> maxCpu,
    Optional<String> maxMemory,
    int maxGpu,
    int maxRetries,
    List<Glob> images,
    List<Glob> buckets,
    List<Glob> labels,
    Map<String, String> settings) {

  /** The domains of Kubernetes and its subprojects, such as {@code kueue.x-k8s.io}. */
  private static final Pattern KUBERNETES = Pattern.compile("(.*[.-])?(kubernetes|k8s)\\.io");

  /** Refuses nothing that can run, but labels of other domains. */
  public static final RequestPolicy OPEN =
      new RequestPolicy(
          WorkRequest.MAX_TIMEOUT,
          Optional.empty(),
          Optional.empty(),
          Resources.MAX_GPU,
          WorkRequest.MAX_RETRIES,
          List.of(Glob.ANY),
          List.of(Glob.ANY),
          List.of());

  public RequestPolicy {
    images = List.copyOf(images);
    buckets = List.copyOf(buckets);
    labels = List.copyOf(labels);
    settings = Map.copyOf(settings);
    maxCpu.ifPresent(Resources::requireCpu);
    maxMemory.ifPresent(Resources::requireMemory);
    if (!maxTimeout.isPositive()
        || maxGpu < 0
        || maxRetries < 0
        || images.isEmpty()
        || buckets.isEmpty()) {
      throw new IllegalArgumentException("nothing could be run by this policy: " + this);
    }
  }

  /** A policy whose settings have no names that a client could be told. */
  public RequestPolicy(
      Duration maxTimeout,
      Optional<String> maxCpu,
      Optional<String> maxMemory,
      int maxGpu,
      int maxRetries,
      List<Glob> images,
      List<Glob> buckets,
      List<Glob> labels) {
    this(maxTimeout, maxCpu, maxMemory, maxGpu, maxRetries, images, buckets, labels, Map.of());
  }

  /** The same policy, whose settings have these names. */
  public RequestPolicy withSettings(Map<String, String> names) {
    return new RequestPolicy(
        maxTimeout, maxCpu, maxMemory, maxGpu, maxRetries, images, buckets, labels, names);
  }

  /**
   * Everything about the work that is not allowed; empty if it may be done. Only the output bucket
   * is checked of work that is not a container's.
   */
  public List<Violation> violations(Work work) {
    return work instanceof ContainerWork request
        ? violations(request)
        : bucket("outputBucket", work.outputBucket()).stream().toList();
  }

  private List<Violation> violations(ContainerWork request) {
    List<Violation> violations = new ArrayList<>();
    requireOneOf(images, "image", request.image().value()).ifPresent(violations::add);
    bucket("inputBucket", request.inputBucket()).ifPresent(violations::add);
    if (!request.outputBucket().equals(request.inputBucket())) {
      bucket("outputBucket", request.outputBucket()).ifPresent(violations::add);
    }
    // Not a matter of syntax, as jobs on record may have such prefixes.
    request
        .prefix()
        .map(FilePrefix::value)
        .filter(prefix -> (prefix + "/").startsWith(ObjectLocation.RESERVED_PREFIX))
        .ifPresent(prefix ->
            violations.add(
                Violation.of(
                    "prefix", prefix, "another, as the worker keeps its own objects there")));
    if (request.timeout().compareTo(maxTimeout) > 0) {
      violations.add(
          tooMuch(
              "timeOut",
              Long.toString(request.timeout().toMinutes()),
              maxTimeout.toMinutes() + " (minutes)"));
    }
    resources(request.resources(), violations);
    if (request.retries() > maxRetries) {
      violations.add(
          tooMuch("retries", Integer.toString(request.retries()), Integer.toString(maxRetries)));
    }
    request.labels().keySet().forEach(key -> label(key).ifPresent(violations::add));
    return violations;
  }

  private Optional<Violation> label(String key) {
    int slash = key.indexOf('/');
    if (slash < 0) {
      return Optional.empty();
    }
    // Not a matter of syntax, as there are such labels on jobs on record.
    if (KUBERNETES.matcher(key.substring(0, slash)).matches()) {
      return Optional.of(
          Violation.of("labels", key, "another key, as Kubernetes acts on this one"));
    }
    return labels.isEmpty()
        ? Optional.of(
            Violation.of(
                "labels",
                key,
                "a key without a domain, as this worker allows no other" + setting("labels")))
        : requireOneOf(labels, "labels", key);
  }

  private void resources(Resources asked, List<Violation> violations) {
    Resources most = new Resources(maxCpu, maxMemory, OptionalInt.empty());
    if (isMore(asked.cores(), most.cores())) {
      violations.add(tooMuch("resources.cpu", asked.cpu().orElseThrow(), maxCpu.orElseThrow()));
    }
    if (isMore(asked.memoryBytes(), most.memoryBytes())) {
      violations.add(
          tooMuch("resources.memory", asked.memory().orElseThrow(), maxMemory.orElseThrow()));
    }
    if (!asked.isEnoughMemoryToStart()) {
      violations.add(tooLittleMemory(asked.memory().orElseThrow()));
    }
    if (asked.gpu().orElse(0) > maxGpu) {
      violations.add(
          tooMuch(
              "resources.gpu",
              Integer.toString(asked.gpu().orElseThrow()),
              Integer.toString(maxGpu)));
    }
  }

  private static boolean isMore(Optional<BigDecimal> asked, Optional<BigDecimal> most) {
    return asked.isPresent() && most.isPresent() && asked.get().compareTo(most.get()) > 0;
  }

  /** A client that leaves the unit out usually means another one. */
  private static Violation tooLittleMemory(String memory) {
    boolean isPlain = memory.chars().allMatch(Character::isDigit);
    String hint =
        isPlain ? ": \"%1$s\" is %1$s bytes, \"%1$sMi\" is %1$s MiB".formatted(memory) : "";
    return Violation.of(
        "resources.memory",
        memory,
        "at least \"" + Resources.LEAST_MEMORY + "\", with which a container can start" + hint);
  }

  private Optional<Violation> bucket(String field, BucketName bucket) {
    return requireOneOf(buckets, field, bucket.value());
  }

  private Optional<Violation> requireOneOf(List<Glob> allowed, String field, String value) {
    return allowed.stream().anyMatch(glob -> glob.matches(value))
        ? Optional.empty()
        : Optional.of(
            Violation.of(
                field,
                value,
                "as this worker allows it: "
                    + allowed.stream().map(Glob::pattern).collect(Collectors.joining(", "))
                    + setting(field)));
  }

  private Violation tooMuch(String field, String value, String most) {
    return Violation.of(
        field, value, "at most %s for this worker%s".formatted(most, setting(field)));
  }

  private String setting(String field) {
    return settings.containsKey(field) ? " (" + settings.get(field) + ")" : "";
  }
}
