package mstc.cloud.worker.adapters.local;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import mstc.cloud.worker.domain.runtime.LogTexts;

/**
 * Separates the output of attempts in a job's log, once there is more than one.
 *
 * @param attempts how many attempts there may be
 */
record AttemptLog(Path file, int attempts) {

  /**
   * Adds the line before an attempt, and if it is the second also one before the first attempt's
   * output. No process may be writing.
   *
   * @param attempt 2 or more
   * @param exitCode of the attempt before
   */
  void beginNext(int attempt, int exitCode) throws IOException {
    if (attempt == 2) {
      prepend(LogTexts.attemptHeader(1, attempts, Optional.empty()));
    }
    String line =
        LogTexts.attemptHeader(attempt, attempts, Optional.of(LogTexts.exitCode(exitCode)));
    String text = endsWithLine() ? line : "\n" + line;
    Files.writeString(file, text, StandardOpenOption.APPEND);
  }

  private void prepend(String line) throws IOException {
    Path next = file.resolveSibling(file.getFileName() + ".next");
    try (FileChannel out =
            FileChannel.open(
                next,
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE,
                StandardOpenOption.TRUNCATE_EXISTING);
        FileChannel in = FileChannel.open(file, StandardOpenOption.READ)) {
      out.write(ByteBuffer.wrap(line.getBytes(UTF_8)));
      long position = 0;
      while (position < in.size()) {
        position += in.transferTo(position, in.size() - position, out);
      }
    }
    Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  private boolean endsWithLine() throws IOException {
    try (FileChannel in = FileChannel.open(file, StandardOpenOption.READ)) {
      ByteBuffer last = ByteBuffer.allocate(1);
      return in.size() == 0 || (in.read(last, in.size() - 1) == 1 && last.get(0) == '\n');
    }
  }
}
