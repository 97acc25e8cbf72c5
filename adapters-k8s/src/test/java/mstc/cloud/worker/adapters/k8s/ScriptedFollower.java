package mstc.cloud.worker.adapters.k8s;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import mstc.cloud.worker.adapters.k8s.SpooledLog.StreamEnd;

/** Follows a log as {@link PodLog} does, in the time of the script. */
final class ScriptedFollower {
  private static final Duration STEP = Duration.ofMillis(200);

  private final ScriptedKubelet kubelet;
  private final SpooledLog log;
  private final Random random;
  private final boolean breaks;
  private final boolean holds;
  private final ScriptedKubelet.Rules rules;
  private Instant now;
  private Instant stop = Instant.MAX;
  private StreamEnd before = StreamEnd.BROKEN;
  private Instant askedAt;
  private Instant silentSince;
  private Optional<Attached> attached = Optional.empty();
  private long sinceNewFile;
  private Optional<Instant> next = Optional.empty();
  private boolean lagged;
  private boolean holding;

  /** Follows from a moment on. */
  ScriptedFollower(
      ScriptedKubelet kubelet,
      SpooledLog log,
      ScriptedKubelet.Rules rules,
      Random random,
      boolean breaks,
      boolean holds,
      Instant from) {
    this.kubelet = kubelet;
    this.log = log;
    this.rules = rules;
    this.random = random;
    this.breaks = breaks;
    this.holds = holds;
    now = from;
    askedAt = from;
    silentSince = from;
  }

  /** A stream that was open before this follows. */
  record Attached(ScriptedKubelet.Stream stream, Instant openedAt) {}

  /**
   * Begins with that stream.
   *
   * @param overlaps whether it was open while another worker still read
   */
  void attach(Attached stream, boolean overlaps) {
    attached = Optional.of(stream);
    if (overlaps) {
      before = StreamEnd.COVERED;
    }
  }

  /** Whether its stream has brought nothing for so long that nothing more is to come. */
  boolean isCaughtUp() {
    return !holding && !now.isBefore(silentSince.plusSeconds(3));
  }

  /** Follows until the log is whole, or that moment; false where that comes first. */
  boolean follow(Instant until) throws IOException {
    stop = until;
    log.keepTimes(rules.chunkBytes());
    Instant givenUp = kubelet.end().plusSeconds(90);
    long sizeBefore = -1;
    while (true) {
      if (!now.isBefore(stop)) {
        return false;
      }
      boolean last = !now.isBefore(kubelet.end()) && attached.isEmpty();
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
    return true;
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
    boolean held = follow && holds && mayBeRotatedSoon();
    Optional<Attached> first = attached;
    attached = Optional.empty();
    Instant openedAt = first.map(Attached::openedAt).orElse(now);
    ScriptedKubelet.Stream stream =
        first
            .map(Attached::stream)
            .orElseGet(() -> kubelet.open(now, follow, held ? Optional.empty() : log.resumeFrom()));
    SpooledLog.Lines lines =
        log.lines(before, openedAt, SpooledLog.isNotRotatedYet(kubelet.startedAt(), openedAt));
    holding = held;
    lagged = held && awaitRotation(stream);
    holding = false;
    boolean oldFile = lagged;
    boolean watching = false;
    StreamEnd end = StreamEnd.BROKEN;
    silentSince = now;
    Instant oldFileSince = now;
    while (true) {
      if (!now.isBefore(stop)) {
        break;
      }
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
            follow && (watching || sinceNewFile < rules.fileBytes() * 8 / 10)
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
        if (lagged && next.filter(log::hasGiven).isEmpty() && lines.bytes() > rules.streamBytes()) {
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
    return sinceNewFile > rules.fileBytes() * 6 / 10;
  }

  /** Leaves the stream unread until its file was rotated; false where it was not. */
  private boolean awaitRotation(ScriptedKubelet.Stream stream) {
    askForNewestFile();
    Optional<Instant> newest = next;
    if (newest.isEmpty()) {
      return false;
    }
    Instant until = now.plusSeconds(14);
    while (now.isBefore(until) && now.isBefore(kubelet.end()) && now.isBefore(stop)) {
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
