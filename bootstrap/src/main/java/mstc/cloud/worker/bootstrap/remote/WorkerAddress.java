package mstc.cloud.worker.bootstrap.remote;

import java.net.URI;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Where a worker's HTTP API is.
 *
 * @param url with the scheme http or https and a host; a path, if a proxy adds one
 * @param token the value of the worker's {@code mstc.http.token}; never shown by {@link
 *     #toString()}
 */
public record WorkerAddress(URI url, Optional<String> token) {
  private static final Pattern TOKEN = Pattern.compile("[\\x21-\\x7e]+");

  public WorkerAddress {
    String scheme = String.valueOf(url.getScheme());
    if (!(scheme.equals("http") || scheme.equals("https"))
        || url.getHost() == null
        || url.getRawUserInfo() != null
        || url.getRawQuery() != null
        || url.getRawFragment() != null) {
      throw new IllegalArgumentException(
          "the worker's address must be a URL such as http://localhost:8080");
    }
    if (token.isPresent() && !TOKEN.matcher(token.get()).matches()) {
      throw new IllegalArgumentException(
          "the worker's token must be printable ASCII characters without blanks");
    }
  }

  /**
   * The address in a text.
   *
   * @throws IllegalArgumentException if it is no such URL
   */
  public static WorkerAddress of(String url, Optional<String> token) {
    URI parsed;
    try {
      parsed = URI.create(url.strip());
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "the worker's address must be a URL such as http://localhost:8080", e);
    }
    return new WorkerAddress(parsed, token);
  }

  /**
   * A resource of the worker.
   *
   * @param path begins with a slash; may have a query
   */
  URI resolve(String path) {
    return URI.create(this + path);
  }

  /** The URL without a slash at its end. */
  @Override
  public String toString() {
    return url.toString().replaceAll("/+$", "");
  }
}
