package mstc.cloud.worker.bootstrap.settings;

import java.net.URI;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a server is.
 *
 * @param host a name or an address, IPv6 without brackets
 * @param port from 1 to 65535
 */
record ServerAddress(String host, int port) {
  private static final Pattern AUTHORITY =
      Pattern.compile("(.*@)?(\\[(?<address>[^]]+)]|(?<name>[^:]+))(:(?<port>\\d*))?");

  /**
   * The server of a URL. It is not parsed by {@link URI}, which knows no host with an underscore.
   *
   * @param url with the scheme http or https, whose usual port counts where it names none
   * @throws IllegalArgumentException if it has no host
   */
  static ServerAddress of(URI url) {
    Matcher parts = AUTHORITY.matcher(String.valueOf(url.getRawAuthority()));
    if (!parts.matches()) {
      throw new IllegalArgumentException("the URL " + url + " has no host");
    }
    String port = Objects.requireNonNullElse(parts.group("port"), "");
    int usual = "https".equalsIgnoreCase(url.getScheme()) ? 443 : 80;
    return new ServerAddress(
        Objects.requireNonNullElse(parts.group("address"), parts.group("name")),
        port.isEmpty() ? usual : Integer.parseInt(port));
  }
}
