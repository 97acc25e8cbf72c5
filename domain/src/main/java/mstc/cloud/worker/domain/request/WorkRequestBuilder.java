package mstc.cloud.worker.domain.request;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.regex.Pattern;
import mstc.cloud.worker.domain.InvalidValueException;
import mstc.cloud.worker.domain.store.BucketName;
import org.jspecify.annotations.Nullable;

/**
 * Takes values as a client sent them. A setter that is not called, or called with null or empty
 * text, means that the field is absent; a value that is not allowed is remembered as a violation.
 */
public final class WorkRequestBuilder {
  private static final Pattern DECIMAL_NUMBER =
      Pattern.compile("[+-]?\\d{1,40}(\\.\\d{1,40})?([eE][+-]?\\d{1,3})?");

  private final Map<String, Violation> violations = new LinkedHashMap<>();
  private @Nullable ImageReference image;
  private @Nullable JobName jobName;
  private @Nullable BucketName inputBucket;
  private @Nullable BucketName outputBucket;
  private Duration timeout = WorkRequest.DEFAULT_TIMEOUT;
  private @Nullable FilePrefix prefix;
  private List<String> command = List.of();
  private List<String> args = List.of();
  private SortedMap<String, String> env = Collections.emptySortedMap();
  private @Nullable String cpu;
  private @Nullable String memory;
  private OptionalInt gpu = OptionalInt.empty();
  private int retries;
  private SortedMap<String, String> labels = Collections.emptySortedMap();

  WorkRequestBuilder() {}

  /** The image to run. */
  public WorkRequestBuilder image(@Nullable String value) {
    image = read("image", value, ImageReference::new);
    return this;
  }

  /** The first part of the job's unique name. */
  public WorkRequestBuilder jobName(@Nullable String value) {
    jobName = read("jobName", value, JobName::new);
    return this;
  }

  /** Where the job finds its inputs. */
  public WorkRequestBuilder inputBucket(@Nullable String value) {
    inputBucket = read("inputBucket", value, BucketName::new);
    return this;
  }

  /** Where the job's results and log go; absent means the input bucket. */
  public WorkRequestBuilder outputBucket(@Nullable String value) {
    outputBucket = read("outputBucket", value, BucketName::new);
    return this;
  }

  /** After how many minutes the job is ended; 0 means the default. */
  public WorkRequestBuilder timeoutMinutes(long minutes) {
    return timeoutMinutes(Long.toString(minutes));
  }

  /** After how many minutes the job is ended, as a decimal number; 0 means the default. */
  public WorkRequestBuilder timeoutMinutes(@Nullable String number) {
    int minutes =
        readNumber(
            "timeOut",
            number,
            Math.toIntExact(WorkRequest.MAX_TIMEOUT.toMinutes()),
            WorkRequest.TIMEOUT_ALLOWED);
    timeout = minutes == 0 ? WorkRequest.DEFAULT_TIMEOUT : Duration.ofMinutes(minutes);
    return this;
  }

  /** What names of the job's objects begin with. */
  public WorkRequestBuilder prefix(@Nullable String value) {
    prefix = read("prefix", value, FilePrefix::new);
    return this;
  }

  /** In place of the image's entry point. */
  public WorkRequestBuilder command(List<String> words) {
    command = List.copyOf(words);
    return this;
  }

  /** In place of the image's arguments. */
  public WorkRequestBuilder args(List<String> words) {
    args = List.copyOf(words);
    return this;
  }

  /** Further environment variables of the job. */
  public WorkRequestBuilder env(Map<String, String> variables) {
    env = new TreeMap<>(variables);
    return this;
  }

  /** CPU cores the job may use. */
  public WorkRequestBuilder cpu(@Nullable String quantity) {
    cpu = read("resources.cpu", quantity, Resources::requireCpu);
    return this;
  }

  /** Bytes of memory the job may use. */
  public WorkRequestBuilder memory(@Nullable String quantity) {
    memory = read("resources.memory", quantity, Resources::requireMemory);
    return this;
  }

  /** Whole GPUs the job needs; 0 means none. */
  public WorkRequestBuilder gpu(long devices) {
    return gpu(Long.toString(devices));
  }

  /** Whole GPUs the job needs, as a decimal number; 0 means none. */
  public WorkRequestBuilder gpu(@Nullable String number) {
    int devices = readNumber("resources.gpu", number, Resources.MAX_GPU, Resources.GPU_ALLOWED);
    gpu = devices == 0 ? OptionalInt.empty() : OptionalInt.of(devices);
    return this;
  }

  /** How often a failed attempt is repeated. */
  public WorkRequestBuilder retries(long count) {
    return retries(Long.toString(count));
  }

  /** How often a failed attempt is repeated, as a decimal number. */
  public WorkRequestBuilder retries(@Nullable String number) {
    retries = readNumber("retries", number, WorkRequest.MAX_RETRIES, WorkRequest.RETRIES_ALLOWED);
    return this;
  }

  /** Further labels of the Kubernetes Job. */
  public WorkRequestBuilder labels(Map<String, String> values) {
    labels = new TreeMap<>(values);
    return this;
  }

  /** Notes a value that has the wrong form for its field, found by whoever reads the bytes. */
  public WorkRequestBuilder malformed(String field, String value, String allowed) {
    return add(Violation.of(field, value, allowed));
  }

  private WorkRequestBuilder add(Violation violation) {
    violations.putIfAbsent(violation.field(), violation);
    return this;
  }

  private <T> @Nullable T read(
      String field, @Nullable String value, Function<String, T> constructor) {
    if (value == null || value.isEmpty()) {
      return null;
    }
    try {
      return constructor.apply(value);
    } catch (InvalidValueException e) {
      add(new Violation(field, e.getMessage()));
      return null;
    }
  }

  /** The number, from 0 to max; 0 where it is absent or a violation. */
  private int readNumber(String field, @Nullable String value, int max, String allowed) {
    if (value == null || value.isEmpty()) {
      return 0;
    }
    if (DECIMAL_NUMBER.matcher(value.strip()).matches()) {
      BigDecimal number = new BigDecimal(value.strip());
      if (number.signum() >= 0
          && number.compareTo(BigDecimal.valueOf(max)) <= 0
          && number.compareTo(BigDecimal.valueOf(number.intValue())) == 0) {
        return number.intValue();
      }
    }
    add(Violation.of(field, value, allowed));
    return 0;
  }

  private void require(String field, @Nullable Object value) {
    if (value == null && !violations.containsKey(field)) {
      add(new Violation(field, "is missing"));
    }
  }

  /**
   * The request.
   *
   * @throws InvalidRequestException with every violation
   */
  public WorkRequest build() {
    require("image", image);
    require("jobName", jobName);
    require("inputBucket", inputBucket);
    List<Violation> found = new ArrayList<>(violations.values());
    found.addAll(WorkRequest.violations(timeout, command, args, env, retries, labels));
    if (image == null || jobName == null || inputBucket == null || !found.isEmpty()) {
      throw new InvalidRequestException(found);
    }
    return new WorkRequest(
        image,
        jobName,
        inputBucket,
        outputBucket == null ? inputBucket : outputBucket,
        timeout,
        Optional.ofNullable(prefix),
        command,
        args,
        env,
        new Resources(Optional.ofNullable(cpu), Optional.ofNullable(memory), gpu),
        retries,
        labels);
  }
}
