package mstc.cloud.worker.embedded;

import org.jspecify.annotations.Nullable;

/**
 * An embedded server cannot listen on its port because another process, or another server of this
 * one, does.
 *
 * <p>Nothing was started and nothing was written.
 */
public final class PortInUseException extends IllegalStateException {
  private static final long serialVersionUID = 1L;

  private final int port;

  PortInUseException(String server, String host, int port, @Nullable Throwable cause) {
    super(
        "The embedded "
            + server
            + " cannot listen on "
            + host
            + ":"
            + port
            + ": the port is in use. Stop what listens there, or configure another port (0 takes"
            + " any free one).",
        cause);
    this.port = port;
  }

  /** The port that is taken. */
  public int port() {
    return port;
  }
}
