package mstc.cloud.worker.embedded;

import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;

/** What both servers need to know of a TCP port. */
public final class Ports {
  /** The highest there is. */
  public static final int HIGHEST = 65_535;

  private Ports() {}

  /** Whether a server can be told to listen there; 0 stands for any free port. */
  public static boolean isValid(int port) {
    return port >= 0 && port <= HIGHEST;
  }

  static void requireValid(int port) {
    if (!isValid(port)) {
      throw new IllegalArgumentException("A port lies between 0 and 65535, but this is " + port);
    }
  }

  /**
   * Fails with a message that a user can act on, before a server has opened its store. Between this
   * and the server's own bind another process may still take the port, which then fails there.
   */
  static void requireFree(String server, String host, int port) {
    var address = new InetSocketAddress(host, port);
    if (address.isUnresolved()) {
      throw new EmbeddedServerException(
          "The embedded " + server + " cannot listen on " + host + ": no such host.", null);
    }
    try (var probe = new ServerSocket()) {
      // As the servers do: a port whose last connections are in TIME_WAIT is free.
      probe.setReuseAddress(true);
      probe.bind(address);
    } catch (BindException e) {
      throw new PortInUseException(server, host, port, e);
    } catch (IOException e) {
      throw new EmbeddedServerException(
          "The embedded " + server + " cannot listen on " + host + ":" + port + ".", e);
    }
  }

  /** Whether a failed start was a failed bind. */
  static boolean isInUse(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof BindException) {
        return true;
      }
    }
    return false;
  }

  /** The host may be an IPv6 address. */
  static URI http(String host, int port) {
    String bracketed = host.contains(":") && !host.startsWith("[") ? "[" + host + "]" : host;
    return URI.create("http://" + bracketed + ":" + port);
  }
}
