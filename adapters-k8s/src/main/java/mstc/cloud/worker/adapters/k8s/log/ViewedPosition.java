package mstc.cloud.worker.adapters.k8s.log;

import java.time.Duration;
import java.time.Instant;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/**
 * Up to where a viewer was given a container's log. A stream can only be requested from a whole
 * second on, and then brings the lines with a time from that second on, in the file's order; so
 * those are counted.
 *
 * @param second the newest second in which a line began that was given
 * @param first the time of the first line of that second: another first line tells of another file
 * @param newest the newest time of a line
 * @param lines how many lines from that second on were given, or begun
 * @param unfinished how many bytes of the last line, if it has no end yet
 */
public record ViewedPosition(
    Instant second, Instant first, Instant newest, long lines, OptionalLong unfinished) {
  private static final Pattern SYNTAX =
      Pattern.compile("(\\d{1,11})\\.(\\d{1,9})\\.(\\d{1,9})\\.(\\d{1,12})(?:\\.(\\d{1,15}))?");

  /** As text, of digits and dots. */
  public String toText() {
    return LongStream.concat(
            LongStream.of(second.getEpochSecond(), nanos(first), nanos(newest), lines),
            unfinished.stream())
        .mapToObj(Long::toString)
        .collect(Collectors.joining("."));
  }

  private long nanos(Instant time) {
    return Duration.between(second, time).toNanos();
  }

  /**
   * Parses {@link #toText()}.
   *
   * @throws IllegalArgumentException if it is none
   */
  public static ViewedPosition parse(String text) {
    Matcher parts = SYNTAX.matcher(text);
    if (!parts.matches()) {
      throw new IllegalArgumentException("\"" + text + "\" is no position in a container's log");
    }
    Instant second = Instant.ofEpochSecond(Long.parseLong(parts.group(1)));
    return new ViewedPosition(
        second,
        second.plusNanos(Long.parseLong(parts.group(2))),
        second.plusNanos(Long.parseLong(parts.group(3))),
        Long.parseLong(parts.group(4)),
        parts.group(5) == null
            ? OptionalLong.empty()
            : OptionalLong.of(Long.parseLong(parts.group(5))));
  }
}
