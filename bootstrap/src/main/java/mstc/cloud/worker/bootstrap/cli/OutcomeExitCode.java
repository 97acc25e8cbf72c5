package mstc.cloud.worker.bootstrap.cli;

import mstc.cloud.worker.domain.job.JobOutcome;
import picocli.CommandLine;

/** The exit code of a command that waited for a job's end. */
final class OutcomeExitCode {
  /** How the job ended is not known yet. */
  static final int NO_REPLY = 3;

  private static final int TIMED_OUT = 124;
  private static final int CANCELLED = 130;

  private OutcomeExitCode() {}

  static int of(JobOutcome.Kind outcome) {
    return switch (outcome) {
      case SUCCEEDED -> CommandLine.ExitCode.OK;
      case TIMED_OUT -> TIMED_OUT;
      case CANCELLED -> CANCELLED;
      case REJECTED -> CommandLine.ExitCode.USAGE;
      case FAILED, OUT_OF_MEMORY, IMAGE_UNAVAILABLE, EVICTED, LOST -> CommandLine.ExitCode.SOFTWARE;
    };
  }
}
