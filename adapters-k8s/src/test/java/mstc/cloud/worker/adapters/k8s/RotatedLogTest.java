package mstc.cloud.worker.adapters.k8s;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import mstc.cloud.worker.adapters.k8s.SpooledLog.StreamEnd;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Logs as a container runtime rotates them, read as a kubelet gives them, at random. */
class RotatedLogTest {
  private static final Instant BEGIN = Instant.parse("2026-11-23T10:00:00.999990Z");

  @TempDir Path folder;

  /** What the runtime writes of a line: all of it, or a part where a rotation divides it. */
  private record Entry(int file, Instant time, String text) {}

  private static List<Entry> written(Random random) {
    List<Entry> entries = new ArrayList<>();
    Instant now = BEGIN;
    Instant rotated = BEGIN;
    int file = 0;
    for (int line = 0; line < 40; line++) {
      String text = "line " + line + " " + "x".repeat(random.nextInt(20)) + "\n";
      now = now.plusNanos(1 + random.nextInt(20_000));
      boolean pause = random.nextInt(8) == 0;
      if (pause) {
        now = now.plusMillis(random.nextInt(12_000));
      }
      if (now.isAfter(rotated.plusSeconds(10)) && line < 38 && !pause && random.nextInt(3) == 0) {
        int divided = random.nextInt(text.length());
        if (divided > 0) {
          entries.add(new Entry(file, now, text.substring(0, divided)));
        }
        file++;
        rotated = now;
        // The next file may begin sooner than the one before it ended, but not a second sooner.
        Instant sooner = now.plusNanos(2L * random.nextInt(100) - 99);
        Instant second = now.truncatedTo(ChronoUnit.SECONDS);
        now = sooner.isBefore(second) ? second : sooner;
        entries.add(new Entry(file, now, text.substring(divided)));
      } else {
        entries.add(new Entry(file, now, text));
      }
    }
    return entries;
  }

  /** What a kubelet gives of entries, with a time where a line begins. */
  private static String given(List<Entry> entries, Instant since) {
    StringBuilder stream = new StringBuilder();
    boolean newLine = true;
    for (Entry entry : entries) {
      if (!entry.time().isBefore(since)) {
        if (newLine) {
          stream.append("%s ".formatted(entry.time()));
        }
        stream.append(entry.text());
      }
      newLine = entry.text().endsWith("\n");
    }
    return stream.toString();
  }

  private static List<Integer> seeds() {
    return IntStream.range(0, 300).boxed().toList();
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void isReadWholeOrSaidNotToBe(int seed) throws IOException {
    // given
    Random random = new Random(seed);
    List<Entry> entries = written(random);
    StringBuilder whole = new StringBuilder();
    entries.forEach(entry -> whole.append(entry.text()));
    boolean gap = false;
    boolean mayHaveGap = false;

    // when
    try (Spool spool = Spool.open(folder, 1_000_000);
        SpooledLog log = spool.log("job", "pod")) {
      StreamEnd end = StreamEnd.BROKEN;
      int at = 0;
      while (at < entries.size()) {
        // It begins with the file that is written then, and goes on to others or stays there.
        int from = at;
        int file = entries.get(Math.max(0, at - 1)).file();
        boolean stays = random.nextInt(3) == 0;
        int until = at + 1 + random.nextInt(entries.size());
        until = Math.min(until, entries.size());
        while (until < entries.size()
            && entries.get(until - 1).file() > entries.get(Math.max(0, until - 2)).file()) {
          // The end of a divided line alone cannot be told from a line.
          until++;
        }
        int last = entries.get(until - 1).file();
        List<Entry> read = new ArrayList<>();
        for (Entry entry : entries.subList(0, until)) {
          if (entry.file() == file || (entry.file() > file && !stays)) {
            read.add(entry);
          }
        }
        at = until;
        boolean ends = at == entries.size();
        String stream = given(read, log.resumeFrom().orElse(Instant.MIN));
        byte[] bytes = stream.getBytes(UTF_8);
        int length = ends || bytes.length == 0 ? bytes.length : random.nextInt(bytes.length + 1);
        SpooledLog.Lines lines = log.lines(end, BEGIN.plus(Duration.ofDays(1)));
        feed(lines, bytes, length, random);
        gap |= lines.hasGap();
        // What it did not give is lost where it is in a file before the one that comes next.
        mayHaveGap |= (!ends && last > file) || (stays && last > file + 1);
        end = ends ? StreamEnd.ENDED : StreamEnd.BROKEN;
        assertThat(from).isLessThan(at);
      }
      int newest = entries.getLast().file();
      List<Entry> current = entries.stream().filter(entry -> entry.file() == newest).toList();
      for (int again = 0; again < 3; again++) {
        byte[] bytes = given(current, log.resumeFrom().orElse(Instant.MIN)).getBytes(UTF_8);
        SpooledLog.Lines lines = log.lines(end, BEGIN.plus(Duration.ofDays(1)));
        feed(lines, bytes, bytes.length, random);
        gap |= lines.hasGap();
        if (lines.newBytes() > 0) {
          end = StreamEnd.BROKEN;
        }
      }
      log.endLine();

      // then
      if (log.firstTime().filter(entries.getFirst().time()::equals).isEmpty()) {
        // It was followed too late, which is for others to tell.
        return;
      }
      String text = Files.readString(log.file());
      if (!gap) {
        assertThat(text).isEqualTo(whole.toString());
      }
      if (!mayHaveGap) {
        assertThat(gap).isFalse();
      }
    }
  }

  private static void feed(SpooledLog.Lines lines, byte[] bytes, int length, Random random)
      throws IOException {
    int index = 0;
    while (index < length) {
      int piece = Math.min(length - index, 1 + random.nextInt(50));
      lines.add(Arrays.copyOfRange(bytes, index, index + piece), piece);
      index += piece;
    }
  }
}
