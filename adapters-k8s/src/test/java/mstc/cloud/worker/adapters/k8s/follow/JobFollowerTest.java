package mstc.cloud.worker.adapters.k8s.follow;

import static mstc.cloud.worker.adapters.k8s.follow.FollowedJobs.START;
import static mstc.cloud.worker.adapters.k8s.follow.FollowedJobs.beingDeleted;
import static mstc.cloud.worker.adapters.k8s.follow.FollowedJobs.complete;
import static mstc.cloud.worker.adapters.k8s.follow.FollowedJobs.exited;
import static mstc.cloud.worker.adapters.k8s.follow.FollowedJobs.failed;
import static mstc.cloud.worker.adapters.k8s.follow.FollowedJobs.keptAfter;
import static mstc.cloud.worker.adapters.k8s.follow.FollowedJobs.newer;
import static mstc.cloud.worker.adapters.k8s.follow.FollowedJobs.ownedBy;
import static mstc.cloud.worker.adapters.k8s.follow.FollowedJobs.running;
import static mstc.cloud.worker.adapters.k8s.follow.FollowedJobs.waiting;
import static mstc.cloud.worker.adapters.k8s.follow.FollowedJobs.warning;
import static mstc.cloud.worker.adapters.k8s.follow.FollowedJobs.with;
import static mstc.cloud.worker.adapters.k8s.follow.FollowedJobs.work;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.EventBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import mstc.cloud.worker.adapters.k8s.job.JobAnnotations;
import mstc.cloud.worker.adapters.k8s.job.JobCalls;
import mstc.cloud.worker.adapters.k8s.job.NotedJobs;
import mstc.cloud.worker.adapters.k8s.job.RecordReader;
import mstc.cloud.worker.adapters.k8s.job.TrackedJob;
import mstc.cloud.worker.adapters.k8s.job.TrackedJobs;
import mstc.cloud.worker.adapters.k8s.job.Unshown;
import mstc.cloud.worker.adapters.k8s.log.LogSource;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.runtime.JobEnd;
import mstc.cloud.worker.wire.WorkRequestFormat;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** What a job that is followed asks of the cluster, and when. */
@Execution(ExecutionMode.CONCURRENT)
@Timeout(120)
class JobFollowerTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final FollowedJobs jobs;
  private final JobServer server;

  JobFollowerTest(@TempDir Path spoolFolder) throws IOException {
    jobs = new FollowedJobs(spoolFolder);
    server = jobs.server;
  }

  @AfterEach
  void closeEverything() {
    jobs.close();
  }

  // Pods that others keep.

  @Test
  void theLogIsOfTheContainerThatBearsTheJobsName() {
    assertThat(PodLogs.container(keptAfter(0)))
        .isEqualTo(new LogSource.Container("p", FollowedJobs.CONTAINER));
  }

  @Test
  void aPodThatOthersKeepIsEndedOnceTheLogIsWholeAndTheEndIsOnRecord() throws Exception {
    // given
    var work = work(0);
    TrackedJob tracked = new TrackedJob(jobs.created(work));
    tracked.update(keptAfter(0));

    // when
    JobEnd end = jobs.followed(work, tracked).awaitEnd();

    // then
    assertThat(end.outcome()).isEqualTo(new JobOutcome.Succeeded());
    assertThat(end.log().complete()).isTrue();
    assertThat(end.log().file()).hasContent("one line\n");
    assertThat(server.notes()).containsSubsequence("the log's end", "PATCH jobs " + work.name());
    assertThat(jobs.archive.keptBytes(work.name(), "p")).isEqualTo("one line\n".length());
    Job ended = server.job(work.name().value());
    assertThat(ended.getSpec().getActiveDeadlineSeconds()).isEqualTo(1);
    assertThat(JobAnnotations.ended(ended, PATIENCE).orElseThrow().outcome())
        .isEqualTo(new JobOutcome.Succeeded());
  }

  @Test
  void afterAFailureThatIsNotTheLastThePodIsDeletedOnceItsLogIsWhole() throws Exception {
    // given
    var work = work(1);
    TrackedJob tracked = new TrackedJob(jobs.created(work));
    tracked.update(keptAfter(3));

    // when
    JobFollower follower = jobs.followed(work, tracked);

    // then
    await().atMost(PATIENCE).until(() -> server.notes().contains("DELETE pods p"));
    assertThat(server.notes()).containsSubsequence("the log's end", "DELETE pods p");
    assertThat(server.notes()).noneMatch(note -> note.startsWith("PATCH"));
    follower.close();
  }

  @Test
  void anAttemptThatCouldNotStartHasNoLogToWaitFor() throws Exception {
    // given
    var work = work(1);
    TrackedJob tracked = new TrackedJob(jobs.created(work));
    tracked.update(
        new PodBuilder(keptAfter(128))
            .editStatus()
            .editLastContainerStatus()
            .editState()
            .editTerminated()
            .withReason("StartError")
            .endTerminated()
            .endState()
            .endContainerStatus()
            .endStatus()
            .build());

    // when
    jobs.followed(work, tracked);

    // then
    await().atMost(PATIENCE).until(() -> server.notes().contains("DELETE pods p"));
    // It is repeated while the pod stays.
    assertThat(server.notes()).containsOnly("DELETE pods p");
  }

  @Test
  void aSuccessBesideAFailureIsPutOnRecordAtOnceAsItsJobWouldRepeatIt() throws Exception {
    // given
    var work = work(1);
    TrackedJob tracked = new TrackedJob(jobs.created(work));
    tracked.update(
        new PodBuilder(keptAfter(0))
            .editStatus()
            .withPhase("Failed")
            .editFirstContainerStatus()
            .withNewState()
            .withNewTerminated()
            .withExitCode(1)
            .withFinishedAt(START.plusSeconds(2).toString())
            .endTerminated()
            .endState()
            .endContainerStatus()
            .endStatus()
            .build());

    // when
    JobEnd end = jobs.followed(work, tracked).awaitEnd();

    // then
    assertThat(end.outcome()).isEqualTo(new JobOutcome.Succeeded());
    assertThat(end.log().file()).hasContent("one line\n");
    assertThat(
            JobAnnotations.ended(server.job(work.name().value()), PATIENCE).orElseThrow().outcome())
        .isEqualTo(new JobOutcome.Succeeded());
  }

  // Jobs that are gone.

  @Test
  void aJobThatIsDeletedWhilePodsOfItStayIsAnsweredWithTheLogAsFarAsItIsRead() throws Exception {
    // given
    var work = work(0);
    TrackedJob tracked = new TrackedJob(jobs.created(work));
    tracked.update(running());
    JobFollower follower = jobs.followed(work, tracked);

    // when
    tracked.markGone();

    // then
    JobEnd end = follower.awaitEnd();
    assertThat(end.outcome()).isEqualTo(new JobOutcome.Cancelled());
    assertThat(end.log().file()).hasContent("one line\n");
    assertThat(end.log().complete()).isFalse();
    assertThat(end.warnings()).singleElement().asString().contains("its container runs on");
  }

  // Why.

  @Test
  void jobsThatWaitForPodsAskForNothing() throws Exception {
    // given
    TrackedJobs all =
        new TrackedJobs(new Silent(), new Unshown(), new RecordReader(new WorkRequestFormat()));
    List<mstc.cloud.worker.domain.job.Job> waiting = new ArrayList<>();
    for (int number = 0; number < 20; number++) {
      var work = work(0);
      waiting.add(work);
      jobs.created(work);
    }
    try (JobWatches watches =
        new JobWatches(server.client(), JobServer.NAMESPACE, all, Duration.ofHours(1))) {
      watches.start(() -> {});
      await().atMost(PATIENCE).until(() -> server.isWatched("events"));
      waiting.forEach(work -> jobs.followed(work, all.findUnanswered(work.name()).orElseThrow()));

      // when
      for (var work : waiting) {
        server.tell(
            warning("uid-" + work.name(), "FailedCreate", "forbidden: exceeded quota: team"));
      }
      // then
      await()
          .atMost(PATIENCE)
          .until(() ->
              waiting.stream()
                  .map(work -> all.findUnanswered(work.name()).orElseThrow().snapshot())
                  .allMatch(snapshot -> snapshot.refusal().isPresent()));
      assertThat(server.notes())
          .containsExactlyInAnyOrder(
              "GET jobs list",
              "GET jobs watch",
              "GET pods list",
              "GET pods watch",
              "GET events list",
              "GET events watch");
    }
  }

  private static Pod late() {
    return new PodBuilder(waiting("Failed", "ContainerCreating"))
        .editStatus()
        .withReason("DeadlineExceeded")
        .endStatus()
        .build();
  }

  private static JobOutcome timedOut(String reason) {
    return new JobOutcome.TimedOut(Duration.ofMinutes(15), Optional.of(reason));
  }

  @Test
  void aTimeoutIsExplainedByTheLastWarningOfThePod() throws Exception {
    // given
    var work = work(0);
    TrackedJob tracked = new TrackedJob(jobs.created(work));
    server.add(warning("p", "FailedCreatePodSandBox", "container init was OOM-killed"));
    server.add(warning("p", "DeadlineExceeded", "Pod was active too long"));

    // when
    tracked.update(late());
    JobEnd end = jobs.followed(work, tracked).awaitEnd();

    // then
    assertThat(end.outcome())
        .isEqualTo(timedOut("FailedCreatePodSandBox: container init was OOM-killed"));
    assertThat(server.notes()).containsExactly("GET events list");
  }

  @Test
  void aTimeoutOfWhichThePodSaysNothingIsExplainedByItsJob() throws Exception {
    // given
    var work = work(0);
    Job job = jobs.created(work);
    TrackedJob tracked = new TrackedJob(job);
    server.add(warning(job.getMetadata().getUid(), "FailedCreate", "exceeded quota: team"));

    // when
    tracked.update(late());
    JobEnd end = jobs.followed(work, tracked).awaitEnd();

    // then
    assertThat(end.outcome()).isEqualTo(timedOut("FailedCreate: exceeded quota: team"));
  }

  /** The watch for refusals may have told nothing, as of one from before it began. */
  @Test
  void aTimeoutWithoutAPodIsExplainedByTheLastWarningOfTheJob() throws Exception {
    // given
    var work = work(0);
    Job job = with(jobs.created(work), failed("DeadlineExceeded", 0));
    server.add(warning(job.getMetadata().getUid(), "FailedCreate", "exceeded quota: team"));

    // when
    JobEnd end = endWithoutPods(job, work);

    // then
    assertThat(end.outcome()).isEqualTo(timedOut("FailedCreate: exceeded quota: team"));
  }

  @Test
  void whatWasOverBeforeTheProcessStartedIsNotWhyItWasLate() throws Exception {
    // given
    var work = work(0);
    TrackedJob tracked = new TrackedJob(jobs.created(work));
    server.add(
        new EventBuilder(warning("p", "FailedScheduling", "no node has room"))
            .withLastTimestamp(START.minusSeconds(9).toString())
            .build());

    // when
    tracked.update(
        new PodBuilder(running())
            .editStatus()
            .withPhase("Failed")
            .withReason("DeadlineExceeded")
            .endStatus()
            .build());
    JobEnd end = jobs.followed(work, tracked).awaitEnd();

    // then
    assertThat(end.outcome())
        .isEqualTo(new JobOutcome.TimedOut(Duration.ofMinutes(15), Optional.empty()));
  }

  @Test
  void aTimeoutWhoseWarningsCannotBeReadIsATimeoutAllTheSame() throws Exception {
    // given
    var work = work(0);
    TrackedJob tracked = new TrackedJob(jobs.created(work));
    server.fail("GET events list");

    // when
    tracked.update(late());
    JobEnd end = jobs.followed(work, tracked).awaitEnd();

    // then
    assertThat(end.outcome())
        .isEqualTo(new JobOutcome.TimedOut(Duration.ofMinutes(15), Optional.empty()));
  }

  @Test
  void aTimeoutThatThePodItselfExplainsCostsNoCall() throws Exception {
    // given
    var work = work(0);
    TrackedJob tracked = new TrackedJob(jobs.created(work));

    // when
    tracked.update(
        new PodBuilder(waiting("Failed", "ErrImagePull"))
            .editStatus()
            .withReason("DeadlineExceeded")
            .endStatus()
            .build());
    JobEnd end = jobs.followed(work, tracked).awaitEnd();

    // then
    assertThat(end.outcome()).isEqualTo(timedOut("ErrImagePull"));
    assertThat(server.notes()).isEmpty();
  }

  // What keeps a job from starting.

  @Test
  void whatWillNotChangeEndsTheJobAtOnce() throws Exception {
    // given
    var work = work(0);
    TrackedJob tracked = new TrackedJob(jobs.created(work));
    jobs.followed(work, tracked, false, Duration.ofHours(1));

    // when
    tracked.update(waiting("Pending", "InvalidImageName"));

    // then
    await()
        .atMost(PATIENCE)
        .until(() -> JobAnnotations.unstartable(server.job(work.name().value())).isPresent());
    assertThat(JobAnnotations.unstartable(server.job(work.name().value())).orElseThrow().kind())
        .isEqualTo(JobOutcome.Kind.IMAGE_UNAVAILABLE);
  }

  @Test
  void whatDoesNotPassInItsGraceEndsTheJob() throws Exception {
    // given
    var work = work(0);
    TrackedJob tracked = new TrackedJob(jobs.created(work));

    // when
    tracked.update(waiting("Pending", "ErrImagePull"));
    jobs.followed(work, tracked, false, Duration.ofMillis(100));

    // then
    await()
        .atMost(PATIENCE)
        .until(() -> JobAnnotations.unstartable(server.job(work.name().value())).isPresent());
    assertThat(server.notes()).containsExactly("PATCH jobs " + work.name());
  }

  @Test
  void whatPassesInItsGraceEndsNothing() throws Exception {
    // given
    var work = work(0);
    TrackedJob tracked = new TrackedJob(jobs.created(work));
    tracked.update(waiting("Pending", "ErrImagePull"));
    JobFollower follower = jobs.followed(work, tracked, false, Duration.ofHours(1));

    // when
    tracked.update(newer(exited(0), "3"));
    JobEnd end = follower.awaitEnd();

    // then
    assertThat(end.outcome()).isEqualTo(new JobOutcome.Succeeded());
    assertThat(server.notes()).noneMatch(note -> note.startsWith("PATCH"));
  }

  @Test
  void aWebhookThatCannotBeAskedIsWaitedForButOneThatDeniesIsNot() throws Exception {
    // given
    var work = work(0);
    TrackedJob tracked = new TrackedJob(jobs.created(work));
    tracked.update(refusal("3001", "failed calling webhook \"mesh\": connection refused"));
    jobs.followed(work, tracked);

    // when
    tracked.update(refusal("3002", "admission webhook \"policy\" denied the request"));

    // then
    await()
        .atMost(PATIENCE)
        .until(() -> JobAnnotations.unstartable(server.job(work.name().value())).isPresent());
    assertThat(server.notes()).containsExactly("PATCH jobs " + work.name());
    assertThat(JobAnnotations.unstartable(server.job(work.name().value())).orElseThrow().reason())
        .contains("denied the request");
  }

  private static Event refusal(String version, String message) {
    return new EventBuilder(warning("", "FailedCreate", message))
        .editMetadata()
        .withResourceVersion(version)
        .endMetadata()
        .build();
  }

  // Its time.

  @Test
  void aJobThatWouldTryAgainThoughItsTimeIsOverIsEndedOnce() throws Exception {
    // given
    var work = work(1);
    Job job = jobs.created(work);
    TrackedJob tracked = new TrackedJob(job);
    JobFollower follower = jobs.followed(work, tracked);

    // when
    tracked.update(late());
    await().atMost(PATIENCE).until(() -> JobCalls.isToEndSoon(tracked.snapshot().job()));
    tracked.update(newer(late(), "3"));
    tracked.update(with(tracked.snapshot().job(), failed("DeadlineExceeded", 1)));
    JobEnd end = follower.awaitEnd();

    // then
    assertThat(end.outcome()).isInstanceOf(JobOutcome.TimedOut.class);
    assertThat(server.notes()).containsOnlyOnce("PATCH jobs " + work.name());
  }

  // Pods that the watch does not tell of.

  @Test
  void aPodThatTheWatchIsBehindWithIsAskedForOnce() throws Exception {
    // given
    var work = work(0);
    Job job = jobs.created(work);
    server.add(ownedBy(job, exited(0)));

    // when
    JobEnd end = jobs.followed(work, new TrackedJob(with(job, complete()))).awaitEnd();

    // then
    assertThat(end.outcome()).isEqualTo(new JobOutcome.Succeeded());
    assertThat(end.log().file()).hasContent("one line\n");
    assertThat(end.log().complete()).isTrue();
    assertThat(server.notes())
        .filteredOn(note -> note.startsWith("GET"))
        .containsExactly("GET pods list");
  }

  @Test
  void aPodThatIsGoneMayHaveWrittenALog() throws Exception {
    // given
    var work = work(0);
    Job job = jobs.created(work);

    // when
    JobEnd end = jobs.followed(work, new TrackedJob(with(job, complete()))).awaitEnd();

    // then
    assertThat(end.outcome()).isEqualTo(new JobOutcome.Succeeded());
    assertThat(end.log().file()).isEmptyFile();
    assertThat(end.log().complete()).isFalse();
    assertThat(end.warnings())
        .containsExactly(
            "its pod was gone before it was seen",
            "the log is not complete: the pod was gone before its log was read");
    assertThat(server.notes()).containsExactly("GET pods list", "GET events list");
  }

  @Test
  void ofTwoPodsOneOfWhichIsGoneTheOtherTellsHowTheJobEnded() throws Exception {
    // given
    var work = work(1);
    Job job = jobs.created(work);
    server.add(ownedBy(job, exited(3)));

    // when
    JobEnd end =
        jobs.followed(work, new TrackedJob(with(job, failed("BackoffLimitExceeded", 2))))
            .awaitEnd();

    // then
    assertThat(end.outcome()).isEqualTo(new JobOutcome.Failed(3));
    assertThat(end.log().file()).hasContent("one line\n");
    assertThat(server.notes())
        .filteredOn(note -> note.startsWith("GET"))
        .containsExactly("GET pods list", "GET events list");
  }

  private JobEnd endWithoutPods(Job job, mstc.cloud.worker.domain.job.Job work) throws Exception {
    return jobs.followed(work, new TrackedJob(job)).awaitEnd();
  }

  @Test
  void aJobThatNeverHadAPodHasAnEmptyLogOfWhichNothingIsMissing() throws Exception {
    // given
    var refused = work(0);
    Job refusedJob = with(jobs.created(refused), failed("BackoffLimitExceeded", 0));
    var late = work(0);
    Job lateJob = with(jobs.created(late), failed("DeadlineExceeded", 0));
    var cancelled = work(0);
    Job cancelledJob =
        NotedJobs.cancelled(with(jobs.created(cancelled), failed("DeadlineExceeded", 0)));
    var unstartable = work(0);
    Job unstartableJob =
        NotedJobs.unstartable(
            with(jobs.created(unstartable), failed("DeadlineExceeded", 0)),
            JobOutcome.Kind.IMAGE_UNAVAILABLE,
            "no such image");

    // when
    List<JobEnd> ends =
        List.of(
            endWithoutPods(refusedJob, refused),
            endWithoutPods(lateJob, late),
            endWithoutPods(cancelledJob, cancelled),
            endWithoutPods(unstartableJob, unstartable));

    // then
    assertThat(ends)
        .extracting(end -> end.outcome().kind())
        .containsExactly(
            JobOutcome.Kind.FAILED,
            JobOutcome.Kind.TIMED_OUT,
            JobOutcome.Kind.CANCELLED,
            JobOutcome.Kind.IMAGE_UNAVAILABLE);
    assertThat(ends)
        .allSatisfy(end -> {
          assertThat(end.log().file()).isEmptyFile();
          assertThat(end.log().complete()).isTrue();
        });
  }

  @Test
  void aJobThatWasLateMayHaveWrittenALogWhereItHadAPod() throws Exception {
    // given
    var work = work(0);
    Job job = with(jobs.created(work), failed("DeadlineExceeded", 1));

    // when
    JobEnd end = endWithoutPods(job, work);

    // then
    assertThat(end.outcome()).isInstanceOf(JobOutcome.TimedOut.class);
    assertThat(end.log().complete()).isFalse();
  }

  @Test
  void aPodThatIsBeingDeletedIsWaitedFor() throws Exception {
    // given
    var work = work(0);
    TrackedJob tracked = new TrackedJob(jobs.created(work));
    Instant inAnHour = Instant.now().plus(Duration.ofHours(1));
    tracked.update(beingDeleted(running(), inAnHour));
    JobFollower follower = jobs.followed(work, tracked);

    // when
    tracked.update(beingDeleted(newer(exited(0), "3"), inAnHour));
    tracked.update(with(tracked.snapshot().job(), complete()));
    JobEnd end = follower.awaitEnd();

    // then
    assertThat(end.outcome()).isEqualTo(new JobOutcome.Succeeded());
    assertThat(end.log().complete()).isTrue();
  }

  // Failures.

  @Test
  void aCallThatFailsIsTriedAgain() throws Exception {
    // given
    var work = work(0);
    TrackedJob tracked = new TrackedJob(jobs.created(work));
    server.fail("PATCH jobs " + work.name());
    tracked.update(waiting("Pending", "InvalidImageName"));
    jobs.followed(work, tracked);
    await().atMost(PATIENCE).until(() -> !server.notes().isEmpty());

    // when
    server.mend("PATCH jobs " + work.name());
    tracked.update(newer(waiting("Pending", "InvalidImageName"), "3"));

    // then
    await()
        .atMost(PATIENCE)
        .until(() -> JobAnnotations.unstartable(server.job(work.name().value())).isPresent());
  }

  @Test
  void aJobThatCannotBeJudgedIsJudgedAgainOnceItChanges() throws Exception {
    // given
    var work = work(0);
    Job job = jobs.created(work);
    TrackedJob tracked = new TrackedJob(NotedJobs.garbled(job));
    tracked.update(exited(0));
    JobFollower follower = jobs.followed(work, tracked);

    // when
    tracked.update(with(job, complete()));
    JobEnd end = follower.awaitEnd();

    // then
    assertThat(end.outcome()).isEqualTo(new JobOutcome.Succeeded());
  }

  /** Told of nothing that matters here. */
  private static final class Silent implements TrackedJobs.Observer {
    @Override
    public void onUnanswered(UniqueName name, TrackedJob job) {}

    @Override
    public void onAnswered(UniqueName name, Job job) {}

    @Override
    public void onDeleted(UniqueName name) {}

    @Override
    public void onGivenUp(UniqueName name) {}

    @Override
    public void onCountChanged() {}
  }
}
