package mstc.cloud.worker.adapters.local;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** A file that tells a later worker which process was started: its id and its start time. */
final class ProcessNote {
  /** Start times are counted from the machine's start, which is known to the second. */
  private static final Duration TOLERANCE = Duration.ofSeconds(2);

  private ProcessNote() {}

  static void write(Path file, ProcessHandle process) throws IOException {
    Optional<Instant> start = process.info().startInstant();
    if (start.isPresent()) {
      Files.writeString(file, process.pid() + " " + start.get());
    }
  }

  /** The process of the note; empty if it is gone, even if another has its id now. */
  static Optional<ProcessHandle> read(Path file) {
    try {
      String[] words = Files.readString(file).split(" ", -1);
      Instant noted = Instant.parse(words[1]);
      return ProcessHandle.of(Long.parseLong(words[0]))
          .filter(process ->
              process
                  .info()
                  .startInstant()
                  .filter(start -> Duration.between(noted, start).abs().compareTo(TOLERANCE) < 0)
                  .isPresent());
    } catch (IOException | RuntimeException e) {
      // Never written, or not to its end, for lack of time.
      return Optional.empty();
    }
  }
}
