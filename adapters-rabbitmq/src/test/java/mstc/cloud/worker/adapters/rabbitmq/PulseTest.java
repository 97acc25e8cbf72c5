package mstc.cloud.worker.adapters.rabbitmq;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** A process that stands still, and what it has heard before. */
final class PulseTest {
  private static final Duration GAP = Duration.ofSeconds(5);

  private Moment now = new Moment(1_000, 1_000);
  private final Pulse pulse = new Pulse(GAP, () -> now);

  private void pass(Duration counted, Duration onTheWall) {
    now = new Moment(now.nanos() + counted.toNanos(), now.millis() + onTheWall.toMillis());
  }

  /** Time passes for a process that lives. */
  private void live(Duration time) {
    for (Duration left = time; left.isPositive(); left = left.minusSeconds(1)) {
      pass(Duration.ofSeconds(1), Duration.ofSeconds(1));
      pulse.beat();
    }
  }

  @Test
  void whatCameJustNowIsFresh() {
    // given
    Moment asked = now;
    live(Duration.ofHours(1));

    // when
    Moment came = now;
    live(Duration.ofSeconds(4));

    // then
    assertThat(pulse.isFresh(came, asked)).isTrue();
  }

  @Test
  void whatCameLongAgoIsNotUnlessTheBrokerHasBeenAskedSince() {
    // given
    Moment came = now;

    // when
    live(Duration.ofSeconds(6));

    // then
    assertThat(pulse.isFresh(came, came)).isFalse();
    assertThat(pulse.isFresh(came, now)).isTrue();
  }

  @Test
  void whatIsReadAfterAStandstillIsNotFreshBeforeTheBrokerWasAsked() {
    // given
    Moment asked = now;
    live(Duration.ofSeconds(3));
    pass(Duration.ofMinutes(1), Duration.ofMinutes(1));

    // when
    Moment cameBeforeTheBeat = now;
    assertThat(pulse.isFresh(cameBeforeTheBeat, asked)).isFalse();
    pulse.beat();
    Moment cameAfterTheBeat = now;

    // then
    assertThat(pulse.isFresh(cameBeforeTheBeat, asked)).isFalse();
    assertThat(pulse.isFresh(cameAfterTheBeat, asked)).isFalse();
    assertThat(pulse.isFresh(cameAfterTheBeat, now)).isTrue();
    live(Duration.ofMinutes(1));
    assertThat(pulse.isFresh(now, cameAfterTheBeat)).isTrue();
  }

  @Test
  void aMachineThatSleptIsAProcessThatStoodStill() {
    // given
    Moment asked = now;
    live(Duration.ofSeconds(1));

    // when only the clock on the wall goes on
    pass(Duration.ofMillis(1), Duration.ofHours(8));

    // then
    assertThat(pulse.isFresh(now, asked)).isFalse();
    pulse.beat();
    assertThat(pulse.isFresh(now, asked)).isFalse();
  }

  @Test
  void aClockThatIsSetBackHidesNothing() {
    // given
    Moment came = now;

    // when
    pass(Duration.ofMinutes(1), Duration.ofHours(-1));

    // then
    assertThat(pulse.isFresh(came, came)).isFalse();
    pulse.beat();
    assertThat(pulse.isFresh(now, came)).isFalse();
  }
}
