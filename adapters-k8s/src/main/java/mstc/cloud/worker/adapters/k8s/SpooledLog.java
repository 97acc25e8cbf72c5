package mstc.cloud.worker.adapters.k8s;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.LongUnaryOperator;
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
 * the lines of that second again, in the same order, or where the log was rotated those that are in
 * the newest file; so the times of the newest second's lines are remembered. Times of neighbouring
 * lines may be out of order, as two pipes feed one log, and a rotation does not keep the order.
 * What a kubelet sends without a time is not the log's but its own words.
 *
 * <p>What was written and remembered survives the worker: the next one continues the file.
 */
final class SpooledLog implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SpooledLog.class);

  /**
   * A log is not rotated sooner than this after its container's start, which is told in whole
   * seconds: 10 MiB would have to be written and looked at in that time, and nothing in the cluster
   * could tell of it. Until a container is known to run, a second or two go by.
   */
  private static final Duration NOT_ROTATED_YET = Duration.ofSeconds(3);

  /** What may be missing of a log that nobody followed from its start. */
  private static final String NOT_FROM_START =
      "no worker followed it in its first seconds, what was rotated away then is not known";

  /** Less than the time between two rotations, as the kubelet looks every ten seconds. */
  private static final Duration SAME_ROTATION = Duration.ofSeconds(8);

  /** How a stream ended. */
  enum StreamEnd {
    /** Too soon, or nobody knows. */
    BROKEN(Duration.ZERO),

    /** By itself, when all there was had come. */
    ENDED(Duration.ofSeconds(1)),

    /** It was left, as nothing came any more. */
    LEFT(Duration.ofSeconds(5)),

    /** Not before all had come that was written until the next one was opened. */
    COVERED(Duration.ofDays(10_000));

    /**
     * Less than the time between two rotations: where the next file begins sooner, or was asked for
     * sooner, after the last line that came, there is no other file between the two.
     */
    private final Duration sameRotation;

    StreamEnd(Duration sameRotation) {
      this.sameRotation = sameRotation;
    }
  }

  /** The newest whole second that a line began in: a stream that is resumed gives it again. */
  private static final class Second {
    private final Instant start;

    /** How many bytes are before its first line. */
    private final long offset;

    /** Whether only the first line's time is known, as a worker before this one read them. */
    private final boolean inherited;

    private int[] nanos = new int[8];
    private int lines;
    private Instant newest = Instant.MIN;

    Second(Instant start, long offset, boolean inherited) {
      this.start = start;
      this.offset = offset;
      this.inherited = inherited;
    }

    void add(Instant time) {
      if (lines == nanos.length) {
        nanos = Arrays.copyOf(nanos, 2 * lines);
      }
      nanos[lines++] = Math.toIntExact(sinceStart(time));
      newest = time.isAfter(newest) ? time : newest;
    }

    private long sinceStart(Instant time) {
      return Duration.between(start, time).toNanos();
    }

    Instant first() {
      return start.plusNanos(nanos[0]);
    }

    /** Which line began then, from one on and before another; negative where none did. */
    int indexOf(Instant time, int from, int until) {
      long sought = sinceStart(time);
      for (int index = from; index < until; index++) {
        if (nanos[index] == sought) {
          return index;
        }
      }
      return -1;
    }

    String toText() {
      return "%d %s %s %s".formatted(offset, start, first(), newest);
    }

    static Second parse(List<String> words) {
      Second second =
          new Second(Instant.parse(words.get(1)), Long.parseLong(words.getFirst()), true);
      second.add(Instant.parse(words.get(2)));
      second.newest = Instant.parse(words.get(3));
      return second;
    }
  }

  /**
   * What is known of a log beside its lines.
   *
   * @param began when a worker began to follow it
   * @param firstTime the time of its first line; empty before that
   * @param whole whether it was read to its end
   * @param fromStart whether a stream of it was open before it could first have been rotated, and
   *     nothing can have been missed until its first line
   * @param gaps what is known to be missing, each in one line
   */
  private record History(
      Instant began,
      Optional<Instant> firstTime,
      boolean whole,
      boolean fromStart,
      List<String> gaps) {
    String toText() {
      return Stream.concat(
              Stream.of(
                  "%s %s %s %s"
                      .formatted(
                          began, firstTime.map(Instant::toString).orElse("-"), whole, fromStart)),
              gaps.stream())
          .collect(Collectors.joining("\n"));
    }

    static History begin() {
      return new History(Instant.now(), Optional.empty(), false, false, List.of());
    }

    /** Earlier versions wrote no {@link #fromStart}. */
    static Optional<History> parse(List<String> lines) {
      String[] words = lines.isEmpty() ? new String[0] : lines.getFirst().split(" ", -1);
      return words.length == 3 || words.length == 4
          ? Optional.of(
              new History(
                  Instant.parse(words[0]),
                  PodStates.instant(words[1]),
                  Boolean.parseBoolean(words[2]),
                  words.length == 4 && Boolean.parseBoolean(words[3]),
                  List.copyOf(lines.subList(1, lines.size()))))
          : Optional.empty();
    }

    History withFirstTime(Instant time) {
      return new History(began, Optional.of(time), whole, fromStart, gaps);
    }

    History withWhole() {
      return new History(began, firstTime, true, fromStart, gaps);
    }

    History withFromStart(boolean value) {
      return new History(began, firstTime, whole, value, gaps);
    }

    History withGap(String gap) {
      return new History(
          began,
          firstTime,
          whole,
          fromStart,
          Stream.concat(gaps.stream(), Stream.of(gap)).toList());
    }
  }

  /**
   * Which bytes were copied.
   *
   * @param from the first one
   * @param to behind the last one
   */
  record Span(long from, long to) {}

  private final Spool spool;
  private final Path file;
  private final Path markFile;
  private final FileChannel channel;

  /** Guards what follows: one thread writes, others copy. */
  private final ReentrantLock lock = new ReentrantLock();

  private History history;

  private long wholeLinesBytes;

  /** Up to where it is as it was when it was last copied. */
  private long unchangedBytes = Long.MAX_VALUE;

  private Optional<Second> second = Optional.empty();

  /** Whether that second's lines are in a file before the one that is read. */
  private boolean secondIsOver;

  private long position;
  private boolean truncated;

  /** Lines that streams gave after others; kept from where on the log may have been rotated. */
  private Optional<LineTimes> times = Optional.empty();

  /** What the newest of the kubelet's files is known to begin with. */
  private Optional<Instant> newestFile = Optional.empty();

  /** The same where the stream may yet have to go on to it. */
  private Optional<Instant> passing = Optional.empty();

  private int recordBytes = Integer.MAX_VALUE;
  private long lineBytes;
  private boolean longLine;

  /** The file after the one that was read to its end was the newest then. */
  private Instant nextFileSeenAt = Instant.MIN;

  /** When the line began that the file ends with, as yet without its end. */
  private Optional<Instant> unfinished = Optional.empty();

  private SpooledLog(Spool spool, Path file, Path markFile, FileChannel channel, History history) {
    this.spool = spool;
    this.file = file;
    this.markFile = markFile;
    this.channel = channel;
    this.history = history;
  }

  static SpooledLog open(Spool spool, Path file) throws IOException {
    Path markFile = markFile(file);
    List<String> noted = Files.exists(markFile) ? Files.readAllLines(markFile) : List.of();
    List<String> mark = noted.isEmpty() ? List.of() : List.of(noted.getFirst().split(" ", -1));
    Optional<History> history = History.parse(noted.stream().skip(1).toList());
    FileChannel channel =
        FileChannel.open(
            file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    SpooledLog log =
        new SpooledLog(spool, file, markFile, channel, history.orElseGet(History::begin));
    log.position = channel.size();
    long wholeLinesBytes = 0;
    if (history.isPresent() && mark.size() == 5) {
      wholeLinesBytes = Long.parseLong(mark.getFirst());
      log.second = Optional.of(Second.parse(mark.subList(1, 5)));
    }
    if (wholeLinesBytes > log.position) {
      // The machine went down before all of it was in the file.
      wholeLinesBytes = 0;
      log.second = Optional.empty();
      log.history = History.begin();
    }
    log.cutBack(wholeLinesBytes);
    return log;
  }

  static Path markFile(Path file) {
    return file.resolveSibling(file.getFileName() + ".mark");
  }

  Path file() {
    return file;
  }

  /** From when on the next stream has to be asked for; empty for the whole log. */
  Optional<Instant> resumeFrom() {
    return second.map(newest -> newest.start);
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

  /** The uid of the pod that wrote it. */
  String podUid() {
    String name = file.getFileName().toString();
    return name.substring(0, name.length() - Spool.LOG_SUFFIX.length());
  }

  /** How many bytes of whole lines there are so far. */
  long wholeBytes() {
    lock.lock();
    try {
      return wholeLinesBytes;
    } finally {
      lock.unlock();
    }
  }

  /** The time of the newest line; empty where there is none. */
  Optional<Instant> newestTime() {
    lock.lock();
    try {
      return second.map(newest -> newest.newest);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Copies what another worker needs to go on from here: a mark, and whole lines before it. May be
   * called by any thread, also once the log is closed.
   *
   * @param from which byte to begin with; told up to where nothing has changed since the last copy
   * @param header what comes before the bytes; told the mark
   */
  Span copy(OutputStream out, LongUnaryOperator from, Function<String, byte[]> header)
      throws IOException {
    lock.lock();
    try (FileChannel in = FileChannel.open(file, StandardOpenOption.READ)) {
      long begin = from.applyAsLong(Math.min(unchangedBytes, wholeLinesBytes));
      unchangedBytes = Long.MAX_VALUE;
      out.write(header.apply(markText()));
      WritableByteChannel target = Channels.newChannel(out);
      long position = begin;
      while (position < wholeLinesBytes) {
        position += in.transferTo(position, wholeLinesBytes - position, target);
      }
      return new Span(begin, wholeLinesBytes);
    } finally {
      lock.unlock();
    }
  }

  /** Whether a container's log cannot have been rotated by then. */
  static boolean isNotRotatedYet(Instant startedAt, Instant time) {
    return time.isBefore(startedAt.plus(NOT_ROTATED_YET));
  }

  /**
   * Notes what may be missing now that all was read that there is: complete is what is proven to
   * be, not what is not known to be incomplete.
   *
   * @param startedAt when the container started, in whole seconds
   * @param finishedAt when it ended; empty where that is not known
   */
  void noteWhatIsNotProven(Instant startedAt, Optional<Instant> finishedAt) {
    boolean fromStart =
        history.fromStart()
            || Stream.concat(firstTime().stream(), finishedAt.stream())
                .anyMatch(time -> isNotRotatedYet(startedAt, time));
    if (!fromStart) {
      noteGap(NOT_FROM_START);
    }
  }

  /** What is known to be missing, each in one line. */
  List<String> gaps() {
    return history.gaps();
  }

  /** Notes that something is missing, where it can for a worker after this one, too. */
  void noteGap(String what) {
    String line = PrintableText.oneLine(what, JobOutcome.MAX_REASON_LENGTH);
    lock.lock();
    try {
      if (history.gaps().contains(line)) {
        return;
      }
      history = history.withGap(line);
      saveMark();
    } catch (IOException e) {
      LOG.warn("file={} it is not noted that {}: {}", markFile, line, e.toString());
    } finally {
      lock.unlock();
    }
  }

  /**
   * From now on the log may have been rotated, and its newest file is asked for.
   *
   * @param recordBytes the longest piece of a line that the runtime writes at once
   */
  void keepTimes(int recordBytes) {
    if (times.isEmpty()) {
      times = Optional.of(new LineTimes());
      this.recordBytes = recordBytes;
    }
  }

  /**
   * Notes what the newest of the kubelet's files begins with. A stream that goes on to it from the
   * file before may miss what that one ended with: the runtime writes the beginning of a divided
   * line there when the next file is there already, and the kubelet may have gone on to it by then.
   * Where that line's end came without a time, its beginning has come, unless the line is so long
   * that it has several; where it came with a time, as a line, nobody can tell.
   *
   * @param begins the time of its first line; empty where it has none as yet
   * @param lagging whether the stream is known to be still in the file before: it will read all of
   *     that
   * @return whether it is another one than before
   */
  boolean noteNewestFile(Optional<Instant> begins, boolean lagging) {
    boolean another = begins.isPresent() && !begins.equals(newestFile.or(this::firstTime));
    if (another) {
      newestFile = begins;
      passing = lagging ? Optional.empty() : begins;
      if (hasGiven(begins.get()) || (longLine && !lagging)) {
        noteDividedLine();
      }
    }
    longLine = lineBytes >= recordBytes;
    return another;
  }

  /** Whether a stream gave a line with that time after others. */
  boolean hasGiven(Instant time) {
    return times.filter(given -> given.mayHave(time)).isPresent();
  }

  /** Notes that the newest of the kubelet's files is empty, and that no more will be written. */
  void noteEmptyNewestFile() {
    if (firstTime().isPresent() && !endsWithDividedLine() && nextFileSeenAt.equals(Instant.MIN)) {
      noteDividedLine();
    }
  }

  /** A rotation ends a file so; of a long line there may be more than came. */
  private boolean endsWithDividedLine() {
    return unfinished.isPresent() && position - wholeLinesBytes < recordBytes;
  }

  private void noteDividedLine() {
    noteGap("its file was rotated, and what was written just before may be missing");
  }

  /**
   * Notes that the next stream begins in the file that follows the one which was read to its end.
   *
   * @param at when that was the newest one
   */
  void noteNextFile(Instant at) {
    nextFileSeenAt = at;
  }

  /** Whether it was read to its end. */
  boolean isWhole() {
    return history.whole();
  }

  /** Notes that it was read to its end. */
  void noteWhole() {
    history = history.withWhole();
  }

  private void noteFirstTime(Instant time) {
    if (history.firstTime().isEmpty()) {
      history = history.withFirstTime(time);
    }
  }

  /** Notes that the line which the file ends with, if any, is whole as it is. */
  void endLine() {
    lock.lock();
    try {
      if (!truncated) {
        unfinished.ifPresent(this::noteLine);
      }
      unfinished = Optional.empty();
    } finally {
      lock.unlock();
    }
  }

  private void noteLine(Instant time) {
    Instant itsSecond = time.truncatedTo(ChronoUnit.SECONDS);
    if (second.isEmpty() || secondIsOver || itsSecond.isAfter(second.get().start)) {
      second = Optional.of(new Second(itsSecond, wholeLinesBytes, false));
      secondIsOver = false;
    }
    if (itsSecond.equals(second.get().start)) {
      second.get().add(time);
    }
    // Of one that is older, a stream from the newest second on will have nothing.
    wholeLinesBytes = position;
  }

  /** Drops what comes after so many bytes of whole lines. */
  private void cutBack(long size) throws IOException {
    if (truncated) {
      return;
    }
    wholeLinesBytes = size;
    unchangedBytes = Math.min(unchangedBytes, size);
    if (position > size) {
      spool.release(position - size);
      position = size;
      channel.truncate(size);
    }
    unfinished = Optional.empty();
  }

  /** Remembers where the log stands, for a worker after this one. */
  void saveMark() throws IOException {
    Path next = markFile.resolveSibling(markFile.getFileName() + ".next");
    byte[] text = markText().getBytes(UTF_8);
    try (FileChannel file =
        FileChannel.open(
            next,
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.TRUNCATE_EXISTING)) {
      spool.write(file, ByteBuffer.wrap(text), 0);
    }
    Files.move(next, markFile, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  private String markText() {
    String mark = second.map(newest -> wholeLinesBytes + " " + newest.toText()).orElse("");
    return mark + '\n' + history.toText();
  }

  private void write(byte[] text, int offset, int length) throws IOException {
    if (truncated || length == 0) {
      return;
    }
    int room = spool.reserve(length);
    append(text, offset, room);
    if (room < length) {
      byte[] note =
          "\n[mstc-cloud-worker: the log was cut here, as the spool may hold %d bytes]\n"
              .formatted(spool.maxBytes())
              .getBytes(UTF_8);
      spool.take(note.length);
      append(note, 0, note.length);
      truncated = true;
      noteGap("it was cut, as the spool may hold %d bytes".formatted(spool.maxBytes()));
    }
  }

  /** Adds what room was taken for, or nothing: then the room is given back. */
  private void append(byte[] text, int offset, int length) throws IOException {
    try {
      spool.write(channel, ByteBuffer.wrap(text, offset, length), position);
      position += length;
    } catch (Spool.UnwritableException e) {
      spool.release(length);
      channel.truncate(position);
      throw e;
    }
  }

  private byte[] text(long offset, int length) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(length);
    while (buffer.hasRemaining() && channel.read(buffer, offset + buffer.position()) >= 0) {
      // Goes on until all of it is there.
    }
    return buffer.array();
  }

  @Override
  public void close() throws IOException {
    try (channel) {
      // It is removed where somebody else has answered its job.
      if (Files.exists(file)) {
        saveMark();
      }
    } catch (Spool.UnwritableException e) {
      // The mark before it is as good, of a shorter log.
      LOG.warn("file={} where it stands is not noted: {}", markFile, e.getMessage());
    }
  }

  /**
   * Reads one stream into the log.
   *
   * @param before how the stream before it ended
   * @param openedAt when it was asked for
   * @param early whether the log cannot have been rotated before it was open
   */
  Lines lines(StreamEnd before, Instant openedAt, boolean early) {
    if (wholeLinesBytes == 0 && unfinished.isEmpty()) {
      // Nothing is here that could come again.
      history = history.withFromStart(early || (history.fromStart() && before != StreamEnd.BROKEN));
    }
    return new Lines(before, openedAt);
  }

  /** The same of a stream that may have been opened at any time. */
  Lines lines(StreamEnd before, Instant openedAt) {
    return lines(before, openedAt, false);
  }

  /** One stream of lines with times, given in pieces of any size. */
  final class Lines {
    /** The longest time there is, such as {@code 2026-11-23T17:00:00.123456789+01:00}. */
    private static final int MAX_TIME_LENGTH = 35;

    private static final int MAX_FOREIGN_LENGTH = 400;

    /** Longer ones are not compared. */
    private static final long MAX_KNOWN_BYTES = 1 << 20;

    private final StreamEnd before;
    private final Instant openedAt;

    private final StringBuilder time = new StringBuilder(MAX_TIME_LENGTH);
    private final StringBuilder foreign = new StringBuilder();
    private final long knownBytes = wholeLinesBytes;
    private final Optional<Second> known = second;
    private final int knownLines = second.map(newest -> newest.lines).orElse(0);
    private final boolean knownUnfinished = unfinished.isPresent();
    private boolean inLine;
    private boolean kept;
    private boolean inForeignLine;
    private Instant lineTime = Instant.MIN;

    /** Of the known lines, how many came again, or are before those that did. */
    private int repeats;

    private boolean timeSeen;
    private boolean newSeen;
    private boolean gap;
    private boolean changed;
    private boolean mayBeKnown;
    private boolean inKnownFile;
    private long bytes;
    private long ended;
    private long newBytes;

    private Lines(StreamEnd before, Instant openedAt) {
      this.before = before;
      this.openedAt = openedAt;
    }

    /**
     * Adds what was read.
     *
     * @throws IOException when the file cannot be written
     */
    void add(byte[] bytes, int length) throws IOException {
      lock.lock();
      try {
        this.bytes += length;
        int index = 0;
        while (index < length) {
          if (!inLine) {
            index = readTime(bytes, index, length);
          } else {
            index = readLine(bytes, index, length);
          }
        }
      } finally {
        lock.unlock();
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
      lineBytes = 0;
      inForeignLine = parsed.isEmpty();
      if (inForeignLine) {
        kept = false;
        remember(time.toString().getBytes(US_ASCII), 0, time.length());
        remember(new byte[] {next}, 0, 1);
      } else {
        lineTime = parsed.get();
        if (timeSeen || !foreign.isEmpty()) {
          noteGiven(lineTime);
        }
        if (!timeSeen) {
          // What came before it, of a stream from a second on, is the end of a line that began
          // sooner.
          foreign.setLength(0);
          timeSeen = true;
        }
        noteFirstTime(lineTime);
        kept = !isRepeated(lineTime);
        if (kept) {
          if (!newSeen) {
            newSeen = true;
            changed = true;
            joinFirstNew(lineTime);
          }
          unfinished = Optional.of(lineTime);
        }
      }
      time.setLength(0);
    }

    private void noteGiven(Instant at) {
      times.ifPresent(given -> given.add(at));
      passing = passing.filter(begins -> !at.isAfter(begins));
      if (newestFile.filter(at::equals).isPresent() && times.isPresent()) {
        noteDividedLine();
      }
    }

    /** Whether the file has that line already. */
    private boolean isRepeated(Instant at) throws IOException {
      if (!newSeen && repeats == 0 && isLongBeforeUnfinished(at)) {
        // The end of a line that a rotation divided, which came without a time.
        return true;
      }
      if (repeats == knownLines) {
        return false;
      }
      Second newest = known.orElseThrow();
      if (at.isAfter(newest.newest)) {
        return false;
      }
      int index = newest.indexOf(at, repeats, knownLines);
      if (index < 0 && newest.inherited && at.equals(newest.newest)) {
        // Its first lines are in a file before this one.
        repeats = knownLines;
        return true;
      }
      if (index < 0) {
        // Before the first there may be the end of a long line that began a second earlier.
        return newest.inherited || (!newSeen && repeats == 0 && at.isBefore(newest.first()));
      }
      repeats = index + 1;
      if (newSeen) {
        // What was taken for new is the end of a line that a rotation divided before they came.
        takeBack();
      }
      if (newest.inherited) {
        // Which lines there are of it is not known: all of it is taken again.
        cutBack(newest.offset);
        secondIsOver = true;
        return false;
      }
      return true;
    }

    private boolean isLongBeforeUnfinished(Instant at) {
      return unfinished.filter(last -> at.isBefore(last.minusSeconds(1))).isPresent()
          && known.filter(second -> !at.isAfter(second.newest)).isEmpty();
    }

    /**
     * A line that had no end as yet comes again, whole. Where it does not, nor what else was to
     * come again, it has been rotated away, and who knows what with it; or else its end is what
     * comes now, as a rotation divides the line that is being written.
     */
    private void joinFirstNew(Instant at) throws IOException {
      Instant last = unfinished.or(() -> known.map(it -> it.newest)).orElse(Instant.MIN);
      boolean sameLine = unfinished.isPresent() && at.equals(last);
      boolean inNextFile =
          !inKnownFile && (repeats < knownLines || (unfinished.isPresent() && !sameLine));
      if (!inKnownFile) {
        gap = inNextFile && !isNextTo(last, at);
      }
      if (sameLine || (gap && unfinished.isPresent())) {
        cutBack(wholeLinesBytes);
      }
      mayBeKnown = gap && !inKnownFile && !knownUnfinished;
      if (inNextFile) {
        unfinished = Optional.empty();
        wholeLinesBytes = position;
        secondIsOver = true;
      }
      nextFileSeenAt = Instant.MIN;
    }

    /**
     * Whether the next file begins with this line. A stream that went on from the file before gave
     * all of that only where it stayed there, or where it ended with a line that a rotation
     * divided.
     */
    private boolean isNextTo(Instant last, Instant at) {
      Instant begin = at.isBefore(openedAt) ? at : openedAt;
      return before == StreamEnd.COVERED
          || openedAt.isBefore(nextFileSeenAt.plus(SAME_ROTATION))
          || (endsWithDividedLine()
              && before != StreamEnd.BROKEN
              && begin.isBefore(last.plus(before.sameRotation)));
    }

    /**
     * The end of a line that a rotation divided came without a time, when the stream before went on
     * to the next file; now it comes as that file's first line.
     */
    private void dropIfKnown() throws IOException {
      mayBeKnown = false;
      if (truncated || !endsWithTwice(Math.toIntExact(Math.min(newBytes, MAX_KNOWN_BYTES)))) {
        return;
      }
      takeBack();
      gap = before != StreamEnd.ENDED;
      inKnownFile = true;
    }

    private boolean endsWithTwice(int length) throws IOException {
      return length == newBytes
          && position >= 2L * length
          && Arrays.equals(text(position - length, length), text(position - 2L * length, length));
    }

    /** What was taken for new is not. */
    private void takeBack() throws IOException {
      cutBack(knownBytes);
      second = known;
      secondIsOver = false;
      newSeen = false;
      gap = false;
      newBytes = 0;
    }

    private int readLine(byte[] bytes, int from, int length) throws IOException {
      int end = from;
      while (end < length && bytes[end] != '\n') {
        end++;
      }
      boolean whole = end < length;
      int until = whole ? end + 1 : end;
      noteLength(until - from);
      if (inForeignLine) {
        remember(bytes, from, end - from);
      } else if (kept) {
        write(bytes, from, until - from);
        newBytes += until - from;
      }
      if (whole) {
        ended++;
        if (kept) {
          endLine();
        }
        if (mayBeKnown) {
          dropIfKnown();
        }
        inLine = false;
        inForeignLine = false;
      }
      return until;
    }

    private void noteLength(int more) {
      lineBytes += more;
      if (lineBytes >= recordBytes) {
        longLine = true;
        if (passing.isPresent()) {
          noteDividedLine();
        }
      }
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

    /** How many lines came to their end. */
    long ended() {
      return ended;
    }

    /** How many bytes came in all. */
    long bytes() {
      return bytes;
    }

    /** How many bytes came that were not there before. */
    long newBytes() {
      return newBytes;
    }

    /**
     * How the next stream finds the log.
     *
     * @param end how this one ended
     */
    StreamEnd after(StreamEnd end) {
      if (isShort()) {
        return StreamEnd.BROKEN;
      }
      return end == StreamEnd.BROKEN && !changed ? before : end;
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
      return before == StreamEnd.BROKEN && !newSeen && (repeats < knownLines || knownUnfinished);
    }
  }
}
