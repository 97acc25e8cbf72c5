package mstc.cloud.worker.domain.reply;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import mstc.cloud.worker.domain.PrintableText;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.request.Violation;

/**
 * What a client is told about its request.
 *
 * @param result one line; its second word is the unique name once a job exists
 * @param job the job's unique name, even if the runtime refused the job; empty if the request never
 *     got one
 * @param outcome how it ended
 * @param exitCode of the job's last attempt, if its process ended by itself
 * @param log where the job's log is; empty if it could not be stored
 * @param startedAt when the job's process started, in whole milliseconds
 * @param finishedAt when the job ended, in whole milliseconds
 * @param warnings what the client should know besides the outcome
 */
public record Reply(
    String result,
    Optional<UniqueName> job,
    JobOutcome.Kind outcome,
    OptionalInt exitCode,
    Optional<StoredLog> log,
    Optional<Instant> startedAt,
    Optional<Instant> finishedAt,
    List<String> warnings) {
  /**
   * The longest result, in characters. The rest of a reply then fits within the 1.5 KiB that it may
   * take in an object's metadata.
   */
  public static final int MAX_RESULT_LENGTH = 600;

  /**
   * Makes texts printable and times whole milliseconds, so that a reply is read back as it was
   * written.
   */
  public Reply {
    result = PrintableText.oneLine(result, Integer.MAX_VALUE);
    startedAt = startedAt.map(time -> time.truncatedTo(ChronoUnit.MILLIS));
    finishedAt = finishedAt.map(time -> time.truncatedTo(ChronoUnit.MILLIS));
    warnings =
        warnings.stream().map(text -> PrintableText.oneLine(text, MAX_RESULT_LENGTH)).toList();
  }

  /**
   * The reply to a request whose job has ended.
   *
   * @param warnings in addition to those that the job had from the start
   */
  public static Reply ended(
      Job job,
      JobOutcome outcome,
      Optional<StoredLog> log,
      Optional<Instant> startedAt,
      Instant finishedAt,
      List<String> warnings) {
    List<String> allWarnings = new ArrayList<>(job.warnings());
    allWarnings.addAll(warnings);
    return new Reply(
        sentence(job.name(), outcome),
        Optional.of(job.name()),
        outcome.kind(),
        outcome.exitCode(),
        log,
        startedAt,
        Optional.of(finishedAt),
        allWarnings);
  }

  /** The reply to a request whose job the runtime refused, so that there is none. */
  public static Reply refused(UniqueName job, String reason, List<String> warnings) {
    JobOutcome outcome = new JobOutcome.Rejected(reason);
    return new Reply(
        sentence(job, outcome),
        Optional.of(job),
        outcome.kind(),
        OptionalInt.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        warnings);
  }

  /** The reply to a request with values that are not allowed. */
  public static Reply invalid(List<Violation> violations) {
    return invalid(violations.stream().map(Violation::toString).collect(Collectors.joining("; ")));
  }

  /** The reply to what is not a request, or to one that cannot be run as it is. */
  public static Reply invalid(String reason) {
    return new Reply(
        "Invalid request: " + PrintableText.oneLine(reason, MAX_INVALID_LENGTH),
        Optional.empty(),
        JobOutcome.Kind.REJECTED,
        OptionalInt.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        List.of());
  }

  private static final int MAX_INVALID_LENGTH = 16 * 1024;

  private static String sentence(UniqueName job, JobOutcome outcome) {
    return PrintableText.oneLine("Job " + job + " " + outcome.phrase(), MAX_RESULT_LENGTH) + ".";
  }

  /** How long the job's process ran; empty if it never did. */
  public Optional<Duration> duration() {
    return startedAt.flatMap(start -> finishedAt.map(end -> Duration.between(start, end)));
  }

  public Reply withWarning(String warning) {
    List<String> more = new ArrayList<>(warnings);
    more.add(warning);
    return new Reply(result, job, outcome, exitCode, log, startedAt, finishedAt, more);
  }
}
