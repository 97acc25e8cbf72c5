package mstc.cloud.worker.adapters.k8s;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.request.WorkRequest;
import mstc.cloud.worker.domain.runtime.JobCounts;
import org.junit.jupiter.api.Test;

/** How Jobs count, and who is told of what. */
class TrackedJobsTest {
  private static final UniqueName NAME =
      new UniqueName("solve-00000000-0000-0001-0000-000000000002");
  private static final String FINISHED = "2026-11-23T10:00:00Z";
  private static final JobCounts NONE = JobCounts.NONE;
  private static final JobCounts IN_FLIGHT = new JobCounts(1, 0, Optional.empty());
  private static final JobCounts WAITING =
      new JobCounts(0, 1, Optional.of(Instant.parse(FINISHED)));

  private final Told told = new Told();
  private final TrackedJobs jobs = new TrackedJobs(told);
  private int version = 10;

  private static final class Told implements TrackedJobs.Observer {
    private final List<UniqueName> givenUp = new ArrayList<>();
    private int changes;

    @Override
    public void onUnanswered(UniqueName name, TrackedJob job) {}

    @Override
    public void onAnswered(UniqueName name, Job job) {}

    @Override
    public void onDeleted(UniqueName name) {}

    @Override
    public void onGivenUp(UniqueName name) {
      givenUp.add(name);
    }

    @Override
    public void onCountChanged() {
      changes++;
    }
  }

  private JobBuilder job() {
    return new JobBuilder()
        .withNewMetadata()
        .withName(NAME.value())
        .withUid("uid")
        .withResourceVersion(Integer.toString(version++))
        .withAnnotations(
            JobAnnotations.of(
                new mstc.cloud.worker.domain.job.Job(
                    NAME,
                    WorkRequest.builder()
                        .image("solver")
                        .jobName("solve")
                        .inputBucket("results")
                        .build(),
                    List.of()),
                Optional.empty(),
                UUID.randomUUID().toString()))
        .endMetadata();
  }

  private JobBuilder finished() {
    return job()
        .withNewStatus()
        .addNewCondition()
        .withType("Complete")
        .withStatus("True")
        .withLastTransitionTime(FINISHED)
        .endCondition()
        .endStatus();
  }

  private static JobBuilder noted(JobBuilder job, String annotation) {
    return job.editMetadata().addToAnnotations(annotation, "{}").endMetadata();
  }

  private JobCounts after(JobBuilder job) {
    jobs.update(job.build());
    return jobs.counts();
  }

  @Test
  void aJobIsInFlightUntilItsControllerIsDoneThenItWaitsForItsAnswer() {
    // when
    List<JobCounts> counts =
        List.of(
            jobs.counts(),
            after(job()),
            after(finished()),
            after(noted(finished(), JobNames.ANSWERED)));

    // then
    assertThat(counts).containsExactly(NONE, IN_FLIGHT, WAITING, NONE);
    assertThat(told.changes).isEqualTo(3);
  }

  @Test
  void anAnsweredJobIsInFlightUntilItsControllerIsDone() {
    // when
    List<JobCounts> counts =
        List.of(
            after(job()),
            after(noted(job(), JobNames.ANSWERED)),
            after(noted(finished(), JobNames.ANSWERED)));

    // then
    assertThat(counts).containsExactly(IN_FLIGHT, IN_FLIGHT, NONE);
  }

  @Test
  void aDeletedJobWaitsForItsAnswer() {
    // given
    Job job = job().build();
    jobs.update(job);

    // when
    jobs.remove(job);
    JobCounts deleted = jobs.counts();
    jobs.forget(NAME);

    // then
    assertThat(deleted.inFlight()).isZero();
    assertThat(deleted.waiting()).isEqualTo(1);
    assertThat(deleted.oldestEnd()).isPresent();
    assertThat(jobs.counts()).isEqualTo(NONE);
  }

  @Test
  void thatAJobIsGivenUpIsToldOnce() {
    // when
    jobs.update(noted(finished(), JobNames.GIVEN_UP).build());
    jobs.update(noted(finished(), JobNames.GIVEN_UP).build());

    // then
    assertThat(told.givenUp).containsExactly(NAME);
    assertThat(jobs.counts()).isEqualTo(WAITING);
  }

  @Test
  void aRecordSaysThatItsJobIsGivenUpAndChangesWithIt() {
    // given
    Job before = finished().build();
    Job after = noted(finished(), JobNames.GIVEN_UP).build();

    // then
    assertThat(JobAnnotations.record(before).givenUp()).isFalse();
    assertThat(JobAnnotations.record(after).givenUp()).isTrue();
    assertThat(JobAnnotations.version(after)).isNotEqualTo(JobAnnotations.version(before));
  }
}
