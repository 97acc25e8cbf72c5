package mstc.cloud.worker.bootstrap.configuration;

import java.time.DateTimeException;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Durations as people write them: {@code 30s}, {@code 5m}, {@code 2h}, {@code 7d}, or ISO 8601. */
final class DurationText {
  private static final Pattern SHORT = Pattern.compile("([0-9]{1,9})([smhd])");

  private DurationText() {}

  static Optional<Duration> parse(String text) {
    String stripped = text.strip();
    Matcher matcher = SHORT.matcher(stripped);
    if (matcher.matches()) {
      long amount = Long.parseLong(matcher.group(1));
      return switch (matcher.group(2)) {
        case "s" -> Optional.of(Duration.ofSeconds(amount));
        case "m" -> Optional.of(Duration.ofMinutes(amount));
        case "h" -> Optional.of(Duration.ofHours(amount));
        default -> Optional.of(Duration.ofDays(amount));
      };
    }
    try {
      return Optional.of(Duration.parse(stripped));
    } catch (DateTimeException | ArithmeticException notADuration) {
      return Optional.empty();
    }
  }

  /** In the largest unit that leaves no remainder. */
  static String print(Duration duration) {
    long seconds = duration.toSeconds();
    if (seconds == 0 || seconds % 60 != 0) {
      return seconds + "s";
    }
    if (seconds % 3600 != 0) {
      return seconds / 60 + "m";
    }
    return seconds % 86_400 == 0 ? seconds / 86_400 + "d" : seconds / 3600 + "h";
  }
}
