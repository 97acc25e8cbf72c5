package mstc.cloud.worker.adapters.k8s.log;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import mstc.cloud.worker.domain.runtime.LogTexts;

/** A job's log, joined from the logs of its attempts. */
public final class AttemptLogs {
  private static final int BUFFER_BYTES = 64 * 1024;

  private AttemptLogs() {}

  /**
   * One attempt that wrote a log.
   *
   * @param how it ended, for the line before the next attempt
   */
  public record Attempt(Path log, String how) {}

  /** The only log, or all of them one after the other with a line before each, or an empty one. */
  public static Path join(List<Attempt> attempts, Spool spool, String jobName) throws IOException {
    if (attempts.size() == 1) {
      return attempts.getFirst().log();
    }
    Path joined = spool.joinedLog(jobName);
    if (Files.exists(joined)) {
      remove(joined, spool);
    }
    try {
      write(attempts, joined, spool);
    } catch (IOException e) {
      // The caller tries again; until then other logs may need the room.
      remove(joined, spool);
      throw e;
    }
    return joined;
  }

  private static void remove(Path joined, Spool spool) throws IOException {
    long bytes = Files.size(joined);
    Files.delete(joined);
    spool.room().release(bytes);
  }

  private static void write(List<Attempt> attempts, Path joined, Spool spool) throws IOException {
    try (FileChannel out =
        FileChannel.open(joined, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      Optional<Attempt> before = Optional.empty();
      for (int number = 1; number <= attempts.size(); number++) {
        Attempt attempt = attempts.get(number - 1);
        String line = LogTexts.attemptHeader(number, attempts.size(), before.map(Attempt::how));
        boolean needsLine = before.isPresent() && !endsWithLine(before.get().log());
        append(ByteBuffer.wrap(((needsLine ? "\n" : "") + line).getBytes(UTF_8)), out, spool);
        append(attempt.log(), out, spool);
        before = Optional.of(attempt);
      }
    }
  }

  private static void append(Path log, FileChannel out, Spool spool) throws IOException {
    try (FileChannel in = FileChannel.open(log, StandardOpenOption.READ)) {
      ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);
      while (in.read(buffer) >= 0) {
        append(buffer.flip(), out, spool);
        buffer.clear();
      }
    }
  }

  private static void append(ByteBuffer bytes, FileChannel out, Spool spool) throws IOException {
    int length = bytes.remaining();
    try {
      spool.room().write(out, bytes, out.size());
    } finally {
      spool.room().take(length - bytes.remaining());
    }
  }

  private static boolean endsWithLine(Path log) throws IOException {
    if (Files.size(log) == 0) {
      return true;
    }
    try (FileChannel in = FileChannel.open(log, StandardOpenOption.READ)) {
      ByteBuffer last = ByteBuffer.allocate(1);
      return in.read(last, in.size() - 1) == 1 && last.get(0) == '\n';
    }
  }
}
