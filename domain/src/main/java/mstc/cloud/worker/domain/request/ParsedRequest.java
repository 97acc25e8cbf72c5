package mstc.cloud.worker.domain.request;

import java.util.List;

/** What a client's bytes turned out to be. */
public sealed interface ParsedRequest {

  /**
   * A request that can be run.
   *
   * @param warnings what the client should know all the same, such as a field nobody reads
   */
  record Valid(WorkRequest request, List<String> warnings) implements ParsedRequest {
    public Valid {
      warnings = List.copyOf(warnings);
    }
  }

  /** A request in the right form with values that are not allowed: all of them, at least one. */
  record Invalid(List<Violation> violations) implements ParsedRequest {
    public Invalid {
      violations = List.copyOf(violations);
    }
  }

  /**
   * Not a request at all.
   *
   * @param reason one line of printable text
   */
  record Unreadable(String reason) implements ParsedRequest {}
}
