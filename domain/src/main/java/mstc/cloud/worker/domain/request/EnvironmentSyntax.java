package mstc.cloud.worker.domain.request;

import java.util.Optional;
import java.util.regex.Pattern;

/** What a request may set as an environment variable of its job. */
final class EnvironmentSyntax {
  private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]{0,252}");

  private EnvironmentSyntax() {}

  static Optional<Violation> check(String name, String value) {
    if (!NAME.matcher(name).matches()) {
      return Optional.of(
          Violation.of(
              "env",
              name,
              "a name of at most 253 letters, digits and '_', not beginning with a digit"));
    }
    if (JobVariables.ALL.contains(name)) {
      return Optional.of(Violation.of("env", name, "another name, the worker sets this one"));
    }
    return ArgumentSyntax.isAllowed(value)
        ? Optional.empty()
        : Optional.of(Violation.ofSecret("env." + name, ArgumentSyntax.ALLOWED));
  }
}
