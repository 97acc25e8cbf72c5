package mstc.cloud.worker.faults.history;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What was noted is read again as it was. */
class HistoryFileTest {
  private static final Instant AT = Instant.parse("2026-11-01T12:00:00.123456Z");

  private static final List<Event> ONE_OF_EACH =
      List.of(
          new Event.RunBegun(AT, Long.MIN_VALUE, 8, "mstc-faults-1", List.of("no room: \"none\"")),
          new Event.Sent(
              AT,
              "r1/1",
              "r1",
              Optional.of("id"),
              "SHORT",
              new Expected("FAILED", List.of(3), 7, 9)),
          new Event.Replied(AT, "r1/1", "{\"result\": \"line\\nbreak\"}", true),
          new Event.FaultBegun(AT, 4, FaultKind.BROKER_KILLED, "in words"),
          new Event.FaultEnded(AT, 4),
          new Event.Meddled(AT, "r1", Event.Meddling.POD_EVICTED, "uid"),
          new Event.JobSeen(AT, "r1", "uid", "r1-uuid", true, false, true, false),
          new Event.PodSeen(
              AT,
              "r1",
              "job",
              "uid",
              "Failed",
              Optional.of("Evicted"),
              Optional.of(AT),
              Optional.empty(),
              OptionalInt.of(143),
              true,
              false,
              true),
          new Event.LogRead(AT, "r1", "r1.log", 12, List.of(new Event.Part(12, 11))),
          new Event.ProcessSeen(AT, 2, 4711, 40, 90, 12_345),
          new Event.Misbehaved(AT, 0, "ended by itself"),
          new Event.Mended(AT),
          new Event.Drained(AT),
          new Event.LeftBehind(AT, Event.Place.UPLOAD, "a part", Optional.empty()));

  @Test
  void everyKindOfEventIsReadAgain(@TempDir Path folder) throws Exception {
    // given
    Path file = folder.resolve("history.jsonl");

    // when
    try (HistoryFile history = HistoryFile.create(file)) {
      ONE_OF_EACH.forEach(history::note);
      assertThat(history.soFar().events()).isEqualTo(ONE_OF_EACH);
    }

    // then
    assertThat(ONE_OF_EACH.stream().map(Object::getClass).collect(Collectors.toSet()))
        .hasSameElementsAs(Arrays.asList(Event.class.getPermittedSubclasses()));
    assertThat(Files.readAllLines(file)).hasSameSizeAs(ONE_OF_EACH);
    assertThat(HistoryFile.read(file).events()).isEqualTo(ONE_OF_EACH);
  }

  @Test
  void aLineThatIsNoEventIsNamed(@TempDir Path folder) throws Exception {
    Path file =
        Files.writeString(
            folder.resolve("history.jsonl"),
            HistoryFile.format(ONE_OF_EACH.getFirst()) + "\n{\"type\": \"Other\"}\n");

    assertThatThrownBy(() -> HistoryFile.read(file))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("line 2")
        .hasMessageContaining("\"Other\"");
  }
}
