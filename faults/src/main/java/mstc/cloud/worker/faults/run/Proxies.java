package mstc.cloud.worker.faults.run;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import mstc.cloud.worker.faults.schedule.Fault;
import mstc.cloud.worker.faults.schedule.Service;
import mstc.cloud.worker.faults.schedule.Trouble;
import mstc.cloud.worker.faults.service.FaultsException;
import mstc.cloud.worker.faults.service.FreePort;
import mstc.cloud.worker.faults.service.Server;
import tools.jackson.databind.json.JsonMapper;

/** A toxiproxy with one proxy for each service of each replica, so that each can be cut alone. */
final class Proxies implements AutoCloseable {
  private static final JsonMapper MAPPER = JsonMapper.builder().build();
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final HttpClient http = HttpClient.newHttpClient();
  private final int port = FreePort.find();
  private final Server server;
  private final Map<String, Integer> ports = new HashMap<>();

  /** One toxic of toxiproxy: what it does, on which way. */
  private record Toxic(String type, List<String> streams, Map<String, Integer> attributes) {}

  /**
   * @param upstreams the services' own addresses, host:port
   */
  Proxies(Path program, Path folder, Map<Service, String> upstreams)
      throws IOException, InterruptedException {
    server =
        new Server(
            "toxiproxy",
            folder.resolve("output"),
            List.of(program.toString(), "-host", "127.0.0.1", "-port", Integer.toString(port)),
            Map.of(),
            () -> call("GET", "/version", "").statusCode() == 200);
    server.start();
    for (Map.Entry<Service, String> upstream : upstreams.entrySet()) {
      for (int replica = 0; replica < Fault.REPLICAS; replica++) {
        String name = name(upstream.getKey(), replica);
        int listening = FreePort.find();
        ports.put(name, listening);
        change(
            "POST",
            "/proxies",
            Map.of(
                "name",
                name,
                "listen",
                "127.0.0.1:" + listening,
                "upstream",
                upstream.getValue(),
                "enabled",
                true));
      }
    }
  }

  private static String name(Service service, int replica) {
    return service.name() + "-" + replica;
  }

  /** Where a replica reaches a service, on loopback. */
  int port(Service service, int replica) {
    Integer found = ports.get(name(service, replica));
    if (found == null) {
      throw new IllegalArgumentException("no proxy for " + service);
    }
    return found;
  }

  /** Begins a trouble. */
  void begin(Fault.Network fault) throws IOException, InterruptedException {
    for (int replica : fault.replicas()) {
      String proxy = "/proxies/" + name(fault.service(), replica);
      if (fault.trouble() instanceof Trouble.Down) {
        change("POST", proxy, Map.of("enabled", false));
      } else {
        Toxic toxic = toxic(fault.trouble());
        for (String stream : toxic.streams()) {
          change(
              "POST",
              proxy + "/toxics",
              Map.of(
                  "name",
                  stream,
                  "type",
                  toxic.type(),
                  "stream",
                  stream,
                  "attributes",
                  toxic.attributes()));
        }
      }
    }
  }

  /** Ends a trouble that was begun, for one of its replicas, and the connections that had it. */
  void end(Fault.Network fault, int replica) throws IOException, InterruptedException {
    String proxy = "/proxies/" + name(fault.service(), replica);
    if (fault.trouble() instanceof Trouble.Down) {
      change("POST", proxy, Map.of("enabled", true));
    } else {
      // Toxiproxy waits for good to write what it holds back on a connection that ends meanwhile.
      change("POST", proxy, Map.of("enabled", false));
      for (String stream : toxic(fault.trouble()).streams()) {
        change("DELETE", proxy + "/toxics/" + stream, Map.of());
      }
      change("POST", proxy, Map.of("enabled", true));
    }
  }

  private static Toxic toxic(Trouble trouble) {
    List<String> both = List.of("upstream", "downstream");
    return switch (trouble) {
      // Zero: nothing comes through until the toxic is removed.
      case Trouble.BlackHole() -> new Toxic("timeout", both, Map.of("timeout", 0));
      case Trouble.Reset() -> new Toxic("reset_peer", both, Map.of("timeout", 0));
      case Trouble.Slow(int millis) ->
          new Toxic("latency", both, Map.of("latency", millis, "jitter", millis / 4));
      case Trouble.Narrow(int kilobytes) -> new Toxic("bandwidth", both, Map.of("rate", kilobytes));
      case Trouble.Down() -> throw new IllegalArgumentException("no toxic, but the proxy is off");
    };
  }

  private void change(String method, String path, Map<String, Object> body)
      throws IOException, InterruptedException {
    HttpResponse<String> response =
        call(method, path, body.isEmpty() ? "" : MAPPER.writeValueAsString(body));
    if (response.statusCode() >= 300) {
      throw new FaultsException(
          "toxiproxy answers %d to %s %s: %s"
              .formatted(response.statusCode(), method, path, response.body()));
    }
  }

  private HttpResponse<String> call(String method, String path, String body)
      throws IOException, InterruptedException {
    return http.send(
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
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
