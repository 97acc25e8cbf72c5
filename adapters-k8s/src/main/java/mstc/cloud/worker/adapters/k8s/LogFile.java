package mstc.cloud.worker.adapters.k8s;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * One of the files that a container's log consists of, as the kubelet rotates them.
 *
 * @param begins the time of its first line; empty where it has none, or none is known
 * @param emptyAt a moment at which nothing was in it, or it was not there
 * @param watched whether a stream of it has been open since before it could first be rotated, or
 *     has brought its first line
 * @param offset how many bytes of the log are before it
 * @param lines how many of its lines have been read
 */
record LogFile(
    Optional<Instant> begins, Instant emptyAt, boolean watched, long offset, long lines) {
  /**
   * A file is not rotated sooner than this after it was empty: 10 MiB would have to be written and
   * looked at in that time, and nothing in the cluster could tell of it. A container's start is
   * told in whole seconds, and until it is known to run, a second or two go by.
   */
  private static final Duration NOT_ROTATED_YET = Duration.ofSeconds(3);

  /** The most that a line's time, pipe and tag take in a file. */
  private static final int HEADER_BYTES = 41;

  /** The first file of a container that started then. */
  static LogFile first(Instant startedAt) {
    return new LogFile(Optional.empty(), startedAt, false, 0, 0);
  }

  /** How large it is, where the log is of that length. */
  long bytes(long logBytes) {
    return logBytes - offset + lines * HEADER_BYTES;
  }

  /** Whether it cannot have been rotated by then, and so is the one that is followed. */
  boolean isNotRotatedYet(Instant time) {
    return time.isBefore(emptyAt.plus(NOT_ROTATED_YET));
  }

  /** Whether a stream whose first line is of that time began with this file's beginning. */
  boolean isKnownToBegin(Instant time) {
    return begins.map(time::equals).orElseGet(() -> watched || isNotRotatedYet(time));
  }

  /** A stream of it was opened then. */
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
