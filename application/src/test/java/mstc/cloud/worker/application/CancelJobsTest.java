package mstc.cloud.worker.application;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.view.JobFilter;
import mstc.cloud.worker.domain.view.JobState;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class CancelJobsTest {
  private static final UniqueName UNKNOWN =
      new UniqueName("solve-00000000-0000-0000-0000-000000000001");

  private final Site site = new Site().start();

  @AfterEach
  void close() {
    site.close();
  }

  private static JobFilter named(String name) {
    return new JobFilter(Set.of(), Set.of(), Optional.of(name), Optional.empty(), List.of());
  }

  private List<UniqueName> running(String... jobNames) {
    for (String jobName : jobNames) {
      site.send(Message.of(jobName).replyTo(Site.REPLIES));
    }
    List<UniqueName> jobs = site.awaitJobs(jobNames.length);
    Site.eventually()
        .until(() -> site.worker.cancelJobs().find(JobFilter.ALL).size() == jobs.size());
    return jobs;
  }

  @Test
  void thoseThatMatchAreCancelledAndTheirClientsTold() throws InterruptedException {
    // given
    List<UniqueName> jobs = running("mesh", "solve", "solve");

    // when
    List<UniqueName> found = site.worker.cancelJobs().find(named("solve"));
    CancelJobs.Cancelled cancelled = site.worker.cancelJobs().cancel(found);

    // then
    assertThat(cancelled.failures()).isEmpty();
    assertThat(cancelled.jobs()).hasSize(2).isSubsetOf(jobs);
    assertThat(site.awaitReplies(Site.REPLIES, 2))
        .extracting(Reply::outcome)
        .containsOnly(JobOutcome.Kind.CANCELLED);
    Site.eventually().until(() -> site.unanswered().size() == 1);
  }

  @Test
  void aJobThatHasEndedIsNotFoundAndLeftAlone() throws InterruptedException {
    // given
    UniqueName job = running("solve").getFirst();
    site.succeed(job);
    Site.eventually()
        .until(() ->
            site.worker
                .listJobs()
                .find(job)
                .filter(found -> found.job().state() == JobState.ENDED)
                .isPresent());

    // when
    CancelJobs.Cancelled cancelled = site.worker.cancelJobs().cancel(List.of(job));

    // then
    assertThat(site.worker.cancelJobs().find(JobFilter.ALL)).isEmpty();
    assertThat(site.worker.cancelJobs().obstacle(job)).contains("it has ended");
    assertThat(cancelled.jobs()).isEmpty();
    assertThat(cancelled.failures()).containsExactly(Map.entry(job, "it has ended"));
  }

  @Test
  void whatCannotBeCancelledIsToldByName() throws InterruptedException {
    // given
    UniqueName job = running("solve").getFirst();

    // when
    CancelJobs.Cancelled cancelled = site.worker.cancelJobs().cancel(List.of(job, UNKNOWN, job));

    // then
    assertThat(cancelled.jobs()).containsExactly(job);
    assertThat(cancelled.failures()).containsOnlyKeys(UNKNOWN);
  }

  @Test
  void aRuntimeThatFailsIsToldForEveryJob() throws InterruptedException {
    // given
    List<UniqueName> jobs = running("mesh", "solve");
    site.runtime.breakDown();

    // when
    Map<UniqueName, String> failures = site.worker.cancelJobs().cancel(jobs).failures();

    // then
    assertThat(failures).containsOnlyKeys(jobs);
    site.runtime.recover();
  }
}
