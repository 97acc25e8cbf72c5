package mstc.cloud.worker.adapters.http;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import mstc.cloud.worker.adapters.http.Answer.Length;
import mstc.cloud.worker.adapters.http.Resource.Call;
import mstc.cloud.worker.adapters.http.Resource.Operation;
import mstc.cloud.worker.application.view.JobBoard;
import mstc.cloud.worker.application.view.OpenLog;
import mstc.cloud.worker.application.view.ReadLog;
import mstc.cloud.worker.application.view.ReadLog.Opening;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.reply.StoredLog;
import org.eclipse.jetty.http.HttpHeader;

/** A job's log: whole, a range of it, or as it grows. */
final class LogResource {
  private static final String LAST_EVENT = "Last-Event-ID";
  private static final int MAX_ID_LENGTH = 200;

  private final ReadLog readLog;

  LogResource(ReadLog readLog) {
    this.readLog = readLog;
  }

  List<Resource> all() {
    return List.of(new Resource("/mstc/jobs/{name}/log", Operation.reading(this::read)));
  }

  private Answer read(Call call) throws InterruptedException {
    boolean asEvents = wantsEvents(call);
    boolean follow = call.query().isTrue("follow") || asEvents;
    Optional<String> after = lastEvent(call).filter(_ -> asEvents);
    Optional<UniqueName> name = JobResources.parseName(call.variable());
    if (name.isEmpty()) {
      return Failures.PROBLEM.answer(404, JobBoard.NO_SUCH_JOB);
    }
    return switch (open(name.get(), after, follow)) {
      case Opening.None(String why) -> Failures.PROBLEM.answer(404, why);
      case Opening.NotNow(String why) -> Failures.PROBLEM.answer(503, why, Failures.RETRY_LATER);
      case Opening.Opened(OpenLog log) -> asEvents ? events(name.get(), log) : text(call, log);
    };
  }

  private Opening open(UniqueName name, Optional<String> after, boolean follow)
      throws InterruptedException {
    try {
      return readLog.open(name, after, follow);
    } catch (IllegalArgumentException e) {
      throw new BadRequestException(LAST_EVENT + ": " + e.getMessage());
    }
  }

  private static boolean wantsEvents(Call call) {
    return call.headers().getQualityCSV(HttpHeader.ACCEPT).stream()
        .findFirst()
        .filter(first -> first.startsWith(EventWriter.CONTENT_TYPE))
        .isPresent();
  }

  private static Optional<String> lastEvent(Call call) {
    Optional<String> id =
        Optional.ofNullable(call.headers().get(LAST_EVENT)).filter(value -> !value.isEmpty());
    if (id.filter(value -> value.length() > MAX_ID_LENGTH).isPresent()) {
      throw new BadRequestException(
          LAST_EVENT + " must have at most " + MAX_ID_LENGTH + " characters");
    }
    return id;
  }

  private Answer events(UniqueName name, OpenLog log) {
    return new Answer.Streamed(
        200,
        EventWriter.CONTENT_TYPE,
        headers(log),
        Length.ENDLESS,
        new LogEvents(readLog, name, log));
  }

  private static Answer text(Call call, OpenLog log) {
    Optional<StoredLog> stored = log.stored();
    if (stored.isEmpty()) {
      return new Answer.Streamed(
          200, Answer.TEXT, headers(log), Length.UNKNOWN, LogText.whole(log));
    }
    long bytes = stored.get().bytes();
    Map<String, String> headers = headers(log);
    headers.put("Accept-Ranges", "bytes");
    Optional<ByteRange> range = ByteRange.of(call.headers());
    if (range.isEmpty()) {
      return sized(200, headers, bytes, LogText.of(log, 0, bytes));
    }
    Optional<ByteRange.Part> part = range.get().in(bytes);
    if (part.isEmpty()) {
      log.close();
      return Failures.PROBLEM.answer(
          416, "the log has " + bytes + " bytes", Map.of("Content-Range", "bytes */" + bytes));
    }
    ByteRange.Part found = part.get();
    headers.put("Content-Range", "bytes %d-%d/%d".formatted(found.first(), found.last(), bytes));
    return sized(206, headers, found.length(), LogText.of(log, found.first(), found.length()));
  }

  private static Answer sized(int status, Map<String, String> headers, long bytes, LogText text) {
    headers.put("Content-Length", Long.toString(bytes));
    return new Answer.Streamed(status, Answer.TEXT, headers, Length.KNOWN, text);
  }

  private static Map<String, String> headers(OpenLog log) {
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("Cache-Control", "no-store");
    // A browser must not take for a page what a job wrote.
    headers.put("X-Content-Type-Options", "nosniff");
    headers.put("Mstc-Log-Source", log.stored().isPresent() ? "store" : "runtime");
    log.stored()
        .ifPresent(stored -> headers.put("Mstc-Log-Complete", Boolean.toString(stored.complete())));
    return headers;
  }
}
