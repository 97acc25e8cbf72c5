package mstc.cloud.worker.adapters.k8s.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** For how long a stream may bring nothing. */
class SilenceWatchdogTest {
  private final ScriptedStreams time = new ScriptedStreams();

  @Test
  void aStreamThatIsReadIsLeftHalfAMinuteAfterItsLastBytes() {
    // given
    SilenceWatchdog watchdog = new SilenceWatchdog(time);
    time.pass(Duration.ofSeconds(20));
    watchdog.heard();

    // when
    time.pass(Duration.ofSeconds(29));

    // then
    assertThat(watchdog.leftToRead()).isEqualTo(Duration.ofSeconds(1));
    time.pass(Duration.ofSeconds(1));
    assertThat(watchdog.leftToRead()).isZero();
  }

  @Test
  void aJobMayBeSilentForLonger() {
    // given
    SilenceWatchdog watchdog = new SilenceWatchdog(time);

    // when
    time.pass(Duration.ofSeconds(60));

    // then
    assertThat(watchdog.leftToFollow()).isEqualTo(Duration.ofMinutes(14));
  }

  @Test
  void whatIsStillToComeOfALogThatHasEndedDependsOnItsLength() {
    // given
    SilenceWatchdog watchdog = new SilenceWatchdog(time);
    time.pass(Duration.ofSeconds(60));

    // when
    long ended = time.nanos();
    time.pass(Duration.ofMillis(50));

    // then
    assertThat(watchdog.leftAtTheEnd(ended, 1 << 20)).isEqualTo(Duration.ofMillis(100));
    assertThat(watchdog.leftAtTheEnd(ended, (1 << 20) + 1)).isEqualTo(Duration.ofMillis(9950));
  }

  @Test
  void whatComesAfterTheEndIsWaitedFor() {
    // given
    SilenceWatchdog watchdog = new SilenceWatchdog(time);
    long ended = time.nanos();
    time.pass(Duration.ofMillis(140));

    // when
    watchdog.heard();
    time.pass(Duration.ofMillis(50));

    // then
    assertThat(watchdog.leftAtTheEnd(ended, 10)).isEqualTo(Duration.ofMillis(100));
  }
}
