package mstc.cloud.worker.bootstrap.configuration;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import mstc.cloud.worker.bootstrap.configuration.ValueType.Printer;
import mstc.cloud.worker.bootstrap.configuration.ValueType.Scalar;
import mstc.cloud.worker.domain.PrintableText;
import mstc.cloud.worker.domain.request.Glob;

/** The kinds of values that keys have. */
public final class ValueTypes {
  private static final int MAX_PORT = 65_535;

  /** Allows underscores, which are in no DNS name, but in names of containers. */
  private static final Pattern HOST_NAME = Pattern.compile("[A-Za-z0-9._-]{1,253}");

  public static final Scalar<String> TEXT =
      text("a text that is not blank", value -> !value.isBlank());

  public static final Scalar<String> HOST =
      text("a host name or an IP address, without scheme, port or brackets", ValueTypes::isHost);

  public static final Scalar<Integer> PORT = wholeNumber(1, MAX_PORT);

  /** A port to listen on: 0 takes any free one. */
  public static final Scalar<Integer> LISTENING_PORT = wholeNumber(0, MAX_PORT);

  public static final Scalar<Boolean> SWITCH =
      new Scalar<>(
          "true or false",
          text ->
              switch (text.strip().toLowerCase(Locale.ROOT)) {
                case "true" -> Optional.of(true);
                case "false" -> Optional.of(false);
                default -> Optional.empty();
              },
          value -> true,
          Printer.plain(String::valueOf));

  public static final Scalar<Path> PATH =
      new Scalar<>("a path", ValueTypes::path, path -> true, Printer.plain(ValueTypes::printable));

  /** Checked when it is read; {@link ValueType#allows} does not check again. */
  public static final Scalar<Path> READABLE_FILE =
      new Scalar<>(
          "the path of a file that can be read",
          text -> path(text).filter(path -> Files.isRegularFile(path) && Files.isReadable(path)),
          path -> true,
          Printer.plain(ValueTypes::printable));

  public static final Scalar<Secret> SECRET =
      new Scalar<>(
          "a text that is not blank",
          text -> Optional.of(new Secret(text)),
          secret -> !secret.value().isBlank(),
          new Printer<>(
              Secret::toString,
              refused -> refused.isBlank() ? PrintableText.quote(refused) : Secret.MASK));

  public static final Scalar<URI> ENDPOINT =
      new Scalar<>(
          "an http:// or https:// URL with a host (no underscore in it) and no user, query or"
              + " fragment",
          ValueTypes::uri,
          ValueTypes::isEndpoint,
          new Printer<>(URI::toString, ValueTypes::quoteUrl));

  /** As {@link #ENDPOINT}, without a path, which would be part of what is signed. */
  public static final Scalar<URI> PUBLIC_ENDPOINT =
      new Scalar<>(
          "an http:// or https:// URL of a host (no underscore in it), maybe with a port, and nothing"
              + " else",
          ValueTypes::uri,
          uri -> isEndpoint(uri) && (uri.getPath().isEmpty() || uri.getPath().equals("/")),
          new Printer<>(URI::toString, ValueTypes::quoteUrl));

  public static final Scalar<List<Glob>> GLOBS =
      new Scalar<>(
          "globs separated by commas, such as registry.example.com/*,team-*",
          text -> Optional.of(globs(text)),
          globs -> !globs.isEmpty(),
          Printer.plain(globs ->
              printable(globs.stream().map(Glob::pattern).collect(Collectors.joining(",")))));

  private ValueTypes() {}

  private static List<Glob> globs(String text) {
    return Arrays.stream(text.split(",", -1))
        .map(String::strip)
        .filter(pattern -> !pattern.isEmpty())
        .map(Glob::new)
        .toList();
  }

  public static Scalar<String> text(String allowed, Predicate<String> range) {
    return new Scalar<>(allowed, Optional::of, range, Printer.plain(ValueTypes::printable));
  }

  public static Scalar<Integer> wholeNumber(int least, int most) {
    return new Scalar<>(
        "a whole number from " + least + " to " + most,
        ValueTypes::parseWholeNumber,
        value -> value >= least && value <= most,
        Printer.plain(String::valueOf));
  }

  public static Scalar<Duration> duration(Duration least, Duration most) {
    return new Scalar<>(
        "a duration from "
            + DurationText.print(least)
            + " to "
            + DurationText.print(most)
            + " in whole seconds, such as 30s, 5m or PT30S",
        DurationText::parse,
        value ->
            value.equals(value.truncatedTo(ChronoUnit.SECONDS))
                && value.compareTo(least) >= 0
                && value.compareTo(most) <= 0,
        Printer.plain(DurationText::print));
  }

  /** Written in lower case, and read in either. */
  public static <E extends Enum<E>> Scalar<E> oneOf(Class<E> type) {
    return oneOf(type, constant -> constant.name().toLowerCase(Locale.ROOT));
  }

  /** Read in either case. */
  public static <E extends Enum<E>> Scalar<E> oneOf(Class<E> type, Function<E, String> written) {
    E[] constants = type.getEnumConstants();
    return new Scalar<>(
        "one of: " + Arrays.stream(constants).map(written).collect(Collectors.joining(", ")),
        text ->
            Arrays.stream(constants)
                .filter(constant -> written.apply(constant).equalsIgnoreCase(text.strip()))
                .findFirst(),
        value -> true,
        Printer.plain(written));
  }

  private static boolean isHost(String text) {
    return HOST_NAME.matcher(text).matches()
        || (text.indexOf(':') >= 0 && uri("http://[" + text + "]").isPresent());
  }

  private static Optional<Integer> parseWholeNumber(String text) {
    String digits = text.strip();
    return digits.matches("-?[0-9]{1,9}") ? Optional.of(Integer.valueOf(digits)) : Optional.empty();
  }

  /** Absolute, so that it means the same wherever it is used later. */
  private static Optional<Path> path(String text) {
    try {
      return text.isBlank()
          ? Optional.empty()
          : Optional.of(Path.of(text).toAbsolutePath().normalize());
    } catch (InvalidPathException notAPath) {
      return Optional.empty();
    }
  }

  private static Optional<URI> uri(String text) {
    try {
      return Optional.of(URI.create(text.strip()));
    } catch (IllegalArgumentException notAnUri) {
      return Optional.empty();
    }
  }

  private static boolean isEndpoint(URI uri) {
    return ("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))
        && uri.getHost() != null
        && uri.getUserInfo() == null
        && uri.getQuery() == null
        && uri.getFragment() == null
        && uri.getPort() != 0
        && uri.getPort() <= MAX_PORT;
  }

  /** A refused URL may hold a password before its host. */
  private static String quoteUrl(String refused) {
    int at = refused.lastIndexOf('@');
    return PrintableText.quote(at < 0 ? refused : Secret.MASK + refused.substring(at));
  }

  private static String printable(Object value) {
    String text = value.toString();
    int longestEscape = "\\u0000".length();
    return PrintableText.oneLine(text, Math.max(1, longestEscape * text.length()));
  }
}
