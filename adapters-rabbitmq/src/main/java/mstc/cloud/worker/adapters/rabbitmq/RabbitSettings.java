package mstc.cloud.worker.adapters.rabbitmq;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * Where the broker is, how the worker logs in, and what its queues are called.
 *
 * @param password not shown by {@link #toString}
 * @param connectionName what the broker's operators see; the purpose of each connection is appended
 */
public record RabbitSettings(
    String host,
    int port,
    String user,
    String password,
    String virtualHost,
    String connectionName,
    Timing timing,
    Tls tls,
    Names names) {
  private static final int MAX_PORT = 65_535;

  public RabbitSettings {
    requireText("host", host);
    requireText("user", user);
    requireText("virtualHost", virtualHost);
    requireText("connectionName", connectionName);
    if (port < 1 || port > MAX_PORT) {
      throw new IllegalArgumentException("port " + port + " must be from 1 to " + MAX_PORT);
    }
  }

  /** A broker with its default virtual host, without TLS, and the queues of the wire contract. */
  public static RabbitSettings of(String host, int port, String user, String password) {
    return new RabbitSettings(
        host,
        port,
        user,
        password,
        "/",
        "mstc-cloud-worker",
        Timing.DEFAULT,
        Tls.DISABLED,
        Names.DEFAULT);
  }

  public RabbitSettings withTiming(Timing other) {
    return new RabbitSettings(
        host, port, user, password, virtualHost, connectionName, other, tls, names);
  }

  public RabbitSettings withTls(Tls other) {
    return new RabbitSettings(
        host, port, user, password, virtualHost, connectionName, timing, other, names);
  }

  public RabbitSettings withNames(Names other) {
    return new RabbitSettings(
        host, port, user, password, virtualHost, connectionName, timing, tls, other);
  }

  @Override
  public String toString() {
    return "RabbitSettings[host=%s, port=%d, user=%s, password=***, virtualHost=%s, connectionName=%s, %s, %s, %s]"
        .formatted(host, port, user, virtualHost, connectionName, timing, tls, names);
  }

  private static void requireText(String name, String value) {
    if (value.isBlank()) {
      throw new IllegalArgumentException(name + " must not be blank");
    }
  }

  private static void requirePositive(String name, Duration value, Duration max) {
    if (value.compareTo(Duration.ZERO) <= 0 || value.compareTo(max) > 0) {
      throw new IllegalArgumentException(
          name + " " + value + " must be above 0 and at most " + max);
    }
  }

  /**
   * How long the worker waits.
   *
   * @param heartbeat the interval asked for, in whole seconds; a connection that is silent for two
   *     intervals counts as lost
   * @param connection for connecting, and for the response to each request over the connection
   * @param confirmation for the broker to confirm a reply
   * @param firstReconnect the delay before the first reconnect; it doubles at each further attempt
   * @param lastReconnect the longest such delay; also the pause after a refused login
   */
  public record Timing(
      Duration heartbeat,
      Duration connection,
      Duration confirmation,
      Duration firstReconnect,
      Duration lastReconnect) {
    /** 10 s, 10 s, 30 s, 250 ms to 30 s. */
    public static final Timing DEFAULT =
        new Timing(
            Duration.ofSeconds(10),
            Duration.ofSeconds(10),
            Duration.ofSeconds(30),
            Duration.ofMillis(250),
            Duration.ofSeconds(30));

    public Timing {
      requirePositive("heartbeat", heartbeat, Duration.ofHours(1));
      if (heartbeat.toSeconds() < 1) {
        throw new IllegalArgumentException("heartbeat " + heartbeat + " must be at least PT1S");
      }
      requirePositive("connection", connection, Duration.ofMinutes(10));
      requirePositive("confirmation", confirmation, Duration.ofMinutes(10));
      requirePositive("lastReconnect", lastReconnect, Duration.ofHours(1));
      requirePositive("firstReconnect", firstReconnect, lastReconnect);
    }

    public Timing withHeartbeat(Duration other) {
      return new Timing(other, connection, confirmation, firstReconnect, lastReconnect);
    }
  }

  /**
   * Whether and how the connection is encrypted.
   *
   * @param caCertificate PEM file of the authorities to trust, read at each connect; empty means
   *     those of the JVM
   * @param verifyHostname whether the broker's certificate must name the host connected to; switch
   *     it off only in a trusted network
   */
  public record Tls(boolean enabled, Optional<Path> caCertificate, boolean verifyHostname) {
    public static final Tls DISABLED = new Tls(false, Optional.empty(), true);
  }

  /**
   * What the worker declares on the broker.
   *
   * @param exchange direct and durable
   * @param queue where requests come from; durable, without arguments, because clients declare it
   *     too
   * @param deadQueue where messages go that cannot be handled; durable
   */
  public record Names(String exchange, String queue, String deadQueue) {
    /** The names that existing clients depend on. */
    public static final Names DEFAULT =
        new Names("mstc.exchange", "mstc.queue.work", "mstc.queue.dead");

    public Names {
      requireText("exchange", exchange);
      requireText("queue", queue);
      requireText("deadQueue", deadQueue);
      if (queue.equals(deadQueue)) {
        throw new IllegalArgumentException("queue and deadQueue are both " + queue);
      }
    }
  }
}
