package mstc.cloud.worker.adapters.k8s.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Marks as text, which another worker reads, and perhaps another version. */
class LogMarkTest {
  private static final String POSITION = "9 9 1 2026-11-23T10:00:00Z - false";
  private static final String BEGAN = "2026-11-23T10:00:01Z";

  private static LogMark.History read(String history) {
    return LogMark.parse(List.of(POSITION, history, "a gap")).orElseThrow().history();
  }

  @Test
  void whatIsKnownBesidesTheLinesIsReadAsItWasWritten() {
    // given
    LogMark mark =
        new LogMark(
            LogPosition.beginning(Instant.parse("2026-11-23T10:00:00Z")),
            new LogMark.History(Instant.parse(BEGAN), true, Optional.of(2), List.of("a gap")));

    // when
    Optional<LogMark> read = LogMark.parse(mark.toText().lines().toList());

    // then
    assertThat(read.map(LogMark::history)).contains(mark.history());
  }

  @Test
  void aMarkThatDoesNotTellOfEarlierLogsIsRead() {
    assertThat(read(BEGAN + " false"))
        .isEqualTo(
            new LogMark.History(Instant.parse(BEGAN), false, Optional.empty(), List.of("a gap")));
    assertThat(read(BEGAN + " true/3").earlier()).contains(3);
  }

  @Test
  void aMarkOfAnotherVersionIsNone() {
    assertThat(LogMark.parse(List.of(POSITION, BEGAN))).isEmpty();
    assertThat(LogMark.parse(List.of(POSITION, BEGAN + " true/3 more"))).isEmpty();
    assertThat(LogMark.parse(List.of(POSITION, BEGAN + " true/many"))).isEmpty();
    assertThat(LogMark.parse(List.of(POSITION))).isEmpty();
  }
}
