package mstc.cloud.worker.adapters.k8s;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import mstc.cloud.worker.domain.PrintableText;
import mstc.cloud.worker.domain.job.JobOutcome;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A container's log in a file, written from streams that break off and overlap.
 *
 * <p>Every line comes with its time. A stream can be asked for from a whole second on, and gives
 * the lines of that second again, in the same order; so it is remembered how many of the newest
 * second there were. Times of neighbouring lines may be out of order, as two pipes feed one log.
 * What a kubelet sends without a time is not the log's but its own words.
 *
 * <p>What was written and remembered survives the worker: the next one continues the file.
 */
final class SpooledLog implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SpooledLog.class);

  /**
   * Where the log stands after its last whole line.
   *
   * @param bytes of whole lines in the file
   * @param second the newest whole second that a line began in; empty before the first line
   * @param first the time of the first line of that second
   * @param newest the latest time of that second's lines
   * @param lines how many lines began in that second
   */
  private record Mark(
      long bytes, Optional<Instant> second, Instant first, Instant newest, long lines) {
    static final Mark BEGIN = new Mark(0, Optional.empty(), Instant.MIN, Instant.MIN, 0);

    Mark after(Instant time, long newBytes) {
      Instant itsSecond = time.truncatedTo(ChronoUnit.SECONDS);
      if (second.isEmpty() || itsSecond.isAfter(second.get())) {
        return new Mark(newBytes, Optional.of(itsSecond), time, time, 1);
      }
      if (itsSecond.isBefore(second.get())) {
        // A stream from the newest second on will not have it.
        return new Mark(newBytes, second, first, newest, lines);
      }
      return new Mark(newBytes, second, first, time.isAfter(newest) ? time : newest, lines + 1);
    }

    String toText() {
      return second
          .map(value -> "%d %s %s %s %d".formatted(bytes, value, first, newest, lines))
          .orElse("");
    }

    static Mark parse(String text) {
      String[] words = text.strip().split(" ", -1);
      if (words.length != 5) {
        return BEGIN;
      }
      return new Mark(
          Long.parseLong(words[0]),
          Optional.of(Instant.parse(words[1])),
          Instant.parse(words[2]),
          Instant.parse(words[3]),
          Long.parseLong(words[4]));
    }
  }

  /**
   * What is known of a log beside its lines.
   *
   * @param began when a worker began to follow it
   * @param firstTime the time of its first line; empty before that
   * @param whole whether it was read to its end
   * @param gaps what is known to be missing, each in one line
   */
  private record History(
      Instant began, Optional<Instant> firstTime, boolean whole, List<String> gaps) {
    String toText() {
      return Stream.concat(
              Stream.of(
                  "%s %s %s".formatted(began, firstTime.map(Instant::toString).orElse("-"), whole)),
              gaps.stream())
          .collect(Collectors.joining("\n"));
    }

    static Optional<History> parse(List<String> lines) {
      String[] words = lines.isEmpty() ? new String[0] : lines.getFirst().split(" ", -1);
      return words.length == 3
          ? Optional.of(
              new History(
                  Instant.parse(words[0]),
                  PodStates.instant(words[1]),
                  Boolean.parseBoolean(words[2]),
                  List.copyOf(lines.subList(1, lines.size()))))
          : Optional.empty();
    }
  }

  private final Spool spool;
  private final Path file;
  private final Path markFile;
  private final FileChannel channel;
  private Mark mark;
  private History history;
  private long position;
  private boolean truncated;

  /** When the line began that the file ends with, as yet without its end. */
  private Optional<Instant> unfinished = Optional.empty();

  private SpooledLog(
      Spool spool, Path file, Path markFile, FileChannel channel, Mark mark, History history) {
    this.spool = spool;
    this.file = file;
    this.markFile = markFile;
    this.channel = channel;
    this.mark = mark;
    this.history = history;
    this.position = mark.bytes();
  }

  static SpooledLog open(Spool spool, Path file) throws IOException {
    Path markFile = file.resolveSibling(file.getFileName() + ".mark");
    List<String> noted = Files.exists(markFile) ? Files.readAllLines(markFile) : List.of();
    Mark mark = noted.isEmpty() ? Mark.BEGIN : Mark.parse(noted.getFirst());
    Optional<History> history = History.parse(noted.stream().skip(1).toList());
    FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    if (history.isEmpty() || channel.size() < mark.bytes()) {
      // Where there is a mark, the machine went down between the two.
      mark = Mark.BEGIN;
      history = Optional.of(new History(Instant.now(), Optional.empty(), false, List.of()));
    }
    SpooledLog log = new SpooledLog(spool, file, markFile, channel, mark, history.get());
    log.position = channel.size();
    log.dropPartialLine();
    return log;
  }

  Path file() {
    return file;
  }

  /** From when on the next stream has to be asked for; empty for the whole log. */
  Optional<Instant> resumeFrom() {
    return mark.second();
  }

  boolean isTruncated() {
    return truncated;
  }

  /** How many bytes there are so far. */
  long size() {
    return position;
  }

  /** When a worker began to follow it, this one or one before it. */
  Instant began() {
    return history.began();
  }

  /** The time of the first line; empty where there is none. */
  Optional<Instant> firstTime() {
    return history.firstTime();
  }

  /** What is known to be missing, each in one line. */
  List<String> gaps() {
    return history.gaps();
  }

  /** Notes that something is missing, where it can for a worker after this one, too. */
  void noteGap(String what) {
    String line = PrintableText.oneLine(what, JobOutcome.MAX_REASON_LENGTH);
    if (history.gaps().contains(line)) {
      return;
    }
    List<String> gaps = Stream.concat(history.gaps().stream(), Stream.of(line)).toList();
    history = new History(history.began(), history.firstTime(), history.whole(), gaps);
    try {
      saveMark();
    } catch (IOException e) {
      LOG.warn("file={} it is not noted that {}: {}", markFile, line, e.toString());
    }
  }

  /** Whether it was read to its end. */
  boolean isWhole() {
    return history.whole();
  }

  /** Notes that it was read to its end. */
  void noteWhole() {
    history = new History(history.began(), history.firstTime(), true, history.gaps());
  }

  private void noteFirstTime(Instant time) {
    if (history.firstTime().isEmpty()) {
      history = new History(history.began(), Optional.of(time), history.whole(), history.gaps());
    }
  }

  /** Nothing comes after it: a last line is whole as it is. */
  void endLastLine() {
    if (!truncated) {
      unfinished.ifPresent(time -> mark = mark.after(time, position));
    }
    unfinished = Optional.empty();
  }

  /** Drops what came of a line whose end did not. */
  private void dropPartialLine() throws IOException {
    if (!truncated && position > mark.bytes()) {
      spool.release(position - mark.bytes());
      position = mark.bytes();
      channel.truncate(position);
    }
    unfinished = Optional.empty();
  }

  /** Remembers where the log stands, for a worker after this one. */
  void saveMark() throws IOException {
    Path next = markFile.resolveSibling(markFile.getFileName() + ".next");
    Files.writeString(next, mark.toText() + '\n' + history.toText());
    Files.move(next, markFile, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  private void write(byte[] bytes, int offset, int length) throws IOException {
    if (truncated || length == 0) {
      return;
    }
    int room = spool.reserve(length);
    append(bytes, offset, room);
    if (room < length) {
      byte[] note =
          "\n[mstc-cloud-worker: the log was cut here, as the spool may hold %d bytes]\n"
              .formatted(spool.maxBytes())
              .getBytes(UTF_8);
      spool.take(note.length);
      append(note, 0, note.length);
      truncated = true;
    }
  }

  private void append(byte[] bytes, int offset, int length) throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(bytes, offset, length);
    while (buffer.hasRemaining()) {
      position += channel.write(buffer, position);
    }
  }

  @Override
  public void close() throws IOException {
    try (channel) {
      // It is removed where somebody else has answered its job.
      if (Files.exists(file)) {
        saveMark();
      }
    }
  }

  /**
   * Reads one stream into the log.
   *
   * @param afterAnEnd whether the stream before was read to its end
   */
  Lines lines(boolean afterAnEnd) {
    return new Lines(afterAnEnd);
  }

  /** One stream of lines with times, given in pieces of any size. */
  final class Lines {
    /** The longest time there is, such as {@code 2026-11-23T17:00:00.123456789+01:00}. */
    private static final int MAX_TIME_LENGTH = 35;

    private static final int MAX_FOREIGN_LENGTH = 400;

    /**
     * A stream that ends because its container did ends with the file that it is at, even where the
     * log goes on in the next. Kubelets rotate logs seconds apart, so nothing is between two files
     * whose lines follow each other sooner.
     */
    private static final Duration SAME_ROTATION = Duration.ofSeconds(1);

    private final boolean afterAnEnd;

    private final StringBuilder time = new StringBuilder(MAX_TIME_LENGTH);
    private final StringBuilder foreign = new StringBuilder();
    private final Mark resumed = mark;
    private final boolean resumedInLine = unfinished.isPresent();
    private boolean inLine;
    private boolean kept;
    private boolean inForeignLine;
    private Instant lineTime = Instant.MIN;

    /** Of the lines that are there already, how many are still to come again. */
    private long repeatsLeft = resumed.lines();

    private boolean timeSeen;
    private boolean firstSeen;
    private boolean newSeen;
    private boolean inNextFile;
    private boolean gap;
    private long newBytes;

    private Lines(boolean afterAnEnd) {
      this.afterAnEnd = afterAnEnd;
    }

    /**
     * Adds what was read.
     *
     * @throws IOException when the file cannot be written
     */
    void add(byte[] bytes, int length) throws IOException {
      int index = 0;
      while (index < length) {
        if (!inLine) {
          index = readTime(bytes, index, length);
        } else {
          index = readLine(bytes, index, length);
        }
      }
    }

    private int readTime(byte[] bytes, int from, int length) throws IOException {
      int index = from;
      while (index < length) {
        byte next = bytes[index++];
        if (next == ' ' || next == '\n' || time.length() == MAX_TIME_LENGTH) {
          beginLine(next);
          return next == '\n' ? endOfForeignLine(index) : index;
        }
        time.append((char) (next & 0xff));
      }
      return index;
    }

    private int endOfForeignLine(int index) {
      inLine = false;
      inForeignLine = false;
      time.setLength(0);
      return index;
    }

    private void beginLine(byte next) throws IOException {
      Optional<Instant> parsed =
          next == ' ' ? PodStates.instant(time.toString()) : Optional.empty();
      inLine = true;
      inForeignLine = parsed.isEmpty();
      if (inForeignLine) {
        kept = false;
        remember(time.toString().getBytes(US_ASCII), 0, time.length());
        remember(new byte[] {next}, 0, 1);
      } else {
        if (!timeSeen) {
          // What came before it, of a stream from a second on, is the end of a line that began
          // sooner.
          foreign.setLength(0);
          timeSeen = true;
        }
        lineTime = parsed.get();
        noteFirstTime(lineTime);
        kept = !isRepeated(lineTime);
        if (kept && !newSeen) {
          newSeen = true;
          joinFirstNew(lineTime);
        }
      }
      time.setLength(0);
    }

    /** Whether the file has that line already. */
    private boolean isRepeated(Instant at) {
      if (newSeen || repeatsLeft == 0 || at.isAfter(resumed.newest())) {
        return false;
      }
      firstSeen |= at.equals(resumed.first());
      if (firstSeen) {
        repeatsLeft--;
        return true;
      }
      // Before the first there may be the end of a long line that began a second earlier; after it,
      // where it is not, there are lines of the next file, as a rotation does not keep the order.
      return at.isBefore(resumed.first());
    }

    /**
     * A line that had no end as yet comes again, whole. Where it does not, nor what else was to
     * come again, it has been rotated away, and who knows what with it; or else its end is what
     * comes now, as a rotation divides the line that is being written.
     */
    private void joinFirstNew(Instant at) throws IOException {
      Instant last = unfinished.orElse(resumed.newest());
      boolean sameLine = unfinished.isPresent() && at.equals(last);
      inNextFile = repeatsLeft > 0 || (unfinished.isPresent() && !sameLine);
      gap = inNextFile && !(afterAnEnd && at.isBefore(last.plus(SAME_ROTATION)));
      if (sameLine || gap) {
        dropPartialLine();
      }
    }

    private int readLine(byte[] bytes, int from, int length) throws IOException {
      int end = from;
      while (end < length && bytes[end] != '\n') {
        end++;
      }
      boolean whole = end < length;
      int until = whole ? end + 1 : end;
      if (inForeignLine) {
        remember(bytes, from, end - from);
      } else if (kept) {
        write(bytes, from, until - from);
        newBytes += until - from;
      }
      if (kept) {
        unfinished = whole ? Optional.empty() : Optional.of(lineTime);
      }
      if (whole) {
        if (kept && !truncated) {
          // Of the file before, nothing will come again.
          mark = (inNextFile ? Mark.BEGIN : mark).after(lineTime, position);
          inNextFile = false;
        }
        inLine = false;
        inForeignLine = false;
      }
      return until;
    }

    private void remember(byte[] bytes, int offset, int length) {
      int room = Math.min(length, MAX_FOREIGN_LENGTH - foreign.length());
      if (room > 0) {
        foreign.append(new String(bytes, offset, room, UTF_8));
      }
    }

    /** What the kubelet said in place of a log, or after it; empty where it said nothing. */
    Optional<String> foreignWords() {
      String rest = inLine ? "" : time.toString();
      String words = (foreign + rest).strip();
      return words.isEmpty() ? Optional.empty() : Optional.of(words);
    }

    /** How many bytes came that were not there before. */
    long newBytes() {
      return newBytes;
    }

    /** Whether lines are known to be missing between what was there and what came. */
    boolean hasGap() {
      return gap;
    }

    /**
     * Whether less came than was there already, though the stream before was not read to its end:
     * it broke off, or lines have been rotated away.
     */
    boolean isShort() {
      return !afterAnEnd && !newSeen && (repeatsLeft > 0 || resumedInLine);
    }
  }
}
