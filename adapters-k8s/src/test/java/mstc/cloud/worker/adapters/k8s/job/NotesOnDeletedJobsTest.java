package mstc.cloud.worker.adapters.k8s.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.batch.v1.Job;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.reply.ReplyAddress;
import mstc.cloud.worker.wire.WorkRequestFormat;
import org.junit.jupiter.api.Test;

/** What is noted of a Job that was deleted before it was answered. */
class NotesOnDeletedJobsTest {
  private static final UniqueName NAME =
      new UniqueName("solve-00000000-0000-0001-0000-000000000002");
  private static final ReplyAddress ADDRESS = new ReplyAddress("replies", Optional.of("c"));
  private static final String REPLY_TO = JobAnnotations.replyTo(List.of(ADDRESS));

  private final List<UniqueName> givenUp = new ArrayList<>();
  private final TrackedJobs jobs =
      new TrackedJobs(
          new TrackedJobs.Observer() {
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
            public void onCountChanged() {}
          },
          new Unshown(),
          new RecordReader(new WorkRequestFormat()));

  private static Job job(int version) {
    return NotedJobs.recorded(NAME, "uid", Integer.toString(version));
  }

  private Job known() {
    return jobs.find(NAME.uuid()).orElseThrow().snapshot().job();
  }

  @Test
  void theRecordHasThem() {
    // given
    jobs.update(job(10));
    jobs.remove(job(11));

    // when
    Optional<Job> noted = jobs.noteOnDeleted(NAME, JobNames.REPLY_TO, REPLY_TO);

    // then
    assertThat(new RecordReader(new WorkRequestFormat()).read(noted.orElseThrow()).replyAddresses())
        .containsExactly(ADDRESS);
    assertThat(new RecordReader(new WorkRequestFormat()).read(known()).replyAddresses())
        .containsExactly(ADDRESS);
  }

  @Test
  void theyStayWhenTheClustersLastWordComesLate() {
    // given
    jobs.update(job(10));
    jobs.remove(job(10));
    var _ = jobs.noteOnDeleted(NAME, JobNames.REPLY_TO, REPLY_TO);

    // when
    jobs.remove(job(12));

    // then
    assertThat(new RecordReader(new WorkRequestFormat()).read(known()).replyAddresses())
        .containsExactly(ADDRESS);
    assertThat(known().getMetadata().getResourceVersion()).isEqualTo("12");
  }

  @Test
  void thatItIsGivenUpIsToldOnce() {
    // given
    jobs.update(job(10));
    jobs.remove(job(11));

    // when
    var _ = jobs.noteOnDeleted(NAME, JobNames.GIVEN_UP, JobAnnotations.now());
    var _ = jobs.noteOnDeleted(NAME, JobNames.GIVEN_UP, JobAnnotations.now());

    // then
    assertThat(givenUp).containsExactly(NAME);
  }

  @Test
  void ofAJobThatIsThereOnlyTheClusterNotes() {
    jobs.update(job(10));

    assertThat(jobs.noteOnDeleted(NAME, JobNames.REPLY_TO, REPLY_TO)).isEmpty();
    assertThat(new RecordReader(new WorkRequestFormat()).read(known()).replyAddresses()).isEmpty();
  }

  @Test
  void ofAForgottenJobNothingIsNoted() {
    // given
    jobs.update(job(10));
    jobs.remove(job(11));
    jobs.forget(NAME);

    // then
    assertThat(jobs.noteOnDeleted(NAME, JobNames.REPLY_TO, REPLY_TO)).isEmpty();
    assertThat(jobs.find(NAME.uuid())).isEmpty();
  }

  @Test
  void aRecordThatHasChangedSinceItWasReadIsNotReplaced() {
    // given
    jobs.update(job(10));
    jobs.remove(job(11));
    Job read = known();

    // when
    Optional<Job> first = jobs.replaceOnDeleted(read, JobNames.REPLY_TO, REPLY_TO);
    Optional<Job> second =
        jobs.replaceOnDeleted(read, JobNames.REPLY_TO, JobAnnotations.replyTo(List.of()));

    // then
    assertThat(first).isPresent();
    assertThat(second).isEmpty();
    assertThat(new RecordReader(new WorkRequestFormat()).read(known()).replyAddresses())
        .containsExactly(ADDRESS);
  }
}
