package mstc.cloud.worker.adapters.rabbitmq;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

final class BackoffTest {
  private final Backoff backoff = new Backoff(Duration.ofMillis(100), Duration.ofMillis(700));

  @Test
  void delays_double_up_to_the_bound_and_are_shortened_by_half_at_most() {
    assertThat(backoff.next()).isBetween(Duration.ofMillis(50), Duration.ofMillis(100));
    assertThat(backoff.next()).isBetween(Duration.ofMillis(100), Duration.ofMillis(200));
    assertThat(backoff.next()).isBetween(Duration.ofMillis(200), Duration.ofMillis(400));
    assertThat(backoff.next()).isBetween(Duration.ofMillis(350), Duration.ofMillis(700));
    assertThat(backoff.next()).isBetween(Duration.ofMillis(350), Duration.ofMillis(700));
    assertThat(backoff.longest()).isBetween(Duration.ofMillis(350), Duration.ofMillis(700));
  }

  @Test
  void a_reset_begins_anew() {
    // given
    backoff.next();
    backoff.next();

    // when
    backoff.reset();

    // then
    assertThat(backoff.next()).isBetween(Duration.ofMillis(50), Duration.ofMillis(100));
  }
}
