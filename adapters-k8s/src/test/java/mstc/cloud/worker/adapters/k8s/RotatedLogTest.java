package mstc.cloud.worker.adapters.k8s;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import mstc.cloud.worker.adapters.k8s.ScriptedKubelet.Pipe;
import mstc.cloud.worker.adapters.k8s.SpooledLog.StreamEnd;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Logs as a container runtime rotates them, read as a kubelet gives them, at random. */
class RotatedLogTest {
  private static final Logger LOG = LoggerFactory.getLogger(RotatedLogTest.class);

  private static final Instant BEGIN = Instant.parse("2026-11-23T10:00:00.999990Z");
  private static final ScriptedKubelet.Rules RULES =
      new ScriptedKubelet.Rules(4000, 200, Duration.ofSeconds(10), 1500);

  private static final int HISTORIES = Integer.getInteger("mstc.histories", 250);

  @TempDir Path folder;

  /** What is said of a log, and what is right. */
  private enum Verdict {
    WHOLE_AND_SAID_SO,
    NOT_WHOLE_AND_SAID_SO,
    WHOLE_BUT_SAID_NOT,
    NOT_WHOLE_BUT_SAID_SO
  }

  /** Writes lines with pauses of all lengths, anywhere in them. */
  private static ScriptedKubelet written(Random random) {
    Instant firstLook = BEGIN.plusNanos(random.nextLong(10_000_000_000L));
    ScriptedKubelet kubelet = new ScriptedKubelet(RULES, BEGIN, firstLook, random);
    boolean twoPipes = random.nextInt(3) == 0;
    int pauses = 1 + random.nextInt(12);
    Instant now = BEGIN;
    int lines = 40 + random.nextInt(320);
    for (int number = 0; number < lines; number++) {
      int length = random.nextInt(12) == 0 ? random.nextInt(300) : random.nextInt(40);
      String line = number + " " + text(random, length) + (random.nextInt(9) == 0 ? "" : "\n");
      Pipe pipe = twoPipes && random.nextBoolean() ? Pipe.STDERR : Pipe.STDOUT;
      byte[] bytes = line.getBytes(UTF_8);
      int at = 0;
      while (at < bytes.length) {
        int until = at + 1 + random.nextInt(random.nextInt(3) == 0 ? 20 : 400);
        until = Math.min(bytes.length, until);
        kubelet.write(now, pipe, Arrays.copyOfRange(bytes, at, until));
        at = until;
        now = now.plusNanos(1 + random.nextInt(20_000));
        if (random.nextInt(pauses) == 0) {
          now = now.plusMillis(random.nextInt(random.nextInt(4) == 0 ? 12_000 : 300));
        }
      }
    }
    kubelet.end(now.plusMillis(random.nextInt(15_000)));
    return kubelet;
  }

  /** Now and then the same again, as lines are that tell of progress. */
  private static String text(Random random, int length) {
    if (random.nextInt(3) == 0) {
      return "x".repeat(length);
    }
    StringBuilder text = new StringBuilder();
    random.ints(length, 'a', 'z').forEach(letter -> text.append((char) letter));
    return text.toString();
  }

  /** Follows a log as {@link PodLog} does, in the time of the script. */
  private static final class Follower {
    private static final Duration STEP = Duration.ofMillis(200);

    private final ScriptedKubelet kubelet;
    private final SpooledLog log;
    private final Random random;
    private final boolean breaks;
    private final boolean holds;
    private Instant now = BEGIN.plusMillis(20);
    private StreamEnd before = StreamEnd.BROKEN;
    private Instant askedAt = BEGIN;
    private long sinceNewFile;
    private Optional<Instant> next = Optional.empty();
    private boolean lagged;
    private boolean holding;

    Follower(
        ScriptedKubelet kubelet, SpooledLog log, Random random, boolean breaks, boolean holds) {
      this.kubelet = kubelet;
      this.log = log;
      this.random = random;
      this.breaks = breaks;
      this.holds = holds;
    }

    void follow() throws IOException {
      log.keepTimes(RULES.chunkBytes());
      Instant givenUp = kubelet.end().plusSeconds(90);
      long sizeBefore = -1;
      while (true) {
        boolean last = !now.isBefore(kubelet.end());
        SpooledLog.Lines lines = read(!last);
        boolean readable = lines.foreignWords().isEmpty() && !lines.isShort();
        if (last && readable && (lines.newBytes() == 0 || log.size() == sizeBefore)) {
          break;
        }
        if (last && !readable && now.isAfter(givenUp)) {
          log.noteGap("its end could not be read: " + lines.foreignWords());
          break;
        }
        sizeBefore = last ? log.size() : -1;
        now = now.plusMillis(readable ? 1 : 1000);
      }
      askForNewestFile();
      if (kubelet.rotations() > 0 && kubelet.newestFileBegins(now).isEmpty()) {
        log.noteEmptyNewestFile();
      }
      log.endLine();
    }

    private boolean askForNewestFile() {
      askedAt = now;
      Optional<Instant> begins = kubelet.newestFileBegins(now);
      boolean another = log.noteNewestFile(begins, holding || (lagged && next.isEmpty()));
      if (!begins.equals(next)) {
        lagged &= next.isEmpty();
        next = begins;
      }
      if (another || begins.isEmpty()) {
        sinceNewFile = 0;
      }
      return another;
    }

    private SpooledLog.Lines read(boolean follow) throws IOException {
      Instant openedAt = now;
      boolean held = follow && holds && mayBeRotatedSoon();
      ScriptedKubelet.Stream stream =
          kubelet.open(now, follow, held ? Optional.empty() : log.resumeFrom());
      SpooledLog.Lines lines = log.lines(before, openedAt);
      holding = held;
      lagged = held && awaitRotation(stream);
      holding = false;
      boolean oldFile = lagged;
      boolean watching = false;
      StreamEnd end = StreamEnd.BROKEN;
      Instant silentSince = now;
      Instant oldFileSince = now;
      while (true) {
        byte[] bytes = stream.read(now);
        boolean broken = breaks && random.nextInt(12) == 0;
        int length = broken ? random.nextInt(bytes.length + 1) : bytes.length;
        feed(lines, bytes, length);
        sinceNewFile += length;
        if (broken) {
          break;
        }
        if (stream.isOver()) {
          end =
              follow && (watching || sinceNewFile < RULES.fileBytes() * 8 / 10)
                  ? StreamEnd.ENDED
                  : end;
          break;
        }
        if (bytes.length > 0) {
          silentSince = now;
        }
        boolean ended = !now.isBefore(kubelet.end());
        boolean silent = !now.isBefore(silentSince.plusSeconds(3));
        if (follow && !askedAt.plusSeconds(4).isAfter(now) && (bytes.length > 0 || silent)) {
          if (askForNewestFile() || kubelet.newestFileBegins(now).isEmpty()) {
            oldFile = true;
            oldFileSince = now;
          } else if (silent && !oldFile) {
            watching = true;
          }
        }
        if (oldFile && silent && !watching && !now.isBefore(oldFileSince.plusSeconds(3))) {
          end = StreamEnd.LEFT;
          if (lagged
              && next.filter(log::hasGiven).isEmpty()
              && lines.bytes() > RULES.streamBytes()) {
            log.noteNextFile(now);
          }
          break;
        }
        if (ended && silent && !now.isBefore(kubelet.end().plusSeconds(10))) {
          end = watching ? StreamEnd.ENDED : StreamEnd.BROKEN;
          break;
        }
        if (holds && !held && !ended && mayBeRotatedSoon()) {
          break;
        }
        now = now.plus(STEP);
      }
      before = lines.after(end);
      askForNewestFile();
      if (lines.hasGap()) {
        log.noteGap("rotated away");
      }
      return lines;
    }

    private boolean mayBeRotatedSoon() {
      return sinceNewFile > RULES.fileBytes() * 6 / 10;
    }

    /** Leaves the stream unread until its file was rotated; false where it was not. */
    private boolean awaitRotation(ScriptedKubelet.Stream stream) {
      askForNewestFile();
      Optional<Instant> newest = next;
      if (newest.isEmpty()) {
        return false;
      }
      Instant until = now.plusSeconds(14);
      while (now.isBefore(until) && now.isBefore(kubelet.end())) {
        now = now.plusSeconds(1);
        stream.leaveUnread(now);
        if (!kubelet.newestFileBegins(now).equals(newest)) {
          askForNewestFile();
          sinceNewFile = 0;
          return true;
        }
      }
      return false;
    }

    private void feed(SpooledLog.Lines lines, byte[] bytes, int length) throws IOException {
      int index = 0;
      while (index < length) {
        int piece = Math.min(length - index, 1 + random.nextInt(200));
        lines.add(Arrays.copyOfRange(bytes, index, index + piece), piece);
        index += piece;
      }
    }
  }

  private Verdict play(long seed, boolean breaks, boolean holds) throws IOException {
    Random random = new Random(seed);
    ScriptedKubelet kubelet = written(random);
    try (Spool spool = Spool.open(folder, 1_000_000);
        SpooledLog log = spool.log("job", "pod")) {
      new Follower(kubelet, log, random, breaks, holds).follow();
      boolean whole = Arrays.equals(Files.readAllBytes(log.file()), kubelet.written());
      boolean saidWhole = log.gaps().isEmpty();
      spool.remove("job");
      if (whole) {
        return saidWhole ? Verdict.WHOLE_AND_SAID_SO : Verdict.WHOLE_BUT_SAID_NOT;
      }
      return saidWhole ? Verdict.NOT_WHOLE_BUT_SAID_SO : Verdict.NOT_WHOLE_AND_SAID_SO;
    }
  }

  private Map<Verdict, Integer> play(int histories, boolean breaks, boolean holds)
      throws IOException {
    Map<Verdict, Integer> counts = new EnumMap<>(Verdict.class);
    for (long seed = 0; seed < histories; seed++) {
      Verdict verdict = play(seed, breaks, holds);
      if (verdict == Verdict.NOT_WHOLE_BUT_SAID_SO) {
        LOG.error("seed={} breaks={} holds={}", seed, breaks, holds);
      }
      counts.merge(verdict, 1, Integer::sum);
    }
    LOG.info("breaks={} holds={} {}", breaks, holds, counts);
    return counts;
  }

  @ParameterizedTest
  @CsvSource({"false, false", "false, true", "true, false", "true, true"})
  void isReadWholeOrSaidNotToBe(boolean breaks, boolean holds) throws IOException {
    // when
    Map<Verdict, Integer> counts = play(HISTORIES, breaks, holds);

    // then
    assertThat(counts).doesNotContainKey(Verdict.NOT_WHOLE_BUT_SAID_SO);
    assertThat(counts).containsKeys(Verdict.WHOLE_AND_SAID_SO, Verdict.NOT_WHOLE_AND_SAID_SO);
  }
}
