package mstc.cloud.worker.domain.view;

import java.time.Duration;
import java.util.Optional;

/**
 * Reads a job's log while it is written. While nobody reads, nothing of it is held in memory beyond
 * a buffer. For one thread; any thread may close it, which ends a read that waits.
 */
public interface LogReader extends AutoCloseable {

  /**
   * A part of the log: whole lines, unless a line is longer than a piece may be, or is not finished
   * yet.
   *
   * @param text the bytes that the job wrote, as they are; at most {@value #MAX_BYTES}; none where
   *     only something is missing
   * @param position where this piece ends; opaque, of printable ASCII characters without blanks
   * @param notice what is missing before this piece, in one line, such as that the runtime no
   *     longer has the beginning; empty if nothing is known to be missing
   */
  // Pieces are not compared, and a copy of the bytes would cost as much as reading them.
  @SuppressWarnings("ArrayRecordComponent")
  record Piece(byte[] text, String position, Optional<String> notice) {
    public static final int MAX_BYTES = 64 * 1024;
  }

  /** What a read gave. */
  sealed interface Result {
    /** The log continues. */
    record More(Piece piece) implements Result {}

    /** Nothing was written within that time. */
    record Nothing() implements Result {}

    /** This was all of it: the job has ended, or what is written by now was asked for only. */
    record End() implements Result {}
  }

  /**
   * Waits until something is written, for at most that long.
   *
   * @throws InterruptedException when the thread is interrupted
   * @throws mstc.cloud.worker.domain.runtime.JobRuntimeException when the log cannot be read
   *     further now; it may be opened again after the last position
   */
  Result read(Duration atMost) throws InterruptedException;

  /**
   * Frees what the log is read from. A read that waits, and every later one, gives {@link
   * Result.End}. May be repeated.
   */
  @Override
  void close();
}
