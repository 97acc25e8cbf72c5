package mstc.cloud.worker.application.admission;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicInteger;
import mstc.cloud.worker.application.admission.SharedCheck.Finding;
import mstc.cloud.worker.domain.store.ObjectStoreException;
import org.junit.jupiter.api.Test;

/** What a port's check says of its system. */
class SharedCheckTest {
  @Test
  void manyWhoAskAtOnceMakeFewChecks() {
    // given
    AtomicInteger made = new AtomicInteger();
    SharedCheck check = new SharedCheck(made::incrementAndGet);

    // when
    for (int i = 0; i < 1_000; i++) {
      assertThat(check.recently()).isEqualTo(Finding.THERE);
    }

    // then
    assertThat(made.get()).isBetween(1, 100);
  }

  @Test
  void aSystemThatRefusesIsNotAway() {
    // given
    SharedCheck away =
        new SharedCheck(() -> {
          throw ObjectStoreException.retryable("no connection", null);
        });
    SharedCheck refusing =
        new SharedCheck(() -> {
          throw ObjectStoreException.permanent("access denied", null);
        });

    // then
    assertThat(away.recently()).isEqualTo(Finding.AWAY);
    assertThat(refusing.recently()).isEqualTo(Finding.REFUSING);
  }

  @Test
  void whatAnInterruptedThreadFindsIsNobodyElses() {
    // given
    SharedCheck check =
        new SharedCheck(() -> {
          if (Thread.currentThread().isInterrupted()) {
            throw ObjectStoreException.retryable("interrupted", null);
          }
        });
    Thread.currentThread().interrupt();
    Finding interrupted;
    try {
      interrupted = check.recently();
    } finally {
      assertThat(Thread.interrupted()).isTrue();
    }

    // when
    Finding afterwards = check.recently();

    // then
    assertThat(interrupted).isEqualTo(Finding.AWAY);
    assertThat(afterwards).isEqualTo(Finding.THERE);
  }
}
