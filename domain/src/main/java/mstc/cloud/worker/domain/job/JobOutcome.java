package mstc.cloud.worker.domain.job;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import mstc.cloud.worker.domain.PrintableText;

/** How a job ended. Every reason is one line of printable text, wherever it came from. */
public sealed interface JobOutcome {
  /** The longest reason, in characters: a reply must fit into an object's metadata. */
  int MAX_REASON_LENGTH = 400;

  /** What clients switch on. */
  enum Kind {
    SUCCEEDED,
    FAILED,
    TIMED_OUT,
    OUT_OF_MEMORY,
    IMAGE_UNAVAILABLE,
    EVICTED,
    CANCELLED,
    LOST,
    REJECTED
  }

  Kind kind();

  /** The end of the sentence that begins with "Job" and the unique name, without its full stop. */
  String phrase();

  /** The exit code of the last attempt; empty if no process of the job ended by itself. */
  default OptionalInt exitCode() {
    return OptionalInt.empty();
  }

  /** The job's process exited with 0. */
  record Succeeded() implements JobOutcome {
    @Override
    public Kind kind() {
      return Kind.SUCCEEDED;
    }

    @Override
    public String phrase() {
      return "complete";
    }

    @Override
    public OptionalInt exitCode() {
      return OptionalInt.of(0);
    }
  }

  /**
   * The job's process ended with another exit code.
   *
   * @param code not 0; 128 and a signal's number for a process that a signal ended, as shells and
   *     containers report it
   */
  record Failed(int code) implements JobOutcome {
    private static final int SIGNAL_BASE = 128;
    private static final int MAX_SIGNAL = 64;

    public Failed {
      if (code == 0) {
        throw new IllegalArgumentException("exit code 0 is a success");
      }
    }

    @Override
    public Kind kind() {
      return Kind.FAILED;
    }

    @Override
    public String phrase() {
      int signal = code - SIGNAL_BASE;
      boolean signalled = signal > 0 && signal <= MAX_SIGNAL;
      return "failed: exit code " + code + (signalled ? " (signal " + signal + ")" : "");
    }

    @Override
    public OptionalInt exitCode() {
      return OptionalInt.of(code);
    }
  }

  /** The job's process could not be started, though its image was there. */
  record NotStarted(String reason) implements JobOutcome {
    public NotStarted {
      reason = PrintableText.oneLine(reason, MAX_REASON_LENGTH);
    }

    @Override
    public Kind kind() {
      return Kind.FAILED;
    }

    @Override
    public String phrase() {
      return "failed: not started: " + reason;
    }
  }

  /**
   * The job was ended as its time was over.
   *
   * @param timeout how long it had: normally the job's own timeout
   * @param detail why it had not got further, if something other than its work held it up
   */
  record TimedOut(Duration timeout, Optional<String> detail) implements JobOutcome {
    public TimedOut {
      detail = detail.map(text -> PrintableText.oneLine(text, MAX_REASON_LENGTH));
    }

    @Override
    public Kind kind() {
      return Kind.TIMED_OUT;
    }

    @Override
    public String phrase() {
      long minutes = timeout.toMinutes();
      // A format would write the number in the digits of the machine's locale.
      return "failed: timed out after "
          + minutes
          + (minutes == 1 ? " minute" : " minutes")
          + detail.map(text -> " (" + text + ")").orElse("");
    }
  }

  /** The job used more memory than it was allowed. */
  record OutOfMemory(OptionalInt exitCode) implements JobOutcome {
    @Override
    public Kind kind() {
      return Kind.OUT_OF_MEMORY;
    }

    @Override
    public String phrase() {
      return "failed: out of memory";
    }
  }

  /** The image does not exist or cannot be pulled. */
  record ImageUnavailable(String reason) implements JobOutcome {
    public ImageUnavailable {
      reason = PrintableText.oneLine(reason, MAX_REASON_LENGTH);
    }

    @Override
    public Kind kind() {
      return Kind.IMAGE_UNAVAILABLE;
    }

    @Override
    public String phrase() {
      return "failed: image not found: " + reason;
    }
  }

  /** The cluster evicted the job, and it could not be run again in time. */
  record Evicted(String reason) implements JobOutcome {
    public Evicted {
      reason = PrintableText.oneLine(reason, MAX_REASON_LENGTH);
    }

    @Override
    public Kind kind() {
      return Kind.EVICTED;
    }

    @Override
    public String phrase() {
      return "failed: evicted: " + reason;
    }
  }

  /** Someone asked for the job to be ended. */
  record Cancelled() implements JobOutcome {
    @Override
    public Kind kind() {
      return Kind.CANCELLED;
    }

    @Override
    public String phrase() {
      return "failed: cancelled";
    }
  }

  /** The job was running, and nothing can tell how it ended. */
  record Lost(String reason) implements JobOutcome {
    public Lost {
      reason = PrintableText.oneLine(reason, MAX_REASON_LENGTH);
    }

    @Override
    public Kind kind() {
      return Kind.LOST;
    }

    @Override
    public String phrase() {
      return "failed: lost: " + reason;
    }
  }

  /** The runtime refused the job for good. */
  record Rejected(String reason) implements JobOutcome {
    public Rejected {
      reason = PrintableText.oneLine(reason, MAX_REASON_LENGTH);
    }

    @Override
    public Kind kind() {
      return Kind.REJECTED;
    }

    @Override
    public String phrase() {
      return "failed: rejected: " + reason;
    }
  }
}
