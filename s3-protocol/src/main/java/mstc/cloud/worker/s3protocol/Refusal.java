package mstc.cloud.worker.s3protocol;

import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * A store's refusal, and what it reveals about this machine's clock and the region. Many servers
 * say that only in a header, or in passing.
 *
 * @param code the S3 error code, or "" if there is none, as in responses to HEAD
 * @param message the server's message, or ""
 * @param date the header {@code Date}: the server's time
 * @param bucketRegion the header {@code x-amz-bucket-region}
 */
public record Refusal(
    int status, String code, String message, Optional<String> date, Optional<String> bucketRegion) {
  private static final Set<String> OF_THE_CLOCK =
      Set.of("RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture");
  private static final Set<String> OF_THE_REGION =
      Set.of(
          "IllegalLocationConstraintException",
          "InvalidLocationConstraint",
          "InvalidRegion",
          "PermanentRedirect");
  private static final Pattern CLOCK_WORDS =
      Pattern.compile(
          "signature (has )?expired|signature not yet current", Pattern.CASE_INSENSITIVE);
  private static final Pattern EXPECTED_REGION = Pattern.compile("expecting '([^']+)'");

  /** How far the time of a signed request may be off, at Amazon and at MinIO. */
  private static final Duration ALLOWED = Duration.ofMinutes(15);

  /** Whether this machine's clock is off, and by how much. */
  Optional<String> wrongClock(Instant now) {
    Duration ahead = clockAhead(now).orElse(Duration.ZERO);
    // A request with a wrong time is refused before anything else is checked, often without a
    // message.
    boolean tooFar = status == 403 && ahead.abs().compareTo(ALLOWED) > 0;
    if (!tooFar && !OF_THE_CLOCK.contains(code) && !CLOCK_WORDS.matcher(message).find()) {
      return Optional.empty();
    }
    long minutes = ahead.abs().toMinutes();
    return Optional.of(
        minutes == 0
            ? "the clocks of this machine and of the store are too far apart; set them"
            : "the clock of this machine is %d minutes %s; set it"
                .formatted(minutes, ahead.isNegative() ? "behind" : "ahead"));
  }

  /** How far this machine's clock is ahead of the store's; empty if the store does not tell. */
  Optional<Duration> clockAhead(Instant now) {
    return date.flatMap(Refusal::time).map(there -> Duration.between(there, now));
  }

  /** Whether the region is wrong, and the right one if the server tells. */
  Optional<String> wrongRegion(String region) {
    Optional<String> right =
        bucketRegion
            .or(() -> EXPECTED_REGION.matcher(message).results().findFirst().map(m -> m.group(1)))
            .filter(other -> !other.equals(region));
    // To a server, a request signed for another region is malformed, and it may not say why.
    boolean malformed = status == 400 && right.isPresent();
    if (status != 301 && !malformed && !OF_THE_REGION.contains(code)) {
      return Optional.empty();
    }
    return Optional.of(
        right
            .map(other -> "its region is %s, not %s".formatted(other, region))
            .orElse("its region is not " + region));
  }

  private static Optional<Instant> time(String date) {
    try {
      return Optional.of(
          ZonedDateTime.parse(date, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant());
    } catch (DateTimeParseException e) {
      return Optional.empty();
    }
  }
}
