package mstc.cloud.worker.adapters.http;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import mstc.cloud.worker.adapters.http.Answer.Body;
import mstc.cloud.worker.application.view.OpenLog;
import mstc.cloud.worker.application.view.ReadLog;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.view.LogReader.Piece;
import mstc.cloud.worker.domain.view.LogReader.Result;
import mstc.cloud.worker.wire.JobJson;

/** Writes a log as server-sent events, and at last the job. */
final class LogEvents implements Body {
  /**
   * How long a job whose log has ended may take to be answered, so that the last event says how.
   */
  private static final Duration UNTIL_ANSWERED = Duration.ofSeconds(10);

  private final ReadLog readLog;
  private final UniqueName name;
  private final OpenLog log;
  private final TextPieces pieces = new TextPieces();

  LogEvents(ReadLog readLog, UniqueName name, OpenLog log) {
    this.readLog = readLog;
    this.name = name;
    this.log = log;
  }

  @Override
  public void writeTo(ResponseStream out) throws IOException, InterruptedException {
    EventWriter writer = new EventWriter(out);
    // So that the client knows at once that it is heard.
    writer.comment();
    while (true) {
      switch (log.read(EventWriter.QUIET)) {
        case Result.More(Piece piece) -> write(piece, writer);
        case Result.Nothing() -> writer.comment();
        case Result.End() -> {
          end(writer);
          return;
        }
      }
    }
  }

  private void write(Piece piece, EventWriter writer) throws IOException, InterruptedException {
    Optional<String> id = Optional.of(piece.position());
    boolean hasText = piece.text().length > 0;
    if (piece.notice().isPresent()) {
      writer.event("notice", JobJson.text(piece.notice().get()), hasText ? Optional.empty() : id);
    }
    if (hasText) {
      writer.event("log", JobJson.text(pieces.next(piece.text())), id);
    }
  }

  private void end(EventWriter writer) throws IOException, InterruptedException {
    String rest = pieces.rest();
    if (!rest.isEmpty()) {
      writer.event("log", JobJson.text(rest));
    }
    String job =
        readLog
            .awaitAnswer(name, UNTIL_ANSWERED)
            .map(found -> JobJson.detail(found.job(), found.request()))
            .orElse("null");
    writer.event("end", job);
  }

  @Override
  public void close() {
    log.close();
  }
}
