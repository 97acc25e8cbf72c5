package mstc.cloud.worker.bootstrap.settings;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The servers that are reached without a proxy, as {@code NO_PROXY} lists them. */
final class NoProxy {
  private static final Pattern NAME = Pattern.compile("[a-z0-9_-]+(\\.[a-z0-9_-]+)*");
  private static final Pattern WITH_PORT =
      Pattern.compile("(?<host>[^:\\[\\]]+|\\[[^]]+])(:(?<port>\\d{1,5}))?");

  private final List<Entry> entries = new ArrayList<>();
  private final List<String> unknown = new ArrayList<>();

  private record Entry(Predicate<String> host, OptionalInt port) {
    boolean matches(String name, int number) {
      return host.test(name) && (port.isEmpty() || port.getAsInt() == number);
    }
  }

  /**
   * @param list the entries, separated by commas, blanks or both
   */
  NoProxy(String list) {
    for (String text : list.split("[,\\s]+", -1)) {
      if (!text.isEmpty()) {
        entry(text.toLowerCase(Locale.ROOT)).ifPresentOrElse(entries::add, () -> unknown.add(text));
      }
    }
  }

  /** The parts of the list that name no server. They have no effect. */
  List<String> unknown() {
    return List.copyOf(unknown);
  }

  /**
   * Whether the server is reached without a proxy. No name is looked up.
   *
   * @param host a name or an address, the latter without brackets
   */
  boolean matches(String host, int port) {
    String name = withoutLastDot(host.toLowerCase(Locale.ROOT));
    return entries.stream().anyMatch(entry -> entry.matches(name, port));
  }

  private static Optional<Entry> entry(String text) {
    if (text.indexOf('/') >= 0) {
      return range(text).map(range -> new Entry(range, OptionalInt.empty()));
    }
    Optional<InetAddress> address = address(text);
    if (address.isPresent()) {
      // With its colons, an IPv6 address without brackets would seem to have a port.
      return Optional.of(new Entry(is(address.get()), OptionalInt.empty()));
    }
    Matcher parts = WITH_PORT.matcher(text);
    if (!parts.matches()) {
      return Optional.empty();
    }
    OptionalInt port =
        parts.group("port") == null
            ? OptionalInt.empty()
            : OptionalInt.of(Integer.parseInt(parts.group("port")));
    return host(parts.group("host")).map(host -> new Entry(host, port));
  }

  private static Optional<Predicate<String>> host(String text) {
    if (text.equals("*")) {
      return Optional.of(_ -> true);
    }
    Optional<InetAddress> address = address(text);
    if (address.isPresent()) {
      return Optional.of(is(address.get()));
    }
    String name = withoutLastDot(text.startsWith("*.") ? text.substring(1) : text);
    boolean beneathOnly = name.startsWith(".");
    String domain = beneathOnly ? name.substring(1) : name;
    if (!NAME.matcher(domain).matches()) {
      return Optional.empty();
    }
    return Optional.of(
        host -> host.endsWith("." + domain) || (!beneathOnly && host.equals(domain)));
  }

  private static Predicate<String> is(InetAddress address) {
    return host -> address(host).filter(address::equals).isPresent();
  }

  /** For example {@code 10.0.0.0/8}. */
  private static Optional<Predicate<String>> range(String text) {
    String[] parts = text.split("/", -1);
    Optional<byte[]> first = address(parts[0]).map(InetAddress::getAddress);
    if (parts.length != 2 || first.isEmpty() || !parts[1].matches("\\d{1,3}")) {
      return Optional.empty();
    }
    int bits = Integer.parseInt(parts[1]);
    return bits > first.get().length * Byte.SIZE
        ? Optional.empty()
        : Optional.of(host ->
            address(host)
                .map(InetAddress::getAddress)
                .filter(address -> haveSameStart(address, first.get(), bits))
                .isPresent());
  }

  private static boolean haveSameStart(byte[] one, byte[] other, int bits) {
    int whole = bits / Byte.SIZE;
    int rest = bits % Byte.SIZE;
    return one.length == other.length
        && Arrays.equals(one, 0, whole, other, 0, whole)
        && (rest == 0 || ((one[whole] ^ other[whole]) & 0xff) >> (Byte.SIZE - rest) == 0);
  }

  private static Optional<InetAddress> address(String text) {
    try {
      return Optional.of(InetAddress.ofLiteral(withoutBrackets(text)));
    } catch (IllegalArgumentException notAnAddress) {
      return Optional.empty();
    }
  }

  private static String withoutBrackets(String host) {
    return host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
  }

  private static String withoutLastDot(String name) {
    return name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
  }
}
