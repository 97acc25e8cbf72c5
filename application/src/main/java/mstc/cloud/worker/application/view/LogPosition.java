package mstc.cloud.worker.application.view;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import mstc.cloud.worker.domain.InvalidValueException;

/**
 * Up to where a log was read, as text that a client gives back later.
 *
 * @param runtime the runtime's own position, if it was read from there
 * @param bytes how many bytes of the log were read
 * @param whole whether these were its first ones; false if something before is known to be missing
 */
record LogPosition(Optional<String> runtime, long bytes, boolean whole) {
  static final LogPosition BEGINNING = new LogPosition(Optional.empty(), 0, true);

  private static final Pattern SYNTAX = Pattern.compile("([swp])(\\d{1,18})(?:-([!-~]{1,150}))?");

  static LogPosition inStore(long bytes) {
    return new LogPosition(Optional.empty(), bytes, true);
  }

  /**
   * The position that {@link #toString} has written.
   *
   * @throws InvalidValueException if it has not
   */
  static LogPosition parse(String text) {
    Matcher matcher = SYNTAX.matcher(text);
    if (!matcher.matches() || matcher.group(1).equals("s") != (matcher.group(3) == null)) {
      throw new InvalidValueException(text, "the id of an event of this log");
    }
    return new LogPosition(
        Optional.ofNullable(matcher.group(3)),
        Long.parseLong(matcher.group(2)),
        !matcher.group(1).equals("p"));
  }

  @Override
  public String toString() {
    return runtime
        .map(position -> (whole ? "w" : "p") + bytes + "-" + position)
        .orElse("s" + bytes);
  }
}
