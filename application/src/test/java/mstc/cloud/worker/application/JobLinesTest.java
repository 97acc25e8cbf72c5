package mstc.cloud.worker.application;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
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
}
