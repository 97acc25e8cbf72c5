package mstc.cloud.worker.application.reply;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import mstc.cloud.worker.application.LogLines;
import mstc.cloud.worker.application.metrics.WorkerMetrics;
import mstc.cloud.worker.domain.queue.Disposition;
import mstc.cloud.worker.domain.queue.ReplyReceipt;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.reply.ReplyAddress;
import mstc.cloud.worker.testkit.queue.InMemoryWorkQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** A reply that is tried every second, by a clock of the test's. */
@Isolated
class PatientReplyTest {
  private static final Reply REPLY = Reply.invalid("no image");

  private final InMemoryWorkQueue queue = new InMemoryWorkQueue();
  private final AtomicLong seconds = new AtomicLong();
  private final PatientReply reply =
      new PatientReply(
          new SendReply(queue, WorkerMetrics.NONE),
          new ReplyAddress("full", Optional.empty()),
          Duration.ofMinutes(5),
          () -> Duration.ofSeconds(seconds.get()).toNanos());

  @BeforeEach
  void open() {
    queue.broker().declareReplyQueue("full");
    queue.broker().fillReplyQueue("full", true);
    queue.open((_, _) -> new Disposition.Acknowledge());
  }

  @AfterEach
  void close() {
    queue.close();
  }

  /** When the reply was given up. */
  private long tryFrom(long start) {
    for (seconds.set(start); ; seconds.incrementAndGet()) {
      if (reply.attempt(REPLY) instanceof PatientReply.Result.Settled(ReplyReceipt receipt)) {
        assertThat(receipt).isEqualTo(ReplyReceipt.REFUSED);
        return seconds.get();
      }
    }
  }

  @Test
  void isGivenUpWhenItsPatienceIsOver() {
    assertThat(tryFrom(0)).isEqualTo(300);
  }

  @Test
  void isGivenItsWholePatienceAfterTheBrokerWasAway() {
    // given
    assertThat(reply.attempt(REPLY)).isInstanceOf(PatientReply.Result.NotTaken.class);
    queue.broker().stop();
    seconds.set(200);
    assertThat(reply.attempt(REPLY)).isInstanceOf(PatientReply.Result.NotConfirmed.class);

    // when
    queue.broker().start();

    // then
    assertThat(tryFrom(1_000)).isEqualTo(1_300);
  }

  @Test
  void hasOnePatienceForAQueueThatIsFullAndThenGone() {
    // given
    assertThat(reply.attempt(REPLY)).isInstanceOf(PatientReply.Result.NotTaken.class);

    // when
    queue.broker().deleteReplyQueue("full");
    seconds.set(300);

    // then
    assertThat(reply.attempt(REPLY))
        .isEqualTo(new PatientReply.Result.Settled(ReplyReceipt.UNROUTABLE));
  }

  @Test
  void isWarnedOfAtOnceThenAtGrowingIntervalsAndAtTheEnd() {
    // given
    List<Long> warnedAt = new ArrayList<>();
    try (LogLines warnings = new LogLines(PatientReply.class, Level.WARN)) {

      // when
      for (seconds.set(0); seconds.get() <= 300; seconds.incrementAndGet()) {
        int before = warnings.lines().size();
        var _ = reply.attempt(REPLY);
        if (warnings.lines().size() > before) {
          warnedAt.add(seconds.get());
        }
      }
    }

    // then
    assertThat(warnedAt).containsExactly(0L, 60L, 180L, 300L);
  }
}
