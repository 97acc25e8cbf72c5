package mstc.cloud.worker.faults.load;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;

/**
 * What a job does: it writes a text in pieces, with a pause after each, lingers and exits.
 *
 * @param waitSeconds how long it waits after its first line before it writes the rest
 * @param failsForSeconds how long after the request attempts exit with {@link #FAILURE} instead
 */
public record Work(
    KnownText text,
    int waitSeconds,
    int pieceBytes,
    int pauseMillis,
    int lingerSeconds,
    int exitCode,
    int failsForSeconds) {
  /** The exit code of an attempt that is to fail. */
  static final int FAILURE = 5;

  private static final String SCRIPT = script();

  private static String script() {
    try (InputStream in = Objects.requireNonNull(Work.class.getResourceAsStream("job.py"))) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * The command of the container.
   *
   * @param nowEpochSeconds when the request is sent
   */
  List<String> command(long nowEpochSeconds) {
    return List.of(
        "python3",
        "-c",
        SCRIPT,
        text.key(),
        Integer.toString(text.lines()),
        Integer.toString(text.repeat()),
        Integer.toString(waitSeconds),
        Integer.toString(pieceBytes),
        Integer.toString(pauseMillis),
        Integer.toString(lingerSeconds),
        Integer.toString(exitCode),
        Long.toString(failsForSeconds == 0 ? 0 : nowEpochSeconds + failsForSeconds));
  }

  /** How long it takes to write, on a machine that does nothing else. */
  int writingSeconds() {
    return waitSeconds + (int) (text.bytes() / pieceBytes * pauseMillis / 1000);
  }
}
