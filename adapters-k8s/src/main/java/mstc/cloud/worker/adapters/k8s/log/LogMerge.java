package mstc.cloud.worker.adapters.k8s.log;

import java.io.IOException;
import java.time.Instant;
import java.util.Optional;

/**
 * Merges streams into one text. The streams break off and overlap, and each begins with the
 * kubelet's newest file. What is new is appended, what is repeated is dropped, what turns out to be
 * different is cut back, and what may be missing between two streams is reported as a gap.
 *
 * <p>Every line comes with its time. A stream can be requested from a whole second on, and repeats
 * the lines of that second in the same order; so the times of the newest second's lines are
 * remembered. A stream of a file of which nothing has been read is requested from its beginning.
 *
 * <p>It does not know where the text is, and does not block. Used by one thread at a time.
 */
final class LogMerge {
  /** What may be missing in a log that nobody followed from its start. */
  static final String NOT_FROM_START =
      "no worker followed it in its first seconds, what was rotated away then is not known";

  /** What may be missing in a log that nobody followed from one file to the next. */
  static final String ROTATED_AWAY = "lines were rotated away that nobody had read";

  private final MergedText text;
  private LogProgress progress;

  /** The newest position that is known to be right, if that is not the log's current position. */
  private Optional<LogPosition> proven = Optional.empty();

  /**
   * Resumes at a position, whatever the text has after it.
   *
   * @throws IOException if the text cannot be cut back to the position
   */
  LogMerge(MergedText text, LogPosition from) throws IOException {
    this.text = text;
    progress = new LogProgress(from);
    text.cutBack(from.bytes());
  }

  /** The second from which the next stream is to be requested; empty for the whole file. */
  Optional<Instant> resumeFrom() {
    return progress.second().map(NewestSecond::start);
  }

  /** Whether nothing of the current file has been read. */
  boolean isAtFileStart() {
    return progress.isAtFileStart();
  }

  /** Whether what was read of the current file, if anything, was read from its first line on. */
  boolean isReadFromFileStart() {
    return progress.file().begins().isPresent()
        && (progress.file().watched() || progress.isAtFileStart());
  }

  /** The time of the current file's first line; empty if none is known. */
  Optional<Instant> fileBegins() {
    return progress.file().begins();
  }

  /** How large the current file is, as far as it has been read. */
  long fileBytes() {
    return progress.file().bytes(text.size());
  }

  /** The log's position. It is {@linkplain #prove proven} only if no rotation came before it. */
  LogPosition position() {
    return progress.position();
  }

  /** What was read up to there is known to be of the current file; what comes later is not. */
  void prove(LogPosition position) {
    proven = Optional.of(position);
  }

  /** The position from which another worker can resume. */
  LogPosition provenPosition() {
    return proven.orElseGet(this::position);
  }

  /** The stream that was to bring a file's first line broke off before that line. */
  void noteUnwatched() {
    progress.noteUnwatched();
  }

  /** A stream of the file, which is still unread, was open at that time. */
  void noteOpened(Instant at) {
    progress.noteOpened(at);
  }

  /** The file was still empty at that time. */
  void noteEmpty(Instant at) {
    progress.noteEmpty(at);
  }

  /**
   * All of the log has been read: a last line without a line end is whole.
   *
   * @param finishedAt when the container ended; empty if that is not known
   */
  void end(Optional<Instant> finishedAt) {
    if (!text.isTruncated() && progress.unfinished().isPresent()) {
      progress.endLine(text.size());
    }
    progress.dropLine();
    proven = Optional.empty();
    if (progress.isAtFileStart() && !progress.isKnownToBeEmpty(finishedAt)) {
      text.gap(nothingKnownBefore());
    }
  }

  private String nothingKnownBefore() {
    return progress.file().offset() == 0 ? NOT_FROM_START : ROTATED_AWAY;
  }

  /**
   * All of a file has been read, and the next file follows. If the file ended in a line without a
   * line end, that line continues at the beginning of the next.
   *
   * @param begins the time of its first line; empty if none is known
   * @param emptyAt when it was still empty or did not exist
   */
  void beginFile(Optional<Instant> begins, Instant emptyAt) {
    progress.beginFile(begins, emptyAt, text.size());
    proven = Optional.empty();
  }

  /**
   * Another file is the current one now, and nobody knows where in the log it begins.
   *
   * @param begins the time of its first line; empty if it has none
   */
  void beginUnwatchedFile(Optional<Instant> begins) {
    progress.beginUnwatchedFile(begins, text.size());
    proven = Optional.empty();
  }

  /**
   * Reads a stream into the text: the newest file from its beginning, or {@linkplain #resumeFrom
   * from the newest second on}.
   *
   * @param openedAt when it was open
   */
  Reading reading(Instant openedAt) {
    progress.noteOpened(openedAt);
    return new Reading();
  }

  /** Reads the current file once more, from beginning to end, over what the text has of it. */
  Rewriting rewriting() {
    return new Rewriting();
  }

  /**
   * Drops everything after that many bytes.
   *
   * @param newest the newest second of the remaining lines
   */
  private void cutBack(long size, Optional<NewestSecond> newest) throws IOException {
    if (text.isTruncated()) {
      return;
    }
    progress.cutBack(size, newest);
    if (proven.filter(position -> position.bytes() > size).isPresent()) {
      proven = Optional.of(position());
    }
    text.cutBack(size);
  }

  /** One stream that is merged into the text. */
  final class Reading {
    private final TimedLines lines = new TimedLines(new NewLines());

    private final boolean fromFileStart = progress.isAtFileStart();
    private final long knownBytes = progress.wholeBytes();
    private final Optional<NewestSecond> known = progress.second();
    private final int knownLines = known.map(NewestSecond::lines).orElse(0);
    private final boolean knownUnfinished = progress.unfinished().isPresent();

    /** How many of the known lines were repeated, or come before those that were. */
    private int repeats;

    private boolean newSeen;
    private long newBytes;

    /**
     * Adds what was read.
     *
     * @throws IOException when the text cannot be written
     */
    void add(byte[] bytes, int length) throws IOException {
      lines.add(bytes, length);
    }

    /** What the kubelet said instead of a log, or after it; empty if it said nothing. */
    Optional<String> foreignWords() {
      return lines.foreignWords();
    }

    /** How many new bytes came. */
    long newBytes() {
      return newBytes;
    }

    /** Whether less came than was known: the stream broke off, or the rest was rotated away. */
    boolean isShort() {
      return !fromFileStart && !newSeen && (repeats < knownLines || knownUnfinished);
    }

    /** Takes the lines that the text does not have yet. */
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
          progress.beginLine(time);
        }
      }

      @Override
      public void add(byte[] bytes, int offset, int length) throws IOException {
        if (kept) {
          text.append(bytes, offset, length);
          newBytes += length;
        }
      }

      @Override
      public void end() {
        if (kept && !text.isTruncated()) {
          progress.endLine(text.size());
        }
      }
    }

    /** Whether the text already has that line. */
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
        // What was taken for a new line is the end of such a line.
        takeBack();
      }
      if (newest.isInherited()) {
        // It is not known which of its lines are there: all of them are taken again.
        cutBack(newest.offset(), Optional.of(newest.readAnew()));
        return false;
      }
      return true;
    }

    /**
     * The first line that the text does not have yet. An unfinished line is repeated, whole. If it
     * is not, nor anything else that was to be repeated, this is another file, and nobody knows
     * what was between the two.
     */
    private void beginNew(Instant at) throws IOException {
      if (fromFileStart) {
        if (!progress.file().isKnownToBegin(at)) {
          text.gap(nothingKnownBefore());
        }
        progress.noteFirstLine(at);
        return;
      }
      Optional<Instant> cutOff = progress.unfinished();
      boolean another = repeats < knownLines || cutOff.filter(time -> !time.equals(at)).isPresent();
      cutBack(progress.wholeBytes(), progress.second());
      if (another) {
        text.gap(ROTATED_AWAY);
        beginFile(Optional.of(at), at);
        progress.noteFirstLine(at);
      }
    }

    private void takeBack() throws IOException {
      cutBack(knownBytes, known);
      newSeen = false;
      newBytes = 0;
    }
  }

  /**
   * The current file, read once more. What was followed of it may lack what the container runtime
   * wrote to it when the next file already existed, and may continue with that next file. Until it
   * is {@linkplain #keep() kept}, nothing is lost.
   */
  final class Rewriting {
    private final LogProgress before = progress;
    private final MergedText.Overwriting overwriting = text.overwrite(before.file().offset());
    private final TimedLines lines = new TimedLines(new AllLines());
    private boolean another;
    private Instant newest = Instant.MIN;

    private Rewriting() {
      progress = before.atFileStart();
    }

    /**
     * Adds what was read.
     *
     * @throws IOException when the text cannot be written
     */
    void add(byte[] bytes, int length) throws IOException {
      lines.add(bytes, length);
    }

    /** Whether the stream, once read to its end, was that file and nothing else. */
    boolean isWholeFile() {
      return !another
          && lines.foreignWords().isEmpty()
          && text.size() >= proven.map(LogPosition::bytes).orElse(0L);
    }

    /** The time of the newest line. */
    Instant newest() {
      return newest;
    }

    /** What was added is the whole file, and replaces what was there. */
    void keep() throws IOException {
      overwriting.keep(proven.map(LogPosition::bytes).orElse(before.file().offset()));
    }

    /** Restores what was there before. */
    void undo() throws IOException {
      progress = before;
      overwriting.undo();
    }

    private final class AllLines implements TimedLines.Taker {
      private boolean begun;

      @Override
      public void begin(Instant time) {
        another |= !begun && !before.file().begins().equals(Optional.of(time));
        begun = true;
        newest = time.isAfter(newest) ? time : newest;
        progress.beginLine(time);
      }

      @Override
      public void add(byte[] bytes, int offset, int length) throws IOException {
        if (!another) {
          overwriting.append(bytes, offset, length);
        }
      }

      @Override
      public void end() {
        if (!another) {
          progress.endLine(text.size());
        }
      }
    }
  }
}
