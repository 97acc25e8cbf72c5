package mstc.cloud.worker.bootstrap.cli;

import java.time.Duration;
import java.util.Optional;
import mstc.cloud.worker.bootstrap.remote.Event;
import mstc.cloud.worker.bootstrap.remote.EventStream;
import mstc.cloud.worker.bootstrap.remote.WorkerApi;
import mstc.cloud.worker.bootstrap.remote.WorkerApiException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Follows a log to its end, over connections that break and workers that are replaced. */
final class LogFollower {
  private static final Duration PATIENCE = Duration.ofMinutes(5);
  private static final Duration FIRST_PAUSE = Duration.ofMillis(500);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(10);

  private final WorkerApi api;
  private final String path;
  private final LogOutput output;
  private final JsonMapper json = JsonMapper.shared();
  private Optional<String> last = Optional.empty();
  private boolean connected;
  private boolean reported;
  private Duration pause = FIRST_PAUSE;
  private long lastEventNanos = System.nanoTime();

  /**
   * @param path of the log
   */
  LogFollower(WorkerApi api, String path, LogOutput output) {
    this.api = api;
    this.path = path;
    this.output = output;
  }

  /**
   * Returns the job once its log has ended; empty if nobody reads the output any more.
   *
   * @throws WorkerApiException when the worker refuses, or is gone for minutes, or was never there
   */
  Optional<JsonNode> follow() throws InterruptedException {
    while (output.isOpen()) {
      try (EventStream events = api.events(path, last)) {
        connected = true;
        Optional<JsonNode> end = read(events);
        if (end.isPresent()) {
          return end;
        }
      } catch (WorkerApiException e) {
        if (!connected || !e.isRetryable() || isOverdue()) {
          throw e;
        }
        report(e);
      }
      Thread.sleep(pause);
      pause =
          pause.multipliedBy(2).compareTo(LONGEST_PAUSE) < 0
              ? pause.multipliedBy(2)
              : LONGEST_PAUSE;
    }
    return Optional.empty();
  }

  /** Empty if the stream ended before the log, or nobody reads the output any more. */
  private Optional<JsonNode> read(EventStream events) {
    Optional<Event> next = events.next();
    while (next.isPresent() && output.isOpen()) {
      Event event = next.get();
      lastEventNanos = System.nanoTime();
      reported = false;
      pause = FIRST_PAUSE;
      switch (event.name()) {
        case "log" -> output.text(text(event));
        case "notice" -> output.notice(text(event));
        case "end" -> {
          return Optional.of(json.readTree(event.data()));
        }
        default -> {
          // Of a later version.
        }
      }
      last = event.id().or(() -> last);
      next = events.next();
    }
    return Optional.empty();
  }

  private String text(Event event) {
    return json.readTree(event.data()).path("text").asString("");
  }

  private boolean isOverdue() {
    return Duration.ofNanos(System.nanoTime() - lastEventNanos).compareTo(PATIENCE) > 0;
  }

  private void report(WorkerApiException failure) {
    if (!reported) {
      output.notice(failure.getMessage() + "; trying again");
    }
    reported = true;
  }
}
