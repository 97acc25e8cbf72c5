package mstc.cloud.worker.domain.request;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GlobTest {
  @ParameterizedTest
  @CsvSource({
    "*, team/solver:3",
    "*, ''",
    "team/*, team/solver:3",
    "team/*, team/",
    "*/solver:*, registry.example:5000/team/solver:3",
    "*a*b, xaxbxaxb",
    "**, x",
    "a.b, a.b",
    "?, 😀",
    "a?c*, abcd",
  })
  void matches(String pattern, String text) {
    assertThat(new Glob(pattern).matches(text)).isTrue();
  }

  @ParameterizedTest
  @CsvSource({
    "team/*, team",
    "team/*, other/team/solver",
    "solver, solver:3",
    "a.b, axb",
    "*a, ab",
    "?, ''",
    "'', a",
    "[ab], a",
    "*a*b, xbxa",
  })
  void doesNotMatch(String pattern, String text) {
    assertThat(new Glob(pattern).matches(text)).isFalse();
  }

  /** A regular expression of the same meaning would not end within a lifetime. */
  @Test
  @Timeout(60)
  void manyStarsEndWhateverTheText() {
    assertThat(new Glob("*a".repeat(100) + "*b").matches("a".repeat(600))).isFalse();
  }
}
