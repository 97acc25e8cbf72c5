package mstc.cloud.worker.faults.load;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.util.List;
import java.util.stream.IntStream;
import mstc.cloud.worker.faults.history.Event.Part;
import org.junit.jupiter.api.Test;

/** Stored logs are compared with the text that the job writes, byte by byte and by attempt. */
class KnownTextTest {
  private static final KnownText TEXT = new KnownText("key", 5, 2);
  private static final String WRITTEN = written(TEXT);
  private static final Part WHOLE = new Part(TEXT.bytes(), TEXT.bytes());

  private static String written(KnownText text) {
    StringBuilder all = new StringBuilder();
    IntStream.range(0, text.lines()).forEach(number -> all.append(text.line(number)));
    return all.toString();
  }

  private static List<Part> parts(String stored) throws Exception {
    StoredParts read = StoredParts.read(new ByteArrayInputStream(stored.getBytes(US_ASCII)), TEXT);
    assertThat(read.bytes()).isEqualTo(stored.length());
    return read.parts();
  }

  @Test
  void theTextIsAsLongAsItSays() {
    assertThat(WRITTEN).hasSize((int) TEXT.bytes());
    assertThat(written(KnownText.ofSize("key", 10_000, 140)).length()).isBetween(9_800, 10_000);
  }

  @Test
  void noLineIsLikeAnother() {
    assertThat(WRITTEN.lines().toList()).doesNotHaveDuplicates();
  }

  @Test
  void aWholeLogIsWhole() throws Exception {
    assertThat(parts(WRITTEN)).containsExactly(WHOLE);
  }

  @Test
  void aCutLogIsTheBeginning() throws Exception {
    assertThat(parts(WRITTEN.substring(0, 100))).containsExactly(new Part(100, 100));
    assertThat(parts("")).containsExactly(new Part(0, 0));
  }

  @Test
  void aLogWithoutItsBeginningIsNot() throws Exception {
    assertThat(parts(WRITTEN.substring(74))).containsExactly(new Part(WRITTEN.length() - 74, 7));
  }

  @Test
  void aHoleAndAByteTooManyAreSeen() throws Exception {
    assertThat(parts(WRITTEN.substring(0, 120) + WRITTEN.substring(130)))
        .containsExactly(new Part(WRITTEN.length() - 10, 120));
    assertThat(parts(WRITTEN + "x"))
        .containsExactly(new Part(WRITTEN.length() + 1, WRITTEN.length()));
  }

  @Test
  void attemptsAreToldApart() throws Exception {
    String stored =
        "=== attempt 1 of 3 ===\n"
            + WRITTEN.substring(0, 100)
            + "\n=== attempt 2 of 3, after exit code 143 ===\n"
            + "=== attempt 3 of 3, after exit code 5 ===\n"
            + WRITTEN;

    assertThat(parts(stored)).containsExactly(new Part(100, 100), new Part(0, 0), WHOLE);
  }

  @Test
  void aFirstAttemptThatWroteNothingCountsToo() throws Exception {
    assertThat(parts("=== attempt 1 of 2 ===\n=== attempt 2 of 2, after eviction ===\n" + WRITTEN))
        .containsExactly(new Part(0, 0), WHOLE);
  }

  @Test
  void aLineLikeAHeaderIsNone() throws Exception {
    assertThat(parts("=== other ===\n")).containsExactly(new Part(14, 0));
    assertThat(parts("=== attempt 1")).containsExactly(new Part(13, 0));
  }
}
