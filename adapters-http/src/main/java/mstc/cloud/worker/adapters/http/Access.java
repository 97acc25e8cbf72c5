package mstc.cloud.worker.adapters.http;

import com.sun.net.httpserver.Headers;
import java.net.InetAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Decides who may run work: whoever may, may run any image.
 *
 * <p>On loopback it is everyone on this machine, but not a web page in a browser on it: a page of
 * another origin is told by its {@code Origin}, one that a DNS name was pointed here for by its
 * {@code Host}. Beyond loopback it is who has the token.
 */
final class Access {
  private static final Set<String> LOOPBACK_NAMES = Set.of("localhost", "127.0.0.1", "[::1]");
  private static final String SCHEME = "Bearer ";

  private final boolean onLoopback;
  private final Optional<String> token;

  /** Why a request is denied. */
  record Denial(int status, String reason, Map<String, String> headers) {}

  /**
   * @param address where the server listens
   */
  Access(InetAddress address, Optional<String> token) {
    this.onLoopback = address.isLoopbackAddress();
    this.token = token;
  }

  /** Empty where the request is let in. */
  Optional<Denial> check(Headers headers) {
    if (token.isPresent() && hasToken(headers, token.get())) {
      return Optional.empty();
    }
    if (onLoopback) {
      return checkLoopback(headers);
    }
    if (token.isEmpty()) {
      return Optional.of(
          new Denial(
              403, "running work beyond loopback wants a token: set mstc.http.token", Map.of()));
    }
    return Optional.of(
        new Denial(
            401, "send the token as Authorization: Bearer", Map.of("WWW-Authenticate", "Bearer")));
  }

  private static boolean hasToken(Headers headers, String token) {
    String authorization = headers.getFirst("Authorization");
    return authorization != null
        && authorization.regionMatches(true, 0, SCHEME, 0, SCHEME.length())
        && MessageDigest.isEqual(
            authorization.substring(SCHEME.length()).getBytes(StandardCharsets.UTF_8),
            token.getBytes(StandardCharsets.UTF_8));
  }

  private static Optional<Denial> checkLoopback(Headers headers) {
    String host = headers.getFirst("Host");
    if (host == null || !LOOPBACK_NAMES.contains(withoutPort(host))) {
      return Optional.of(new Denial(403, "the Host must be localhost", Map.of()));
    }
    String origin = headers.getFirst("Origin");
    if (origin != null && !host.equalsIgnoreCase(authority(origin))) {
      return Optional.of(
          new Denial(403, "pages of another origin must not run work here", Map.of()));
    }
    return Optional.empty();
  }

  private static String withoutPort(String host) {
    return host.replaceFirst(":\\d+$", "").toLowerCase(Locale.ROOT);
  }

  private static String authority(String origin) {
    try {
      return String.valueOf(URI.create(origin).getRawAuthority());
    } catch (IllegalArgumentException e) {
      return "";
    }
  }
}
