package mstc.cloud.worker.adapters.rabbitmq;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

final class ReconnectDelaysTest {
  private final ReconnectDelays delays =
      new ReconnectDelays(Duration.ofMillis(100), Duration.ofMillis(700));

  @Test
  void delaysDoubleUpToTheBoundAndAreShortenedByHalfAtMost() {
    assertThat(delays.next()).isBetween(Duration.ofMillis(50), Duration.ofMillis(100));
    assertThat(delays.next()).isBetween(Duration.ofMillis(100), Duration.ofMillis(200));
    assertThat(delays.next()).isBetween(Duration.ofMillis(200), Duration.ofMillis(400));
    assertThat(delays.next()).isBetween(Duration.ofMillis(350), Duration.ofMillis(700));
    assertThat(delays.next()).isBetween(Duration.ofMillis(350), Duration.ofMillis(700));
    assertThat(delays.longest()).isBetween(Duration.ofMillis(350), Duration.ofMillis(700));
  }

  @Test
  void aResetBeginsAnew() {
    // given
    delays.next();
    delays.next();

    // when
    delays.reset();

    // then
    assertThat(delays.next()).isBetween(Duration.ofMillis(50), Duration.ofMillis(100));
  }
}
