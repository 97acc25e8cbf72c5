package mstc.cloud.worker.domain.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Clients read these texts, so they are literal here. */
class LogTextsTest {
  @Test
  void attemptsAreNumberedAndTellHowTheOneBeforeEnded() {
    assertThat(LogTexts.attemptHeader(1, 3, Optional.empty()))
        .isEqualTo("=== attempt 1 of 3 ===\n");
    assertThat(LogTexts.attemptHeader(2, 3, Optional.of(LogTexts.exitCode(143))))
        .isEqualTo("=== attempt 2 of 3, after exit code 143 ===\n");
  }

  @Test
  void aLogThatIsCutSaysSoWhereItIsCutAndInAWarning() {
    String why = LogTexts.jobLimit(10);

    assertThat(LogTexts.cutHere(why))
        .isEqualTo(
            "\n[mstc-cloud-worker: the log was cut here, as a job's log may have 10 bytes]\n");
    assertThat(LogTexts.notComplete(LogTexts.cut(why)))
        .isEqualTo("the log is not complete: it was cut, as a job's log may have 10 bytes");
  }
}
