package mstc.cloud.worker.domain.request;

import java.util.List;

/** What a client's bytes turned out to be. */
public sealed interface ParsedRequest {

  /**
   * Work that can be done.
   *
   * @param warnings what the client should still know, such as a field that nobody reads
   */
  record Valid(Work work, List<String> warnings) implements ParsedRequest {
    public Valid {
      warnings = List.copyOf(warnings);
    }
  }

  /** A well-formed request with values that are not allowed: all of these, at least one. */
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
