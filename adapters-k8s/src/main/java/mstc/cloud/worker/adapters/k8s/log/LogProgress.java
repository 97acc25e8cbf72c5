package mstc.cloud.worker.adapters.k8s.log;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;

/**
 * How far a log has been read, line by line, and which of the kubelet's files is being read. Used
 * by one thread at a time.
 */
final class LogProgress {
  /** The file of the kubelet's that is being read. */
  private LogFile file;

  /** Up to where there are whole lines, or a line that is divided between two files. */
  private long wholeBytes;

  /** When the unfinished line after them began. */
  private Optional<Instant> unfinished = Optional.empty();

  private Optional<NewestSecond> second;

  LogProgress(LogPosition from) {
    this(
        from.file(),
        from.bytes(),
        from.second().map(words -> NewestSecond.parse(List.of(words.split(" ")))));
  }

  private LogProgress(LogFile file, long wholeBytes, Optional<NewestSecond> second) {
    this.file = file;
    this.wholeBytes = wholeBytes;
    this.second = second;
  }

  /** The progress before anything of the current file was read. */
  LogProgress atFileStart() {
    return new LogProgress(file.withLines(0), file.offset(), Optional.empty());
  }

  LogFile file() {
    return file;
  }

  long wholeBytes() {
    return wholeBytes;
  }

  Optional<Instant> unfinished() {
    return unfinished;
  }

  Optional<NewestSecond> second() {
    return second;
  }

  LogPosition position() {
    return new LogPosition(wholeBytes, file, second.map(NewestSecond::toText));
  }

  /** Whether nothing of the current file has been read. */
  boolean isAtFileStart() {
    return second.isEmpty() && unfinished.isEmpty() && wholeBytes == file.offset();
  }

  /** Whether the current file is known to stay empty, as its container has ended. */
  boolean isKnownToBeEmpty(Optional<Instant> finishedAt) {
    return file.begins().isEmpty()
        && (file.watched() || finishedAt.filter(file::isNotRotatedYet).isPresent());
  }

  /** A stream of the current file was open at that time. */
  void noteOpened(Instant at) {
    if (isAtFileStart()) {
      file = file.openedAt(at);
    }
  }

  /** The stream that was to bring a file's first line broke off before that line. */
  void noteUnwatched() {
    if (isAtFileStart()) {
      file = file.withWatched(false);
    }
  }

  /** The file was still empty at that time. */
  void noteEmpty(Instant at) {
    if (isAtFileStart() && file.watched()) {
      file = file.withEmptyAt(at);
    }
  }

  /** A stream brought the file's first line, which has that time. */
  void noteFirstLine(Instant time) {
    file = file.withBegins(time).withWatched(true);
  }

  /** A line with that time began. */
  void beginLine(Instant time) {
    unfinished = Optional.of(time);
  }

  /**
   * The line that began last has ended.
   *
   * @param bytes how many bytes there are now
   */
  void endLine(long bytes) {
    Instant time = unfinished.orElseThrow();
    unfinished = Optional.empty();
    Instant itsSecond = time.truncatedTo(ChronoUnit.SECONDS);
    if (second.isEmpty() || itsSecond.isAfter(second.get().start())) {
      second = Optional.of(NewestSecond.beginning(itsSecond, wholeBytes));
    }
    if (itsSecond.equals(second.get().start())) {
      second.get().add(time);
    }
    // A stream from the newest second on will have nothing of an older line.
    wholeBytes = bytes;
    file = file.withLines(file.lines() + 1);
  }

  /** Forgets the line that began last. */
  void dropLine() {
    unfinished = Optional.empty();
  }

  /**
   * Only that many bytes are left.
   *
   * @param newest the newest second of the lines in them
   */
  void cutBack(long bytes, Optional<NewestSecond> newest) {
    wholeBytes = bytes;
    second = newest;
    unfinished = Optional.empty();
  }

  /**
   * Another file begins, which continues where the previous one ended.
   *
   * @param begins the time of its first line; empty if none is known
   * @param emptyAt when it was still empty or did not exist
   * @param bytes how many bytes are before it
   */
  void beginFile(Optional<Instant> begins, Instant emptyAt, long bytes) {
    file = new LogFile(begins, emptyAt, false, bytes, 0);
    cutBack(bytes, Optional.empty());
  }

  /**
   * Another file is the current one now, and nobody knows where in the log it begins.
   *
   * @param begins the time of its first line; empty if it has none
   * @param bytes how many bytes there are now
   */
  void beginUnwatchedFile(Optional<Instant> begins, long bytes) {
    file = new LogFile(begins, Instant.MIN, false, bytes, 0);
  }
}
