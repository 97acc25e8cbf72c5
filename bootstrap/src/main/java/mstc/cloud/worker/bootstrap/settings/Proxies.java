package mstc.cloud.worker.bootstrap.settings;

import java.net.URI;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import mstc.cloud.worker.bootstrap.configuration.ConfigurationValues;
import mstc.cloud.worker.domain.PrintableText;

/**
 * The HTTP proxies that the environment names, with the same meaning for all clients: those of the
 * cluster and of either object store. The clients' own libraries each read these variables
 * otherwise.
 *
 * @param http the proxy for servers with {@code http}, as {@code http://[user:password@]host:port}
 * @param https the proxy for servers with {@code https}, likewise
 * @param exceptions what is reached without a proxy, as {@code NO_PROXY} lists it
 * @param inPod whether servers in this pod's own cluster are reached without a proxy, too
 */
public record Proxies(Optional<URI> http, Optional<URI> https, String exceptions, boolean inPod)
    implements Function<URI, Optional<URI>> {
  /** No proxies at all. */
  public static final Proxies NONE = new Proxies(Optional.empty(), Optional.empty(), "", false);

  private static final String ALLOWED = "the URL of an HTTP proxy such as http://proxy:3128";

  private static final NoProxy LOOPBACK = new NoProxy("localhost,127.0.0.0/8,::1");
  private static final NoProxy CLUSTER = new NoProxy(".svc,.svc.cluster.local");

  /**
   * As the variables {@code HTTP_PROXY}, {@code HTTPS_PROXY} and {@code NO_PROXY} say, or those in
   * lower case where these are not set. A proxy that cannot be used is a problem, an exception that
   * cannot be read a warning.
   */
  public static Proxies read(ConfigurationValues values) {
    Optional<String> apiServer = values.variable("KUBERNETES_SERVICE_HOST");
    String given = either(values, "NO_PROXY").orElse("");
    new NoProxy(given)
        .unknown()
        .forEach(text ->
            values.warn(
                "variable NO_PROXY: %s names no server and has no effect; it may have names,"
                        .formatted(PrintableText.quote(text))
                    + " addresses and ranges such as 10.0.0.0/8"));
    return new Proxies(
        proxy(values, "HTTP_PROXY"),
        proxy(values, "HTTPS_PROXY"),
        apiServer.map(host -> given + "," + host).orElse(given),
        apiServer.isPresent());
  }

  /**
   * The proxy through which a server is reached, as {@code http://[user:password@]host:port}; empty
   * if it is reached directly.
   *
   * @param server a URL with the scheme http or https and a host
   */
  @Override
  public Optional<URI> apply(URI server) {
    ServerAddress address = ServerAddress.of(server);
    boolean secure = "https".equalsIgnoreCase(server.getScheme());
    return (secure ? https : http).filter(_ -> !isDirect(address.host(), address.port()));
  }

  private boolean isDirect(String host, int port) {
    boolean isOfCluster =
        inPod && (CLUSTER.matches(host, port) || (host.indexOf('.') < 0 && host.indexOf(':') < 0));
    return isOfCluster
        || LOOPBACK.matches(host, port)
        || new NoProxy(exceptions).matches(host, port);
  }

  private static Optional<URI> proxy(ConfigurationValues values, String variable) {
    Optional<String> text = either(values, variable);
    Optional<URI> proxy = text.flatMap(Proxies::url);
    if (text.isPresent() && proxy.isEmpty()) {
      // Without the value, which may have a password.
      values.problem("variable %s must be %s".formatted(variable, ALLOWED));
    }
    return proxy;
  }

  private static Optional<String> either(ConfigurationValues values, String variable) {
    return values
        .variable(variable)
        .or(() -> values.variable(variable.toLowerCase(Locale.ROOT)))
        .map(String::strip)
        .filter(text -> !text.isEmpty());
  }

  private static Optional<URI> url(String text) {
    try {
      URI url = URI.create(text.contains("://") ? text : "http://" + text);
      boolean isUsable =
          "http".equalsIgnoreCase(url.getScheme())
              && url.getHost() != null
              && url.getPort() <= 65535
              && (url.getRawPath().isEmpty() || url.getRawPath().equals("/"))
              && url.getRawQuery() == null;
      String user = url.getRawUserInfo() == null ? "" : url.getRawUserInfo() + "@";
      int port = url.getPort() < 0 ? 80 : url.getPort();
      return isUsable
          ? Optional.of(URI.create("http://" + user + url.getHost() + ":" + port))
          : Optional.empty();
    } catch (IllegalArgumentException notAUrl) {
      return Optional.empty();
    }
  }

  /** Without the proxies' users and passwords. */
  @Override
  public String toString() {
    return "Proxies[http=%s, https=%s, exceptions=%s, inPod=%s]"
        .formatted(shown(http), shown(https), exceptions, inPod);
  }

  private static String shown(Optional<URI> proxy) {
    return proxy.map(url -> url.getHost() + ":" + url.getPort()).orElse("none");
  }
}
