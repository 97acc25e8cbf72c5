package mstc.cloud.worker.domain.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import mstc.cloud.worker.domain.InvalidValueException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JobNameTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "a",
        "0",
        "solver",
        "a--b",
        "2d-mesh",
        "abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghij123"
      })
  void aDnsLabelIsAJobName(String value) {
    assertThat(new JobName(value)).hasToString(value);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "Bad",
        "a_b",
        "a.b",
        "-a",
        "a-",
        " a",
        "a\n",
        "ä",
        "a\u0131",
        "abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghij1234"
      })
  void anythingElseIsNot(String value) {
    assertThatThrownBy(() -> new JobName(value)).isInstanceOf(InvalidValueException.class);
  }

  @Test
  void theErrorSaysWhatItWasAndWhatIsAllowed() {
    assertThatThrownBy(() -> new JobName("Bad_Name\n"))
        .hasMessage(
            "\"Bad_Name\\u000a\" must be a DNS label: 1 to 63 of a-z, 0-9 and '-', beginning and"
                + " ending with a letter or digit");
  }
}
