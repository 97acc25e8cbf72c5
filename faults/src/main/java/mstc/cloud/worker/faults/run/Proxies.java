package mstc.cloud.worker.faults.run;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import mstc.cloud.worker.faults.schedule.Fault;
import mstc.cloud.worker.faults.schedule.Service;

/** One proxy for each service of each replica, so that each can be cut alone. */
final class Proxies implements AutoCloseable {
  private final Map<String, Proxy> proxies = new LinkedHashMap<>();

  /**
   * @param program the toxiproxy-server
   * @param folder for their output
   * @param upstreams the services' own addresses, host:port
   */
  Proxies(Path program, Path folder, Map<Service, String> upstreams) throws IOException {
    for (Map.Entry<Service, String> upstream : upstreams.entrySet()) {
      for (int replica = 0; replica < Fault.REPLICAS; replica++) {
        String name = name(upstream.getKey(), replica);
        proxies.put(name, new Proxy(name, program, folder.resolve(name), upstream.getValue()));
      }
    }
  }

  private static String name(Service service, int replica) {
    return service.name() + "-" + replica;
  }

  /** Starts all of them. */
  void start() throws IOException, InterruptedException {
    for (Proxy proxy : proxies.values()) {
      proxy.start();
    }
  }

  /** Where a replica reaches a service, on loopback. */
  int port(Service service, int replica) {
    return proxy(service, replica).port();
  }

  /** Begins a trouble. */
  void begin(Fault.Network fault) throws IOException, InterruptedException {
    for (int replica : fault.replicas()) {
      proxy(fault.service(), replica).begin(fault.trouble());
    }
  }

  /** Ends a trouble and the connections that had it. */
  void end(Fault.Network fault) throws IOException, InterruptedException {
    for (int replica : fault.replicas()) {
      proxy(fault.service(), replica).end();
    }
  }

  private Proxy proxy(Service service, int replica) {
    Proxy found = proxies.get(name(service, replica));
    if (found == null) {
      throw new IllegalArgumentException("no proxy for " + service);
    }
    return found;
  }

  @Override
  public void close() throws InterruptedException {
    for (Proxy proxy : proxies.values()) {
      proxy.close();
    }
  }
}
