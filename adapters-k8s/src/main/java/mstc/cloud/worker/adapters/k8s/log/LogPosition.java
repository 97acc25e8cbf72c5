package mstc.cloud.worker.adapters.k8s.log;

import java.time.Instant;
import java.util.Optional;

/**
 * A position in a log, from which reading can resume.
 *
 * @param bytes how many bytes are before it: whole lines, unless two files divide one
 * @param file the current file
 * @param second its newest second, as text; empty if nothing of it has been read
 */
record LogPosition(long bytes, LogFile file, Optional<String> second) {
  /** The position in an unread log of a container that started at that time. */
  static LogPosition beginning(Instant startedAt) {
    return new LogPosition(0, LogFile.first(startedAt), Optional.empty());
  }
}
