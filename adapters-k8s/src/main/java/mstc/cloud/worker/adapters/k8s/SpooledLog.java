package mstc.cloud.worker.adapters.k8s;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.EOFException;
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
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.LongUnaryOperator;
import mstc.cloud.worker.domain.PrintableText;
import mstc.cloud.worker.domain.job.JobOutcome;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A container's log in a file of the spool, written from streams that break off and overlap, and of
 * which each begins with the kubelet's newest file.
 *
 * <p>Every line comes with its time. A stream can be asked for from a whole second on, and gives
 * the lines of that second again, in the same order; so the times of the newest second's lines are
 * remembered. A stream of a file that nothing has been read of is asked for from its beginning.
 *
 * <p>What was written and remembered survives the worker: the next one continues the file, from the
 * last mark of which it is known that no rotation came before it unnoticed.
 */
final class SpooledLog implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SpooledLog.class);

  /** What may be missing of a log that nobody followed from its start. */
  static final String NOT_FROM_START =
      "no worker followed it in its first seconds, what was rotated away then is not known";

  /** What may be missing where nobody followed it from one file to the next. */
  static final String ROTATED_AWAY = "lines were rotated away that nobody had read";

  private final Spool spool;
  private final Path file;
  private final Path markFile;
  private final FileChannel channel;
  private final long maxBytes;

  /** Guards what follows: one thread writes, others copy. */
  private final ReentrantLock lock = new ReentrantLock();

  private LogMark.History history = LogMark.History.beginning();

  /** The file of the kubelet's that is read. */
  private LogFile current;

  /** Up to where there are whole lines, or a line that is divided between two files. */
  private long wholeBytes;

  /** When the line began that comes after them, as yet without its end. */
  private Optional<Instant> unfinished = Optional.empty();

  private Optional<NewestSecond> second = Optional.empty();

  /** The newest mark that is known to be right, where that is not where the log stands. */
  private Optional<LogMark> proven = Optional.empty();

  /** Up to where it is as it was when it was last copied. */
  private long unchangedBytes = Long.MAX_VALUE;

  private long position;
  private boolean truncated;

  private SpooledLog(
      Spool spool, Path file, FileChannel channel, Instant startedAt, long maxBytes) {
    this.spool = spool;
    this.file = file;
    this.markFile = markFile(file);
    this.channel = channel;
    this.maxBytes = maxBytes;
    this.current = LogFile.first(startedAt);
  }

  /**
   * @param startedAt when its container started
   * @param maxBytes after which it is cut
   */
  static SpooledLog open(Spool spool, Path file, Instant startedAt, long maxBytes)
      throws IOException {
    FileChannel channel =
        FileChannel.open(
            file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    SpooledLog log = new SpooledLog(spool, file, channel, startedAt, maxBytes);
    log.position = channel.size();
    // Where the machine went down before all of it was in the file, the mark counts for nothing.
    readMark(file).filter(mark -> mark.bytes() <= log.position).ifPresent(log::goOnFrom);
    log.cutBack(log.wholeBytes, log.second);
    return log;
  }

  private static Optional<LogMark> readMark(Path file) throws IOException {
    Path markFile = markFile(file);
    return Files.exists(markFile) ? LogMark.parse(Files.readAllLines(markFile)) : Optional.empty();
  }

  /** How many bytes there are before the mark that belongs to a file. */
  static long markedBytes(Path file) throws IOException {
    return readMark(file).map(LogMark::bytes).orElse(0L);
  }

  static Path markFile(Path file) {
    return file.resolveSibling(file.getFileName() + ".mark");
  }

  private void goOnFrom(LogMark mark) {
    history = mark.history();
    current = mark.file();
    wholeBytes = mark.bytes();
    second = mark.second().map(text -> NewestSecond.parse(List.of(text.split(" "))));
  }

  Path file() {
    return file;
  }

  /** The uid of the pod that wrote it. */
  String podUid() {
    String name = file.getFileName().toString();
    return name.substring(0, name.length() - Spool.LOG_SUFFIX.length());
  }

  /** From when on the next stream has to be asked for; empty for the whole of a file. */
  Optional<Instant> resumeFrom() {
    return second.map(NewestSecond::start);
  }

  /** Whether nothing has been read of the file that is read now. */
  boolean isAtFileStart() {
    return second.isEmpty() && unfinished.isEmpty() && wholeBytes == current.offset();
  }

  /** The time of the first line of the file that is read now; empty where none is known. */
  Optional<Instant> fileBegins() {
    return current.begins();
  }

  /** How large the file that is read now is, as far as it has been read. */
  long fileBytes() {
    lock.lock();
    try {
      return current.bytes(position);
    } finally {
      lock.unlock();
    }
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

  /** What is known to be missing, or may be, each in one line. */
  List<String> gaps() {
    return history.gaps();
  }

  /** Notes that something is or may be missing, where it can for a worker after this one, too. */
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

  /** Whether it was read to its end. */
  boolean isWhole() {
    return history.whole();
  }

  /**
   * All was read that there is.
   *
   * @param finishedAt when the container ended; empty where that is not known
   */
  void noteWhole(Optional<Instant> finishedAt) {
    lock.lock();
    try {
      if (!truncated) {
        unfinished.ifPresent(this::noteLine);
      }
      unfinished = Optional.empty();
      history = history.withWhole();
      proven = Optional.empty();
    } finally {
      lock.unlock();
    }
    boolean knownToBeEmpty =
        current.begins().isEmpty()
            && (current.watched() || finishedAt.filter(current::isNotRotatedYet).isPresent());
    if (isAtFileStart() && !knownToBeEmpty) {
      noteGap(nothingKnownBefore());
    }
  }

  private String nothingKnownBefore() {
    return current.offset() == 0 ? NOT_FROM_START : ROTATED_AWAY;
  }

  /** Where the log stands. It is only {@linkplain #prove proven} where no rotation came before. */
  LogMark position() {
    lock.lock();
    try {
      return new LogMark(wholeBytes, current, second.map(NewestSecond::toText), history);
    } finally {
      lock.unlock();
    }
  }

  /** What was read until then is known to be of the file that is read; what comes later is not. */
  void prove(LogMark mark) {
    lock.lock();
    try {
      proven = Optional.of(mark);
    } finally {
      lock.unlock();
    }
  }

  /** From where another worker can go on. */
  LogMark mark() {
    lock.lock();
    try {
      return proven.map(mark -> mark.withHistory(history)).orElseGet(this::position);
    } finally {
      lock.unlock();
    }
  }

  /** Remembers from where to go on, for a worker after this one. */
  void saveMark() throws IOException {
    Path next = markFile.resolveSibling(markFile.getFileName() + ".next");
    try (FileChannel out =
        FileChannel.open(
            next,
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.TRUNCATE_EXISTING)) {
      spool.write(out, ByteBuffer.wrap(mark().toText().getBytes(UTF_8)), 0);
    }
    Files.move(next, markFile, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  /**
   * Which bytes were copied.
   *
   * @param from the first one
   * @param to behind the last one
   */
  record Span(long from, long to) {}

  /**
   * Copies what another worker needs to go on: a mark, and the bytes before it. May be called by
   * any thread, also once the log is closed.
   *
   * @param from which byte to begin with; told up to where nothing has changed since the last copy
   * @param header what comes before the bytes; told the mark
   */
  Span copy(OutputStream out, LongUnaryOperator from, Function<String, byte[]> header)
      throws IOException {
    lock.lock();
    try (FileChannel in = FileChannel.open(file, StandardOpenOption.READ)) {
      LogMark mark = mark();
      long begin = from.applyAsLong(Math.min(unchangedBytes, mark.bytes()));
      unchangedBytes = Long.MAX_VALUE;
      out.write(header.apply(mark.toText()));
      WritableByteChannel target = Channels.newChannel(out);
      long copied = begin;
      while (copied < mark.bytes()) {
        long count = in.transferTo(copied, mark.bytes() - copied, target);
        if (count <= 0) {
          throw new EOFException(
              "%s has %d bytes, and %d by its mark".formatted(file, in.size(), mark.bytes()));
        }
        copied += count;
      }
      return new Span(begin, mark.bytes());
    } finally {
      lock.unlock();
    }
  }

  /** The stream that was to bring the first line of a file broke off before that. */
  void noteUnwatched() {
    lock.lock();
    try {
      if (isAtFileStart()) {
        current = current.withWatched(false);
      }
    } finally {
      lock.unlock();
    }
  }

  /** The file was still empty then. */
  void noteEmpty(Instant at) {
    lock.lock();
    try {
      if (isAtFileStart() && current.watched()) {
        current = current.withEmptyAt(at);
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * All of a file has been read, and what comes next is of the one after it: a line that the one
   * ended with, without an end, goes on with what the other begins with.
   *
   * @param begins the time of its first line; empty where none is known
   * @param emptyAt when it was still empty, or not there
   */
  void beginFile(Optional<Instant> begins, Instant emptyAt) {
    lock.lock();
    try {
      current = new LogFile(begins, emptyAt, false, position, 0);
      wholeBytes = position;
      unfinished = Optional.empty();
      second = Optional.empty();
      proven = Optional.empty();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Another file is read by now, and nobody knows where it begins in the log.
   *
   * @param begins the time of its first line; empty where it has none
   */
  void beginUnwatchedFile(Optional<Instant> begins) {
    lock.lock();
    try {
      current = new LogFile(begins, Instant.MIN, false, position, 0);
      proven = Optional.empty();
    } finally {
      lock.unlock();
    }
  }

  /** Whether all of the file that is read now was read from its first line on. */
  boolean isReadFromFileStart() {
    return current.watched() && current.begins().isPresent();
  }

  /**
   * Reads a stream into the log: of the newest file from its beginning, or {@linkplain #resumeFrom
   * from the newest second on}.
   *
   * @param openedAt when it was open
   */
  Reading reading(Instant openedAt) {
    lock.lock();
    try {
      if (isAtFileStart()) {
        current = current.openedAt(openedAt);
      }
      return new Reading();
    } finally {
      lock.unlock();
    }
  }

  /** Reads the current file once more, from its beginning to its end, over what is here of it. */
  Rewriting rewriting() {
    return new Rewriting();
  }

  private void add(TimedLines lines, byte[] bytes, int length) throws IOException {
    lock.lock();
    try {
      lines.add(bytes, length);
    } finally {
      lock.unlock();
    }
  }

  private void noteLine(Instant time) {
    Instant itsSecond = time.truncatedTo(ChronoUnit.SECONDS);
    if (second.isEmpty() || itsSecond.isAfter(second.get().start())) {
      second = Optional.of(NewestSecond.beginning(itsSecond, wholeBytes));
    }
    if (itsSecond.equals(second.get().start())) {
      second.get().add(time);
    }
    // Of one that is older, a stream from the newest second on will have nothing.
    wholeBytes = position;
    current = current.withLines(current.lines() + 1);
  }

  /**
   * Drops what comes after so many bytes.
   *
   * @param newest the newest second of the lines before
   */
  private void cutBack(long size, Optional<NewestSecond> newest) throws IOException {
    if (truncated) {
      return;
    }
    wholeBytes = size;
    second = newest;
    if (proven.filter(mark -> mark.bytes() > size).isPresent()) {
      proven = Optional.of(position());
    }
    unchangedBytes = Math.min(unchangedBytes, size);
    unfinished = Optional.empty();
    if (position > size) {
      spool.release(position - size);
      position = size;
      channel.truncate(size);
    }
  }

  private void write(byte[] text, int offset, int length) throws IOException {
    if (truncated || length == 0) {
      return;
    }
    int allowed = Math.clamp(maxBytes - position, 0, length);
    int room = spool.reserve(allowed);
    append(text, offset, room);
    if (room < length) {
      cut(
          room < allowed
              ? "the spool may hold %d bytes".formatted(spool.limits().allBytes())
              : "a job's log may have %d bytes".formatted(spool.limits().jobBytes()));
    }
  }

  private void cut(String why) throws IOException {
    byte[] note =
        "\n[mstc-cloud-worker: the log was cut here, as %s]\n".formatted(why).getBytes(UTF_8);
    spool.take(note.length);
    append(note, 0, note.length);
    truncated = true;
    LOG.warn("file={} the log is cut, as {}", file, why);
    noteGap("it was cut, as " + why);
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

  /** One stream that is read into the log. */
  final class Reading {
    private final TimedLines lines = new TimedLines(new NewLines());

    private final boolean fromFileStart = isAtFileStart();
    private final long knownBytes = wholeBytes;
    private final Optional<NewestSecond> known = second;
    private final int knownLines = second.map(NewestSecond::lines).orElse(0);
    private final boolean knownUnfinished = unfinished.isPresent();

    /** Of the known lines, how many came again, or are before those that did. */
    private int repeats;

    private boolean newSeen;
    private long newBytes;

    /**
     * Adds what was read.
     *
     * @throws IOException when the file cannot be written
     */
    void add(byte[] bytes, int length) throws IOException {
      SpooledLog.this.add(lines, bytes, length);
    }

    /** What the kubelet said in place of a log, or after it; empty where it said nothing. */
    Optional<String> foreignWords() {
      return lines.foreignWords();
    }

    /** How many bytes came that were not there before. */
    long newBytes() {
      return newBytes;
    }

    /** Whether less came than was there already: it broke off, or that was rotated away. */
    boolean isShort() {
      return !fromFileStart && !newSeen && (repeats < knownLines || knownUnfinished);
    }

    /** Takes the lines that are not there yet. */
    private final class NewLines implements TimedLines.Taker {
      private boolean kept;

      @Override
      public void begin(Instant time) throws IOException {
        kept = fromFileStart || !isRepeated(time);
        if (kept) {
          if (!newSeen) {
            newSeen = true;
            beginNew(time);
          }
          unfinished = Optional.of(time);
        }
      }

      @Override
      public void add(byte[] text, int offset, int length) throws IOException {
        if (kept) {
          write(text, offset, length);
          newBytes += length;
        }
      }

      @Override
      public void end() {
        if (kept && !truncated) {
          noteLine(unfinished.orElseThrow());
          unfinished = Optional.empty();
        }
      }
    }

    /** Whether the file has that line already. */
    private boolean isRepeated(Instant at) throws IOException {
      if (repeats == knownLines) {
        return false;
      }
      NewestSecond newest = known.orElseThrow();
      if (at.isAfter(newest.newest())) {
        return false;
      }
      int index = newest.indexOf(at, repeats, knownLines);
      if (index < 0) {
        // Before the first there may be the end of a long line that began a second earlier.
        return newest.isInherited() || (!newSeen && repeats == 0 && at.isBefore(newest.first()));
      }
      repeats = index + 1;
      if (newSeen) {
        // What was taken for new is the end of such a line.
        takeBack();
      }
      if (newest.isInherited()) {
        // Which lines there are of it is not known: all of it is taken again.
        cutBack(newest.offset(), Optional.of(newest.readAnew()));
        return false;
      }
      return true;
    }

    /**
     * The first line that is not there yet. One that had no end as yet comes again, whole. Where it
     * does not, nor what else was to come again, this is another file, and nobody knows what was
     * between.
     */
    private void beginNew(Instant at) throws IOException {
      if (fromFileStart) {
        if (!current.isKnownToBegin(at)) {
          noteGap(nothingKnownBefore());
        }
        current = current.withBegins(at).withWatched(true);
        return;
      }
      boolean sameLine = unfinished.filter(at::equals).isPresent();
      boolean another = repeats < knownLines || (unfinished.isPresent() && !sameLine);
      cutBack(wholeBytes, second);
      if (another) {
        noteGap(ROTATED_AWAY);
        beginFile(Optional.of(at), at);
        current = current.withWatched(true);
      }
    }

    private void takeBack() throws IOException {
      cutBack(knownBytes, known);
      newSeen = false;
      newBytes = 0;
    }
  }

  /**
   * The current file, read once more: what was followed of it may lack what the runtime wrote to it
   * when the next file was there already, and may go on with that. Until it is {@linkplain #keep()
   * kept}, nothing is lost.
   */
  final class Rewriting implements AutoCloseable {
    private final LogFile rewritten = current;
    private final long sizeBefore = position;
    private final long wholeBefore = wholeBytes;
    private final Optional<NewestSecond> secondBefore = second;
    private final Optional<Instant> unfinishedBefore = unfinished;
    private final TimedLines lines = new TimedLines(new AllLines());
    private boolean another;
    private Instant newest = Instant.MIN;
    private boolean kept;

    private Rewriting() {
      lock.lock();
      try {
        spool.release(position - current.offset());
        position = current.offset();
        wholeBytes = position;
        second = Optional.empty();
        unfinished = Optional.empty();
        current = current.withLines(0);
      } finally {
        lock.unlock();
      }
    }

    /**
     * Adds what was read.
     *
     * @throws IOException when the file cannot be written
     */
    void add(byte[] bytes, int length) throws IOException {
      SpooledLog.this.add(lines, bytes, length);
    }

    /** Whether what was read, once to its end, is that file, and nothing else. */
    boolean isWholeFile() {
      return !another
          && lines.foreignWords().isEmpty()
          && position >= proven.map(LogMark::bytes).orElse(0L);
    }

    /** The time of the newest line. */
    Instant newest() {
      return newest;
    }

    /** What was added is the whole file, and stays. */
    void keep() throws IOException {
      lock.lock();
      try {
        kept = true;
        channel.truncate(position);
      } finally {
        lock.unlock();
      }
    }

    /** Unless it is kept, all is as it was before. */
    @Override
    public void close() throws IOException {
      lock.lock();
      try {
        if (!kept) {
          spool.take(sizeBefore - position);
          position = sizeBefore;
          channel.truncate(position);
          wholeBytes = wholeBefore;
          second = secondBefore;
          unfinished = unfinishedBefore;
          current = rewritten;
        }
      } finally {
        lock.unlock();
      }
    }

    private final class AllLines implements TimedLines.Taker {
      private boolean begun;

      @Override
      public void begin(Instant time) {
        another |= !begun && !rewritten.begins().equals(Optional.of(time));
        begun = true;
        newest = time.isAfter(newest) ? time : newest;
        unfinished = Optional.of(time);
      }

      @Override
      public void add(byte[] text, int offset, int length) throws IOException {
        if (!another) {
          // It replaces what has its room already.
          spool.take(length);
          spool.write(channel, ByteBuffer.wrap(text, offset, length), position);
          position += length;
        }
      }

      @Override
      public void end() {
        if (!another) {
          noteLine(unfinished.orElseThrow());
          unfinished = Optional.empty();
        }
      }
    }
  }
}
