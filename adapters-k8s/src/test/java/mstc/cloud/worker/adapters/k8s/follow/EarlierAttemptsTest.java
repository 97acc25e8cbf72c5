package mstc.cloud.worker.adapters.k8s.follow;

import static mstc.cloud.worker.adapters.k8s.follow.FollowedJobs.START;
import static mstc.cloud.worker.adapters.k8s.follow.FollowedJobs.created;
import static mstc.cloud.worker.adapters.k8s.follow.FollowedJobs.exited;
import static mstc.cloud.worker.adapters.k8s.follow.FollowedJobs.failed;
import static mstc.cloud.worker.adapters.k8s.follow.FollowedJobs.named;
import static mstc.cloud.worker.adapters.k8s.follow.FollowedJobs.newer;
import static mstc.cloud.worker.adapters.k8s.follow.FollowedJobs.running;
import static mstc.cloud.worker.adapters.k8s.follow.FollowedJobs.with;
import static mstc.cloud.worker.adapters.k8s.follow.FollowedJobs.work;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.EventBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.JobStatusBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import mstc.cloud.worker.adapters.k8s.job.TrackedJob;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.runtime.JobEnd;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Jobs that are followed on by another worker, which may not know all of their pods. */
@Execution(ExecutionMode.CONCURRENT)
class EarlierAttemptsTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String EVENTS = "GET events list";
  private static final String WARNING =
      "the log is not complete: " + EarlierAttempts.MAY_BE_MISSING;

  /** When Jobs start whose events are all there. */
  private final Instant recently = Instant.now().truncatedTo(ChronoUnit.SECONDS).minusSeconds(60);

  private final mstc.cloud.worker.domain.job.Job work = work(1);
  private final FollowedJobs jobs;

  EarlierAttemptsTest(@TempDir Path spoolFolder) throws IOException {
    jobs = new FollowedJobs(spoolFolder);
  }

  @AfterEach
  void closeEverything() {
    jobs.close();
  }

  private Job started(Instant at) {
    return new JobBuilder(jobs.created(work))
        .editMetadata()
        .withCreationTimestamp(at.toString())
        .endMetadata()
        .editStatus()
        .withStartTime(at.toString())
        .endStatus()
        .build();
  }

  /** The event of a pod's creation. */
  private void tellOf(Job job, String pod) {
    jobs.server.add(
        new EventBuilder()
            .withNewMetadata()
            .withName("created-" + pod)
            .endMetadata()
            .withReason("SuccessfulCreate")
            .withMessage("Created pod: " + pod)
            .withNewInvolvedObject()
            .withUid(job.getMetadata().getUid())
            .endInvolvedObject()
            .build());
  }

  /** A Job with the events of these pods' creation. */
  private Job startedRecently(String... pods) {
    Job job = started(recently);
    List.of(pods).forEach(pod -> tellOf(job, pod));
    return job;
  }

  /** A Job whose time was over. */
  private static Job timedOut(Job job) {
    return with(
        job,
        new JobStatusBuilder(failed("DeadlineExceeded", 0))
            .withStartTime(job.getStatus().getStartTime())
            .build());
  }

  private JobFollower inherited(TrackedJob tracked) {
    return jobs.followed(work, tracked, true, Duration.ZERO);
  }

  /** Another worker follows a Job to its end, of which there are these pods. */
  private JobEnd endOf(Job job, Pod... pods) throws Exception {
    TrackedJob tracked = new TrackedJob(job);
    List.of(pods).forEach(tracked::update);
    return inherited(tracked).awaitEnd();
  }

  private void assertIsComplete(JobEnd end) {
    assertThat(end.log().file()).hasContent("one line\n");
    assertThat(end.warnings()).isEmpty();
    assertThat(end.log().complete()).isTrue();
  }

  private void assertIsNotComplete(JobEnd end) {
    assertThat(end.log().file()).hasContent("one line\n");
    assertThat(end.warnings()).containsExactly(WARNING);
    assertThat(end.log().complete()).isFalse();
  }

  @Test
  void anAttemptThatIsGoneWithTheWorkerThatReadItIsMissed() throws Exception {
    // given
    Job job = startedRecently("evicted", "p");

    // when
    JobEnd end = endOf(job, created(exited(0), recently.plusSeconds(37)));

    // then
    assertIsNotComplete(end);
  }

  @Test
  void anAttemptThatFailedAndWasRemovedIsMissed() throws Exception {
    // given
    Job job = startedRecently("removed", "p", "q");

    // when
    JobEnd end =
        endOf(
            job,
            created(named(exited(3), "p", "2"), recently),
            created(named(exited(0), "q", "3"), recently.plusSeconds(37)));

    // then
    assertThat(end.warnings()).contains(WARNING);
  }

  @Test
  void anAttemptThatWasSuspendedIsMissed() throws Exception {
    // given
    Job job = startedRecently("suspended", "p");
    Job resumed =
        new JobBuilder(job)
            .editMetadata()
            .withGeneration(4L)
            .endMetadata()
            .editStatus()
            .withStartTime(recently.plusSeconds(37).toString())
            .endStatus()
            .build();

    // when
    JobEnd end = endOf(resumed, created(exited(0), recently.plusSeconds(37)));

    // then
    assertIsNotComplete(end);
  }

  private static Pod lost(Pod pod) {
    pod.getStatus()
        .getContainerStatuses()
        .getFirst()
        .getState()
        .getTerminated()
        .setReason("ContainerStatusUnknown");
    return pod;
  }

  @Test
  void anAttemptOnALostNodeMayHaveRun() throws Exception {
    // given
    Job job = startedRecently("lost", "p");

    // when
    JobEnd end =
        endOf(
            job,
            lost(created(named(exited(137), "lost", "2"), recently)),
            created(named(exited(0), "p", "3"), recently.plusSeconds(37)));

    // then
    assertIsNotComplete(end);
  }

  @Test
  void anAttemptThatWasSeenRunningOnALostNodeHasALog() throws Exception {
    // given
    Job job = startedRecently("lost", "p");

    // when
    JobEnd end =
        endOf(
            job,
            created(named(running(), "lost", "2"), recently),
            lost(created(named(exited(137), "lost", "3"), recently)),
            created(named(exited(0), "p", "4"), recently.plusSeconds(37)));

    // then
    assertThat(end.log().file()).content().contains("=== attempt 2 of 2").contains("one line\n===");
    assertThat(end.log().complete()).isTrue();
  }

  @Test
  void whereThePodCameAtOnceNoEventsAreRead() throws Exception {
    // given
    Job job = started(START);

    // when
    JobEnd end = endOf(job, created(exited(0), START.plusSeconds(5)));

    // then
    assertIsComplete(end);
    assertThat(jobs.server.notes()).doesNotContain(EVENTS);
  }

  @Test
  void whereSeveralPodsCameAtOnceEventsTellOfMore() throws Exception {
    // given
    Job job = startedRecently("evicted", "p", "q");

    // when
    JobEnd end =
        endOf(
            job,
            created(named(exited(3), "p", "2"), recently),
            created(named(exited(0), "q", "3"), recently.plusSeconds(3)));

    // then
    assertThat(end.warnings()).contains(WARNING);
    assertThat(end.log().complete()).isFalse();
  }

  @Test
  void whereAPodCameAtOnceThoughAnotherLeftItsLogEventsTellOfMore() throws Exception {
    // given
    Job job = started(recently);
    TrackedJob tracked = new TrackedJob(job);
    tracked.update(created(named(exited(3), "first", "2"), recently));
    tracked.update(created(named(running(), "p", "3"), recently.plusSeconds(3)));
    jobs.server.fail(EVENTS);
    follow(inherited(tracked), List.of("first", "p"));
    jobs.server.mend(EVENTS);
    List.of("first", "evicted", "p").forEach(pod -> tellOf(job, pod));

    // when
    JobEnd end = endOf(job, created(named(exited(0), "p", "4"), recently.plusSeconds(3)));

    // then
    assertThat(end.warnings()).contains(WARNING);
    assertThat(end.log().complete()).isFalse();
  }

  @Test
  void whoFollowsAJobFromItsBeginningReadsNoEvents() throws Exception {
    // given
    TrackedJob tracked = new TrackedJob(started(START));

    // when
    tracked.update(created(exited(0), START.plusSeconds(60)));

    // then
    assertIsComplete(jobs.followed(work, tracked).awaitEnd());
    assertThat(jobs.server.notes()).doesNotContain(EVENTS);
  }

  @Test
  void aFirstPodMayComeLate() throws Exception {
    // given
    Job job = startedRecently("p");

    // when
    JobEnd end = endOf(job, created(exited(0), recently.plusSeconds(37)));

    // then
    assertIsComplete(end);
  }

  @Test
  void theEventOfAFirstPodMayComeLater() throws Exception {
    // given
    Job job = started(recently);
    TrackedJob tracked = new TrackedJob(job);
    tracked.update(created(running(), Instant.now()));
    JobFollower follower = inherited(tracked);
    await().atMost(PATIENCE).until(() -> jobs.server.notes().contains(EVENTS));

    // when
    tellOf(job, "p");
    tracked.update(newer(created(exited(0), Instant.now()), "3"));

    // then
    assertIsComplete(follower.awaitEnd());
  }

  @Test
  void eventsOfLongAgoMayBeGone() throws Exception {
    // given
    Job job = started(recently.minus(Duration.ofHours(1)));
    tellOf(job, "p");

    // when
    JobEnd end = endOf(job, created(exited(0), recently));

    // then
    assertIsNotComplete(end);
  }

  @Test
  void eventsThatCannotBeReadTellNothing() throws Exception {
    // given
    Job job = started(recently);
    jobs.server.fail(EVENTS);

    // when
    JobEnd end = endOf(job, created(exited(0), recently.plusSeconds(37)));

    // then
    assertIsNotComplete(end);
    // More than once while it was followed, and once at its end.
    assertThat(jobs.server.notes().stream().filter(EVENTS::equals)).hasSizeGreaterThan(2);
  }

  @Test
  void eventsThatDoNotTellOfAPodThatIsKnownTellNothing() throws Exception {
    // given
    Job job = started(recently.minusSeconds(60));

    // when
    JobEnd end = endOf(job, created(exited(0), recently.minusSeconds(1)));

    // then
    assertIsNotComplete(end);
  }

  // What one worker leaves word of to the next.

  /** Until what was read of a pod's log is on record. */
  private void awaitLine(String pod) {
    Path log = jobs.spool.folder(work.name().value()).resolve(pod + ".log");
    await()
        .atMost(PATIENCE)
        .until(() -> Files.exists(log) && Files.readString(log).equals("one line\n"));
  }

  private void follow(JobFollower leaving, List<String> pods) throws InterruptedException {
    pods.forEach(this::awaitLine);
    leaving.leave();
    leaving.awaitLeft(PATIENCE);
  }

  @Test
  void whoKnewAllPodsLeavesWordOfThat() throws Exception {
    // given
    TrackedJob tracked = new TrackedJob(started(START));
    tracked.update(created(running(), START.plusSeconds(60)));
    follow(jobs.followed(work, tracked), List.of("p"));

    // when
    tracked.update(newer(created(exited(0), START.plusSeconds(60)), "3"));

    // then
    assertIsComplete(inherited(tracked).awaitEnd());
    assertThat(jobs.server.notes()).doesNotContain(EVENTS);
  }

  @Test
  void whoKnewOfMoreLogsThanAreLeftLeavesWordOfThat() throws Exception {
    // given
    Job job = started(START);
    TrackedJob tracked = new TrackedJob(job);
    tracked.update(created(named(exited(3), "evicted", "2"), START));
    tracked.update(created(named(running(), "p", "3"), START.plusSeconds(60)));
    follow(jobs.followed(work, tracked), List.of("evicted", "p"));
    Path folder = jobs.spool.folder(work.name().value());
    Files.delete(folder.resolve("evicted.log"));
    Files.delete(folder.resolve("evicted.log.mark"));

    // when
    TrackedJob known = new TrackedJob(job);
    known.update(created(named(exited(0), "p", "4"), START.plusSeconds(60)));

    // then
    assertIsNotComplete(inherited(known).awaitEnd());
  }

  @Test
  void whoDidNotFindOutLeavesTheQuestion() throws Exception {
    // given
    Job job = started(recently);
    TrackedJob tracked = new TrackedJob(job);
    tracked.update(created(running(), recently.plusSeconds(37)));
    jobs.server.fail(EVENTS);
    follow(inherited(tracked), List.of("p"));
    jobs.server.mend(EVENTS);
    tellOf(job, "evicted");

    // when
    tracked.update(newer(created(exited(0), recently.plusSeconds(37)), "3"));

    // then
    assertIsNotComplete(inherited(tracked).awaitEnd());
  }

  @Test
  void whoFoundOutLeavesWordOfThat() throws Exception {
    // given
    Job job = startedRecently("p");
    TrackedJob tracked = new TrackedJob(job);
    tracked.update(created(exited(0), recently.plusSeconds(37)));
    var _ = inherited(tracked).awaitEnd();

    // when
    jobs.server.fail(EVENTS);
    JobEnd end = inherited(tracked).awaitEnd();

    // then
    assertIsComplete(end);
  }

  @Test
  void anAttemptAfterTheNewestThatIsKnownIsMissed() throws Exception {
    // given
    Job job = started(START);
    TrackedJob tracked = new TrackedJob(job);
    tracked.update(created(exited(3), START));
    follow(jobs.followed(work, tracked), List.of("p"));
    tellOf(job, "p");
    tellOf(job, "evicted");

    // when
    TrackedJob known = new TrackedJob(with(job, failed("DeadlineExceeded", 1)));
    known.update(created(exited(3), START));

    // then
    assertIsNotComplete(inherited(known).awaitEnd());
  }

  @Test
  void whereTheJobEndedWithItsPodNoOtherCameAfter() throws Exception {
    // given
    Job job = started(START);
    TrackedJob known = new TrackedJob(with(job, failed("BackoffLimitExceeded", 1)));

    // when
    known.update(finished(created(exited(3), START), START.plusSeconds(4)));

    // then
    assertIsComplete(inherited(known).awaitEnd());
    assertThat(jobs.server.notes()).doesNotContain(EVENTS);
  }

  private static Pod finished(Pod pod, Instant at) {
    pod.getStatus()
        .getContainerStatuses()
        .getFirst()
        .getState()
        .getTerminated()
        .setFinishedAt(at.toString());
    return pod;
  }

  // No pod that is known.

  @Test
  void aJobThatTimedOutAfterItsOnlyPodWasEvictedMayHaveALog() throws Exception {
    // given
    Job job = startedRecently("evicted");

    // when
    JobEnd end = endOf(timedOut(job));

    // then
    assertThat(end.outcome().kind()).isEqualTo(JobOutcome.Kind.TIMED_OUT);
    assertThat(end.log().complete()).isFalse();
    assertThat(end.warnings())
        .contains("the log is not complete: the pod was gone before its log was read");
  }

  @Test
  void aJobThatTimedOutWithoutAPodHasAnEmptyLog() throws Exception {
    // when
    JobEnd end = endOf(timedOut(started(recently)));

    // then
    assertThat(end.outcome().kind()).isEqualTo(JobOutcome.Kind.TIMED_OUT);
    assertThat(end.log().complete()).isTrue();
    assertThat(jobs.server.notes()).contains(EVENTS);
  }

  @Test
  void aJobThatNeverBeganHasAnEmptyLog() throws Exception {
    // when
    JobEnd end = endOf(with(jobs.created(work), failed("DeadlineExceeded", 0)));

    // then
    assertThat(end.outcome().kind()).isEqualTo(JobOutcome.Kind.TIMED_OUT);
    assertThat(end.log().complete()).isTrue();
  }

  private static Job unstartable(Job job) {
    return new JobBuilder(timedOut(job))
        .editMetadata()
        .addToAnnotations(
            "mstc/unstartable", "{\"kind\":\"IMAGE_UNAVAILABLE\",\"reason\":\"no such image\"}")
        .endMetadata()
        .build();
  }

  @Test
  void anAttemptMayHaveRunBeforeTheOneThatCouldNotStart() throws Exception {
    // given
    Job job = startedRecently("evicted", "unstartable");
    jobs.server.add(
        new EventBuilder()
            .withNewMetadata()
            .withName("started")
            .endMetadata()
            .withReason("Started")
            .withFirstTimestamp(recently.toString())
            .withNewInvolvedObject()
            .withName("evicted")
            .withFieldPath("spec.containers{" + FollowedJobs.CONTAINER + "}")
            .endInvolvedObject()
            .build());

    // when
    JobEnd end = endOf(unstartable(job));

    // then
    assertThat(end.outcome().kind()).isEqualTo(JobOutcome.Kind.IMAGE_UNAVAILABLE);
    assertThat(end.warnings()).contains(WARNING);
    assertThat(end.log().complete()).isFalse();
  }

  @Test
  void aPodThatCouldNotStartLeftNothingToMiss() throws Exception {
    // given
    Job job = startedRecently("unstartable");

    // when
    JobEnd end = endOf(unstartable(job));

    // then
    assertThat(end.outcome().kind()).isEqualTo(JobOutcome.Kind.IMAGE_UNAVAILABLE);
    assertThat(end.log().complete()).isTrue();
  }
}
