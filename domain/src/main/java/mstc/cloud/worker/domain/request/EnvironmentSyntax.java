package mstc.cloud.worker.domain.request;

import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** What a request may set as an environment variable of its job. */
final class EnvironmentSyntax {
  /** What the worker tells every job; a request must not change it. */
  private static final Set<String> SET_BY_WORKER =
      Set.of(
          "MSTC_JOB",
          "INPUT_BUCKET",
          "OUTPUT_BUCKET",
          "FILE_PREFIX",
          "MINIO_SERVICE_HOST",
          "MINIO_SERVICE_PORT",
          "MINIO_ROOT_USER",
          "MINIO_ROOT_PASSWORD",
          "AWS_ENDPOINT_URL",
          "AWS_REGION",
          "AWS_ACCESS_KEY_ID",
          "AWS_SECRET_ACCESS_KEY");

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
    if (SET_BY_WORKER.contains(name)) {
      return Optional.of(Violation.of("env", name, "another name, the worker sets this one"));
    }
    return ArgumentSyntax.check("env." + name, value);
  }
}
