package mstc.cloud.worker.domain.request;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import mstc.cloud.worker.domain.store.BucketName;

/**
 * What new requests may ask for, of what requests may say. It is not asked about jobs on record:
 * they were let in by the policy of their day.
 *
 * <p>What a request leaves out of its resources is held against no limit: the runtime's
 * configuration says what such jobs get.
 *
 * @param maxTimeout the longest timeout; a request that names none means {@link
 *     WorkRequest#DEFAULT_TIMEOUT}
 * @param maxCpu the most cores, as a request would write them; empty for no limit
 * @param maxMemory the most bytes of memory, as a request would write them; empty for no limit
 * @param maxGpu the most GPUs, 0 or more
 * @param maxRetries the most retries, 0 or more
 * @param images which images may run, as they are written in requests; at least one
 * @param buckets which buckets may be named, for inputs as for outputs; at least one
 */
public record RequestPolicy(
    Duration maxTimeout,
    Optional<String> maxCpu,
    Optional<String> maxMemory,
    int maxGpu,
    int maxRetries,
    List<Glob> images,
    List<Glob> buckets) {

  /** Refuses nothing that could run. */
  public static final RequestPolicy OPEN =
      new RequestPolicy(
          WorkRequest.MAX_TIMEOUT,
          Optional.empty(),
          Optional.empty(),
          Resources.MAX_GPU,
          WorkRequest.MAX_RETRIES,
          List.of(Glob.ANY),
          List.of(Glob.ANY));

  public RequestPolicy {
    images = List.copyOf(images);
    buckets = List.copyOf(buckets);
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

  /** Everything about a request that is not allowed; nothing where it may run. */
  public List<Violation> violations(WorkRequest request) {
    List<Violation> violations = new ArrayList<>();
    requireOneOf(images, "image", request.image().value(), "mstc.jobs.allowed-images")
        .ifPresent(violations::add);
    bucket("inputBucket", request.inputBucket()).ifPresent(violations::add);
    if (!request.outputBucket().equals(request.inputBucket())) {
      bucket("outputBucket", request.outputBucket()).ifPresent(violations::add);
    }
    if (request.timeout().compareTo(maxTimeout) > 0) {
      violations.add(
          tooMuch(
              "timeOut",
              Long.toString(request.timeout().toMinutes()),
              maxTimeout.toMinutes() + " (minutes)",
              "mstc.jobs.max-timeout"));
    }
    resources(request.resources(), violations);
    if (request.retries() > maxRetries) {
      violations.add(
          tooMuch(
              "retries",
              Integer.toString(request.retries()),
              Integer.toString(maxRetries),
              "mstc.jobs.max-retries"));
    }
    return violations;
  }

  private void resources(Resources asked, List<Violation> violations) {
    Resources most = new Resources(maxCpu, maxMemory, OptionalInt.empty());
    if (isMore(asked.cores(), most.cores())) {
      violations.add(
          tooMuch(
              "resources.cpu",
              asked.cpu().orElseThrow(),
              maxCpu.orElseThrow(),
              "mstc.jobs.max-cpu"));
    }
    if (isMore(asked.memoryBytes(), most.memoryBytes())) {
      violations.add(
          tooMuch(
              "resources.memory",
              asked.memory().orElseThrow(),
              maxMemory.orElseThrow(),
              "mstc.jobs.max-memory"));
    }
    if (!asked.isEnoughMemoryToStart()) {
      violations.add(tooLittleMemory(asked.memory().orElseThrow()));
    }
    if (asked.gpu().orElse(0) > maxGpu) {
      violations.add(
          tooMuch(
              "resources.gpu",
              Integer.toString(asked.gpu().orElseThrow()),
              Integer.toString(maxGpu),
              "mstc.jobs.max-gpu"));
    }
  }

  private static boolean isMore(Optional<BigDecimal> asked, Optional<BigDecimal> most) {
    return asked.isPresent() && most.isPresent() && asked.get().compareTo(most.get()) > 0;
  }

  /** Who leaves the unit out means another one as a rule. */
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
    return requireOneOf(buckets, field, bucket.value(), "mstc.jobs.allowed-buckets");
  }

  private static Optional<Violation> requireOneOf(
      List<Glob> allowed, String field, String value, String key) {
    return allowed.stream().anyMatch(glob -> glob.matches(value))
        ? Optional.empty()
        : Optional.of(
            Violation.of(
                field,
                value,
                "as this worker allows it: %s (%s)"
                    .formatted(
                        allowed.stream().map(Glob::pattern).collect(Collectors.joining(", ")),
                        key)));
  }

  private static Violation tooMuch(String field, String value, String most, String key) {
    return Violation.of(field, value, "at most %s for this worker (%s)".formatted(most, key));
  }
}
