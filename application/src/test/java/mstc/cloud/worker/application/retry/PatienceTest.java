package mstc.cloud.worker.application.retry;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** How long something is tried, and how often that is said. */
class PatienceTest {
  @Test
  void noFailureCountsWhileTheSystemIsAway() {
    // given
    Patience none = Patience.untilRefused(Duration.ZERO);

    // when
    List<Boolean> ends =
        List.of(none.noteFailure(true), none.noteFailure(true), none.noteFailure(false));

    // then
    assertThat(ends).containsExactly(false, false, true);
  }

  @Test
  void itLastsForItsTime() {
    // given
    Patience patient = Patience.untilRefused(Duration.ofHours(1));

    // when
    List<Boolean> ends = List.of(patient.noteFailure(false), patient.noteFailure(false));

    // then
    assertThat(ends).containsExactly(false, false);
  }

  @Test
  void aFailureIsSaidAtOnceAndThenNotForAWhile() {
    // given
    Reminders reminders = new Reminders();

    // when
    List<Boolean> due =
        List.of(reminders.tryRemind(), reminders.tryRemind(), reminders.tryRemind());

    // then
    assertThat(due).containsExactly(true, false, false);
  }
}
