package mstc.cloud.worker.adapters.http;

import java.io.BufferedReader;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;

/** A client of server-sent events, which keeps what it was told. */
final class EventClient implements Closeable {
  private final List<Event> events = new CopyOnWriteArrayList<>();
  private final HttpResponse<InputStream> response;
  private volatile boolean ended;

  /** One event, as its client sees it. */
  record Event(String name, String data, Optional<String> id) {}

  EventClient(HttpClient client, HttpRequest.Builder request)
      throws IOException, InterruptedException {
    response =
        client.send(
            request.header("Accept", "text/event-stream").build(), BodyHandlers.ofInputStream());
    Thread.ofVirtual().start(this::read);
  }

  private void read() {
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
      String name = "";
      Optional<String> id = Optional.empty();
      String data = "";
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.isEmpty() && !data.isEmpty()) {
          events.add(new Event(name, data, id));
          id = Optional.empty();
          data = "";
        } else if (line.startsWith("event: ")) {
          name = line.substring("event: ".length());
        } else if (line.startsWith("id: ")) {
          id = Optional.of(line.substring("id: ".length()));
        } else if (line.startsWith("data: ")) {
          data = line.substring("data: ".length());
        }
      }
      ended = true;
    } catch (IOException closed) {
      ended = true;
    }
  }

  HttpResponse<InputStream> response() {
    return response;
  }

  /** Whether the server has ended the response, or the client has. */
  boolean isEnded() {
    return ended;
  }

  List<Event> events() {
    return List.copyOf(events);
  }

  List<String> data(String name) {
    return events.stream().filter(event -> event.name().equals(name)).map(Event::data).toList();
  }

  /** The data of all events of a name, once some of it is there. */
  String await(String name, String part) {
    return Api.eventually().until(() -> String.join("", data(name)), all -> all.contains(part));
  }

  @Override
  public void close() {
    try {
      response.body().close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
