package mstc.cloud.worker.domain.runtime;

import java.util.Optional;

/** What every runtime says in a job's log, or of it, in the same words. */
public final class LogTexts {
  private LogTexts() {}

  /**
   * The line before an attempt's output, with its line end, if there are several attempts.
   *
   * @param number of the attempt, 1 or more
   * @param attempts how many there are, or may be
   * @param endBefore how the attempt before ended; empty for the first
   */
  public static String attemptHeader(int number, int attempts, Optional<String> endBefore) {
    return "=== attempt "
        + number
        + " of "
        + attempts
        + endBefore.map(end -> ", after " + end).orElse("")
        + " ===\n";
  }

  /** How an attempt ended whose process ended by itself. */
  public static String exitCode(int code) {
    return "exit code " + code;
  }

  /** The warning that a part of a log is missing. */
  public static String notComplete(String why) {
    return "the log is not complete: " + why;
  }

  /** The lines where a log was cut. */
  public static String cutHere(String why) {
    return "\n[mstc-cloud-worker: the log was cut here, as " + why + "]\n";
  }

  /** What is missing of a log that was cut. */
  public static String cut(String why) {
    return "it was cut, as " + why;
  }

  /** Why a log was cut. */
  public static String jobLimit(long bytes) {
    return "a job's log may have " + bytes + " bytes";
  }
}
