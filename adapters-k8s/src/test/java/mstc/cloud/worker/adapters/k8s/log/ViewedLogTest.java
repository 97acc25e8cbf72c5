package mstc.cloud.worker.adapters.k8s.log;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import mstc.cloud.worker.adapters.k8s.log.ScriptedKubelet.Pipe;
import mstc.cloud.worker.adapters.k8s.log.ViewedLog.Given;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a viewer is given of streams that break off, overlap, and skip files. */
class ViewedLogTest {
  private static final Instant START = Instant.parse("2026-11-23T10:00:00Z");

  private static String line(String time, String text) {
    return "2026-11-23T10:" + time + "Z " + text;
  }

  private static void stream(ViewedLog log, String... texts) {
    log.beginStream();
    for (String text : texts) {
      byte[] bytes = text.getBytes(ISO_8859_1);
      log.add(bytes, bytes.length);
    }
  }

  private static String text(Given given) {
    return new String(given.text(), ISO_8859_1);
  }

  private static ViewedLog resumed(Given given) {
    return new ViewedLog(
        given.position().map(position -> ViewedPosition.parse(position.toText())), START);
  }

  @Test
  void wholeLinesAreGivenWithoutTheirTimes() {
    // given
    ViewedLog log = new ViewedLog(Optional.empty(), START);

    // when
    stream(log, line("00:01.5", "one\n"), line("00:01.6", "two"));

    // then
    assertThat(log.take().map(ViewedLogTest::text)).contains("one\n");
    assertThat(log.hasUnfinishedLine()).isTrue();
    assertThat(log.take()).isEmpty();
    assertThat(log.takeAll().map(ViewedLogTest::text)).contains("two");
    assertThat(log.takeAll()).isEmpty();
  }

  @Test
  void whoResumesIsGivenTheRestOfTheLine() {
    // given
    ViewedLog log = new ViewedLog(Optional.empty(), START);
    stream(log, line("00:01.5", "one\n"), line("00:01.6", "two"));
    Given given = log.takeAll().orElseThrow();

    // when
    ViewedLog resumed = resumed(given);
    stream(resumed, line("00:01.5", "one\n"), line("00:01.6", "two and more\n"));

    // then
    assertThat(resumed.resumeFrom()).contains(START.plusSeconds(1));
    Given rest = resumed.take().orElseThrow();
    assertThat(text(given) + text(rest)).isEqualTo("one\ntwo and more\n");
    assertThat(rest.notice()).isEmpty();
  }

  @Test
  void linesOfTheSameTimeAreToldApart() {
    // given
    ViewedLog log = new ViewedLog(Optional.empty(), START);
    stream(log, line("00:01.5", "same\n"), line("00:01.5", "same\n"));
    Given given = log.take().orElseThrow();

    // when
    ViewedLog resumed = resumed(given);
    stream(
        resumed,
        line("00:01.5", "same\n"),
        line("00:01.5", "same\n"),
        line("00:01.5", "same\n"),
        line("00:02.5", "other\n"));

    // then
    assertThat(resumed.take().map(ViewedLogTest::text)).contains("same\nother\n");
  }

  @Test
  void whoComesAfterARotationIsToldThatLinesMayBeMissing() {
    // given
    ViewedLog log = new ViewedLog(Optional.empty(), START);
    stream(log, line("00:01.5", "one\n"));
    Given given = log.take().orElseThrow();

    // when
    ViewedLog resumed = resumed(given);
    stream(resumed, line("00:09.5", "nine\n"));

    // then
    Given rest = resumed.take().orElseThrow();
    assertThat(text(rest)).isEqualTo("nine\n");
    assertThat(rest.notice()).contains(ViewedLog.ROTATED);
  }

  @Test
  void whoComesLateIsToldWhenTheLogBegins() {
    // given
    ViewedLog log = new ViewedLog(Optional.empty(), START);

    // when
    stream(log, line("05:01.5", "late\n"));

    // then
    assertThat(log.take().flatMap(Given::notice))
        .contains("what was written before 2026-11-23T10:05:01Z, if anything, is no longer there");
  }

  @Test
  void aRotationIsToldWithTheFirstLineAfterIt() {
    // given
    ViewedLog log = new ViewedLog(Optional.empty(), START);
    stream(log, line("00:01.5", "one\n"));
    log.noteRotation(START.plusSeconds(9));

    // when
    Given before = log.take().orElseThrow();
    byte[] next = line("00:09.5", "nine\n").getBytes(ISO_8859_1);
    log.add(next, next.length);

    // then
    assertThat(before.notice()).isEmpty();
    assertThat(log.take().flatMap(Given::notice)).contains(ViewedLog.ROTATED);
  }

  @Test
  void wordsOfTheKubeletAreNoPartOfTheLog() {
    // given
    ViewedLog log = new ViewedLog(Optional.empty(), START);

    // when
    stream(log, "unable to retrieve container logs for containerd://7\n");

    // then
    assertThat(log.takeAll()).isEmpty();
    assertThat(log.foreignWords()).contains("unable to retrieve container logs for containerd://7");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "1", "1.2.3", "1.2.3.4.5.6", "a.2.3.4", "1.2.3.-4", "1.9999999999.3.4"})
  void whatIsNoPositionIsRefused(String text) {
    assertThatThrownBy(() -> ViewedPosition.parse(text))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static List<Long> seeds() {
    return new Random(7).longs(200).boxed().toList();
  }

  /** Streams break off at any byte, and any viewer goes on from what the one before was given. */
  @ParameterizedTest
  @MethodSource("seeds")
  void eachByteIsGivenOnceHoweverOftenTheLogIsResumed(long seed) {
    // given
    Random random = new Random(seed);
    ScriptedKubelet kubelet = written(random, Integer.MAX_VALUE);
    List<Given> given = new ArrayList<>();

    // when
    viewInPieces(kubelet, random, given);

    // then
    assertThat(all(given)).isEqualTo(new String(kubelet.written(), ISO_8859_1));
    assertThat(given).allMatch(piece -> piece.notice().isEmpty());
  }

  /** The order of what is given is that of the files, and gaps are told. */
  @ParameterizedTest
  @MethodSource("seeds")
  void nothingIsGivenTwiceAndGapsAreToldWhereTheLogIsRotated(long seed) {
    // given
    Random random = new Random(seed);
    ScriptedKubelet kubelet = written(random, 8000);
    List<Given> given = new ArrayList<>();

    // when
    viewInPieces(kubelet, random, given);

    // then
    String all = all(given);
    String written = new String(kubelet.written(), ISO_8859_1);
    if (given.stream().allMatch(piece -> piece.notice().isEmpty())) {
      assertThat(written).endsWith(all);
    }
    List<String> numbers = all.lines().filter(line -> line.matches("<\\d+>")).toList();
    assertThat(numbers).doesNotHaveDuplicates();
  }

  /** Numbered lines of any length on two pipes, many in a second. */
  private static ScriptedKubelet written(Random random, int fileBytes) {
    ScriptedKubelet kubelet =
        new ScriptedKubelet(
            new ScriptedKubelet.Rules(fileBytes, 400, Duration.ofSeconds(10), 2000),
            START,
            START.plusSeconds(7),
            random);
    Instant at = START.plusMillis(random.nextInt(2000));
    for (int number = 0; number < 400; number++) {
      Pipe pipe = random.nextInt(5) == 0 ? Pipe.STDERR : Pipe.STDOUT;
      String filler = "x".repeat(random.nextInt(10) == 0 ? random.nextInt(900) : 0);
      kubelet.write(at, pipe, ("<" + number + ">" + filler + "\n").getBytes(ISO_8859_1));
      at = at.plusNanos(random.nextInt(4) == 0 ? 0 : random.nextInt(200_000_000));
    }
    kubelet.end(at);
    return kubelet;
  }

  private static void viewInPieces(ScriptedKubelet kubelet, Random random, List<Given> given) {
    Optional<ViewedPosition> position = Optional.empty();
    Instant now = START;
    while (true) {
      ViewedLog log =
          new ViewedLog(position.map(last -> ViewedPosition.parse(last.toText())), START);
      for (int streams = random.nextInt(3); streams >= 0; streams--) {
        ScriptedKubelet.Stream stream = kubelet.open(now, random.nextBoolean(), log.resumeFrom());
        log.beginStream();
        boolean breaks = random.nextInt(4) > 0 && now.isBefore(kubelet.end());
        byte[] bytes = stream.read(now.plusSeconds(1));
        int length = breaks ? random.nextInt(bytes.length + 1) : bytes.length;
        for (int from = 0; from < length; ) {
          int count = Math.min(length - from, 1 + random.nextInt(900));
          log.add(Arrays.copyOfRange(bytes, from, from + count), count);
          from += count;
          Optional<Given> piece = random.nextBoolean() ? log.take() : log.takeAll();
          piece.ifPresent(given::add);
          position = piece.isPresent() ? piece.get().position() : position;
        }
        now = now.plusMillis(random.nextInt(3000));
      }
      if (now.isAfter(kubelet.end().plusSeconds(5))) {
        ViewedLog last =
            new ViewedLog(position.map(end -> ViewedPosition.parse(end.toText())), START);
        last.beginStream();
        byte[] bytes = kubelet.open(now, false, last.resumeFrom()).read(now.plusSeconds(9));
        last.add(bytes, bytes.length);
        last.takeAll().ifPresent(given::add);
        return;
      }
    }
  }

  private static String all(List<Given> given) {
    StringBuilder all = new StringBuilder();
    given.forEach(piece -> all.append(text(piece)));
    return all.toString();
  }
}
