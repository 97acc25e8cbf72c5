package mstc.cloud.worker.adapters.k8s.follow;

import static mstc.cloud.worker.adapters.k8s.follow.FollowedJobs.failed;
import static mstc.cloud.worker.adapters.k8s.follow.FollowedJobs.running;
import static mstc.cloud.worker.adapters.k8s.follow.FollowedJobs.with;
import static mstc.cloud.worker.adapters.k8s.follow.FollowedJobs.work;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import mstc.cloud.worker.adapters.k8s.job.JobCalls;
import mstc.cloud.worker.adapters.k8s.job.TrackedJob;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.runtime.JobEnd;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of Jobs that others have suspended. */
class SuspendedJobTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Duration LIMIT = Duration.ofHours(2);

  private final FollowedJobs jobs;
  private final JobServer server;
  private final JobCalls calls;

  SuspendedJobTest(@TempDir Path spoolFolder) throws IOException {
    jobs = new FollowedJobs(spoolFolder);
    server = jobs.server;
    calls = new JobCalls(server.client(), JobServer.NAMESPACE, Duration.ofSeconds(30));
  }

  @AfterEach
  void closeEverything() {
    jobs.close();
  }

  /** A Job that waits in a queue since its creation. */
  private Job suspended(mstc.cloud.worker.domain.job.Job work, Duration age) {
    Job job =
        new JobBuilder(jobs.created(work))
            .editMetadata()
            .withCreationTimestamp(Instant.now().minus(age).toString())
            .withGeneration(1L)
            .addToLabels(JobServer.QUEUE, "team")
            .endMetadata()
            .editSpec()
            .withParallelism(1)
            .withSuspend(true)
            .endSpec()
            .build();
    server.add(job);
    return job;
  }

  private static JobOutcome timedOut(String words) {
    return new JobOutcome.TimedOut(LIMIT, Optional.of(words));
  }

  private void assertThatItHasLeftItsQueueAndGoesOnWithoutPods(Job job) {
    assertThat(job.getMetadata().getLabels()).doesNotContainKey(JobServer.QUEUE);
    assertThat(job.getSpec().getSuspend()).isFalse();
    assertThat(job.getSpec().getParallelism()).isZero();
    assertThat(job.getSpec().getActiveDeadlineSeconds()).isEqualTo(1);
  }

  @Test
  void aJobThatIsSuspendedForTooLongIsEndedWithoutAPodAndHasTimedOut() throws Exception {
    // given
    var work = work(0);
    TrackedJob tracked = new TrackedJob(suspended(work, LIMIT.plusSeconds(1)));

    // when
    JobEnd end = jobs.followed(work, tracked, LIMIT).awaitEnd();

    // then
    assertThat(end.outcome())
        .isEqualTo(timedOut("it waited suspended in queue team, and never ran"));
    assertThat(end.startedAt()).isEmpty();
    assertThat(end.log().complete()).isTrue();
    assertThatItHasLeftItsQueueAndGoesOnWithoutPods(server.job(work.name().value()));
  }

  @Test
  void aJobThatMayStillBeSuspendedIsLeftAlone() throws Exception {
    // given
    var work = work(0);
    TrackedJob tracked = new TrackedJob(suspended(work, LIMIT.minusHours(1)));
    var next = work(0);
    TrackedJob late = new TrackedJob(suspended(next, LIMIT.plusSeconds(1)));

    // when
    jobs.followed(work, tracked, LIMIT);

    // then
    jobs.followed(next, late, LIMIT).awaitEnd();
    assertThat(server.notes()).doesNotContain("PATCH jobs " + work.name());
  }

  @Test
  void aJobThatTheWorkerHoldsIsNotSuspendedByOthers() throws Exception {
    // given
    var work = work(0);
    Job held =
        new JobBuilder(suspended(work, LIMIT.plusSeconds(1)))
            .editMetadata()
            .addToAnnotations("mstc/held", "team")
            .endMetadata()
            .build();
    server.add(held);
    var next = work(0);
    TrackedJob late = new TrackedJob(suspended(next, LIMIT.plusSeconds(1)));

    // when
    jobs.followed(work, new TrackedJob(held), LIMIT);

    // then
    jobs.followed(next, late, LIMIT).awaitEnd();
    assertThat(server.notes()).doesNotContain("PATCH jobs " + work.name());
  }

  @Test
  void aJobThatRanBeforeIsNotSaidToHaveNeverRun() throws Exception {
    // given
    var work = work(0);
    Job preempted =
        new JobBuilder(suspended(work, LIMIT.plusSeconds(1)))
            .editMetadata()
            .withGeneration(3L)
            .endMetadata()
            .build();
    server.add(preempted);
    TrackedJob tracked = new TrackedJob(preempted);
    Pod pod = FollowedJobs.beingDeleted(running(), FollowedJobs.START);
    tracked.update(pod);
    tracked.markGone(pod);

    // when
    JobEnd end = jobs.followed(work, tracked, LIMIT).awaitEnd();

    // then
    assertThat(end.outcome()).isEqualTo(timedOut("it was suspended in queue team"));
    assertThat(end.startedAt()).contains(FollowedJobs.START);
  }

  @Test
  void aSuspendedJobIsNotEndedBeforeItsPodIs() throws Exception {
    // given
    var work = work(0);
    TrackedJob tracked = new TrackedJob(suspended(work, LIMIT.plusSeconds(1)));
    Pod ending = FollowedJobs.beingDeleted(running(), Instant.now().plusSeconds(30));
    tracked.update(ending);
    var next = work(0);
    TrackedJob late = new TrackedJob(suspended(next, LIMIT.plusSeconds(1)));

    // when
    JobFollower follower = jobs.followed(work, tracked, LIMIT);

    // then
    jobs.followed(next, late, LIMIT).awaitEnd();
    assertThat(server.notes()).doesNotContain("PATCH jobs " + work.name());
    tracked.markGone(ending);
    assertThat(follower.awaitEnd().outcome().kind()).isEqualTo(JobOutcome.Kind.TIMED_OUT);
  }

  @Test
  void aSuspendedJobThatIsCancelledIsEndedAtOnce() throws Exception {
    // given
    var work = work(0);
    Job job = suspended(work, Duration.ZERO);
    TrackedJob tracked = new TrackedJob(job);
    JobFollower follower = jobs.followed(work, tracked, LIMIT);

    // when
    calls.cancel(job).ifPresent(tracked::update);

    // then
    await()
        .atMost(PATIENCE)
        .until(() -> Boolean.FALSE.equals(tracked.snapshot().job().getSpec().getSuspend()));
    Job ending = server.job(work.name().value());
    assertThatItHasLeftItsQueueAndGoesOnWithoutPods(ending);
    tracked.update(with(ending, failed("DeadlineExceeded", 0)));
    assertThat(follower.awaitEnd().outcome()).isEqualTo(new JobOutcome.Cancelled());
  }

  /** It may have been released, or admitted, in between. */
  @Test
  void aJobThatHasChangedSinceItWasReadIsReadAgain() throws Exception {
    // given
    var work = work(0);
    Job job = suspended(work, LIMIT.plusSeconds(1));
    server.add(new JobBuilder(job).editMetadata().withResourceVersion("2").endMetadata().build());
    TrackedJob tracked = new TrackedJob(job);

    // when
    JobFollower follower = jobs.followed(work, tracked, LIMIT);

    // then
    await().atMost(PATIENCE).until(() -> server.notes().contains("PATCH jobs " + work.name()));
    assertThat(server.job(work.name().value()).getSpec().getParallelism()).isEqualTo(1);
    tracked.update(server.job(work.name().value()));
    assertThat(follower.awaitEnd().outcome().kind()).isEqualTo(JobOutcome.Kind.TIMED_OUT);
  }

  @Test
  void aJobThatMustKeepItsQueueIsAnsweredAndWaitsWithoutPods() throws Exception {
    // given
    server.requireQueue();
    var late = work(0);
    TrackedJob overdue = new TrackedJob(suspended(late, LIMIT.plusSeconds(1)));
    var work = work(0);
    Job job = suspended(work, Duration.ZERO);
    TrackedJob tracked = new TrackedJob(job);
    calls.cancel(job).ifPresent(tracked::update);

    // when
    JobEnd tooLong = jobs.followed(late, overdue, LIMIT).awaitEnd();
    JobEnd cancelled = jobs.followed(work, tracked, LIMIT).awaitEnd();

    // then
    assertThat(tooLong.outcome())
        .isEqualTo(timedOut("it waited suspended in queue team, and never ran"));
    assertThat(cancelled.outcome()).isEqualTo(new JobOutcome.Cancelled());
    for (var name : new String[] {late.name().value(), work.name().value()}) {
      Job waiting = server.job(name);
      assertThat(waiting.getMetadata().getLabels()).containsEntry(JobServer.QUEUE, "team");
      assertThat(waiting.getSpec().getSuspend()).isTrue();
      assertThat(waiting.getSpec().getParallelism()).isZero();
    }
  }

  @Test
  void theNextLeaderEndsWhatOneBeganToEnd() throws Exception {
    // given
    var work = work(0);
    TrackedJob tracked = new TrackedJob(suspended(work, LIMIT.plusSeconds(1)));
    jobs.followed(work, tracked, LIMIT).awaitEnd();
    Job withdrawn =
        new JobBuilder(server.job(work.name().value()))
            .editSpec()
            .withSuspend(true)
            .endSpec()
            .build();
    server.add(withdrawn);

    // when
    JobEnd end = jobs.followed(work, new TrackedJob(withdrawn), LIMIT).awaitEnd();

    // then
    assertThat(end.outcome())
        .isEqualTo(timedOut("it waited suspended in queue team, and never ran"));
    assertThatItHasLeftItsQueueAndGoesOnWithoutPods(server.job(work.name().value()));
  }
}
