package mstc.cloud.worker.application.retry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BackoffTest {
  private static final Backoff BACKOFF = new Backoff(Duration.ofMillis(100), Duration.ofSeconds(1));

  @ParameterizedTest
  @CsvSource({
    "1, 100",
    "2, 200",
    "3, 400",
    "4, 800",
    "5, 1000",
    "6, 1000",
    "64, 1000",
    "65, 1000",
    "2147483647, 1000"
  })
  void delaysDoubleUpToTheLongestAndAreShortenedByAtMostAHalf(int attempt, long fullMillis) {
    // given
    Duration full = Duration.ofMillis(fullMillis);

    // when
    Stream<Duration> delays = Stream.generate(() -> BACKOFF.delayAfter(attempt)).limit(1_000);

    // then
    assertThat(delays)
        .allMatch(it -> it.compareTo(full) <= 0)
        .allMatch(it -> it.compareTo(full.dividedBy(2)) >= 0);
  }

  @Test
  void delaysDiffer() {
    assertThat(Stream.generate(() -> BACKOFF.delayAfter(5)).limit(100).distinct())
        .hasSizeGreaterThan(10);
  }

  @ParameterizedTest
  @CsvSource({"PT0S, PT1S", "PT-1S, PT1S", "PT2S, PT1S"})
  void delaysMustBePositiveAndNotShrink(Duration first, Duration longest) {
    assertThatThrownBy(() -> new Backoff(first, longest))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aConstantDelayIsAllowed() {
    // given
    Backoff constant = new Backoff(Duration.ofNanos(1), Duration.ofNanos(1));

    // when
    Duration delay = constant.delayAfter(1);

    // then
    assertThat(delay).isLessThanOrEqualTo(Duration.ofNanos(1));
  }
}
