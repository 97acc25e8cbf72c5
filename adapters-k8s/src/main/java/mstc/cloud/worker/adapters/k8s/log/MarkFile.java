package mstc.cloud.worker.adapters.k8s.log;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/** The file beside a log in the spool that holds its mark, if it has one. */
record MarkFile(Path path) {
  /** The mark file of that log. */
  static MarkFile of(Path log) {
    return new MarkFile(log.resolveSibling(log.getFileName() + ".mark"));
  }

  /** Empty if there is none, or another version wrote it. */
  Optional<LogMark> read() throws IOException {
    return Files.exists(path) ? LogMark.parse(Files.readAllLines(path)) : Optional.empty();
  }

  /**
   * Replaces the mark.
   *
   * @throws SpoolRoom.UnwritableException if there is no room for it; then the old one stays
   */
  void write(LogMark mark, SpoolRoom room) throws IOException {
    Path next = path.resolveSibling(path.getFileName() + ".next");
    try (FileChannel out =
        FileChannel.open(
            next,
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.TRUNCATE_EXISTING)) {
      room.write(out, ByteBuffer.wrap(mark.toText().getBytes(UTF_8)), 0);
    }
    Files.move(next, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }
}
