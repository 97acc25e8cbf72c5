package mstc.cloud.worker.adapters.k8s.log;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/**
 * A container's log as a runtime writes and rotates it, and as a kubelet gives it, at times that
 * are made up: what a job writes is told beforehand, then streams are opened and read at any times.
 *
 * <p>After containerd's logger and the kubelet's {@code ReadLogs}. A line becomes a record once it
 * has its end; longer ones are divided into chunks. A rotation creates the next file first, and
 * then writes what it has of a line to the file before. A kubelet tells a record's time only where
 * the record before it had a line's end, and skips single records that are older than asked for;
 * when the next file is created it goes on there at once, and what comes into the file before after
 * that it never reads. Where it comes to a file's end for the first time, it only notices rotations
 * after that.
 */
final class ScriptedKubelet {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSSSSS'Z' ").withZone(ZoneOffset.UTC);

  /** The most that a record's time, pipe and tag take in a file. */
  private static final int HEADER_BYTES = 40;

  enum Pipe {
    STDOUT,
    STDERR
  }

  /**
   * What the node is set to.
   *
   * @param fileBytes from which size on a file is rotated
   * @param chunkBytes the longest record
   * @param looksEvery how often sizes are looked at
   * @param streamBytes how much of a stream that nobody reads is on its way
   */
  record Rules(int fileBytes, int chunkBytes, Duration looksEvery, int streamBytes) {}

  /** What is in a file: a line, or a part of one, each byte as a character. */
  private record Chunk(Instant time, String text) {
    boolean endsLine() {
      return text.endsWith("\n");
    }
  }

  private record LogFile(Instant created, List<Chunk> chunks) {}

  private final Rules rules;
  private final Random random;
  private final List<LogFile> files = new ArrayList<>();
  private final ByteArrayOutputStream output = new ByteArrayOutputStream();
  private final ByteArrayOutputStream errors = new ByteArrayOutputStream();
  private final ByteArrayOutputStream written = new ByteArrayOutputStream();
  private Instant nextLook;
  private Instant end = Instant.MAX;
  private long newestFileBytes;
  private int dividedLines;

  /**
   * @param firstLook when the kubelet looks at the file's size first
   * @param random draws how the runtime and the kubelet race at a rotation
   */
  ScriptedKubelet(Rules rules, Instant startedAt, Instant firstLook, Random random) {
    this.rules = rules;
    this.random = random;
    this.nextLook = firstLook;
    files.add(new LogFile(startedAt, new ArrayList<>()));
  }

  /** When the container started, as the cluster tells: in whole seconds. */
  Instant startedAt() {
    return files.getFirst().created().truncatedTo(ChronoUnit.SECONDS);
  }

  /** The job writes; not sooner than what it wrote before. */
  void write(Instant at, Pipe pipe, byte[] bytes) {
    lookUntil(at);
    ByteArrayOutputStream line = pipe == Pipe.STDOUT ? output : errors;
    for (byte next : bytes) {
      line.write(next);
      if (next == '\n') {
        flush(at, line);
      } else if (line.size() >= rules.chunkBytes() + rules.chunkBytes() / 4) {
        byte[] text = line.toByteArray();
        add(at, Arrays.copyOf(text, rules.chunkBytes()));
        line.reset();
        line.write(text, rules.chunkBytes(), text.length - rules.chunkBytes());
      }
    }
  }

  /** The container ends: nothing is written after this, nor rotated. */
  void end(Instant at) {
    lookUntil(at);
    flush(at, output);
    flush(at, errors);
    end = at;
  }

  private void flush(Instant at, ByteArrayOutputStream line) {
    byte[] text = line.toByteArray();
    line.reset();
    for (int from = 0; from < text.length; from += rules.chunkBytes()) {
      int until = Math.min(text.length, from + rules.chunkBytes());
      if (until == text.length - 1) {
        // A line's end is part of the chunk before it.
        until++;
        add(at, Arrays.copyOfRange(text, from, until));
        return;
      }
      add(at, Arrays.copyOfRange(text, from, until));
    }
  }

  private void add(Instant at, byte[] text) {
    files.getLast().chunks().add(new Chunk(at, new String(text, ISO_8859_1)));
    newestFileBytes += text.length + HEADER_BYTES;
    written.writeBytes(text);
  }

  private void lookUntil(Instant now) {
    while (!nextLook.isAfter(now)) {
      if (newestFileBytes >= rules.fileBytes()) {
        rotate(nextLook);
      }
      nextLook = nextLook.plus(rules.looksEvery());
    }
  }

  private void rotate(Instant at) {
    // Now and then the runtime takes its time.
    Instant written =
        at.plusNanos(20_000 + random.nextInt(random.nextInt(8) == 0 ? 900_000_000 : 2_000_000));
    for (ByteArrayOutputStream line : List.of(output, errors)) {
      if (line.size() > 0) {
        dividedLines++;
        flush(written, line);
      }
    }
    files.add(new LogFile(at, new ArrayList<>()));
    newestFileBytes = 0;
  }

  /** All that was written, as the files have it one after the other. */
  byte[] written() {
    return written.toByteArray();
  }

  int rotations() {
    return files.size() - 1;
  }

  /** How many lines were divided by rotations. */
  int dividedLines() {
    return dividedLines;
  }

  Instant end() {
    return end;
  }

  /** The time of the first record of the file that is the newest then; empty where it has none. */
  Optional<Instant> newestFileBegins(Instant at) {
    return files.get(newestFile(at)).chunks().stream()
        .map(Chunk::time)
        .findFirst()
        .filter(time -> !time.isAfter(at));
  }

  private int newestFile(Instant at) {
    int newest = 0;
    while (newest + 1 < files.size() && !files.get(newest + 1).created().isAfter(at)) {
      newest++;
    }
    return newest;
  }

  /**
   * Opens a stream.
   *
   * @param at not before the container's start
   */
  Stream open(Instant at, boolean follow, Optional<Instant> since) {
    return new Stream(at, follow, since.orElse(Instant.MIN));
  }

  /** What a kubelet gives, read at times that never go back. */
  final class Stream {
    private final Instant since;
    private final boolean follow;

    private final ByteArrayOutputStream given = new ByteArrayOutputStream();

    /** When it comes to its file's end first; rotations are noticed from then on. */
    private Instant firstEnd;

    private int file;
    private int next;
    private int filesNoticed;
    private boolean atLineStart = true;
    private boolean waitsForReader;
    private boolean over;

    private Stream(Instant at, boolean follow, Instant since) {
      this.since = since;
      this.follow = follow;
      file = newestFile(at);
      // Now and then the kubelet takes its time for a file.
      firstEnd = at.plusMillis(random.nextInt(8) == 0 ? random.nextInt(4000) : random.nextInt(50));
      filesNoticed = newestFile(firstEnd);
    }

    /** All that is there by then and was not read before. */
    byte[] read(Instant now) {
      if (waitsForReader) {
        waitsForReader = false;
        give(now, true);
        if (!follow) {
          over = true;
        } else if (firstEnd.equals(Instant.MAX)) {
          firstEnd = now;
          filesNoticed = newestFile(now);
        } else if (newestFile(now) > filesNoticed) {
          goOnWithNewest(now);
        }
      }
      go(now, true);
      byte[] bytes = given.toByteArray();
      given.reset();
      return bytes;
    }

    /** Nobody reads until then: what is on its way fills up, and the kubelet waits. */
    void leaveUnread(Instant until) {
      if (!waitsForReader) {
        go(until, false);
      }
    }

    /** Whether it has ended, as the container has, and all that was to come of it was read. */
    boolean isOver() {
      return over;
    }

    private void go(Instant now, boolean isRead) {
      while (!over && !waitsForReader) {
        if (!give(min(now, firstEnd), isRead)) {
          // It has not been at its file's end.
          firstEnd = Instant.MAX;
          waitsForReader = true;
          return;
        }
        if (now.isBefore(firstEnd)) {
          return;
        }
        if (!follow) {
          over = true;
          return;
        }
        int created = filesNoticed + 1;
        if (created == files.size() || files.get(created).created().isAfter(now)) {
          waitsForReader = !give(now, isRead);
          over = !waitsForReader && !now.isBefore(end);
          return;
        }
        // Between this and the end of its file there is a call of the runtime.
        Instant lastRead = files.get(created).created().plusNanos(random.nextInt(3_000_000));
        waitsForReader = !give(lastRead, isRead);
        if (waitsForReader) {
          return;
        }
        over = !lastRead.isBefore(end);
        goOnWithNewest(lastRead);
      }
    }

    private void goOnWithNewest(Instant now) {
      filesNoticed = newestFile(now);
      if (!over && filesNoticed > file) {
        file = filesNoticed;
        next = 0;
      }
    }

    /** Gives what is in its file by then; false where that is more than finds room. */
    private boolean give(Instant by, boolean isRead) {
      List<Chunk> chunks = files.get(file).chunks();
      while (next < chunks.size() && !chunks.get(next).time().isAfter(by)) {
        if (!isRead && given.size() >= rules.streamBytes()) {
          return false;
        }
        Chunk chunk = chunks.get(next++);
        if (!chunk.time().isBefore(since)) {
          if (atLineStart) {
            given.writeBytes(TIME.format(chunk.time()).getBytes(US_ASCII));
          }
          given.writeBytes(chunk.text().getBytes(ISO_8859_1));
        }
        atLineStart = chunk.endsLine();
      }
      return true;
    }
  }

  private static Instant min(Instant one, Instant other) {
    return one.isBefore(other) ? one : other;
  }
}
