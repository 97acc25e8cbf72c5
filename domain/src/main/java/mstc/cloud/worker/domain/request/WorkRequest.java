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
import mstc.cloud.worker.domain.FieldHash;
import mstc.cloud.worker.domain.InvalidValueException;
import mstc.cloud.worker.domain.store.BucketName;
import org.jspecify.annotations.Nullable;

/**
 * What a client asks the worker to run. Every instance is valid; {@link #builder()} takes a
 * client's raw values and names everything that is wrong with them at once.
 *
 * @param image the image to run
 * @param jobName the first part of the job's unique name
 * @param inputBucket where the job finds its inputs
 * @param outputBucket where the job and the worker put what they produce
 * @param timeout the time after which the job is ended: 1 minute to 30 days, in whole minutes
 * @param prefix what the names of the job's objects begin with
 * @param command replaces the image's entry point; empty means the image's own
 * @param args replaces the image's arguments; empty means the image's own
 * @param env further environment variables of the job
 * @param resources what the job may use
 * @param retries how often a failed attempt is repeated, 0 to 10
 * @param labels further labels of the job
 */
public record WorkRequest(
    ImageReference image,
    JobName jobName,
    BucketName inputBucket,
    BucketName outputBucket,
    Duration timeout,
    Optional<FilePrefix> prefix,
    List<String> command,
    List<String> args,
    SortedMap<String, String> env,
    Resources resources,
    int retries,
    SortedMap<String, String> labels)
    implements ContainerWork {

  /** The timeout of a request that names none. */
  public static final Duration DEFAULT_TIMEOUT = Duration.ofMinutes(15);

  /** The longest timeout: a job that runs longer should save its state and be sent again. */
  public static final Duration MAX_TIMEOUT = Duration.ofDays(30);

  public static final int MAX_RETRIES = 10;

  static final String TIMEOUT_ALLOWED =
      "whole minutes from 1 to "
          + MAX_TIMEOUT.toMinutes()
          + ", or 0 for "
          + DEFAULT_TIMEOUT.toMinutes();

  static final String RETRIES_ALLOWED = "a whole number from 0 to " + MAX_RETRIES;

  /**
   * @throws InvalidRequestException with every violation
   */
  public WorkRequest {
    command = List.copyOf(command);
    args = List.copyOf(args);
    env = Collections.unmodifiableSortedMap(new TreeMap<>(env));
    labels = Collections.unmodifiableSortedMap(new TreeMap<>(labels));
    List<Violation> violations = violations(timeout, command, args, env, retries, labels);
    if (!violations.isEmpty()) {
      throw new InvalidRequestException(violations);
    }
  }

  /** Without the values of its environment variables, which may be secrets. */
  @Override
  public String toString() {
    return "WorkRequest[image=%s, jobName=%s, inputBucket=%s, outputBucket=%s, timeout=%s, prefix=%s, command=%s, args=%s, env=%s, resources=%s, retries=%d, labels=%s]"
        .formatted(
            image,
            jobName,
            inputBucket,
            outputBucket,
            timeout,
            prefix,
            command,
            args,
            env.keySet(),
            resources,
            retries,
            labels);
  }

  /** Collects a client's raw values. */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * {@inheritDoc}
   *
   * <p>So the fields that are hashed by position are frozen: none is added or removed. A field that
   * the contract gains later is one of the {@code laterFields}: its name in the contract and its
   * value as text, only if a request gives it and it is not the default. Values in a list or an
   * object have names of their own, such as {@code inputs[0].path}.
   */
  @Override
  public RequestDigest digest() {
    // So far, all fields are frozen ones.
    return digest(Collections.emptySortedMap());
  }

  /**
   * @param laterFields names and values of the fields that a request gives besides the frozen ones
   */
  RequestDigest digest(SortedMap<String, String> laterFields) {
    FieldHash hash = new FieldHash();
    hash.text(image.value());
    hash.text(jobName.value());
    hash.text(inputBucket.value());
    hash.text(outputBucket.value());
    hash.text(timeout.toString());
    hash.optional(prefix.map(FilePrefix::value));
    hash.texts(command);
    hash.texts(args);
    hash.map(env);
    hash.optional(resources.cores().map(BigDecimal::toPlainString));
    hash.optional(resources.memoryBytes().map(BigDecimal::toPlainString));
    hash.texts(resources.gpu().stream().mapToObj(Integer::toString).toList());
    hash.text(Integer.toString(retries));
    hash.map(labels);
    laterFields.forEach((name, value) -> {
      hash.text(name);
      hash.text(value);
    });
    return RequestDigest.of(hash);
  }

  /** What is wrong with the values whose types allow more than a request may hold. */
  static List<Violation> violations(
      Duration timeout,
      List<String> command,
      List<String> args,
      Map<String, String> env,
      int retries,
      Map<String, String> labels) {
    List<Violation> violations = new ArrayList<>();
    if (timeout.compareTo(Duration.ofMinutes(1)) < 0
        || timeout.compareTo(MAX_TIMEOUT) > 0
        || !timeout.equals(Duration.ofMinutes(timeout.toMinutes()))) {
      violations.add(Violation.of("timeOut", timeout.toString(), TIMEOUT_ALLOWED));
    }
    command.forEach(word -> ArgumentSyntax.check("command", word).ifPresent(violations::add));
    args.forEach(word -> ArgumentSyntax.check("args", word).ifPresent(violations::add));
    env.forEach((name, value) -> EnvironmentSyntax.check(name, value).ifPresent(violations::add));
    if (retries < 0 || retries > MAX_RETRIES) {
      violations.add(Violation.of("retries", Integer.toString(retries), RETRIES_ALLOWED));
    }
    labels.forEach((key, value) -> LabelSyntax.check(key, value).ifPresent(violations::add));
    return violations;
  }

  /**
   * Takes values as a client sent them. A setter that is not called, or called with null or empty
   * text, means that the field is absent; a value that is not allowed is remembered as a violation.
   */
  public static final class Builder {
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

    private Builder() {}

    public Builder image(@Nullable String value) {
      image = read("image", value, ImageReference::new);
      return this;
    }

    public Builder jobName(@Nullable String value) {
      jobName = read("jobName", value, JobName::new);
      return this;
    }

    public Builder inputBucket(@Nullable String value) {
      inputBucket = read("inputBucket", value, BucketName::new);
      return this;
    }

    /** Where the job's results and log go; absent means the input bucket. */
    public Builder outputBucket(@Nullable String value) {
      outputBucket = read("outputBucket", value, BucketName::new);
      return this;
    }

    /** After how many minutes the job is ended; 0 means the default. */
    public Builder timeoutMinutes(long minutes) {
      return timeoutMinutes(Long.toString(minutes));
    }

    /** After how many minutes the job is ended, as a decimal number; 0 means the default. */
    public Builder timeoutMinutes(@Nullable String number) {
      int minutes =
          readNumber(
              "timeOut",
              number,
              Math.toIntExact(WorkRequest.MAX_TIMEOUT.toMinutes()),
              WorkRequest.TIMEOUT_ALLOWED);
      timeout = minutes == 0 ? WorkRequest.DEFAULT_TIMEOUT : Duration.ofMinutes(minutes);
      return this;
    }

    public Builder prefix(@Nullable String value) {
      prefix = read("prefix", value, FilePrefix::new);
      return this;
    }

    public Builder command(List<String> words) {
      command = List.copyOf(words);
      return this;
    }

    public Builder args(List<String> words) {
      args = List.copyOf(words);
      return this;
    }

    public Builder env(Map<String, String> variables) {
      env = new TreeMap<>(variables);
      return this;
    }

    /** CPU cores the job may use. */
    public Builder cpu(@Nullable String quantity) {
      cpu = read("resources.cpu", quantity, Resources::requireCpu);
      return this;
    }

    /** Bytes of memory the job may use. */
    public Builder memory(@Nullable String quantity) {
      memory = read("resources.memory", quantity, Resources::requireMemory);
      return this;
    }

    /** Whole GPUs the job needs; 0 means none. */
    public Builder gpu(long devices) {
      return gpu(Long.toString(devices));
    }

    /** Whole GPUs the job needs, as a decimal number; 0 means none. */
    public Builder gpu(@Nullable String number) {
      int devices = readNumber("resources.gpu", number, Resources.MAX_GPU, Resources.GPU_ALLOWED);
      gpu = devices == 0 ? OptionalInt.empty() : OptionalInt.of(devices);
      return this;
    }

    public Builder retries(long count) {
      return retries(Long.toString(count));
    }

    public Builder retries(@Nullable String number) {
      retries = readNumber("retries", number, WorkRequest.MAX_RETRIES, WorkRequest.RETRIES_ALLOWED);
      return this;
    }

    public Builder labels(Map<String, String> values) {
      labels = new TreeMap<>(values);
      return this;
    }

    /**
     * Adds a violation for a value of the wrong form, which the caller found when it read the
     * bytes.
     */
    public Builder malformed(String field, String value, String allowed) {
      return add(Violation.of(field, value, allowed));
    }

    /** As {@link #malformed}, for a value that may be a secret. */
    public Builder malformedSecret(String field, String allowed) {
      return add(Violation.ofSecret(field, allowed));
    }

    private Builder add(Violation violation) {
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

    /** The number, from 0 to max; 0 if it is absent or a violation. */
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
}
