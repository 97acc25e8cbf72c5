package mstc.cloud.worker.adapters.http;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import mstc.cloud.worker.adapters.http.Answer.Body;
import mstc.cloud.worker.application.view.OpenLog;
import mstc.cloud.worker.domain.view.LogReader.Piece;
import mstc.cloud.worker.domain.view.LogReader.Result;

/** Writes a log as it is; where something is missing, a line says so. */
final class LogText implements Body {
  private final OpenLog log;
  private final long first;
  private long left;

  private LogText(OpenLog log, long first, long bytes) {
    this.log = log;
    this.first = first;
    this.left = bytes;
  }

  /** All of it. */
  static LogText whole(OpenLog log) {
    return new LogText(log, 0, Long.MAX_VALUE);
  }

  /** A part of a stored log. */
  static LogText of(OpenLog log, long first, long bytes) {
    return new LogText(log, first, bytes);
  }

  @Override
  public void writeTo(ResponseStream out) throws IOException, InterruptedException {
    if (first > 0) {
      log.skip(first);
    }
    while (left > 0) {
      switch (log.read(EventWriter.QUIET)) {
        case Result.More(Piece piece) -> write(piece, out);
        case Result.Nothing() -> {}
        case Result.End() -> {
          return;
        }
      }
    }
  }

  private void write(Piece piece, ResponseStream out) throws IOException, InterruptedException {
    if (piece.notice().isPresent() && log.stored().isEmpty()) {
      out.write(
          "[mstc-cloud-worker: %s]\n"
              .formatted(piece.notice().get())
              .getBytes(StandardCharsets.UTF_8));
    }
    byte[] text = piece.text();
    out.write(text.length <= left ? text : Arrays.copyOf(text, (int) left));
    left -= text.length;
  }

  @Override
  public void close() {
    log.close();
  }
}
