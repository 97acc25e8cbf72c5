package mstc.cloud.worker.domain.request;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LabelSyntaxTest {
  private static final String OF_63 = "x".repeat(63);

  @ParameterizedTest
  @ValueSource(
      strings = {
        "team",
        "A_b.c-d",
        "example.org/team",
        "mstc.example/team",
        "x/y",
        "notkubernetes.io/x"
      })
  void aKeyMayHaveADomain(String key) {
    assertThat(LabelSyntax.check(key, "v1.2-RC_3")).isEmpty();
    assertThat(LabelSyntax.check(key, "")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "/",
        "/a",
        "a/",
        "a/b/c",
        "-a",
        "a-",
        "a b",
        "a\n",
        "Example.org/a",
        "example..org/a",
        "ä"
      })
  void anythingElseIsNoKey(String key) {
    assertThat(LabelSyntax.check(key, ""))
        .hasValueSatisfying(violation ->
            assertThat(violation.toString())
                .startsWith("labels \"")
                .contains("must be a label key [domain/]name"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "kubernetes.io/x",
        "app.kubernetes.io/name",
        "k8s.io/x",
        "node.k8s.io/x",
        "mstc/attempt",
        "job-name",
        "controller-uid"
      })
  void whatKubernetesOrTheWorkerSetsCannotBeChanged(String key) {
    assertThat(LabelSyntax.check(key, ""))
        .hasValue(
            Violation.of("labels", key, "another key, Kubernetes or the worker sets this one"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"-", "a-", ".a", "a b", "a/b", "a\n", "ä"})
  void aValueIsAsKubernetesAllowsIt(String value) {
    assertThat(LabelSyntax.check("team", value))
        .hasValueSatisfying(violation -> assertThat(violation.field()).isEqualTo("labels.team"));
  }

  @Test
  void lengthsAreBounded() {
    String domain = ("d".repeat(62) + ".").repeat(4);
    assertThat(LabelSyntax.check(domain + "x/" + OF_63, OF_63)).isEmpty();
    assertThat(LabelSyntax.check(domain + "xx/" + OF_63, OF_63)).isPresent();
    assertThat(LabelSyntax.check(OF_63 + "x", OF_63)).isPresent();
    assertThat(LabelSyntax.check(OF_63, OF_63 + "x")).isPresent();
    assertThat(LabelSyntax.check("d.".repeat(60_000) + "/x", "")).isPresent();
  }
}
