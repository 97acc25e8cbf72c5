package mstc.cloud.worker.adapters.k8s.log;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.LongUnaryOperator;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import mstc.cloud.worker.domain.PrintableText;
import mstc.cloud.worker.domain.job.JobOutcome;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A container's log in a file of the spool, {@linkplain LogMerge merged} from streams, and what
 * else is known of it. One thread writes it; any thread may ask about it and copy it.
 *
 * <p>What was written and remembered survives the worker: the next one resumes the file at the last
 * mark before which no rotation can have gone unnoticed.
 */
public final class SpooledLog implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SpooledLog.class);

  /** What the names of logs end with, after the pod's uid. */
  public static final String SUFFIX = ".log";

  private final SpoolRoom room;
  private final MarkFile markFile;
  private final Path path;

  /** Guards what follows. */
  private final ReentrantLock lock = new ReentrantLock();

  private final SpoolFile file;
  private final LogMerge merge;
  private LogMark.History history;

  private SpooledLog(SpoolRoom room, Path path, Instant startedAt, SpoolFile.Share share)
      throws IOException {
    this.room = room;
    this.path = path;
    this.markFile = MarkFile.of(path);
    this.file = SpoolFile.open(path, room, share, this::noteGap);
    // If the machine went down before all of it was in the file, the mark counts for nothing.
    LogMark from =
        markFile
            .read()
            .filter(mark -> mark.bytes() <= file.size())
            .orElseGet(
                () -> new LogMark(LogPosition.beginning(startedAt), LogMark.History.beginning()));
    this.history = from.history();
    this.merge = new LogMerge(file, from.position());
  }

  /**
   * Resumes a log as it was left, or begins it.
   *
   * @param startedAt when its container started
   */
  static SpooledLog open(SpoolRoom room, Path path, Instant startedAt, SpoolFile.Share share)
      throws IOException {
    return new SpooledLog(room, path, startedAt, share);
  }

  private <T> T ask(Supplier<T> question) {
    lock.lock();
    try {
      return question.get();
    } finally {
      lock.unlock();
    }
  }

  private void change(Runnable what) {
    lock.lock();
    try {
      what.run();
    } finally {
      lock.unlock();
    }
  }

  public Path file() {
    return path;
  }

  /** The uid of the pod that wrote it. */
  public String podUid() {
    String name = path.getFileName().toString();
    return name.substring(0, name.length() - SUFFIX.length());
  }

  /** The second from which the next stream is to be requested; empty for the whole file. */
  Optional<Instant> resumeFrom() {
    return ask(merge::resumeFrom);
  }

  /** Whether nothing of the current file has been read. */
  boolean isAtFileStart() {
    return ask(merge::isAtFileStart);
  }

  /** The time of the current file's first line; empty if none is known. */
  Optional<Instant> fileBegins() {
    return ask(merge::fileBegins);
  }

  /** How large the current file is, as far as it has been read. */
  long fileBytes() {
    return ask(merge::fileBytes);
  }

  /** Whether what was read of the current file, if anything, was read from its first line on. */
  boolean isReadFromFileStart() {
    return ask(merge::isReadFromFileStart);
  }

  boolean isTruncated() {
    return ask(file::isTruncated);
  }

  /** How many bytes there are so far. */
  long size() {
    return ask(file::size);
  }

  /** When a worker began to follow it, this one or an earlier one. */
  Instant began() {
    return ask(() -> history.began());
  }

  /** What is or may be missing, each in one line. */
  public List<String> gaps() {
    return ask(() -> history.gaps());
  }

  /** Whether it was read to its end. */
  public boolean isWhole() {
    return ask(() -> history.whole());
  }

  /**
   * How many logs of earlier attempts of its job there are; empty if no worker knew all of them.
   */
  public Optional<Integer> earlierLogs() {
    return ask(() -> history.earlier());
  }

  /** Notes how many logs of earlier attempts there are, if no earlier worker has. */
  public void noteEarlierLogs(int logs) {
    note(
        history -> history.earlier().isEmpty() ? history.withEarlier(logs) : history,
        logs + " logs came before");
  }

  /** Notes that something is or may be missing, if possible also for a later worker. */
  public void noteGap(String what) {
    String line = PrintableText.oneLine(what, JobOutcome.MAX_REASON_LENGTH);
    note(history -> history.gaps().contains(line) ? history : history.withGap(line), line);
  }

  /** Notes something for a later worker, if it is new. */
  private void note(UnaryOperator<LogMark.History> what, String words) {
    lock.lock();
    try {
      LogMark.History noted = what.apply(history);
      if (!noted.equals(history)) {
        history = noted;
        saveMark();
      }
    } catch (IOException e) {
      LOG.warn("file={} it is not noted that {}: {}", markFile.path(), words, e.toString());
    } finally {
      lock.unlock();
    }
  }

  /**
   * All of the log has been read.
   *
   * @param finishedAt when the container ended; empty if that is not known
   */
  void noteWhole(Optional<Instant> finishedAt) {
    change(() -> {
      history = history.withWhole();
      merge.end(finishedAt);
    });
  }

  /** The stream that was to bring a file's first line broke off before that line. */
  void noteUnwatched() {
    change(merge::noteUnwatched);
  }

  /** A stream of the file, which is still unread, was open at that time. */
  void noteOpened(Instant at) {
    change(() -> merge.noteOpened(at));
  }

  /** The file was still empty at that time. */
  void noteEmpty(Instant at) {
    change(() -> merge.noteEmpty(at));
  }

  /** As {@link LogMerge#beginFile}. */
  void beginFile(Optional<Instant> begins, Instant emptyAt) {
    change(() -> merge.beginFile(begins, emptyAt));
  }

  /** As {@link LogMerge#beginUnwatchedFile}. */
  void beginUnwatchedFile(Optional<Instant> begins) {
    change(() -> merge.beginUnwatchedFile(begins));
  }

  /** The log's position. It is {@linkplain #prove proven} only if no rotation came before it. */
  LogPosition position() {
    return ask(merge::position);
  }

  /** What was read up to there is known to be of the current file; what comes later is not. */
  void prove(LogPosition position) {
    change(() -> merge.prove(position));
  }

  /** The mark from which another worker can resume. */
  LogMark mark() {
    return ask(() -> new LogMark(merge.provenPosition(), history));
  }

  /** Saves the mark for a later worker. */
  void saveMark() throws IOException {
    lock.lock();
    try {
      markFile.write(mark(), room);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Which bytes were copied.
   *
   * @param from the first one
   * @param to the one after the last
   */
  record Span(long from, long to) {}

  /**
   * Copies what another worker needs to resume: a mark, and the bytes before it. May be called by
   * any thread, even once the log is closed.
   *
   * @param from the byte to begin with, given up to where nothing has changed since the last copy
   * @param header what comes before the bytes, given the mark
   */
  Span copy(OutputStream out, LongUnaryOperator from, Function<String, byte[]> header)
      throws IOException {
    lock.lock();
    try {
      LogMark mark = mark();
      long begin = from.applyAsLong(Math.min(file.unchangedBytes(), mark.bytes()));
      out.write(header.apply(mark.toText()));
      file.copy(begin, mark.bytes(), out);
      return new Span(begin, mark.bytes());
    } finally {
      lock.unlock();
    }
  }

  /** As {@link LogMerge#reading}. */
  Reading reading(Instant openedAt) {
    return ask(() -> new Reading(merge.reading(openedAt)));
  }

  /** As {@link LogMerge#rewriting}. */
  Rewriting rewriting() {
    return ask(() -> new Rewriting(merge.rewriting()));
  }

  @Override
  public void close() throws IOException {
    try (file) {
      // It is removed once somebody else has answered its job.
      if (Files.exists(path)) {
        saveMark();
      }
    } catch (SpoolRoom.UnwritableException e) {
      // The mark before it is valid too, for a shorter log.
      LOG.warn("file={} where it stands is not noted: {}", markFile.path(), e.getMessage());
    }
  }

  /** One stream that is read into the log. */
  final class Reading {
    private final LogMerge.Reading merging;

    private Reading(LogMerge.Reading merging) {
      this.merging = merging;
    }

    /** As {@link LogMerge.Reading#add}. */
    void add(byte[] bytes, int length) throws IOException {
      lock.lock();
      try {
        merging.add(bytes, length);
      } finally {
        lock.unlock();
      }
    }

    /** What the kubelet said instead of a log, or after it; empty if it said nothing. */
    Optional<String> foreignWords() {
      return ask(merging::foreignWords);
    }

    /** How many new bytes came. */
    long newBytes() {
      return ask(merging::newBytes);
    }

    /** Whether less came than was known: the stream broke off, or the rest was rotated away. */
    boolean isShort() {
      return ask(merging::isShort);
    }
  }

  /** The current file, read once more; until it is {@linkplain #keep() kept}, nothing is lost. */
  final class Rewriting implements AutoCloseable {
    private final LogMerge.Rewriting merging;
    private boolean kept;

    private Rewriting(LogMerge.Rewriting merging) {
      this.merging = merging;
    }

    /** As {@link LogMerge.Rewriting#add}. */
    void add(byte[] bytes, int length) throws IOException {
      lock.lock();
      try {
        merging.add(bytes, length);
      } finally {
        lock.unlock();
      }
    }

    /** Whether the stream, once read to its end, was that file and nothing else. */
    boolean isWholeFile() {
      return ask(merging::isWholeFile);
    }

    /** The time of the newest line. */
    Instant newest() {
      return ask(merging::newest);
    }

    /** What was added is the whole file, and replaces what was there. */
    void keep() throws IOException {
      lock.lock();
      try {
        kept = true;
        merging.keep();
      } finally {
        lock.unlock();
      }
    }

    /** Restores what was there before, unless it was kept. */
    @Override
    public void close() throws IOException {
      lock.lock();
      try {
        if (!kept) {
          merging.undo();
        }
      } finally {
        lock.unlock();
      }
    }
  }
}
