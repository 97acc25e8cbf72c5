package mstc.cloud.worker.bootstrap.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import mstc.cloud.worker.domain.diagnosis.Check;
import mstc.cloud.worker.domain.diagnosis.Finding;
import org.junit.jupiter.api.Test;

class BoundedCheckTest {

  @Test
  void aCheckThatHangsIsInterruptedAndFails() throws Exception {
    // given
    CountDownLatch interrupted = new CountDownLatch(1);
    Check check =
        new Check(
            "broker",
            "wait",
            () -> {
              try {
                new CountDownLatch(1).await();
              } finally {
                interrupted.countDown();
              }
              return new Finding.Passed();
            });

    // when
    Finding finding = BoundedCheck.run(check, Duration.ofMillis(20));

    // then
    assertThat(finding)
        .isInstanceOfSatisfying(
            Finding.Failed.class,
            failed -> {
              assertThat(failed.problem()).contains("no answer within");
              assertThat(failed.remedy()).contains("firewall");
            });
    assertThat(interrupted.await(30, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void aCheckThatBreaksOffFails() throws Exception {
    // given
    Check check =
        new Check(
            "broker",
            "break",
            () -> {
              throw new IllegalStateException("odd");
            });

    // when
    Finding finding = BoundedCheck.run(check, Duration.ofSeconds(30));

    // then
    assertThat(finding)
        .isInstanceOfSatisfying(
            Finding.Failed.class, failed -> assertThat(failed.problem()).contains("odd"));
  }
}
