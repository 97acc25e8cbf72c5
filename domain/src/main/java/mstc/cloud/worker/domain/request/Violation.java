package mstc.cloud.worker.domain.request;

import mstc.cloud.worker.domain.PrintableText;

/**
 * One thing wrong with a request.
 *
 * @param field the field's path as the client writes it, such as {@code resources.cpu}
 * @param problem the value and what is allowed, as the rest of a sentence that begins with the
 *     field
 */
public record Violation(String field, String problem) {
  private static final int MAX_LENGTH = 1000;

  /** Both parts become one line of printable text: a client chooses what they quote. */
  public Violation {
    field = PrintableText.oneLine(field, MAX_LENGTH);
    problem = PrintableText.oneLine(problem, MAX_LENGTH);
  }

  /**
   * A value that is not allowed.
   *
   * @param value what was given; it may hold anything, as it is escaped and cut
   * @param allowed what is allowed instead, as the end of a sentence that begins with "must be"
   */
  public static Violation of(String field, String value, String allowed) {
    return new Violation(field, PrintableText.quote(value) + " must be " + allowed);
  }

  /**
   * A value that is not allowed and may be a secret, as violations are logged.
   *
   * @param allowed what is allowed instead, as the end of a sentence that begins with "must be"
   */
  public static Violation ofSecret(String field, String allowed) {
    return new Violation(field, "must be " + allowed);
  }

  @Override
  public String toString() {
    return field + " " + problem;
  }
}
