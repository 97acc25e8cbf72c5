package mstc.cloud.worker.domain.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import mstc.cloud.worker.domain.InvalidValueException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FilePrefixTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "a",
        "runs/2026-07",
        "Größe 1",
        "模型",
        "😀",
        "...",
        "a..b",
        ".hidden",
        "-",
        "%2e%2e"
      })
  void aPrefixIsAnyPrintablePath(String value) {
    assertThat(new FilePrefix(value)).hasToString(value);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " a",
        "a ",
        "\u2003a",
        "/a",
        "a/",
        "a//b",
        ".",
        "..",
        "../a",
        "a/..",
        "a/./b",
        "a\\b",
        "a\nb",
        "a\u0000",
        "\u001b[31m",
        "a\u2028",
        "a\u202eb",
        "a\ud800",
        "a\ufffd"
      })
  void whatCouldMeanAnotherPlaceOrBreakALineIsRefused(String value) {
    assertThatThrownBy(() -> new FilePrefix(value))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("must be 1 to 180 bytes of printable text");
  }

  @Test
  void itsLengthIsCountedInBytes() {
    assertThat(new FilePrefix("模".repeat(60)).value()).hasSize(60);
    assertThatThrownBy(() -> new FilePrefix("模".repeat(60) + "a"))
        .isInstanceOf(InvalidValueException.class);
  }
}
