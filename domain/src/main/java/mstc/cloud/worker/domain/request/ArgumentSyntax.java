package mstc.cloud.worker.domain.request;

import java.util.Optional;

/** What a process can be given as an argument or as the value of an environment variable. */
final class ArgumentSyntax {
  private ArgumentSyntax() {}

  static Optional<Violation> check(String field, String value) {
    return value.codePoints().anyMatch(ArgumentSyntax::isForbidden)
        ? Optional.of(
            Violation.of(field, value, "text without NUL characters and unpaired surrogates"))
        : Optional.empty();
  }

  /** NUL ends an argument; an unpaired surrogate has no form in UTF-8. */
  private static boolean isForbidden(int codePoint) {
    return codePoint == 0 || Character.getType(codePoint) == Character.SURROGATE;
  }
}
