package mstc.cloud.worker.application;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicInteger;
import mstc.cloud.worker.domain.job.UniqueName;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A port throws what its contract does not know: the worker outlives it. */
class PortBugsTest {
  private final Site site = new Site();

  @AfterEach
  void close() {
    site.close();
  }

  private void failOnce(PortCall call) {
    site.calls.before(
        call,
        () -> {
          throw new IllegalStateException("a bug of an adapter, the test says");
        });
  }

  @ParameterizedTest
  @EnumSource(
      names = {
        "DEMAND",
        "COUNTS",
        "CHECK_RUNTIME",
        "CHECK_STORE",
        "SUBMIT",
        "STAT",
        "AWAIT_END",
        "PUT",
        "HAS_BUCKET",
        "REPLY",
        "FIND",
        "RECORD_ANSWER"
      })
  void aBugInOneCallLosesNoRequest(PortCall call) {
    // given
    failOnce(call);
    site.start();

    // when
    site.send(Message.of("solve").correlationId("mine").replyTo(Site.REPLIES));
    UniqueName job = site.awaitJob();
    site.succeed(job);

    // then
    site.awaitNoUnanswered();
    site.awaitReply();
    assertThat(site.runtime.jobs()).hasSize(1);
    assertThat(site.logs()).hasSize(1);
    Site.eventually().until(() -> site.queue.demand() == 10);
  }

  @Test
  void intakeOpensThoughTheQueueCouldNotBeToldAtFirst() {
    // given
    failOnce(PortCall.DEMAND);
    failOnce(PortCall.DEMAND);
    failOnce(PortCall.DEMAND);

    // when
    site.start();

    // then
    Site.eventually().until(() -> site.queue.demand() == 10);
  }

  @Test
  void intakeClosesThoughTheQueueCouldNotBeToldAtFirst() {
    // given
    site.start();
    site.awaitDemand();
    failOnce(PortCall.DEMAND);
    failOnce(PortCall.DEMAND);

    // when
    for (int i = 0; i < 10; i++) {
      site.send(Message.of("job-" + i));
    }

    // then
    site.awaitJobs(10);
    site.awaitNoDemand();
  }

  @Test
  void aCheckWithABugEndsAnOutageAsSoonAsItWorks() {
    // given
    AtomicInteger failures = new AtomicInteger();
    site.calls.beforeEvery(
        PortCall.CHECK_STORE,
        () -> {
          if (failures.incrementAndGet() < 5) {
            throw new IllegalStateException("a bug of an adapter, the test says");
          }
        });

    // when
    site.start();

    // then
    site.awaitDemand();
    assertThat(failures).hasValueGreaterThanOrEqualTo(5);
  }
}
