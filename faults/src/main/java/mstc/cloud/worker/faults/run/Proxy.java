package mstc.cloud.worker.faults.run;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import mstc.cloud.worker.faults.schedule.Trouble;
import mstc.cloud.worker.faults.service.FaultsException;
import mstc.cloud.worker.faults.service.FreePort;
import mstc.cloud.worker.faults.service.Server;
import tools.jackson.databind.json.JsonMapper;

/**
 * A toxiproxy between one replica and one service. A trouble ends with a new process that replaces
 * the old one, and also begins so where it must: when a toxic is added or removed while a
 * connection ends, toxiproxy may wait forever to write what it holds back on it.
 */
final class Proxy implements AutoCloseable {
  private static final JsonMapper MAPPER = JsonMapper.builder().build();
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final String PROXIES = "/proxies";
  private static final String NAME = "proxy";
  private static final String PROXY = PROXIES + "/" + NAME;

  private final HttpClient http = HttpClient.newHttpClient();
  private final String name;
  private final String upstream;
  private final int port = FreePort.find();
  private final int admin = FreePort.find();
  private final Server server;

  /** One toxic of toxiproxy: what it does, in which directions. */
  private record Toxic(String type, List<String> streams, Map<String, Integer> attributes) {}

  /**
   * @param output for the output of the process
   * @param upstream the service's own address, host:port
   */
  Proxy(String name, Path program, Path output, String upstream) throws IOException {
    this.name = name;
    this.upstream = upstream;
    server =
        new Server(
            "toxiproxy " + name,
            output,
            List.of(program.toString(), "-host", "127.0.0.1", "-port", Integer.toString(admin)),
            Map.of(),
            () -> call("GET", "/version", "").statusCode() == 200);
  }

  /** Where it listens, on loopback. */
  int port() {
    return port;
  }

  /** Starts it, without any trouble. */
  void start() throws IOException, InterruptedException {
    startDisabled();
    enable();
  }

  private void startDisabled() throws IOException, InterruptedException {
    server.start();
    post(
        PROXIES,
        Map.of(
            "name", NAME, "listen", "127.0.0.1:" + port, "upstream", upstream, "enabled", false));
  }

  private void enable() throws IOException, InterruptedException {
    post(PROXY, Map.of("enabled", true));
  }

  /** Begins a trouble. */
  void begin(Trouble trouble) throws IOException, InterruptedException {
    if (trouble instanceof Trouble.Down) {
      server.kill();
      return;
    }
    try {
      add(toxic(trouble));
    } catch (HttpTimeoutException e) {
      server.kill();
      startDisabled();
      add(toxic(trouble));
      enable();
    }
  }

  private void add(Toxic toxic) throws IOException, InterruptedException {
    for (String stream : toxic.streams()) {
      post(
          PROXY + "/toxics",
          Map.of("type", toxic.type(), "stream", stream, "attributes", toxic.attributes()));
    }
  }

  /** Ends the trouble and the connections that had it. */
  void end() throws IOException, InterruptedException {
    server.kill();
    start();
  }

  private static Toxic toxic(Trouble trouble) {
    List<String> both = List.of("upstream", "downstream");
    return switch (trouble) {
      // Zero: nothing gets through until the toxic is removed.
      case Trouble.BlackHole() -> new Toxic("timeout", both, Map.of("timeout", 0));
      case Trouble.Reset() -> new Toxic("reset_peer", both, Map.of("timeout", 0));
      case Trouble.Slow(int millis) ->
          new Toxic("latency", both, Map.of("latency", millis, "jitter", millis / 4));
      case Trouble.Narrow(int kilobytes) -> new Toxic("bandwidth", both, Map.of("rate", kilobytes));
      case Trouble.Down() -> throw new IllegalArgumentException("no toxic, but the proxy is off");
    };
  }

  private void post(String path, Map<String, Object> body)
      throws IOException, InterruptedException {
    HttpResponse<String> response = call("POST", path, MAPPER.writeValueAsString(body));
    if (response.statusCode() >= 300) {
      throw new FaultsException(
          "toxiproxy %s answers %d to POST %s: %s"
              .formatted(name, response.statusCode(), path, response.body()));
    }
  }

  private HttpResponse<String> call(String method, String path, String body)
      throws IOException, InterruptedException {
    return http.send(
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + admin + path))
            .timeout(PATIENCE)
            .method(method, HttpRequest.BodyPublishers.ofString(body))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  @Override
  public void close() throws InterruptedException {
    server.close();
    http.close();
  }
}
