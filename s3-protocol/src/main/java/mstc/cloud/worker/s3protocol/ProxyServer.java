package mstc.cloud.worker.s3protocol;

import java.net.URI;
import java.util.Optional;

/**
 * An HTTP proxy on the way to the store.
 *
 * @param port from 1 to 65535
 * @param login who the proxy is to let through; empty if it asks nobody
 */
public record ProxyServer(String host, int port, Optional<Login> login) {

  /**
   * A user of the proxy.
   *
   * @param password never shown by {@link #toString()}
   */
  public record Login(String user, String password) {
    @Override
    public String toString() {
      return "Login[user=%s, password=***]".formatted(user);
    }
  }

  /**
   * The proxy at an address.
   *
   * @param url {@code http://[user:password@]host:port}
   */
  public static ProxyServer of(URI url) {
    Optional<Login> login =
        Optional.ofNullable(url.getUserInfo())
            .map(text -> text.split(":", 2))
            .map(parts -> new Login(parts[0], parts.length > 1 ? parts[1] : ""));
    return new ProxyServer(url.getHost(), url.getPort(), login);
  }
}
