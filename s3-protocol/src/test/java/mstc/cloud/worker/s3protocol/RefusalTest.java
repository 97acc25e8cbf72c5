package mstc.cloud.worker.s3protocol;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RefusalTest {
  private static final Instant TEN = Instant.parse("2026-11-26T10:00:00Z");

  @ParameterizedTest
  @CsvSource({
    "'Thu, 26 Nov 2026 11:00:00 GMT', 60 minutes behind",
    "'Thu, 26 Nov 2026 09:44:00 GMT', 16 minutes ahead"
  })
  void aClockMoreThanAQuarterOfAnHourOffIsBlamedForA403(String date, String words) {
    // given
    var refusal = refusal(403, "", "", Optional.of(date), Optional.empty());

    // when
    Optional<String> wrongClock = refusal.wrongClock(TEN);

    // then
    assertThat(wrongClock).contains("the clock of this machine is " + words + "; set it");
  }

  @ParameterizedTest
  @CsvSource({
    "403, SignatureDoesNotMatch, 'Thu, 26 Nov 2026 10:15:00 GMT'",
    "404, NoSuchKey, 'Thu, 26 Nov 2026 12:00:00 GMT'",
    "403, AccessDenied, 'the day before yesterday'",
    "403, AccessDenied, ''"
  })
  void anyOtherRefusalIsNotBlamedOnTheClock(int status, String code, String date) {
    // given
    var refusal = refusal(status, code, "", Optional.of(date), Optional.empty());

    // when
    Optional<String> wrongClock = refusal.wrongClock(TEN);

    // then
    assertThat(wrongClock).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "403, RequestTimeTooSkewed, ''",
    "400, RequestExpired, ''",
    "403, RequestInTheFuture, ''",
    "400, InvalidSignatureException, Signature expired: 10:00",
    "400, InvalidSignatureException, 'signature has expired'",
    "400, InvalidSignatureException, Signature not yet current: 10:20"
  })
  void aRefusalThatNamesTheClockBlamesItThoughItDoesNotTellTheTime(
      int status, String code, String said) {
    // given
    var refusal = refusal(status, code, said, Optional.empty(), Optional.empty());

    // when
    Optional<String> wrongClock = refusal.wrongClock(TEN);

    // then
    assertThat(wrongClock)
        .contains("the clocks of this machine and of the store are too far apart; set them");
  }

  @ParameterizedTest
  @CsvSource({
    "301, PermanentRedirect, '', eu-central-1, 'its region is eu-central-1, not us-east-1'",
    "301, '', '', '', 'its region is not us-east-1'",
    "400, Malformed, the region is wrong; expecting 'eu-west-1', '', 'its region is eu-west-1, not"
        + " us-east-1'",
    "400, '', '', eu-central-1, 'its region is eu-central-1, not us-east-1'",
    "400, InvalidRegion, '', '', 'its region is not us-east-1'"
  })
  void anotherRegionIsNamedWhereTheServerTellsIt(
      int status, String code, String said, String region, String words) {
    // given
    var refusal =
        refusal(
            status, code, said, Optional.empty(), Optional.of(region).filter(r -> !r.isEmpty()));

    // when
    Optional<String> wrongRegion = refusal.wrongRegion("us-east-1");

    // then
    assertThat(wrongRegion).contains(words);
  }

  @Test
  void aMalformedRequestToTheRightRegionIsNotBlamedOnIt() {
    // given
    var refusal = refusal(400, "Malformed", "No date", Optional.empty(), Optional.of("us-east-1"));

    // when
    Optional<String> wrongRegion = refusal.wrongRegion("us-east-1");

    // then
    assertThat(wrongRegion).isEmpty();
  }

  private static Refusal refusal(
      int status, String code, String said, Optional<String> date, Optional<String> bucketRegion) {
    return new Refusal(status, code, said, date, bucketRegion);
  }
}
