package mstc.cloud.worker.adapters.k8s;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import mstc.cloud.worker.adapters.k8s.SpooledLog.StreamEnd;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SpooledLogTest {
  private static final String FIRST_SECOND = "2026-11-23T10:00:01";
  private static final String SECOND_SECOND = "2026-11-23T10:00:02";

  @TempDir Path folder;
  private Spool spool;
  private SpooledLog log;

  @BeforeEach
  void open() throws IOException {
    spool = Spool.open(folder, 1000);
    log = spool.log("job", "pod");
  }

  @AfterEach
  void close() throws IOException {
    log.close();
    spool.close();
  }

  private SpooledLog.Lines read(String... pieces) throws IOException {
    return read(log.lines(StreamEnd.BROKEN, Instant.now()), pieces);
  }

  private SpooledLog.Lines afterAnEnd() {
    return log.lines(StreamEnd.ENDED, Instant.now());
  }

  private static SpooledLog.Lines read(SpooledLog.Lines lines, String... pieces)
      throws IOException {
    for (String piece : pieces) {
      lines.add(piece.getBytes(UTF_8), piece.getBytes(UTF_8).length);
    }
    return lines;
  }

  private static String line(String second, int nanos, String text) {
    return "%s.%09dZ %s\n".formatted(second, nanos, text);
  }

  private String text() throws IOException {
    return Files.readString(log.file());
  }

  @Test
  void linesAreKeptWithoutTheirTimesHoweverTheyArePieced() throws IOException {
    // given
    String stream =
        line(FIRST_SECOND, 1, "one") + line(FIRST_SECOND, 2, "") + line(SECOND_SECOND, 3, "ü");

    // when
    read(stream.split("(?<=.)", -1));

    // then
    assertThat(text()).isEqualTo("one\n\nü\n");
  }

  @Test
  void theNextStreamIsAskedForFromTheNewestSecondOnAndItsRepeatsAreDropped() throws IOException {
    // given
    read(
        line(FIRST_SECOND, 1, "a")
            + line(SECOND_SECOND, 5, "b")
            + line(SECOND_SECOND, 5, "c")
            + "2026-11-23T10:00:02.000000009Z cut");

    // when
    Instant from = log.resumeFrom().orElseThrow();
    read(
        line(SECOND_SECOND, 5, "b")
            + line(SECOND_SECOND, 5, "c")
            + line(SECOND_SECOND, 9, "cut off")
            + line(SECOND_SECOND, 9, "d"));

    // then
    assertThat(from).isEqualTo(Instant.parse(SECOND_SECOND + "Z"));
    assertThat(text()).isEqualTo("a\nb\nc\ncut off\nd\n");
  }

  @Test
  void linesWhoseTimesAreOutOfOrderAreNeitherLostNorDoubled() throws IOException {
    // given
    String stream =
        line(SECOND_SECOND, 8, "out")
            + line(SECOND_SECOND, 7, "err")
            + line(FIRST_SECOND, 9, "old");
    read(stream);

    // when
    read(
        line(SECOND_SECOND, 8, "out")
            + line(SECOND_SECOND, 7, "err")
            + line(SECOND_SECOND, 7, "new"));

    // then
    assertThat(text()).isEqualTo("out\nerr\nold\nnew\n");
  }

  @Test
  void theEndOfALongLineThatBeganASecondEarlierIsNoLine() throws IOException {
    // given
    read(line(FIRST_SECOND, 1, "long, with an end a second later") + line(SECOND_SECOND, 5, "b"));

    // when
    read(
        line(SECOND_SECOND, 1, "a second later")
            + line(SECOND_SECOND, 5, "b")
            + line(SECOND_SECOND, 6, "c"));

    // then
    assertThat(text()).isEqualTo("long, with an end a second later\nb\nc\n");
  }

  @Test
  void theEndOfALongLineThatBeganSoonerIsNotTheKubeletsWord() throws IOException {
    // given
    read(line(FIRST_SECOND, 1, "long"), line(SECOND_SECOND, 1, "end"));

    // when
    SpooledLog.Lines again = read("x".repeat(100) + "\n" + line(SECOND_SECOND, 1, "end"));

    // then
    assertThat(again.foreignWords()).isEmpty();
    assertThat(again.newBytes()).isZero();
    assertThat(text()).isEqualTo("long\nend\n");
  }

  @Test
  void linesThatWereRotatedAwayMeanwhileAreAGap() throws IOException {
    // given
    read(line(FIRST_SECOND, 1, "a"));

    // when
    SpooledLog.Lines lines = read(line(SECOND_SECOND, 1, "later"));

    // then
    assertThat(lines.hasGap()).isTrue();
    assertThat(text()).isEqualTo("a\nlater\n");
  }

  @Test
  void theNextFileIsAGapUnlessTheOneBeforeIsKnownToHaveBeenReadToItsEnd() throws IOException {
    // given
    read(line(FIRST_SECOND, 900_000_000, "a"));

    // when
    SpooledLog.Lines unknown = read(afterAnEnd(), line(SECOND_SECOND, 1, "b"));
    Instant seen = Instant.parse("2026-11-23T11:00:00Z");
    log.noteNextFile(seen);
    SpooledLog.Lines known =
        read(log.lines(StreamEnd.LEFT, seen.plusSeconds(1)), line("2026-11-23T11:00:00", 1, "c"));

    // then
    assertThat(unknown.hasGap()).isTrue();
    assertThat(known.hasGap()).isFalse();
    assertThat(text()).isEqualTo("a\nb\nc\n");
  }

  @Test
  void aLineThatARotationDividedIsPutTogetherAgain() throws IOException {
    // given
    read(line(FIRST_SECOND, 1, "a") + FIRST_SECOND + ".000000002Z be");

    // when
    String nextFile = line(FIRST_SECOND, 3, "gun") + line(FIRST_SECOND, 4, "end");
    SpooledLog.Lines next = read(afterAnEnd(), nextFile);
    SpooledLog.Lines again = read(nextFile);

    // then
    assertThat(next.hasGap()).isFalse();
    assertThat(again.newBytes()).isZero();
    assertThat(again.isShort()).isFalse();
    assertThat(text()).isEqualTo("a\nbegun\nend\n");
  }

  @Test
  void theNextFileMayBeginSoonerThanTheOneBeforeEnded() throws IOException {
    // given
    read(line(FIRST_SECOND, 1, "a") + line(FIRST_SECOND, 5, "b") + FIRST_SECOND + ".000000006Z c");

    // when
    SpooledLog.Lines next =
        read(afterAnEnd(), line(FIRST_SECOND, 4, "d") + line(FIRST_SECOND, 7, "e"));

    // then
    assertThat(next.hasGap()).isFalse();
    assertThat(text()).isEqualTo("a\nb\ncd\ne\n");
  }

  @Test
  void aFileThatWasBegunInTheStreamBeforeIsNotTakenTwice() throws IOException {
    // given
    String nextFile = line(FIRST_SECOND, 4, "c") + line(FIRST_SECOND, 5, "d");
    read(line(FIRST_SECOND, 1, "a") + FIRST_SECOND + ".000000002Z b", "egun\n" + nextFile);

    // when
    String grown = line(FIRST_SECOND, 3, "egun") + nextFile + line(FIRST_SECOND, 6, "e");
    SpooledLog.Lines again = read(grown);
    SpooledLog.Lines last = read(grown);

    // then
    assertThat(again.hasGap()).isFalse();
    assertThat(last.newBytes()).isZero();
    assertThat(last.isShort()).isFalse();
    assertThat(text()).isEqualTo("a\nbegun\nc\nd\ne\n");
  }

  @Test
  void aFileThatWasAskedForSoonAfterTheOneBeforeEndedMayBeginLate() throws IOException {
    // given
    read(line(FIRST_SECOND, 1, "a") + FIRST_SECOND + ".000000002Z be");

    // when
    Instant soon = Instant.parse("2026-11-23T10:00:05Z");
    SpooledLog.Lines next =
        read(
            log.lines(StreamEnd.LEFT, soon),
            line("2026-11-23T11:00:00", 1, "gun") + "2026-11-23T11:00:00.000000002Z an");
    Instant late = Instant.parse("2026-11-23T11:00:06Z");
    SpooledLog.Lines afterNext =
        read(log.lines(StreamEnd.LEFT, late), line("2026-11-23T12:00:00", 1, "other"));

    // then
    assertThat(next.hasGap()).isFalse();
    assertThat(afterNext.hasGap()).isTrue();
  }

  @Test
  void theEndOfADividedLineThatCameWithoutATimeIsNotTakenAgainWithOne() throws IOException {
    // given
    read(line(FIRST_SECOND, 1, "a") + FIRST_SECOND + ".000000002Z be", "gun\n");

    // when
    SpooledLog.Lines again = read(afterAnEnd(), line(SECOND_SECOND, 3, "gun"));

    // then
    assertThat(again.hasGap()).isFalse();
    assertThat(again.newBytes()).isZero();
    assertThat(text()).isEqualTo("a\nbegun\n");
  }

  @Test
  void theSameBeforeALineWithoutAnEndIsNotTakenAgainEither() throws IOException {
    // given
    String end = "2026-11-23T10:00:05.000000001Z c";
    read(line(FIRST_SECOND, 1, "a") + FIRST_SECOND + ".000000002Z be", "gun\n" + end);

    // when
    read(afterAnEnd(), line(SECOND_SECOND, 3, "gun") + end);

    // then
    assertThat(text()).isEqualTo("a\nbegun\nc");
  }

  @Test
  void aLineThatAStreamGaveFirstOfTheNextFileMayBeTheEndOfADividedOne() throws IOException {
    // given
    log.keepTimes(100);
    read(line(FIRST_SECOND, 1, "a") + line(SECOND_SECOND, 2, "gun") + line(SECOND_SECOND, 3, "b"));

    // when
    boolean same =
        log.noteNewestFile(Optional.of(Instant.parse(FIRST_SECOND + ".000000001Z")), false);
    List<String> before = log.gaps();
    boolean another =
        log.noteNewestFile(Optional.of(Instant.parse(SECOND_SECOND + ".000000002Z")), false);

    // then
    assertThat(same).isFalse();
    assertThat(before).isEmpty();
    assertThat(another).isTrue();
    assertThat(log.gaps()).singleElement().asString().contains("rotated");
  }

  @Test
  void itMayAlsoBeWhereItComesOnlyOnceTheFileIsKnown() throws IOException {
    // given
    log.keepTimes(100);
    SpooledLog.Lines lines = read(line(FIRST_SECOND, 1, "a"));

    // when
    log.noteNewestFile(Optional.of(Instant.parse(SECOND_SECOND + ".000000002Z")), true);
    read(lines, line(SECOND_SECOND, 2, "gun"));

    // then
    assertThat(log.gaps()).isNotEmpty();
  }

  @Test
  void aDividedLineWhoseEndCameWithoutATimeIsWholeUnlessItHasSeveralRecords() throws IOException {
    // given
    log.keepTimes(10);
    Instant begins = Instant.parse(SECOND_SECOND + ".000000003Z");
    SpooledLog.Lines lines =
        read(line(FIRST_SECOND, 1, "a") + SECOND_SECOND + ".000000002Z be", "gun\n");

    // when
    log.noteNewestFile(Optional.of(begins), false);
    List<String> ofAShortLine = log.gaps();
    read(lines, SECOND_SECOND + ".000000009Z long enough", "for two records\n");
    log.noteNewestFile(Optional.of(begins.plusSeconds(10)), false);

    // then
    assertThat(ofAShortLine).isEmpty();
    assertThat(log.gaps()).isNotEmpty();
  }

  @Test
  void whatALogEndsWithIsNotKnownWhereItsNewestFileIsEmpty() throws IOException {
    // given
    log.keepTimes(100);
    read(line(FIRST_SECOND, 1, "a") + FIRST_SECOND + ".000000002Z be");

    // when
    log.noteEmptyNewestFile();
    List<String> withADividedLine = log.gaps();
    log.endLine();
    log.noteEmptyNewestFile();

    // then
    assertThat(withADividedLine).isEmpty();
    assertThat(log.gaps()).isNotEmpty();
  }

  @Test
  void anEmptyFileThatIsReadToItsEndDoesNotMendAStreamThatBrokeOff() throws IOException {
    // given
    read(line(FIRST_SECOND, 1, "a"));

    // when
    SpooledLog.Lines empty = read();

    // then
    assertThat(empty.after(StreamEnd.ENDED)).isEqualTo(StreamEnd.BROKEN);
  }

  @Test
  void aJoinedLineIsNotLostWhereTheStreamBreaksOffInIt() throws IOException {
    // given
    read(line(FIRST_SECOND, 1, "a") + FIRST_SECOND + ".000000002Z be");

    // when
    read(afterAnEnd(), FIRST_SECOND + ".000000003Z g");
    read(line(FIRST_SECOND, 3, "gun"));

    // then
    assertThat(text()).isEqualTo("a\nbegun\n");
  }

  @Test
  void theNextWorkerTakesTheNewestSecondAgain() throws IOException {
    // given
    read(line(FIRST_SECOND, 1, "a") + line(SECOND_SECOND, 1, "b") + line(SECOND_SECOND, 2, "c"));
    log.close();
    log = spool.log("job", "pod");

    // when
    SpooledLog.Lines lines =
        read(
            line(SECOND_SECOND, 1, "b")
                + line(SECOND_SECOND, 2, "c")
                + line(SECOND_SECOND, 3, "d"));

    // then
    assertThat(lines.hasGap()).isFalse();
    assertThat(text()).isEqualTo("a\nb\nc\nd\n");
  }

  @Test
  void aLineThatARotationDividedIsAGapWhereTheStreamBrokeOff() throws IOException {
    // given
    read(FIRST_SECOND + ".000000002Z be");

    // when
    SpooledLog.Lines next = read(line(FIRST_SECOND, 3, "gun"));

    // then
    assertThat(next.hasGap()).isTrue();
  }

  @Test
  void whatDoesNotComeAgainIsMissedUnlessItWasReadToItsEnd() throws IOException {
    // given
    read(line(FIRST_SECOND, 1, "a") + FIRST_SECOND + ".000000002Z be");

    // when
    SpooledLog.Lines nothing = read();
    SpooledLog.Lines partly = read(line(FIRST_SECOND, 1, "a"));
    SpooledLog.Lines nothingAtTheEnd = read(afterAnEnd());
    log.endLine();

    // then
    assertThat(nothing.isShort()).isTrue();
    assertThat(partly.isShort()).isTrue();
    assertThat(nothingAtTheEnd.isShort()).isFalse();
    assertThat(text()).isEqualTo("a\nbe");
  }

  @Test
  void whatTheKubeletSaysIsNotTheLogs() throws IOException {
    // when
    SpooledLog.Lines lines =
        read(line(FIRST_SECOND, 1, "a") + "unable to retrieve container logs for containerd://abc");

    // then
    assertThat(lines.foreignWords())
        .contains("unable to retrieve container logs for containerd://abc");
    assertThat(text()).isEqualTo("a\n");
  }

  @Test
  void aLastLineWithoutAnEndIsKeptWhereTheStreamEnded() throws IOException {
    // given
    read(FIRST_SECOND + ".000000001Z end");

    // when
    log.endLine();
    SpooledLog.Lines again = read(FIRST_SECOND + ".000000001Z end");

    // then
    assertThat(text()).isEqualTo("end");
    assertThat(again.newBytes()).isZero();
  }

  @Test
  void theNextWorkerContinuesWhereTheLogStood() throws IOException {
    // given
    read(line(FIRST_SECOND, 1, "a") + line(FIRST_SECOND, 2, "b"));
    log.saveMark();
    read(line(FIRST_SECOND, 1, "a") + line(FIRST_SECOND, 2, "b") + line(SECOND_SECOND, 1, "c"));

    // when
    SpooledLog next = spool.log("job", "pod");

    // then
    assertThat(next.resumeFrom()).contains(Instant.parse(FIRST_SECOND + "Z"));
    assertThat(Files.readString(next.file())).isEqualTo("a\nb\n");
    next.close();
  }

  @Test
  void aFullSpoolCutsTheLogAndSaysSo() throws IOException {
    // when
    read(line(FIRST_SECOND, 1, "x".repeat(2000)));

    // then
    assertThat(log.isTruncated()).isTrue();
    assertThat(text()).startsWith("x".repeat(1000) + "\n[mstc-cloud-worker: the log was cut here");
    assertThat(spool.nearlyFull()).isPresent();
  }

  @Test
  void theNextWorkerKnowsWhatIsMissingAndSinceWhenItWasFollowed() throws IOException {
    // given
    read(line(FIRST_SECOND, 1, "a"));
    log.noteGap("it was cut\nonce");
    log.noteGap("it was cut\nonce");
    log.close();

    // when
    SpooledLog next = spool.log("job", "pod");

    // then
    assertThat(next.gaps()).singleElement().asString().startsWith("it was cut");
    assertThat(next.began()).isEqualTo(log.began());
    assertThat(next.firstTime()).contains(Instant.parse(FIRST_SECOND + ".000000001Z"));
    assertThat(next.isWhole()).isFalse();
    next.close();
  }

  @Test
  void aGapBeforeTheFirstLineIsKnownToTheNextWorkerToo() throws IOException {
    // given
    log.noteGap("nothing was read");

    // when
    SpooledLog next = spool.log("job", "pod");

    // then
    assertThat(next.gaps()).containsExactly("nothing was read");
    assertThat(next.resumeFrom()).isEmpty();
    next.close();
  }

  @Test
  void theLogsOfPodsThatAreGoneAreFoundAgain() throws IOException {
    // given
    read(line(FIRST_SECOND, 1, "a"));
    log.noteWhole();
    log.close();
    spool.log("job", "known").close();

    // when
    List<SpooledLog> others = spool.otherLogs("job", Set.of("known"));

    // then
    assertThat(others).singleElement().matches(SpooledLog::isWhole);
    assertThat(others.getFirst().file()).hasContent("a");
  }

  @Test
  void theSpoolCountsWhatAttemptsTakeTogetherOnce() throws IOException {
    // given
    read(line(FIRST_SECOND, 1, "x".repeat(300)));
    List<AttemptLogs.Attempt> attempts =
        List.of(
            new AttemptLogs.Attempt(log.file(), "exit code 1"),
            new AttemptLogs.Attempt(log.file(), "exit code 0"));

    // when
    AttemptLogs.join(attempts, spool, "job");
    Path joined = AttemptLogs.join(attempts, spool, "job");

    // then
    assertThat(Files.readString(joined)).contains("=== attempt 2 of 2, after exit code 1 ===");
    assertThat(spool.reserve(1000)).isEqualTo((int) (1000 - 301 - Files.size(joined)));
    spool.remove("job");
    assertThat(spool.nearlyFull()).isEmpty();
  }
}
