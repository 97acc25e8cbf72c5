package mstc.cloud.worker.wire;

import mstc.cloud.worker.domain.job.JobOutcome.Kind;

/** The names of outcomes in replies and records. They outlive a renaming in Java. */
public final class OutcomeNames {
  private OutcomeNames() {}

  /** The name of a kind of outcome. */
  public static String name(Kind kind) {
    return switch (kind) {
      case SUCCEEDED -> "SUCCEEDED";
      case FAILED -> "FAILED";
      case TIMED_OUT -> "TIMED_OUT";
      case OUT_OF_MEMORY -> "OUT_OF_MEMORY";
      case IMAGE_UNAVAILABLE -> "IMAGE_UNAVAILABLE";
      case EVICTED -> "EVICTED";
      case CANCELLED -> "CANCELLED";
      case LOST -> "LOST";
      case REJECTED -> "REJECTED";
    };
  }

  /**
   * The kind of outcome with that name.
   *
   * @throws IllegalArgumentException if there is none
   */
  public static Kind kind(String name) {
    for (Kind kind : Kind.values()) {
      if (name(kind).equals(name)) {
        return kind;
      }
    }
    throw new IllegalArgumentException("no job ends as " + name);
  }
}
