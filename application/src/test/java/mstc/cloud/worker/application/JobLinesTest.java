package mstc.cloud.worker.application;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import java.util.Optional;
import mstc.cloud.worker.application.admission.Admission;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.job.UniqueName;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** What the log tells of a job. */
@Isolated
class JobLinesTest {
  private final Site site = new Site();

  @AfterEach
  void close() {
    site.close();
  }

  @Test
  void aJobThatIsStuckIsNamedWithWhatItWaitsForAndItsDurationIsToldOnce() throws Exception {
    // given
    site.start();
    site.send(Message.of("solve").replyTo(Site.REPLIES));
    UniqueName job = site.awaitJob();
    site.store.stop();
    try (LogLines lines =
        new LogLines(
            Class.forName("mstc.cloud.worker.application.completion.Completion"), Level.INFO)) {

      // when
      site.succeed(job);
      Site.eventually().until(() -> site.metrics.count("store retry") > 2);
      site.store.start();
      site.awaitNoUnanswered();
      Site.eventually().until(() -> lines.lines().size() == 2);

      // then
      assertThat(lines.lines().getFirst())
          .startsWith("job=" + job + " is not completed yet, trying again: ")
          .contains("store");
      assertThat(lines.lines().getLast())
          .matches("Job %s duration: \\d+ ms, reply SENT: Job %s complete\\.".formatted(job, job));
    }
  }

  @Test
  void thatTooManyAreUnansweredIsWarnedOfOnceWithTheSettingThatLimitsThem() {
    // given
    Admission admission = new Admission(site.queue, site.runtime, 3, 1, 2);
    admission.resume();
    Job job = Message.of("solve").messageId("key").job();
    site.runtime.submit(job, Optional.empty());
    site.succeed(job.name());
    try (LogLines warnings = new LogLines(Admission.class, Level.WARN)) {

      // when
      admission.update();
      admission.update();

      // then
      assertThat(warnings.lines())
          .containsExactly(
              "No more requests are taken in: 1 jobs have ended and are not answered"
                  + " (mstc.jobs.max-unanswered)");
    }
  }
}
