package mstc.cloud.worker.adapters.k8s.log;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is made of streams that break off and overlap, without a file. */
class LogMergeTest {
  private static final Instant STARTED = Instant.parse("2026-11-23T10:00:00Z");
  private static final String FIRST_SECOND = "2026-11-23T10:00:01";
  private static final String SECOND_SECOND = "2026-11-23T10:00:02";

  private final MemoryText text = new MemoryText();
  private LogMerge merge;

  @BeforeEach
  void begin() throws IOException {
    merge = new LogMerge(text, LogPosition.beginning(STARTED));
    text.cutsBack.clear();
  }

  /** A text in memory, and what was done to it. */
  private static final class MemoryText implements MergedText {
    private String content = "";
    private String overwritten = "";
    private long sameAgain = -1;
    private int room = Integer.MAX_VALUE;
    private final List<Long> cutsBack = new ArrayList<>();
    private final List<String> gaps = new ArrayList<>();

    @Override
    public long size() {
      return content.length();
    }

    @Override
    public boolean isTruncated() {
      return room == 0;
    }

    @Override
    public void append(byte[] bytes, int offset, int length) {
      int fits = Math.min(length, room);
      content += new String(bytes, offset, fits, UTF_8);
      room -= room == Integer.MAX_VALUE ? 0 : fits;
    }

    @Override
    public void cutBack(long size) {
      cutsBack.add(size);
      content = content.substring(0, Math.min(content.length(), (int) size));
    }

    @Override
    public Overwriting overwrite(long from) {
      overwritten = content;
      content = content.substring(0, (int) from);
      return new Overwriting() {
        @Override
        public void append(byte[] bytes, int offset, int length) {
          MemoryText.this.append(bytes, offset, length);
        }

        @Override
        public void keep(long same) {
          sameAgain = same;
        }

        @Override
        public void undo() {
          content = overwritten;
        }
      };
    }

    @Override
    public void gap(String what) {
      gaps.add(what);
    }
  }

  private static String line(String second, int nanos, String words) {
    return "%s.%09dZ %s\n".formatted(second, nanos, words);
  }

  private LogMerge.Reading read(String... pieces) throws IOException {
    LogMerge.Reading reading = merge.reading(STARTED);
    for (String piece : pieces) {
      reading.add(piece.getBytes(UTF_8), piece.getBytes(UTF_8).length);
    }
    return reading;
  }

  private static void add(LogMerge.Rewriting rewriting, String stream) throws IOException {
    rewriting.add(stream.getBytes(UTF_8), stream.getBytes(UTF_8).length);
  }

  @Test
  void whatIsNewIsAppendedAndWhatComesAgainIsDropped() throws IOException {
    // given
    read(line(FIRST_SECOND, 1, "a"), line(SECOND_SECOND, 1, "b"));

    // when
    LogMerge.Reading again = read(line(SECOND_SECOND, 1, "b"), line(SECOND_SECOND, 2, "c"));

    // then
    assertThat(text.content).isEqualTo("a\nb\nc\n");
    assertThat(text.gaps).isEmpty();
    assertThat(again.newBytes()).isEqualTo("c\n".length());
    assertThat(again.isShort()).isFalse();
    assertThat(merge.resumeFrom()).contains(Instant.parse(SECOND_SECOND + "Z"));
  }

  @Test
  void aLineThatBrokeOffIsCutBackAndComesAgainWhole() throws IOException {
    // given
    read(line(FIRST_SECOND, 1, "a"), FIRST_SECOND + ".000000002Z be");

    // when
    LogMerge.Reading again = read(line(FIRST_SECOND, 1, "a"), line(FIRST_SECOND, 2, "begun"));

    // then
    assertThat(text.content).isEqualTo("a\nbegun\n");
    assertThat(text.cutsBack).containsExactly(2L);
    assertThat(text.gaps).isEmpty();
    assertThat(again.newBytes()).isEqualTo("begun\n".length());
  }

  @Test
  void aStreamWithLessThanThereIsAlreadyIsShort() throws IOException {
    // given
    read(line(FIRST_SECOND, 1, "a"), line(FIRST_SECOND, 2, "b"));

    // when
    LogMerge.Reading again = read(line(FIRST_SECOND, 1, "a"));

    // then
    assertThat(again.isShort()).isTrue();
    assertThat(text.content).isEqualTo("a\nb\n");
  }

  @Test
  void aStreamWithoutTheLineThatBrokeOffIsShort() throws IOException {
    // given
    read(line(FIRST_SECOND, 1, "a"), FIRST_SECOND + ".000000002Z be");

    // when
    LogMerge.Reading again = read(line(FIRST_SECOND, 1, "a"));

    // then
    assertThat(again.isShort()).isTrue();
  }

  @Test
  void whereNothingComesAgainThereIsAGapAndAnotherFileBegins() throws IOException {
    // given
    read(line(FIRST_SECOND, 1, "a"));

    // when
    read(line(SECOND_SECOND, 1, "later"));

    // then
    assertThat(text.content).isEqualTo("a\nlater\n");
    assertThat(text.gaps).containsExactly(LogMerge.ROTATED_AWAY);
    assertThat(merge.fileBegins()).contains(Instant.parse(SECOND_SECOND + ".000000001Z"));
    assertThat(merge.isReadFromFileStart()).isTrue();
  }

  @Test
  void whereAnotherLineComesInPlaceOfTheOneThatBrokeOffThereIsAGap() throws IOException {
    // given
    read(line(FIRST_SECOND, 1, "a"), FIRST_SECOND + ".000000002Z be");

    // when
    read(line(FIRST_SECOND, 1, "a"), line(FIRST_SECOND, 3, "other"));

    // then
    assertThat(text.content).isEqualTo("a\nother\n");
    assertThat(text.gaps).containsExactly(LogMerge.ROTATED_AWAY);
  }

  @Test
  void aLineThatCameBetweenKnownOnesIsTakenBack() throws IOException {
    // given
    read(line(FIRST_SECOND, 1, "a"), line(FIRST_SECOND, 5, "b"));

    // when
    LogMerge.Reading again =
        read(
            line(FIRST_SECOND, 1, "a"),
            line(FIRST_SECOND, 3, "the end of a line"),
            line(FIRST_SECOND, 5, "b"));

    // then
    assertThat(text.content).isEqualTo("a\nb\n");
    assertThat(again.newBytes()).isZero();
  }

  @Test
  void aFirstLineThatCameLateIsAGap() throws IOException {
    // when
    LogMerge.Reading late = merge.reading(STARTED.plusSeconds(100));
    byte[] bytes = line("2026-11-23T10:01:40", 1, "a").getBytes(UTF_8);
    late.add(bytes, bytes.length);

    // then
    assertThat(text.gaps).containsExactly(LogMerge.NOT_FROM_START);
    assertThat(text.content).isEqualTo("a\n");
  }

  @Test
  void whoGoesOnFromAPositionCutsBackAndTakesItsNewestSecondAgain() throws IOException {
    // given
    read(line(FIRST_SECOND, 1, "a"), line(SECOND_SECOND, 1, "b"), line(SECOND_SECOND, 2, "c"));
    LogPosition position = merge.position();
    read(line(SECOND_SECOND, 1, "b"), line(SECOND_SECOND, 2, "c"), line(SECOND_SECOND, 3, "d"));

    // when
    merge = new LogMerge(text, position);
    String left = text.content;
    read(line(SECOND_SECOND, 1, "b"), line(SECOND_SECOND, 2, "c"), line(SECOND_SECOND, 4, "e"));

    // then
    assertThat(left).isEqualTo("a\nb\nc\n");
    assertThat(text.content).isEqualTo("a\nb\nc\ne\n");
    assertThat(text.gaps).isEmpty();
  }

  @Test
  void whatIsProvenIsNoFurtherThanWhatIsLeft() throws IOException {
    // given
    read(line(FIRST_SECOND, 1, "a"), line(SECOND_SECOND, 1, "b"), line(SECOND_SECOND, 2, "c"));
    merge = new LogMerge(text, merge.position());
    merge.prove(merge.position());

    // when
    read(line(SECOND_SECOND, 1, "b"));

    // then
    assertThat(merge.provenPosition().bytes()).isEqualTo("a\n".length());
    assertThat(merge.position().bytes()).isEqualTo("a\nb\n".length());
  }

  @Test
  void anotherWorkerGoesOnFromWhatIsProvenAndFromTheEndWhereThatIsProvenToo() throws IOException {
    // given
    read(line(FIRST_SECOND, 1, "a"));
    merge.prove(merge.position());
    read(line(FIRST_SECOND, 1, "a"), line(SECOND_SECOND, 1, "b"));
    long proven = merge.provenPosition().bytes();

    // when
    merge.beginFile(Optional.empty(), STARTED.plusSeconds(9));

    // then
    assertThat(proven).isEqualTo("a\n".length());
    assertThat(merge.provenPosition().bytes()).isEqualTo("a\nb\n".length());
  }

  @Test
  void theNextFileGoesOnWithTheLineThatARotationDivided() throws IOException {
    // given
    read(line(FIRST_SECOND, 1, "a"), FIRST_SECOND + ".000000002Z be");

    // when
    merge.beginFile(Optional.of(Instant.parse(SECOND_SECOND + ".000000001Z")), STARTED);
    boolean atFileStart = merge.isAtFileStart();
    read(line(SECOND_SECOND, 1, "gun"));

    // then
    assertThat(atFileStart).isTrue();
    assertThat(text.content).isEqualTo("a\nbegun\n");
    assertThat(text.gaps).isEmpty();
    assertThat(merge.fileBytes()).isBetween(4L, 60L);
  }

  @Test
  void ofAFileThatNobodyWatchedEverythingAfterTheKnownLinesIsNew() throws IOException {
    // given
    read(line(FIRST_SECOND, 1, "a"));

    // when
    merge.beginUnwatchedFile(Optional.of(Instant.parse(SECOND_SECOND + "Z")));

    // then
    assertThat(merge.isReadFromFileStart()).isFalse();
    assertThat(merge.resumeFrom()).contains(Instant.parse(FIRST_SECOND + "Z"));
    assertThat(merge.fileBegins()).contains(Instant.parse(SECOND_SECOND + "Z"));
  }

  @Test
  void whatIsReadOnceMoreReplacesTheFileWhereItIsKept() throws IOException {
    // given
    read(line(FIRST_SECOND, 1, "a"), line(SECOND_SECOND, 5, "next file"));

    // when
    LogMerge.Rewriting rewriting = merge.rewriting();
    add(rewriting, line(FIRST_SECOND, 1, "a") + SECOND_SECOND + ".000000004Z last, without an end");
    boolean whole = rewriting.isWholeFile();
    rewriting.keep();

    // then
    assertThat(whole).isTrue();
    assertThat(rewriting.newest()).isEqualTo(Instant.parse(SECOND_SECOND + ".000000004Z"));
    assertThat(text.content).isEqualTo("a\nlast, without an end");
    assertThat(text.sameAgain).isZero();
    assertThat(merge.position().bytes()).isEqualTo("a\n".length());
  }

  @Test
  void whatIsReadOnceMoreIsNotTheFileWhereItBeginsOtherwiseOrEndsSooner() throws IOException {
    // given
    read(line(FIRST_SECOND, 1, "a"), line(SECOND_SECOND, 1, "b"));
    merge.prove(merge.position());

    // when
    LogMerge.Rewriting another = merge.rewriting();
    add(another, line(SECOND_SECOND, 1, "b"));
    boolean anotherIsWhole = another.isWholeFile();
    another.undo();
    LogMerge.Rewriting shorter = merge.rewriting();
    add(shorter, line(FIRST_SECOND, 1, "a"));
    boolean shorterIsWhole = shorter.isWholeFile();
    shorter.undo();
    LogMerge.Rewriting broken = merge.rewriting();
    add(broken, line(FIRST_SECOND, 1, "a") + line(SECOND_SECOND, 1, "b") + "unexpected EOF");
    boolean brokenIsWhole = broken.isWholeFile();
    broken.undo();

    // then
    assertThat(anotherIsWhole).isFalse();
    assertThat(shorterIsWhole).isFalse();
    assertThat(brokenIsWhole).isFalse();
    assertThat(text.content).isEqualTo("a\nb\n");
    assertThat(merge.position().bytes()).isEqualTo("a\nb\n".length());
  }

  @Test
  void aLastLineWithoutAnEndIsALine() throws IOException {
    // given
    read(FIRST_SECOND + ".000000001Z end");

    // when
    merge.end(Optional.empty());

    // then
    assertThat(merge.position().bytes()).isEqualTo("end".length());
    assertThat(text.gaps).isEmpty();
  }

  @Test
  void anEmptyLogIsKnownToBeSoWhereAStreamOfItStayedOpenOrItsContainerEndedAtOnce()
      throws IOException {
    // given
    LogMerge watched = new LogMerge(text, LogPosition.beginning(STARTED));
    watched.reading(STARTED.plusSeconds(1));
    LogMerge brief = new LogMerge(text, LogPosition.beginning(STARTED));
    LogMerge foundEmpty = new LogMerge(text, LogPosition.beginning(STARTED));
    foundEmpty.reading(STARTED.plusSeconds(1));
    foundEmpty.noteEmpty(STARTED.plusSeconds(100));
    foundEmpty.noteUnwatched();

    // when
    watched.end(Optional.empty());
    brief.end(Optional.of(STARTED.plusSeconds(2)));
    foundEmpty.end(Optional.of(STARTED.plusSeconds(102)));

    // then
    assertThat(text.gaps).isEmpty();
  }

  @Test
  void anEmptyFileThatNobodyWatchedIsAGap() throws IOException {
    // given
    LogMerge late = new LogMerge(text, LogPosition.beginning(STARTED));
    late.reading(STARTED.plusSeconds(100));
    late.noteEmpty(STARTED.plusSeconds(101));
    read(line(FIRST_SECOND, 1, "a"));
    merge.beginFile(Optional.empty(), STARTED.plusSeconds(9));

    // when
    late.end(Optional.of(STARTED.plusSeconds(102)));
    merge.end(Optional.of(STARTED.plusSeconds(102)));

    // then
    assertThat(text.gaps).containsExactly(LogMerge.NOT_FROM_START, LogMerge.ROTATED_AWAY);
  }

  @Test
  void aTextThatIsCutStaysAsItIs() throws IOException {
    // given
    text.room = 3;
    read(line(FIRST_SECOND, 1, "a"), line(FIRST_SECOND, 2, "bc"));

    // when
    read(line(FIRST_SECOND, 1, "a"), line(FIRST_SECOND, 2, "bc"), line(FIRST_SECOND, 3, "d"));
    merge.end(Optional.empty());

    // then
    assertThat(text.content).isEqualTo("a\nb");
    assertThat(text.cutsBack).isEmpty();
    assertThat(merge.position().bytes()).isEqualTo("a\n".length());
  }
}
