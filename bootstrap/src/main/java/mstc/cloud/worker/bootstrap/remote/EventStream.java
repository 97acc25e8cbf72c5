package mstc.cloud.worker.bootstrap.remote;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/**
 * Reads server-sent events. A worker sends something every 15 seconds, so a stream that is silent
 * for much longer has broken off. For one thread; any thread may close it.
 *
 * @see <a
 *     href="https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation">Interpreting
 *     an event stream</a>
 */
public final class EventStream implements AutoCloseable {
  private static final Duration LONGEST_SILENCE = Duration.ofSeconds(45);

  private final InputStream source;
  private final BufferedReader lines;
  private final String address;
  private final Duration longestSilence;
  private final Thread watchdog;
  private volatile long lastLineNanos = System.nanoTime();
  private volatile boolean silent;

  /**
   * Takes over the stream.
   *
   * @param address of the worker, for messages
   */
  EventStream(InputStream source, String address) {
    this(source, address, LONGEST_SILENCE);
  }

  EventStream(InputStream source, String address, Duration longestSilence) {
    this.source = source;
    this.lines = new BufferedReader(new InputStreamReader(source, StandardCharsets.UTF_8));
    this.address = address;
    this.longestSilence = longestSilence;
    this.watchdog = Thread.ofVirtual().name("silence").start(this::watch);
  }

  /**
   * The next event; empty if the worker has ended the stream.
   *
   * @throws WorkerApiException retryably, if the stream breaks off
   */
  public Optional<Event> next() {
    try {
      return read();
    } catch (IOException e) {
      throw WorkerApiException.retryable(
          silent
              ? "the worker at %s has been silent for %d s"
                  .formatted(address, longestSilence.toSeconds())
              : "the connection to %s broke".formatted(address),
          e);
    }
  }

  private Optional<Event> read() throws IOException {
    String name = "message";
    Optional<String> id = Optional.empty();
    StringJoiner data = new StringJoiner("\n");
    boolean hasData = false;
    @Nullable String line = lines.readLine();
    while (line != null) {
      lastLineNanos = System.nanoTime();
      if (line.isEmpty()) {
        if (hasData) {
          return Optional.of(new Event(name, data.toString(), id));
        }
        name = "message";
        id = Optional.empty();
      } else {
        int colon = line.indexOf(':');
        String field = colon < 0 ? line : line.substring(0, colon);
        String value = colon < 0 ? "" : line.substring(colon + 1);
        value = value.startsWith(" ") ? value.substring(1) : value;
        switch (field) {
          case "event" -> name = value;
          case "id" -> id = Optional.of(value);
          case "data" -> {
            data.add(value);
            hasData = true;
          }
          default -> {
            // A comment, or what this client does not know.
          }
        }
      }
      line = lines.readLine();
    }
    return Optional.empty();
  }

  private void watch() {
    try {
      while (true) {
        Duration quiet = Duration.ofNanos(System.nanoTime() - lastLineNanos);
        Duration rest = longestSilence.minus(quiet);
        if (!rest.isPositive()) {
          silent = true;
          source.close();
          return;
        }
        Thread.sleep(rest);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // closed
    } catch (IOException e) {
      // It is closed all the same.
    }
  }

  @Override
  public void close() {
    watchdog.interrupt();
    try {
      source.close();
    } catch (IOException e) {
      // Nothing was to be written.
    }
  }
}
