package mstc.cloud.worker.adapters.k8s.log;

import java.time.Instant;
import java.util.Optional;

/**
 * One of the files of a container's log, which the kubelet rotates.
 *
 * @param begins the time of its first line; empty if it has none, or none is known
 * @param emptyAt a moment at which it was empty or did not exist
 * @param watched whether a stream of it has been open since before it could first be rotated, or
 *     has brought its first line
 * @param offset how many bytes of the log are before it
 * @param lines how many of its lines have been read
 */
record LogFile(
    Optional<Instant> begins, Instant emptyAt, boolean watched, long offset, long lines) {
  /** The most that a line's time, stream name and tag take in a file. */
  private static final int HEADER_BYTES = 41;

  /** The first file of a container that started at that time. */
  static LogFile first(Instant startedAt) {
    return new LogFile(Optional.empty(), startedAt, false, 0, 0);
  }

  /** How large it is when the log has that length. */
  long bytes(long logBytes) {
    return logBytes - offset + lines * HEADER_BYTES;
  }

  /** Whether it cannot have been rotated by then, and so is the file that is followed. */
  boolean isNotRotatedYet(Instant time) {
    return time.isBefore(emptyAt.plus(LogTimes.NOT_ROTATED_YET));
  }

  /** Whether a stream whose first line has that time began at the beginning of this file. */
  boolean isKnownToBegin(Instant time) {
    return begins.map(time::equals).orElseGet(() -> watched || isNotRotatedYet(time));
  }

  /** A stream of it was opened at that time. */
  LogFile openedAt(Instant time) {
    return withWatched(watched || isNotRotatedYet(time));
  }

  LogFile withWatched(boolean value) {
    return new LogFile(begins, emptyAt, value, offset, lines);
  }

  LogFile withBegins(Instant time) {
    return new LogFile(Optional.of(time), emptyAt, watched, offset, lines);
  }

  LogFile withEmptyAt(Instant time) {
    return new LogFile(begins, time, watched, offset, lines);
  }

  LogFile withLines(long count) {
    return new LogFile(begins, emptyAt, watched, offset, count);
  }
}
