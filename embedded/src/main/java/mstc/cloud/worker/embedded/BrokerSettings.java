package mstc.cloud.worker.embedded;

import java.nio.file.Path;
import java.util.Optional;

/**
 * Where the embedded broker listens, who may connect and where it keeps what must survive.
 *
 * @param host the address to listen on
 * @param port the TCP port; 0 takes any free one, see {@link EmbeddedBroker#port()}
 * @param user the only user
 * @param password that user's password
 * @param storage the folder of queues, exchanges, bindings and persistent messages, created when
 *     missing and used by one broker at a time; if empty, everything is kept in memory
 */
public record BrokerSettings(
    String host, int port, String user, String password, Optional<Path> storage) {

  public BrokerSettings {
    Ports.requireValid(port);
    if (host.isBlank() || user.isBlank()) {
      throw new IllegalArgumentException("The broker's host and user must not be blank.");
    }
  }

  /** In memory, on any free port of 127.0.0.1, with the default user and password of clients. */
  public static BrokerSettings inMemory() {
    return new BrokerSettings("127.0.0.1", 0, "guest", "guest", Optional.empty());
  }

  /** Never shows the password. */
  @Override
  public String toString() {
    return "BrokerSettings[host=%s, port=%d, user=%s, storage=%s]"
        .formatted(host, port, user, storage.map(Path::toString).orElse("memory"));
  }
}
