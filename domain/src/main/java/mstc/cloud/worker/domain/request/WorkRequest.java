package mstc.cloud.worker.domain.request;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import mstc.cloud.worker.domain.store.BucketName;

/**
 * What a client asks the worker to run. Every instance is valid; {@link #builder()} takes a
 * client's raw values and names all that is wrong with them at once.
 *
 * @param image the image to run
 * @param jobName the first part of the job's unique name
 * @param inputBucket where the job finds its inputs
 * @param outputBucket where the job and the worker put what they produce
 * @param timeout after which the job is ended: 1 minute to 30 days, in whole minutes
 * @param prefix what names of the job's objects begin with
 * @param command in place of the image's entry point; empty means the image's
 * @param args in place of the image's arguments; empty means the image's
 * @param env further environment variables of the job
 * @param resources what the job may use
 * @param retries how often a failed attempt is repeated, 0 to 10
 * @param labels further labels of the Kubernetes Job
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
    SortedMap<String, String> labels) {

  /** The timeout of a request that names none. */
  public static final Duration DEFAULT_TIMEOUT = Duration.ofMinutes(15);

  /** The longest timeout: a job that runs longer should save its state and be sent again. */
  public static final Duration MAX_TIMEOUT = Duration.ofDays(30);

  /** The highest number of retries. */
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

  /** Collects a client's raw values. */
  public static WorkRequestBuilder builder() {
    return new WorkRequestBuilder();
  }

  /** What is wrong with the values whose types allow more than a request does. */
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
}
