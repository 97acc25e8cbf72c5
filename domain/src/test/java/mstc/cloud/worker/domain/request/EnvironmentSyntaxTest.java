package mstc.cloud.worker.domain.request;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EnvironmentSyntaxTest {
  @ParameterizedTest
  @ValueSource(strings = {"A", "_", "path_2", "mstc_job", "AWS_PROFILE"})
  void anIdentifierIsAName(String name) {
    assertThat(EnvironmentSyntax.check(name, "any text\n😀")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "1A", "A-B", "A.B", "A B", "A=B", "A\n", "Ä", "A\u0000"})
  void anythingElseIsNot(String name) {
    assertThat(EnvironmentSyntax.check(name, ""))
        .hasValueSatisfying(violation -> {
          assertThat(violation.field()).isEqualTo("env");
          assertThat(violation.problem()).contains("must be a name of at most 253 letters");
        });
  }

  @Test
  void aNameHasAtMost253Characters() {
    assertThat(EnvironmentSyntax.check("A".repeat(253), "")).isEmpty();
    assertThat(EnvironmentSyntax.check("A".repeat(254), "")).isPresent();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
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
        "AWS_SECRET_ACCESS_KEY"
      })
  void whatTheWorkerTellsAJobCannotBeChanged(String name) {
    assertThat(EnvironmentSyntax.check(name, ""))
        .hasValue(Violation.of("env", name, "another name, the worker sets this one"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"a\u0000b", "\ud800", "\udc00\ud800", "😀\ude00"})
  void aValueThatNoProcessCanBeGivenIsRefused(String value) {
    assertThat(EnvironmentSyntax.check("A", value))
        .hasValue(
            Violation.ofSecret("env.A", "text without NUL characters and unpaired surrogates"));
  }
}
