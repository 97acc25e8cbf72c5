package mstc.cloud.worker.adapters.http;

import java.net.InetAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;

/**
 * Decides who may run work, and who may look at it. Those who may run work can run any image.
 *
 * <p>Where a token is configured, clients need it, whoever and wherever they are. Without one,
 * everyone on this machine may use a server that listens on loopback, and nobody any other.
 *
 * <p>Web pages may run work only if they came from this server. Browsers say so in {@code
 * Sec-Fetch-Site}, older ones in {@code Origin}, which must then be the {@code Host}. Another port
 * of the same host is another page ({@code same-site}), as anyone may serve something there. A page
 * whose DNS name was pointed at this machine is recognised by its {@code Host}. What pages of
 * others ask for to look at, their browser does not show them.
 */
final class Access {
  private static final Set<String> LOOPBACK_NAMES = Set.of("localhost", "127.0.0.1", "[::1]");
  private static final String SCHEME = "Bearer ";

  /** Of requests that a page of this server made, or a person, by typing the address. */
  private static final Set<String> OWN_SITES = Set.of("same-origin", "none");

  private final boolean onLoopback;
  private final Optional<String> token;

  /**
   * @param address where the server listens
   */
  Access(InetAddress address, Optional<String> token) {
    this.onLoopback = address.isLoopbackAddress();
    this.token = token;
  }

  /**
   * Why a request is denied.
   *
   * @param line in which the client is told
   */
  record Denial(int status, String line, Map<String, String> headers) {}

  /** Why a request that changes something is denied; empty if it is let in. */
  Optional<Denial> denyChange(HttpFields headers) {
    return isOfForeignPage(headers)
        ? Optional.of(denial(403, "pages of another origin must not run work here"))
        : denyTo("running work", headers);
  }

  /** Why a request that looks at jobs is denied; empty if it is let in. */
  Optional<Denial> denyLook(HttpFields headers) {
    return denyTo("looking at jobs", headers);
  }

  private Optional<Denial> denyTo(String what, HttpFields headers) {
    if (token.isPresent()) {
      return hasToken(headers, token.get())
          ? Optional.empty()
          : Optional.of(
              new Denial(
                  401,
                  "send the token as Authorization: Bearer",
                  Map.of("WWW-Authenticate", "Bearer")));
    }
    if (!onLoopback) {
      return Optional.of(denial(403, what + " beyond loopback wants a token: set mstc.http.token"));
    }
    String host = headers.get(HttpHeader.HOST);
    return host != null && LOOPBACK_NAMES.contains(withoutPort(host))
        ? Optional.empty()
        : Optional.of(denial(403, "the Host must be localhost"));
  }

  private static Denial denial(int status, String line) {
    return new Denial(status, line, Map.of());
  }

  private static boolean isOfForeignPage(HttpFields headers) {
    List<String> sites = headers.getValuesList("Sec-Fetch-Site");
    if (!sites.isEmpty()) {
      return !OWN_SITES.containsAll(sites);
    }
    String host = headers.get(HttpHeader.HOST);
    return headers.getValuesList(HttpHeader.ORIGIN).stream()
        .anyMatch(origin -> !authority(origin).equalsIgnoreCase(host));
  }

  private static boolean hasToken(HttpFields headers, String token) {
    String authorization = headers.get(HttpHeader.AUTHORIZATION);
    return authorization != null
        && authorization.regionMatches(true, 0, SCHEME, 0, SCHEME.length())
        && MessageDigest.isEqual(
            authorization.substring(SCHEME.length()).getBytes(StandardCharsets.UTF_8),
            token.getBytes(StandardCharsets.UTF_8));
  }

  private static String withoutPort(String host) {
    return host.replaceFirst(":\\d+$", "").toLowerCase(Locale.ROOT);
  }

  /** Empty if the origin has none, as {@code null}, which browsers send for pages without one. */
  private static String authority(String origin) {
    try {
      return Optional.ofNullable(URI.create(origin).getRawAuthority()).orElse("");
    } catch (IllegalArgumentException e) {
      return "";
    }
  }
}
