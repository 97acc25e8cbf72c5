package mstc.cloud.worker.adapters.local;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import mstc.cloud.worker.domain.runtime.LogTexts;
import mstc.cloud.worker.domain.view.LogReader.Piece;
import org.jspecify.annotations.Nullable;

/**
 * A job's log, which its processes write, and others read meanwhile.
 *
 * <p>A position in it is a number of bytes, without the line before the first attempt: that line is
 * put there when the second attempt begins.
 */
final class LocalLog {
  private final JobFolder folder;
  private final AttemptLog attempts;
  private final OptionalLong limit;

  /** Read-locked while the file is read, write-locked while more than its end is changed. */
  private final ReentrantReadWriteLock changing = new ReentrantReadWriteLock();

  /** Whether nothing more is written, nor cut. Guarded by the lock. */
  private boolean settled;

  /** Whether the file begins with the line before the first attempt; null if nobody looked yet. */
  private volatile @Nullable Boolean headed;

  /**
   * @param attempts how many there may be
   * @param limit of its bytes, if there is one
   * @param settled whether nothing more is written, nor cut
   */
  LocalLog(JobFolder folder, int attempts, OptionalLong limit, boolean settled) {
    this.folder = folder;
    this.attempts = new AttemptLog(folder.log(), attempts);
    this.limit = limit;
    this.settled = settled;
  }

  /** As {@link AttemptLog#beginNext}. */
  void beginNext(int attempt, int exitCode) throws IOException {
    changing.writeLock().lock();
    try {
      attempts.beginNext(attempt, exitCode);
      headed = true;
    } finally {
      changing.writeLock().unlock();
    }
  }

  /**
   * Cuts it if it is longer than it may be, once no process writes any more.
   *
   * @return how long it may be, if it was cut
   */
  OptionalLong cut() throws IOException {
    changing.writeLock().lock();
    try {
      boolean isCut = limit.isPresent() && folder.cutLog(limit.getAsLong());
      return isCut ? limit : OptionalLong.empty();
    } finally {
      settled = true;
      changing.writeLock().unlock();
    }
  }

  /** Up to where it is written by now. */
  long end() throws IOException {
    changing.readLock().lock();
    try {
      return Math.max(0, readableBytes() - headerBytes());
    } finally {
      changing.readLock().unlock();
    }
  }

  /**
   * What is written between two positions, as much of it as a piece may have: whole lines, unless
   * one is longer, or not finished. Empty if nothing is.
   */
  Optional<Piece> read(long from, long until) throws IOException {
    changing.readLock().lock();
    try {
      long header = headerBytes();
      // Whoever begins is told of the first attempt, if there are more.
      long begin = from == 0 ? 0 : from + header;
      long end = Math.min(readableBytes(), Math.addExact(until, header));
      if (end - begin <= (begin == 0 ? header : 0)) {
        return Optional.empty();
      }
      boolean isAll = end - begin <= Piece.MAX_BYTES;
      byte[] bytes = bytes(begin, (int) Math.min(end - begin, Piece.MAX_BYTES));
      int length = isAll ? bytes.length : wholeLines(bytes);
      if (begin + length <= header) {
        length = bytes.length;
      }
      return Optional.of(
          new Piece(
              Arrays.copyOf(bytes, length),
              Long.toString(begin + length - header),
              Optional.empty()));
    } finally {
      changing.readLock().unlock();
    }
  }

  /** Nobody reads what may still be cut, also if a line is put before it. */
  private long readableBytes() throws IOException {
    try {
      long size = Files.size(folder.log());
      if (settled || limit.isEmpty()) {
        return size;
      }
      boolean mayGetHeader = attempts.attempts() > 1 && headerBytes() == 0;
      return Math.min(size, limit.getAsLong() - (mayGetHeader ? header().length : 0));
    } catch (NoSuchFileException e) {
      // The record is removed: all that there was to read has been there for long.
      return 0;
    }
  }

  private long headerBytes() throws IOException {
    Boolean known = headed;
    if (known == null) {
      known = beginsWithHeader();
      headed = known;
    }
    return known ? header().length : 0;
  }

  private byte[] header() {
    return LogTexts.attemptHeader(1, attempts.attempts(), Optional.empty()).getBytes(UTF_8);
  }

  /** For a job that an earlier worker ran. */
  private boolean beginsWithHeader() throws IOException {
    return Files.exists(folder.scratch(2))
        && Files.exists(folder.log())
        && Arrays.equals(bytes(0, header().length), header());
  }

  private byte[] bytes(long from, int length) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(length);
    // Opened for each piece: the file may be replaced, and a reader may rest for hours.
    try (FileChannel in = FileChannel.open(folder.log(), StandardOpenOption.READ)) {
      while (bytes.hasRemaining() && in.read(bytes, from + bytes.position()) >= 0) {
        // Until all of it is read.
      }
    }
    return Arrays.copyOf(bytes.array(), bytes.position());
  }

  private static int wholeLines(byte[] bytes) {
    int end = bytes.length;
    while (end > 0 && bytes[end - 1] != '\n') {
      end--;
    }
    return end == 0 ? bytes.length : end;
  }
}
