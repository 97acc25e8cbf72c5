package mstc.cloud.worker.adapters.http;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import mstc.cloud.worker.application.view.RecentJobs;

/**
 * Where the HTTP API listens, who may use it, and how much of it.
 *
 * @param host an address of this machine; beyond loopback, running work requires the token
 * @param port 1 to 65535, or 0 for any free one
 * @param token what clients send as {@code Authorization: Bearer}; without a token, work cannot be
 *     run over HTTP beyond loopback
 * @param tls the server's certificate; without it, the API is served in the clear
 * @param limits what clients may take of the server
 * @param recent which jobs are still listed after they have ended
 */
public record HttpSettings(
    String host,
    int port,
    Optional<String> token,
    Optional<TlsFiles> tls,
    Limits limits,
    RecentJobs recent) {
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

  /** In the clear, with the default limits. */
  public HttpSettings(String host, int port, Optional<String> token) {
    this(host, port, token, Optional.empty(), Limits.DEFAULT, RecentJobs.DEFAULT);
  }

  /**
   * Files in PEM, read again within a minute of a change.
   *
   * @param certificate the server's certificate, followed by those of intermediate authorities
   * @param key its private key, not encrypted, in PKCS #8 ({@code BEGIN PRIVATE KEY})
   */
  public record TlsFiles(Path certificate, Path key) {}

  /**
   * What clients may take of the server.
   *
   * @param connections open at once, at least 1; one more takes the place of the one that has
   *     waited longest without a whole request, and is closed if there is none
   * @param connectionsPerAddress of these, from one address, 1 to {@code connections}
   * @param headerBytes of a request line and its headers, at least 1024
   * @param arrival from the first byte of a request to its last, more than zero
   * @param idle how long a connection may stay open without a request in progress or a byte read by
   *     its client, more than zero
   * @param streams responses streamed at once, at least 1
   */
  public record Limits(
      int connections,
      int connectionsPerAddress,
      int headerBytes,
      Duration arrival,
      Duration idle,
      int streams) {
    /** Room for a few hundred clients, and about 32 MiB of headers at worst. */
    public static final Limits DEFAULT =
        new Limits(1024, 512, 16 * 1024, Duration.ofSeconds(30), Duration.ofSeconds(75), 512);

    private static final int LEAST_HEADER_BYTES = 1024;

    public Limits {
      if (connections < 1) {
        throw new IllegalArgumentException(connections + " connections must be at least 1");
      }
      if (connectionsPerAddress < 1 || connectionsPerAddress > connections) {
        throw new IllegalArgumentException(
            "%d connections per address must be 1 to the %d of all"
                .formatted(connectionsPerAddress, connections));
      }
      if (headerBytes < LEAST_HEADER_BYTES) {
        throw new IllegalArgumentException(
            headerBytes + " bytes of headers must be at least " + LEAST_HEADER_BYTES);
      }
      if (streams < 1) {
        throw new IllegalArgumentException(streams + " streams must be at least 1");
      }
      if (!arrival.isPositive() || !idle.isPositive()) {
        throw new IllegalArgumentException(
            "the times to arrive (%s) and to be idle (%s) must be positive"
                .formatted(arrival, idle));
      }
    }
  }

  @Override
  public String toString() {
    return "HttpSettings[host=%s, port=%d, token=%s, tls=%s, limits=%s, recent=%s]"
        .formatted(host, port, token.isPresent() ? "****" : "none", tls, limits, recent);
  }
}
