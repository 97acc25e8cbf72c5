package mstc.cloud.worker.domain;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PrintableTextTest {
  @ParameterizedTest
  @ValueSource(
      ints = {
        0, '\n', '\r', 0x1b, 0x7f, 0x85, 0x9b, 0x2028, 0x2029, 0x202e, 0xfeff, 0xd800, 0xdfff,
        0xe0041
      })
  void whatCouldChangeALineOrATerminalIsWrittenAsItsNumber(int codePoint) {
    // when
    String line = PrintableText.oneLine("a" + Character.toString(codePoint) + "b", 100);

    // then
    assertThat(line).isEqualTo("a\\u%04xb", codePoint);
  }

  @Test
  void textOfAnyLanguageStaysAsItIs() {
    assertThat(PrintableText.oneLine("Größe 模型 😀 \\ \"x\"", 100))
        .isEqualTo("Größe 模型 😀 \\ \"x\"");
  }

  @ParameterizedTest
  @CsvSource({
    "abc, 3, abc",
    "abcd, 3, ab…",
    "abcd, 1, …",
    "😀😀, 4, 😀😀",
    "😀😀, 3, 😀…",
    "😀😀, 2, …",
    "'', 1, ''"
  })
  void aLongTextIsCutBetweenCharactersAndSaysSo(String text, int maxLength, String expected) {
    assertThat(PrintableText.oneLine(text, maxLength)).isEqualTo(expected);
  }

  @Test
  void anEscapedCharacterIsNeverCutInTheMiddle() {
    assertThat(PrintableText.oneLine("a\n\n", 8)).isEqualTo("a\\u000a…");
  }

  @Test
  void aQuotedTextHasAtMostEightyCharacters() {
    assertThat(PrintableText.quote("x".repeat(100_000))).isEqualTo('"' + "x".repeat(79) + "…\"");
  }
}
