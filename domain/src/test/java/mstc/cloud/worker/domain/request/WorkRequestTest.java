package mstc.cloud.worker.domain.request;

import static mstc.cloud.worker.domain.request.WorkRequests.aFullWorkRequest;
import static mstc.cloud.worker.domain.request.WorkRequests.aWorkRequest;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WorkRequestTest {
  @Test
  void theValuesOfItsEnvironmentAreNotShown() {
    // given
    WorkRequest request = aWorkRequest().env(Map.of("TOKEN", "hush")).build();

    // when
    String shown = request.toString();

    // then
    assertThat(shown).contains("TOKEN", request.image().value()).doesNotContain("hush");
  }

  @Test
  void whatIsAbsentHasADefault() {
    // when
    WorkRequest request = aWorkRequest().build();

    // then
    assertThat(request.outputBucket()).isEqualTo(request.inputBucket());
    assertThat(request.timeout()).isEqualTo(Duration.ofMinutes(15));
    assertThat(request.prefix()).isEmpty();
    assertThat(request.command()).isEmpty();
    assertThat(request.args()).isEmpty();
    assertThat(request.env()).isEmpty();
    assertThat(request.resources()).isEqualTo(Resources.UNSPECIFIED);
    assertThat(request.retries()).isZero();
    assertThat(request.labels()).isEmpty();
  }

  @Test
  void emptyAndZeroMeanAbsent() {
    // when
    WorkRequest request =
        aWorkRequest()
            .outputBucket("")
            .timeoutMinutes(0)
            .prefix("")
            .cpu("")
            .memory("")
            .gpu(0)
            .retries("")
            .build();

    // then
    assertThat(request).isEqualTo(aWorkRequest().build());
  }

  @Test
  void everythingWrongIsToldAtOnce() {
    // given
    WorkRequest.Builder request =
        WorkRequest.builder()
            .image("UPPER//x")
            .inputBucket("A")
            .outputBucket("192.168.5.4")
            .timeoutMinutes(-1)
            .prefix("/x")
            .command(List.of("a\0"))
            .args(List.of("b\0", "\ud800"))
            .env(Map.of("1", "", "MSTC_JOB", "x"))
            .cpu("many")
            .memory("much")
            .gpu(65)
            .retries(11)
            .labels(Map.of("-", "", "x", "-"));

    // when
    InvalidRequestException invalid =
        catchThrowableOfType(InvalidRequestException.class, request::build);

    // then
    assertThat(invalid.violations())
        .extracting(Violation::field)
        .containsExactlyInAnyOrder(
            "image",
            "jobName",
            "inputBucket",
            "outputBucket",
            "timeOut",
            "prefix",
            "command",
            "args",
            "args",
            "env",
            "env",
            "resources.cpu",
            "resources.memory",
            "resources.gpu",
            "retries",
            "labels",
            "labels.x");
    assertThat(invalid.getMessage())
        .contains("jobName is missing")
        .contains("timeOut \"-1\" must be whole minutes from 1 to 43200, or 0 for 15")
        .contains("resources.gpu \"65\" must be a whole number from 1 to 64")
        .contains("retries \"11\" must be a whole number from 0 to 10")
        .contains("args \"\\ud800\" must be text without NUL characters and unpaired surrogates");
  }

  @ParameterizedTest
  @CsvSource({
    "1, 1",
    "43200, 43200",
    "' 5 ', 5",
    "+5, 5",
    "15.0, 15",
    "1e2, 100",
    "1.5E+1, 15",
    "-0.0, 15",
    "0e9, 15"
  })
  void aTimeoutIsAWholeNumberOfMinutesHoweverWritten(String number, long minutes) {
    assertThat(aWorkRequest().timeoutMinutes(number).build().timeout())
        .isEqualTo(Duration.ofMinutes(minutes));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-1",
        "43201",
        "5256000",
        "0.5",
        "1.5",
        "abc",
        "NaN",
        "Infinity",
        "1e400",
        "1e-400",
        "1e999999999",
        "-9223372036854775809",
        "٥",
        "0x10",
        "1 0",
        " "
      })
  void anyOtherTimeoutIsRefusedWithWhatItWas(String number) {
    assertThatThrownBy(() -> aWorkRequest().timeoutMinutes(number).build())
        .isInstanceOf(InvalidRequestException.class)
        .hasMessage(
            "timeOut \"" + number + "\" must be whole minutes from 1 to 43200, or 0 for 15");
  }

  @Test
  void aLongNumberIsRefusedAtOnce() {
    assertThatThrownBy(() -> aWorkRequest().retries("1" + "0".repeat(100_000)).build())
        .hasMessageEndingWith("…\" must be a whole number from 0 to 10");
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 59, 61, 2_592_060, Long.MAX_VALUE})
  void aRequestMadeWithoutTheBuilderIsCheckedToo(long seconds) {
    // given
    WorkRequest r = aWorkRequest().build();

    // when, then
    assertThatThrownBy(() ->
            new WorkRequest(
                r.image(),
                r.jobName(),
                r.inputBucket(),
                r.outputBucket(),
                Duration.ofSeconds(seconds),
                r.prefix(),
                r.command(),
                r.args(),
                r.env(),
                r.resources(),
                r.retries(),
                r.labels()))
        .isInstanceOf(InvalidRequestException.class)
        .hasMessageStartingWith("timeOut");
  }

  @Test
  void aRequestKeepsNoCollectionOfItsCaller() {
    // given
    Map<String, String> env = new HashMap<>(Map.of("A", "1"));
    WorkRequest request = aWorkRequest().env(env).build();

    // when
    env.put("B", "2");

    // then
    assertThat(request.env()).isEqualTo(Map.of("A", "1"));
    assertThatThrownBy(() -> request.env().put("C", "3"))
        .isInstanceOf(UnsupportedOperationException.class);
  }

  @Test
  void requestsWithEqualValuesAreEqual() {
    assertThat(aFullWorkRequest().env(new TreeMap<>(Map.of("A", "1", "B", "2"))).build())
        .isEqualTo(aFullWorkRequest().env(Map.of("B", "2", "A", "1")).build());
  }

  @Test
  void aViolationIsOneLineWhateverItQuotes() {
    assertThat(new Violation("f\u001b[31m", "is\r\nmissing\u2028"))
        .hasToString("f\\u001b[31m is\\u000d\\u000amissing\\u2028");
  }
}
