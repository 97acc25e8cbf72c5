package mstc.cloud.worker.domain.request;

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
import mstc.cloud.worker.domain.InvalidValueException;
import mstc.cloud.worker.domain.store.BucketName;
import org.jspecify.annotations.Nullable;

/**
 * Takes values as a client sent them. A setter that is not called, or called with null or empty
 * text, means that the field is absent; a value that is not allowed is remembered as a violation.
 */
public final class WorkRequestBuilder {
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

  /**
   * After how many minutes the job is ended; 0 means the default.
   *
   * @param minutes any number: what is out of bounds becomes a violation
   */
  public WorkRequestBuilder timeoutMinutes(long minutes) {
    if (minutes < 0 || minutes > WorkRequest.MAX_TIMEOUT.toMinutes()) {
      add(Violation.of("timeOut", Long.toString(minutes), WorkRequest.TIMEOUT_ALLOWED));
    } else if (minutes > 0) {
      timeout = Duration.ofMinutes(minutes);
    }
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
    if (devices < 0 || devices > Resources.MAX_GPU) {
      add(Violation.of("resources.gpu", Long.toString(devices), Resources.GPU_ALLOWED));
    } else if (devices > 0) {
      gpu = OptionalInt.of((int) devices);
    }
    return this;
  }

  /**
   * How often a failed attempt is repeated.
   *
   * @param count any number: what is out of bounds becomes a violation
   */
  public WorkRequestBuilder retries(long count) {
    if (count < 0 || count > WorkRequest.MAX_RETRIES) {
      add(Violation.of("retries", Long.toString(count), WorkRequest.RETRIES_ALLOWED));
    } else {
      retries = (int) count;
    }
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
