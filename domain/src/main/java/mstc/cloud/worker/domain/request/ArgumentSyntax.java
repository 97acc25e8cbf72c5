package mstc.cloud.worker.domain.request;

import java.util.Optional;

/** What can be passed to a process as an argument or as the value of an environment variable. */
final class ArgumentSyntax {
  static final String ALLOWED = "text without NUL characters and unpaired surrogates";

  private ArgumentSyntax() {}

  static Optional<Violation> check(String field, String value) {
    return isAllowed(value) ? Optional.empty() : Optional.of(Violation.of(field, value, ALLOWED));
  }

  static boolean isAllowed(String value) {
    return value.codePoints().noneMatch(ArgumentSyntax::isForbidden);
  }

  /** NUL ends an argument; an unpaired surrogate has no form in UTF-8. */
  private static boolean isForbidden(int codePoint) {
    return codePoint == 0 || Character.getType(codePoint) == Character.SURROGATE;
  }
}
