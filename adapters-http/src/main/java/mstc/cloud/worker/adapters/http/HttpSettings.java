package mstc.cloud.worker.adapters.http;

import java.util.Optional;

/**
 * Where the HTTP API listens, and who may use it.
 *
 * @param host an address of this machine; beyond loopback, running work wants the token
 * @param port 1 to 65535, or 0 for any free one
 * @param token what clients send as {@code Authorization: Bearer}; without one, work cannot be run
 *     over HTTP from beyond loopback
 */
public record HttpSettings(String host, int port, Optional<String> token) {
  private static final int MAX_PORT = 65_535;

  public HttpSettings {
    if (host.isBlank()) {
      throw new IllegalArgumentException("the host to listen on must not be blank");
    }
    if (port < 0 || port > MAX_PORT) {
      throw new IllegalArgumentException("port " + port + " must be 0 to " + MAX_PORT);
    }
    if (token.filter(String::isBlank).isPresent()) {
      throw new IllegalArgumentException("a blank token would let everyone in");
    }
  }

  @Override
  public String toString() {
    return "HttpSettings[host=%s, port=%d, token=%s]"
        .formatted(host, port, token.isPresent() ? "****" : "none");
  }
}
