package mstc.cloud.worker.adapters.k8s.log;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SpooledLogTest {
  private static final Instant STARTED = Instant.parse("2026-11-23T10:00:00Z");
  private static final String FIRST_SECOND = "2026-11-23T10:00:01";
  private static final String SECOND_SECOND = "2026-11-23T10:00:02";

  @TempDir Path folder;
  private Spool spool;
  private SpooledLog log;

  @BeforeEach
  void open() throws IOException {
    spool = Spool.open(folder, new Spool.Limits(1000, 800));
    log = spool.log("job", "pod", STARTED);
  }

  @AfterEach
  void close() throws IOException {
    log.close();
    spool.close();
  }

  private SpooledLog.Reading read(String... pieces) throws IOException {
    return read(log.reading(STARTED), pieces);
  }

  private static SpooledLog.Reading read(SpooledLog.Reading lines, String... pieces)
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
    SpooledLog.Reading again = read("x".repeat(100) + "\n" + line(SECOND_SECOND, 1, "end"));

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
    read(line(SECOND_SECOND, 1, "later"));

    // then
    assertThat(log.gaps()).containsExactly(LogMerge.ROTATED_AWAY);
    assertThat(text()).isEqualTo("a\nlater\n");
  }

  @Test
  void theNextWorkerTakesTheNewestSecondAgain() throws IOException {
    // given
    read(line(FIRST_SECOND, 1, "a") + line(SECOND_SECOND, 1, "b") + line(SECOND_SECOND, 2, "c"));
    log.close();
    log = spool.log("job", "pod", STARTED);

    // when
    read(line(SECOND_SECOND, 1, "b") + line(SECOND_SECOND, 2, "c") + line(SECOND_SECOND, 3, "d"));

    // then
    assertThat(log.gaps()).isEmpty();
    assertThat(text()).isEqualTo("a\nb\nc\nd\n");
  }

  @Test
  void theNextFileGoesOnWithTheLineThatTheOneBeforeEndedWith() throws IOException {
    // given
    read(line(FIRST_SECOND, 1, "a") + FIRST_SECOND + ".000000002Z be");
    Instant begins = Instant.parse(FIRST_SECOND + ".000000001Z");

    // when
    log.beginFile(Optional.of(begins), STARTED);
    Optional<Instant> from = log.resumeFrom();
    read(line(FIRST_SECOND, 1, "gun") + line(FIRST_SECOND, 3, "c"));
    read(line(FIRST_SECOND, 1, "gun") + line(FIRST_SECOND, 3, "c") + line(FIRST_SECOND, 4, "d"));

    // then
    assertThat(from).isEmpty();
    assertThat(log.gaps()).isEmpty();
    assertThat(text()).isEqualTo("a\nbegun\nc\nd\n");
  }

  @Test
  void aFileThatBeginsWithAnotherLineThanItIsKnownToIsNotTheNextOne() throws IOException {
    // given
    read(line(FIRST_SECOND, 1, "a"));

    // when
    log.beginFile(Optional.of(Instant.parse(SECOND_SECOND + "Z")), STARTED);
    read(line(SECOND_SECOND, 1, "c"));

    // then
    assertThat(log.gaps()).containsExactly(LogMerge.ROTATED_AWAY);
  }

  @Test
  void aFileIsReadFromItsBeginningWhereAStreamWasOpenOrALineCameSoonAfterItWasEmpty()
      throws IOException {
    // when
    SpooledLog late = spool.log("job", "late", STARTED);
    read(late.reading(STARTED.plusSeconds(3)), line("2026-11-23T10:00:03", 0, "a"));
    SpooledLog lateStream = spool.log("job", "late stream", STARTED);
    read(lateStream.reading(STARTED.plusSeconds(3)), line(SECOND_SECOND, 999_999_999, "a"));
    SpooledLog lateLine = spool.log("job", "late line", STARTED);
    read(lateLine.reading(STARTED.plusSeconds(2)), line("2026-11-23T11:00:00", 0, "a"));

    // then
    assertThat(late.gaps()).containsExactly(LogMerge.NOT_FROM_START);
    assertThat(lateStream.gaps()).isEmpty();
    assertThat(lateLine.gaps()).isEmpty();
    for (SpooledLog read : List.of(late, lateStream, lateLine)) {
      read.close();
    }
  }

  @Test
  void aLogThatStaysEmptyIsWholeWhereItWasWatchedOrItsContainerEndedAtOnce() throws IOException {
    // given
    SpooledLog watched = spool.log("job", "watched", STARTED);
    read(watched.reading(STARTED.plusSeconds(1)));
    SpooledLog brokenOff = spool.log("job", "broken off", STARTED);
    read(brokenOff.reading(STARTED.plusSeconds(1)));
    brokenOff.noteUnwatched();
    SpooledLog brief = spool.log("job", "brief", STARTED);

    // when
    watched.noteWhole(Optional.of(STARTED.plusSeconds(100)));
    brokenOff.noteWhole(Optional.of(STARTED.plusSeconds(100)));
    brief.noteWhole(Optional.of(STARTED.plusSeconds(2)));

    // then
    assertThat(watched.gaps()).isEmpty();
    assertThat(brokenOff.gaps()).containsExactly(LogMerge.NOT_FROM_START);
    assertThat(brief.gaps()).isEmpty();
    for (SpooledLog read : List.of(watched, brokenOff, brief)) {
      read.close();
    }
  }

  @Test
  void whatWasPinnedTakesThePlaceOfWhatWasFollowed() throws IOException {
    // given
    String begin = line(FIRST_SECOND, 1, "a") + line(FIRST_SECOND, 2, "b");
    read(begin + line(SECOND_SECOND, 5, "gun"));

    // when
    try (SpooledLog.Rewriting pinned = log.rewriting()) {
      byte[] bytes = (begin + SECOND_SECOND + ".000000004Z be").getBytes(UTF_8);
      pinned.add(bytes, bytes.length);
      pinned.keep();
    }

    // then
    assertThat(text()).isEqualTo("a\nb\nbe");
    assertThat(spool.room().reserve(1000)).isEqualTo(1000 - "a\nb\nbe".length());
  }

  @Test
  void whatWasCopiedBeforeARotationWasNoticedIsCopiedAnew() throws IOException {
    // given
    read(line(FIRST_SECOND, 1, "a") + line(SECOND_SECOND, 5, "of the next file"));
    copy(log);
    byte[] pinned = (line(FIRST_SECOND, 1, "a") + SECOND_SECOND + ".000000004Z be").getBytes(UTF_8);
    AtomicLong unchanged = new AtomicLong(-1);

    // when
    try (SpooledLog.Rewriting rewriting = log.rewriting()) {
      rewriting.add(pinned, pinned.length);
      rewriting.keep();
    }
    log.beginFile(Optional.empty(), STARTED.plusSeconds(9));
    log.copy(
        OutputStream.nullOutputStream(),
        bytes -> {
          unchanged.set(bytes);
          return 0;
        },
        mark -> new byte[0]);

    // then
    assertThat(unchanged).hasValue(0);
  }

  @Test
  void whatWasPinnedChangesNothingWhereItBreaksOffOrIsAnotherFile() throws IOException {
    // given
    read(line(FIRST_SECOND, 1, "a") + line(SECOND_SECOND, 2, "b"));
    byte[] same = line(FIRST_SECOND, 1, "a").getBytes(UTF_8);
    byte[] another = line(SECOND_SECOND, 2, "x").getBytes(UTF_8);

    // when
    try (SpooledLog.Rewriting pinned = log.rewriting()) {
      pinned.add(same, same.length);
    }
    boolean isWhole;
    try (SpooledLog.Rewriting pinned = log.rewriting()) {
      pinned.add(another, another.length);
      isWhole = pinned.isWholeFile();
    }

    // then
    assertThat(isWhole).isFalse();
    assertThat(text()).isEqualTo("a\nb\n");
    assertThat(spool.room().reserve(1000)).isEqualTo(1000 - "a\nb\n".length());
    assertThat(log.resumeFrom()).contains(Instant.parse(SECOND_SECOND + "Z"));
  }

  @Test
  void anotherWorkerGoesOnFromWhereNoRotationWentUnnoticed() throws IOException {
    // given
    read(line(FIRST_SECOND, 1, "a"));
    log.prove(log.position());
    read(line(FIRST_SECOND, 1, "a") + line(SECOND_SECOND, 1, "b"));

    // when
    log.close();
    SpooledLog next = spool.log("job", "pod", STARTED);

    // then
    assertThat(next.file()).hasContent("a");
    assertThat(next.resumeFrom()).contains(Instant.parse(FIRST_SECOND + "Z"));
    next.close();
  }

  @Test
  void whatTheKubeletSaysIsNotTheLogs() throws IOException {
    // when
    SpooledLog.Reading lines =
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
    log.noteWhole(Optional.empty());
    SpooledLog.Reading again = read(FIRST_SECOND + ".000000001Z end");

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
    SpooledLog next = spool.log("job", "pod", STARTED);

    // then
    assertThat(next.resumeFrom()).contains(Instant.parse(FIRST_SECOND + "Z"));
    assertThat(Files.readString(next.file())).isEqualTo("a\nb\n");
    next.close();
  }

  /** What another worker is given, as text, after the mark. */
  private static String copy(SpooledLog of) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    of.copy(out, unchanged -> 0, mark -> new byte[0]);
    return out.toString(UTF_8);
  }

  @Test
  void whatIsProvenGoesNoFurtherThanWhatIsThereWhileASecondIsReadAnew() throws IOException {
    // given
    read(line(FIRST_SECOND, 1, "a") + line(SECOND_SECOND, 1, "b") + line(SECOND_SECOND, 2, "c"));
    log.close();
    SpooledLog next = spool.log("job", "pod", STARTED);
    next.prove(next.position());

    // when
    SpooledLog.Reading reading = read(next.reading(STARTED), line(SECOND_SECOND, 1, "b"));
    String meanwhile = copy(next);
    read(reading, line(SECOND_SECOND, 2, "c") + line(SECOND_SECOND, 3, "d"));
    next.prove(next.position());

    // then
    assertThat(meanwhile).isEqualTo("a\n");
    assertThat(copy(next)).isEqualTo("a\nb\nc\nd\n");
    next.close();
  }

  @Test
  void aStreamThatBreaksOffInTheFirstLineOfASecondThatIsReadAnewDoublesNothing()
      throws IOException {
    // given
    read(line(FIRST_SECOND, 1, "a") + line(SECOND_SECOND, 1, "b") + line(SECOND_SECOND, 2, "c"));
    log.close();
    SpooledLog next = spool.log("job", "pod", STARTED);
    read(next.reading(STARTED), SECOND_SECOND + ".000000001Z b");
    next.close();

    // when
    SpooledLog third = spool.log("job", "pod", STARTED);
    Optional<Instant> from = third.resumeFrom();
    read(
        third.reading(STARTED),
        line(SECOND_SECOND, 1, "b") + line(SECOND_SECOND, 2, "c") + line(SECOND_SECOND, 3, "d"));

    // then
    assertThat(from).contains(Instant.parse(SECOND_SECOND + "Z"));
    assertThat(Files.readString(third.file())).isEqualTo("a\nb\nc\nd\n");
    assertThat(third.gaps()).isEmpty();
    third.close();
  }

  @Test
  void aFullSpoolCutsTheLogAndSaysSo() throws IOException {
    // given
    spool.room().take(300);

    // when
    read(line(FIRST_SECOND, 1, "x".repeat(2000)));

    // then
    assertThat(log.isTruncated()).isTrue();
    assertThat(text()).startsWith("x".repeat(700) + "\n[mstc-cloud-worker: the log was cut here");
    assertThat(log.gaps()).containsExactly("it was cut, as the spool may hold 1000 bytes");
    assertThat(spool.nearlyFull()).isPresent();
  }

  @Test
  void aJobsLogIsCutBeforeItTakesTheRoomOfTheOthers() throws IOException {
    // given
    SpooledLog others = spool.log("other", "pod2", STARTED);

    // when
    read(line(FIRST_SECOND, 1, "x".repeat(2000)));
    read(others.reading(STARTED), line(FIRST_SECOND, 1, "its last word"));

    // then
    assertThat(text())
        .startsWith("x".repeat(800) + "\n[mstc-cloud-worker: the log was cut here, as a job's log");
    assertThat(log.gaps()).containsExactly("it was cut, as a job's log may have 800 bytes");
    assertThat(Files.readString(others.file())).isEqualTo("its last word\n");
    assertThat(others.gaps()).isEmpty();
    others.close();
  }

  @Test
  void whatItsEarlierAttemptsWroteCounts() throws IOException {
    // given
    read(line(FIRST_SECOND, 1, "x".repeat(499)));

    // when
    SpooledLog next = spool.log("job", "pod2", STARTED);
    read(next.reading(STARTED), line(SECOND_SECOND, 1, "y".repeat(2000)));

    // then
    assertThat(Files.readString(next.file())).startsWith("y".repeat(300) + "\n[mstc");
    assertThat(next.gaps()).containsExactly("it was cut, as a job's log may have 800 bytes");
    next.close();
  }

  @Test
  void theNextWorkerKnowsWhatIsMissingAndSinceWhenItWasFollowed() throws IOException {
    // given
    read(line(FIRST_SECOND, 1, "a"));
    log.noteGap("it was cut\nonce");
    log.noteGap("it was cut\nonce");
    log.close();

    // when
    SpooledLog next = spool.log("job", "pod", STARTED);

    // then
    assertThat(next.gaps()).singleElement().asString().startsWith("it was cut");
    assertThat(next.began()).isEqualTo(log.began());
    assertThat(next.fileBegins()).contains(Instant.parse(FIRST_SECOND + ".000000001Z"));
    assertThat(next.isWhole()).isFalse();
    next.close();
  }

  @Test
  void aGapBeforeTheFirstLineIsKnownToTheNextWorkerToo() throws IOException {
    // given
    log.noteGap("nothing was read");

    // when
    SpooledLog next = spool.log("job", "pod", STARTED);

    // then
    assertThat(next.gaps()).containsExactly("nothing was read");
    assertThat(next.resumeFrom()).isEmpty();
    next.close();
  }

  @Test
  void theLogsOfPodsThatAreGoneAreFoundAgain() throws IOException {
    // given
    read(line(FIRST_SECOND, 1, "a"));
    log.noteWhole(Optional.empty());
    log.close();
    spool.log("job", "known", STARTED).close();

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
    assertThat(spool.room().reserve(1000)).isEqualTo((int) (1000 - 301 - Files.size(joined)));
    spool.remove("job");
    assertThat(spool.nearlyFull()).isEmpty();
  }
}
