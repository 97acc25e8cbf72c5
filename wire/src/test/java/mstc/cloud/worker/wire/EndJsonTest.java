package mstc.cloud.worker.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;
import mstc.cloud.worker.domain.job.JobOutcome;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;

/**
 * Ends are written and read as version 0.1.0 wrote them, which are literal here, except that it did
 * not write timeouts.
 */
class EndJsonTest {
  private static final JsonMapper MAPPER = JsonMapper.builder().build();
  private static final Duration TIMEOUT = Duration.ofMinutes(90);

  private static final String TIMES =
      "\"startedAt\":\"2026-11-02T08:00:00Z\",\"finishedAt\":\"2026-11-02T08:01:00.123456Z\"";

  private static RecordedEnd end(JobOutcome outcome, Optional<Boolean> logComplete) {
    return new RecordedEnd(
        outcome,
        Optional.of(Instant.parse("2026-11-02T08:00:00Z")),
        Instant.parse("2026-11-02T08:01:00.123456Z"),
        logComplete,
        List.of("a warning"));
  }

  private static Stream<Arguments> outcomes() {
    return Stream.of(
        Arguments.of("SUCCEEDED", "0", "null", new JobOutcome.Succeeded()),
        Arguments.of("FAILED", "3", "null", new JobOutcome.Failed(3)),
        Arguments.of("FAILED", "null", "\"no shell\"", new JobOutcome.NotStarted("no shell")),
        Arguments.of(
            "OUT_OF_MEMORY", "137", "null", new JobOutcome.OutOfMemory(OptionalInt.of(137))),
        Arguments.of(
            "OUT_OF_MEMORY", "null", "null", new JobOutcome.OutOfMemory(OptionalInt.empty())),
        Arguments.of(
            "TIMED_OUT",
            "null",
            "null,\"timeoutSeconds\":3600",
            new JobOutcome.TimedOut(Duration.ofHours(1), Optional.empty())),
        Arguments.of(
            "TIMED_OUT",
            "null",
            "\"no node\",\"timeoutSeconds\":5400",
            new JobOutcome.TimedOut(TIMEOUT, Optional.of("no node"))),
        Arguments.of(
            "IMAGE_UNAVAILABLE", "null", "\"why\"", new JobOutcome.ImageUnavailable("why")),
        Arguments.of("EVICTED", "null", "\"why\"", new JobOutcome.Evicted("why")),
        Arguments.of("CANCELLED", "null", "null", new JobOutcome.Cancelled()),
        Arguments.of("LOST", "null", "\"why\"", new JobOutcome.Lost("why")),
        Arguments.of("REJECTED", "null", "\"why\"", new JobOutcome.Rejected("why")));
  }

  @ParameterizedTest
  @MethodSource("outcomes")
  void anEndInAnAnnotation(String name, String exitCode, String reason, JobOutcome outcome) {
    // given
    String text =
        "{\"kind\":\"%s\",\"exitCode\":%s,\"reason\":%s,%s,\"warnings\":[\"a warning\"]}"
            .formatted(name, exitCode, reason, TIMES);
    RecordedEnd end = end(outcome, Optional.empty());

    // when, then
    assertThat(EndJson.ANNOTATION.read(MAPPER.readTree(text), TIMEOUT)).isEqualTo(end);
    assertThat(MAPPER.writeValueAsString(EndJson.ANNOTATION.write(end))).isEqualTo(text);
  }

  @ParameterizedTest
  @MethodSource("outcomes")
  void anEndInAFolder(String name, String exitCode, String reason, JobOutcome outcome) {
    // given
    String text =
        "{\"outcome\":\"%s\",\"exitCode\":%s,\"detail\":%s,%s,\"logComplete\":false,\"warnings\":[\"a warning\"]}"
            .formatted(name, exitCode, reason, TIMES);
    RecordedEnd end = end(outcome, Optional.of(false));

    // when, then
    assertThat(EndJson.FOLDER.read(MAPPER.readTree(text), TIMEOUT)).isEqualTo(end);
    assertThat(MAPPER.writeValueAsString(EndJson.FOLDER.write(end))).isEqualTo(text);
  }

  @Test
  void anEndWithoutAStart() {
    // given
    String text =
        """
        {"kind":"CANCELLED","exitCode":null,"reason":null,"startedAt":null,\
        "finishedAt":"2026-11-02T08:01:00Z","warnings":[]}\
        """;

    // when
    RecordedEnd end = EndJson.ANNOTATION.read(MAPPER.readTree(text), TIMEOUT);

    // then
    assertThat(end.startedAt()).isEmpty();
    assertThat(MAPPER.writeValueAsString(EndJson.ANNOTATION.write(end))).isEqualTo(text);
  }

  @Test
  void aTimeoutThatIsNotOnRecordIsTheJobs() {
    // given
    String text =
        """
        {"kind":"TIMED_OUT","exitCode":null,"reason":null,"startedAt":null,\
        "finishedAt":"2026-11-02T08:01:00Z","warnings":[]}\
        """;

    // when, then
    assertThat(EndJson.ANNOTATION.read(MAPPER.readTree(text), TIMEOUT).outcome())
        .isEqualTo(new JobOutcome.TimedOut(TIMEOUT, Optional.empty()));
  }

  @ParameterizedTest
  @EnumSource(JobOutcome.Kind.class)
  void aKindIsKnownByItsName(JobOutcome.Kind kind) {
    assertThat(OutcomeNames.name(kind)).isEqualTo(kind.name());
    assertThat(OutcomeNames.kind(kind.name())).isEqualTo(kind);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "null",
        "{}",
        "{\"kind\":null,\"finishedAt\":\"2026-11-02T08:01:00Z\",\"warnings\":[]}",
        "{\"kind\":\"BORED\",\"finishedAt\":\"2026-11-02T08:01:00Z\",\"warnings\":[]}",
        "{\"kind\":\"LOST\",\"warnings\":[]}",
        "{\"kind\":\"LOST\",\"finishedAt\":\"soon\",\"warnings\":[]}",
        "{\"kind\":\"LOST\",\"finishedAt\":\"2026-11-02T08:01:00Z\"}",
        "{\"kind\":\"LOST\",\"finishedAt\":\"2026-11-02T08:01:00Z\",\"warnings\":[null]}",
        "{\"kind\":\"FAILED\",\"exitCode\":0,\"finishedAt\":\"2026-11-02T08:01:00Z\",\"warnings\":[]}",
      })
  void whatIsNoEndIsRefused(String text) {
    assertThatThrownBy(() -> EndJson.ANNOTATION.read(MAPPER.readTree(text), TIMEOUT))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
