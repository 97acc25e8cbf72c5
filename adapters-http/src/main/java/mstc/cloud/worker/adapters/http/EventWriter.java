package mstc.cloud.worker.adapters.http;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;

/**
 * Writes server-sent events.
 *
 * @see <a href="https://html.spec.whatwg.org/multipage/server-sent-events.html">Server-sent events
 *     in the HTML standard</a>
 */
final class EventWriter {
  static final String CONTENT_TYPE = "text/event-stream";

  /** After this time without an event a comment is written, so that no proxy gives up. */
  static final Duration QUIET = Duration.ofSeconds(15);

  private final ResponseStream out;

  EventWriter(ResponseStream out) {
    this.out = out;
  }

  /**
   * Writes an event.
   *
   * @param data on one line
   */
  void event(String name, String data) throws IOException, InterruptedException {
    event(name, data, Optional.empty());
  }

  /**
   * Writes an event.
   *
   * @param id by which the client says later which event was its last
   */
  void event(String name, String data, Optional<String> id)
      throws IOException, InterruptedException {
    write(
        "event: %s\n%sdata: %s\n\n"
            .formatted(name, id.map(value -> "id: " + value + "\n").orElse(""), data));
  }

  /** Writes what no client takes for an event. */
  void comment() throws IOException, InterruptedException {
    write(":\n\n");
  }

  private void write(String text) throws IOException, InterruptedException {
    out.write(text.getBytes(StandardCharsets.UTF_8));
  }
}
