package mstc.cloud.worker.adapters.k8s.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.EventBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import mstc.cloud.worker.adapters.k8s.job.TrackedJob.Snapshot;
import mstc.cloud.worker.adapters.k8s.job.TrackedJob.TrackedPod;
import mstc.cloud.worker.domain.job.JobOutcome;
import org.junit.jupiter.api.Test;

class JobVerdictTest {
  private static final Duration TIMEOUT = Duration.ofMinutes(5);
  private static final Instant NOW = Instant.parse("2026-11-23T10:00:00Z");

  /** The job's. */
  private static final String CONTAINER = "solve";

  private static Job job() {
    return new JobBuilder()
        .withNewMetadata()
        .withName("j")
        .withUid("u")
        .endMetadata()
        .withNewSpec()
        .withBackoffLimit(0)
        .endSpec()
        .withNewStatus()
        .endStatus()
        .build();
  }

  private static Job failed(Job job, String type, String reason) {
    return new JobBuilder(job)
        .editStatus()
        .addNewCondition()
        .withType(type)
        .withStatus("True")
        .withReason(reason)
        .withMessage("its controller's words")
        .endCondition()
        .endStatus()
        .build();
  }

  private static Job annotated(Job job, String name, String value) {
    return new JobBuilder(job)
        .editMetadata()
        .withAnnotations(Map.of(name, value))
        .endMetadata()
        .build();
  }

  private static PodBuilder pod(String phase) {
    return new PodBuilder()
        .withNewMetadata()
        .withName("p")
        .withUid("p")
        .addToLabels(JobNames.NAME_LABEL, CONTAINER)
        .endMetadata()
        .withNewStatus()
        .withPhase(phase)
        .endStatus();
  }

  private static PodBuilder exited(String phase, int code, String reason) {
    return pod(phase)
        .editStatus()
        .addNewContainerStatus()
        .withName(CONTAINER)
        .withNewState()
        .withNewTerminated()
        .withExitCode(code)
        .withReason(reason)
        .withStartedAt("2026-11-23T09:00:00Z")
        .withFinishedAt("2026-11-23T09:01:00Z")
        .endTerminated()
        .endState()
        .endContainerStatus()
        .endStatus();
  }

  private static PodBuilder waiting(String reason) {
    return pod("Pending")
        .editStatus()
        .addNewContainerStatus()
        .withName(CONTAINER)
        .withNewState()
        .withNewWaiting("the kubelet's words", reason)
        .endState()
        .endContainerStatus()
        .endStatus();
  }

  private static PodBuilder disrupted(PodBuilder pod) {
    return pod.editStatus()
        .addNewCondition()
        .withType("DisruptionTarget")
        .withStatus("True")
        .withReason("EvictionByEvictionAPI")
        .endCondition()
        .endStatus();
  }

  private static PodBuilder deleted(PodBuilder pod) {
    return deleted(pod, NOW);
  }

  private static PodBuilder deleted(PodBuilder pod, Instant graceOver) {
    return pod.editMetadata().withDeletionTimestamp(graceOver.toString()).endMetadata();
  }

  private static JobVerdict verdict(Job job, Pod... pods) {
    return verdict(job, false, List.of(pods));
  }

  private static JobVerdict verdict(Job job, boolean gone, List<Pod> pods) {
    Snapshot there = snapshot(job, pods.toArray(Pod[]::new));
    return verdict(
        new Snapshot(
            there.job(),
            there.pods(),
            gone ? Optional.of(NOW) : Optional.empty(),
            there.refusal(),
            there.changes()));
  }

  private static Snapshot snapshot(Job job, Pod... pods) {
    return new Snapshot(
        job,
        Stream.of(pods).map(pod -> new TrackedPod(pod, false)).toList(),
        Optional.empty(),
        Optional.empty(),
        1);
  }

  private static JobVerdict verdict(Snapshot snapshot) {
    return JobJudgement.of(snapshot, TIMEOUT, Optional.empty(), NOW);
  }

  private static JobOutcome outcome(JobVerdict verdict) {
    assertThat(verdict).isInstanceOf(JobVerdict.Ended.class);
    return ((JobVerdict.Ended) verdict).outcome();
  }

  @Test
  void aPodThatSucceededIsBelievedBeforeItsJob() {
    assertThat(outcome(verdict(job(), exited("Succeeded", 0, "Completed").build())))
        .isEqualTo(new JobOutcome.Succeeded());
  }

  @Test
  void theTimesAreTheContainers() {
    JobVerdict.Ended ended =
        (JobVerdict.Ended) verdict(job(), exited("Failed", 3, "Error").build());

    assertThat(ended.outcome()).isEqualTo(new JobOutcome.Failed(3));
    assertThat(ended.startedAt()).contains(Instant.parse("2026-11-23T09:00:00Z"));
    assertThat(ended.finishedAt()).isEqualTo(Instant.parse("2026-11-23T09:01:00Z"));
  }

  @Test
  void aPodPastItsDeadlineHasTimedOutThoughItsContainerExitedWith0() {
    Pod pod =
        exited("Failed", 0, "Completed")
            .editStatus()
            .withReason("DeadlineExceeded")
            .endStatus()
            .build();

    assertThat(outcome(verdict(job(), pod)))
        .isEqualTo(new JobOutcome.TimedOut(TIMEOUT, Optional.empty()));
  }

  @Test
  void aJobWhoseTimeIsOverGetsNoFurtherAttempt() {
    Job retrying = new JobBuilder(job()).editSpec().withBackoffLimit(1).endSpec().build();
    Pod late =
        exited("Failed", 143, "Error")
            .editStatus()
            .withReason("DeadlineExceeded")
            .endStatus()
            .build();
    Pod next =
        new PodBuilder(pod("Running").build()).editMetadata().withUid("q").endMetadata().build();
    Job ending = failed(retrying, "FailureTarget", "DeadlineExceeded");

    assertThat(verdict(retrying, late)).isEqualTo(new JobVerdict.Overdue());
    assertThat(verdict(ending, late, next)).isEqualTo(new JobVerdict.Underway());
    assertThat(outcome(verdict(ending, late)))
        .isEqualTo(new JobOutcome.TimedOut(TIMEOUT, Optional.empty()));
  }

  @Test
  void aPodOnANodeThatIsDownIsNotWaitedForWithoutEnd() {
    Job overdue = failed(job(), "FailureTarget", "DeadlineExceeded");
    Pod justDeleted = disrupted(deleted(pod("Running"), NOW.minusSeconds(60))).build();
    Pod outOfReach = disrupted(deleted(pod("Running"), NOW.minusSeconds(301))).build();

    assertThat(verdict(overdue, justDeleted)).isEqualTo(new JobVerdict.Underway());
    assertThat(outcome(verdict(overdue, outOfReach)).kind()).isEqualTo(JobOutcome.Kind.EVICTED);
  }

  @Test
  void memoryIsToldFromOtherKills() {
    assertThat(outcome(verdict(job(), exited("Failed", 137, "OOMKilled").build())).kind())
        .isEqualTo(JobOutcome.Kind.OUT_OF_MEMORY);
    assertThat(outcome(verdict(job(), exited("Failed", 137, "Error").build())))
        .isEqualTo(new JobOutcome.Failed(137));
  }

  @Test
  void aFailedAttemptIsNoEndWhereAnotherMayFollow() {
    Job retrying = new JobBuilder(job()).editSpec().withBackoffLimit(1).endSpec().build();

    assertThat(verdict(retrying, exited("Failed", 3, "Error").build()))
        .isEqualTo(new JobVerdict.Underway());
  }

  @Test
  void aPodThatWasTakenAwayIsNoAttempt() {
    assertThat(verdict(job(), disrupted(exited("Failed", 143, "Error")).build()))
        .isEqualTo(new JobVerdict.Underway());
  }

  @Test
  void aJobWhosePodWasTakenAwayAndNotReplacedInTimeWasEvicted() {
    assertThat(
            outcome(
                    verdict(
                        failed(job(), "Failed", "DeadlineExceeded"),
                        disrupted(exited("Failed", 143, "Error")).build()))
                .kind())
        .isEqualTo(JobOutcome.Kind.EVICTED);
  }

  @Test
  void theConditionBeforeFailedIsAsGoodAsFailed() {
    Pod pod =
        pod("Pending")
            .editStatus()
            .addNewCondition()
            .withType("PodScheduled")
            .withStatus("False")
            .withReason("Unschedulable")
            .withMessage("0/1 nodes are available")
            .endCondition()
            .endStatus()
            .build();
    Snapshot snapshot =
        new Snapshot(
            failed(job(), "FailureTarget", "DeadlineExceeded"),
            List.of(new TrackedPod(pod, true)),
            Optional.empty(),
            Optional.empty(),
            1);

    assertThat(outcome(JobJudgement.of(snapshot, TIMEOUT, Optional.empty(), NOW)))
        .isEqualTo(
            new JobOutcome.TimedOut(
                TIMEOUT, Optional.of("Unschedulable: 0/1 nodes are available")));
  }

  @Test
  void whyADeletedPodEndedIsForItsJobToTell() {
    Pod pod = deleted(exited("Failed", 143, "Error")).build();

    assertThat(verdict(job(), pod)).isEqualTo(new JobVerdict.Underway());
    assertThat(outcome(verdict(failed(job(), "Failed", "DeadlineExceeded"), pod)).kind())
        .isEqualTo(JobOutcome.Kind.TIMED_OUT);
    assertThat(outcome(verdict(failed(job(), "Failed", "BackoffLimitExceeded"), pod)))
        .isEqualTo(new JobOutcome.Failed(143));
  }

  @Test
  void aCancelledJobHasEndedOnceItsPodsHave() {
    Job cancelled =
        failed(
            annotated(job(), JobNames.CANCELLED, NOW.toString()),
            "FailureTarget",
            "DeadlineExceeded");

    assertThat(verdict(cancelled, deleted(pod("Running")).build()))
        .isEqualTo(new JobVerdict.Underway());
    assertThat(outcome(verdict(cancelled, deleted(exited("Failed", 143, "Error")).build())))
        .isEqualTo(new JobOutcome.Cancelled());
    assertThat(outcome(verdict(cancelled, exited("Succeeded", 0, "Completed").build())))
        .isEqualTo(new JobOutcome.Succeeded());
  }

  @Test
  void aDeletedJobIsACancelledOne() {
    assertThat(
            outcome(verdict(job(), true, List.of(deleted(exited("Failed", 143, "Error")).build()))))
        .isEqualTo(new JobOutcome.Cancelled());
  }

  @Test
  void whatKeepsAPodFromStartingMayPassOrMayNot() {
    assertThat(verdict(job(), waiting("ContainerCreating").build()))
        .isEqualTo(new JobVerdict.Underway());
    assertThat(((JobVerdict.Stuck) verdict(job(), waiting("ImagePullBackOff").build())).patience())
        .isEqualTo(JobVerdict.Patience.START_GRACE);
    assertThat(((JobVerdict.Stuck) verdict(job(), waiting("InvalidImageName").build())).patience())
        .isEqualTo(JobVerdict.Patience.NONE);
    assertThat(
            ((JobVerdict.Stuck) verdict(job(), waiting("CreateContainerConfigError").build()))
                .why()
                .outcome())
        .isEqualTo(new JobOutcome.NotStarted("CreateContainerConfigError: the kubelet's words"));
  }

  @Test
  void aJobThatIsCompleteHasNotEndedBeforeItsPodIsSeen() {
    Job complete = failed(job(), "Complete", "CompletionsReached");

    assertThat(verdict(complete)).isEqualTo(new JobVerdict.Unseen());
    assertThat(verdict(complete, pod("Running").build())).isEqualTo(new JobVerdict.Unseen());
    assertThat(outcome(JobJudgement.of(snapshot(complete), TIMEOUT, Optional.of(List.of()), NOW)))
        .isEqualTo(new JobOutcome.Succeeded());
  }

  @Test
  void aJobWithoutAPodIsWaitedForUntilSomeoneSaysWhy() {
    assertThat(verdict(job())).isEqualTo(new JobVerdict.Underway());
  }

  private static Job suspended(int parallelism) {
    return new JobBuilder(job())
        .editSpec()
        .withSuspend(true)
        .withParallelism(parallelism)
        .endSpec()
        .build();
  }

  @Test
  void aSuspendedJobNeedsNoPod() {
    assertThat(verdict(suspended(1)))
        .isEqualTo(new JobVerdict.Suspended(Optional.empty(), List.of()));
    assertThat(verdict(annotated(suspended(1), JobNames.HELD, "")))
        .isEqualTo(new JobVerdict.Underway());
  }

  @Test
  void aCancelledJobThatIsSuspendedHasEndedOnceItWouldHaveNoPods() {
    assertThat(verdict(annotated(suspended(1), JobNames.CANCELLED, "now")))
        .isEqualTo(new JobVerdict.Underway());
    assertThat(outcome(verdict(annotated(suspended(0), JobNames.CANCELLED, "now"))))
        .isEqualTo(new JobOutcome.Cancelled());
  }

  // Pods that nobody here has seen.

  private static Job counting(Job job, int failed) {
    return new JobBuilder(job).editStatus().withFailed(failed).endStatus().build();
  }

  private static Job failedByBackoff() {
    return failed(job(), "Failed", "BackoffLimitExceeded");
  }

  private static JobVerdict.Ended asked(Job job, List<PodTrace> traces, Pod... pods) {
    Snapshot snapshot = snapshot(job, pods);
    assertThat(verdict(snapshot)).isEqualTo(new JobVerdict.Unseen());
    return (JobVerdict.Ended) JobJudgement.of(snapshot, TIMEOUT, Optional.of(traces), NOW);
  }

  private static PodTrace trace(String name, Optional<Instant> startedAt, boolean timedOut) {
    return new PodTrace(name, Optional.of(NOW.minusSeconds(10)), startedAt, timedOut);
  }

  @Test
  void aJobThatCountsAPodMayHaveRun() {
    JobVerdict.Ended ended = asked(counting(failedByBackoff(), 1), List.of());

    assertThat(ended.outcome().kind()).isEqualTo(JobOutcome.Kind.LOST);
    assertThat(ended.outcome().phrase()).contains("may have run", "BackoffLimitExceeded");
    assertThat(ended.startedAt()).isEmpty();
  }

  @Test
  void aPodThatTheJobHasNotCountedForGoodIsOneThatItHad() {
    Job counted =
        new JobBuilder(failed(job(), "FailureTarget", "BackoffLimitExceeded"))
            .editStatus()
            .withNewUncountedTerminatedPods()
            .withFailed("uid")
            .endUncountedTerminatedPods()
            .endStatus()
            .build();

    assertThat(asked(counted, List.of()).outcome().kind()).isEqualTo(JobOutcome.Kind.LOST);
  }

  @Test
  void aJobThatNeverHadAPodWasNotStarted() {
    assertThat(asked(failedByBackoff(), List.of()).outcome())
        .isEqualTo(new JobOutcome.NotStarted("BackoffLimitExceeded: its controller's words"));
  }

  @Test
  void whatEventsTellOfADeletedPodIsTold() {
    Job job = counting(failedByBackoff(), 1);
    Instant start = NOW.minusSeconds(9);

    JobVerdict.Ended ran = asked(job, List.of(trace("p", Optional.of(start), false)));
    JobVerdict.Ended late = asked(job, List.of(trace("p", Optional.of(start), true)));

    assertThat(ran.outcome())
        .isEqualTo(new JobOutcome.Lost("pod p was deleted before it told how it ended"));
    assertThat(late.outcome()).isEqualTo(new JobOutcome.TimedOut(TIMEOUT, Optional.empty()));
    assertThat(List.of(ran, late))
        .allSatisfy(ended -> {
          assertThat(ended.startedAt()).contains(start);
          assertThat(ended.warnings()).containsExactly("pod p was deleted");
        });
  }

  @Test
  void anAttemptThatOnlyLeftTracesMayBeTheLast() {
    Job job =
        counting(
            new JobBuilder(failedByBackoff()).editSpec().withBackoffLimit(1).endSpec().build(), 2);
    Pod known =
        exited("Failed", 3, "Error")
            .editMetadata()
            .withCreationTimestamp(NOW.minusSeconds(100).toString())
            .endMetadata()
            .build();

    assertThat(asked(job, List.of(trace("q", Optional.of(NOW), false)), known).outcome().kind())
        .isEqualTo(JobOutcome.Kind.LOST);
    assertThat(asked(job, List.of(), known).outcome()).isEqualTo(new JobOutcome.Failed(3));
  }

  // What did not start, and what did all the same.

  @Test
  void aProcessWhoseStartIsNoLongerToldRanAllTheSame() {
    TrackedJob tracked = new TrackedJob(failedByBackoff());
    Pod running =
        pod("Running")
            .editMetadata()
            .withResourceVersion("1")
            .endMetadata()
            .editStatus()
            .addNewContainerStatus()
            .withName(CONTAINER)
            .withNewState()
            .withNewRunning("2026-11-23T09:00:00Z")
            .endState()
            .endContainerStatus()
            .endStatus()
            .build();
    tracked.update(running);
    tracked.update(
        exited("Failed", 137, "ContainerStatusUnknown")
            .editMetadata()
            .withResourceVersion("2")
            .endMetadata()
            .build());

    JobVerdict.Ended ended =
        (JobVerdict.Ended) JobJudgement.of(tracked.snapshot(), TIMEOUT, Optional.empty(), NOW);

    assertThat(ended.outcome().kind()).isEqualTo(JobOutcome.Kind.LOST);
    assertThat(ended.startedAt()).contains(Instant.parse("2026-11-23T09:00:00Z"));
  }

  @Test
  void whatAWatchRemembersOfAPodThatIsGoneDoesNotReplaceWhatIsKnown() {
    TrackedJob tracked = new TrackedJob(failedByBackoff());
    Pod ended =
        exited("Failed", 3, "Error").editMetadata().withResourceVersion("9").endMetadata().build();
    tracked.update(ended);

    tracked.markGone(pod("Running").editMetadata().withResourceVersion("8").endMetadata().build());

    assertThat(outcome(JobJudgement.of(tracked.snapshot(), TIMEOUT, Optional.empty(), NOW)))
        .isEqualTo(new JobOutcome.Failed(3));
  }

  @Test
  void aJobWhoseLastAttemptDidNotStartIsToldByTheOneThatDid() {
    Job retrying = new JobBuilder(job()).editSpec().withBackoffLimit(1).endSpec().build();
    Pod first = exited("Failed", 3, "Error").build();
    Pod second =
        exited("Failed", 128, "StartError").editMetadata().withName("q").endMetadata().build();

    JobVerdict.Ended ended = (JobVerdict.Ended) verdict(retrying, first, second);

    assertThat(ended.outcome()).isEqualTo(new JobOutcome.Failed(3));
    assertThat(ended.warnings()).singleElement().asString().contains("did not start", "StartError");
  }

  @Test
  void aJobThatWasEndedAsUnstartableAndStartedMeanwhileIsNotOneThatDidNot() {
    Job ending =
        failed(
            annotated(
                job(),
                JobNames.UNSTARTABLE,
                JobAnnotations.unstartable(
                    new JobAnnotations.Unstartable(
                        JobOutcome.Kind.IMAGE_UNAVAILABLE, "ImagePullBackOff"))),
            "FailureTarget",
            "DeadlineExceeded");

    JobVerdict.Ended ran =
        (JobVerdict.Ended) verdict(ending, deleted(exited("Failed", 143, "Error")).build());

    assertThat(ran.outcome()).isEqualTo(new JobOutcome.Failed(143));
    assertThat(ran.warnings())
        .singleElement()
        .asString()
        .contains("did not start", "ImagePullBackOff");
    assertThat(outcome(verdict(ending)).kind()).isEqualTo(JobOutcome.Kind.IMAGE_UNAVAILABLE);
  }

  @Test
  void aPodThatItsNodeRefusedWasNotStarted() {
    Pod refused =
        pod("Failed")
            .editStatus()
            .withReason("OutOfcpu")
            .withMessage("its node's words")
            .endStatus()
            .build();

    assertThat(outcome(verdict(job(), refused)))
        .isEqualTo(new JobOutcome.NotStarted("OutOfcpu: its node's words"));
  }

  @Test
  void aPodThatItsNodeEvictedIsNotToldByItsExitCode() {
    Pod evicted =
        exited("Failed", 137, "Error").editStatus().withReason("Evicted").endStatus().build();

    assertThat(outcome(verdict(job(), evicted)).kind()).isEqualTo(JobOutcome.Kind.EVICTED);
  }

  @Test
  void aJobThatIsCompleteHasEndedThoughItWasToBeCancelled() {
    Job complete =
        failed(
            annotated(job(), JobNames.CANCELLED, NOW.toString()), "Complete", "CompletionsReached");

    assertThat(outcome(verdict(complete, deleted(exited("Succeeded", 0, "Completed")).build())))
        .isEqualTo(new JobOutcome.Succeeded());
  }

  // Pods that are refused.

  private static JobVerdict refused(String words) {
    return verdict(new Snapshot(job(), List.of(), Optional.empty(), Optional.of(words), 1));
  }

  @Test
  void aRefusalThatWillNotChangeHasOnlyTheGraceOfAStart() {
    JobVerdict denied =
        refused(
            "Error creating: admission webhook \"policy\" denied the request: timeout is too long");

    assertThat(((JobVerdict.Stuck) denied).patience()).isEqualTo(JobVerdict.Patience.START_GRACE);
    assertThat(((JobVerdict.Stuck) denied).why().outcome().phrase())
        .contains("timeout is too long");
  }

  @Test
  void aWebhookThatCannotBeAskedIsWaitedForForLong() {
    JobVerdict refused =
        refused(
            "Error creating: Internal error occurred: failed calling webhook \"mesh\": Post"
                + " \"https://mesh:443/inject\": dial tcp 10.96.3.4:443: connect: connection refused");

    assertThat(((JobVerdict.Stuck) refused).patience()).isEqualTo(JobVerdict.Patience.LONG);
  }

  @Test
  void aQuotaIsWaitedForUntilTheTimeoutWhichNamesIt() {
    String words =
        "Error creating: pods \"j-x\" is forbidden: exceeded quota: team, requested: cpu=2";
    Snapshot atTheEnd =
        new Snapshot(
            failed(job(), "Failed", "DeadlineExceeded"),
            List.of(),
            Optional.empty(),
            Optional.of(words),
            1);

    assertThat(refused(words)).isEqualTo(new JobVerdict.Underway());
    assertThat(outcome(JobJudgement.of(atTheEnd, TIMEOUT, Optional.of(List.of()), NOW)))
        .isEqualTo(new JobOutcome.TimedOut(TIMEOUT, Optional.of(words)));
  }

  @Test
  void onlyTheNewestRefusalOfAPodCounts() {
    TrackedJob tracked = new TrackedJob(job());
    tracked.update(refusal("10", "later"));
    tracked.update(refusal("9", "sooner"));

    assertThat(tracked.snapshot().refusal()).contains("later");
  }

  private static Event refusal(String version, String message) {
    return new EventBuilder()
        .withNewMetadata()
        .withResourceVersion(version)
        .endMetadata()
        .withMessage(message)
        .build();
  }

  // Jobs that are gone.

  @Test
  void aJobWhosePodsAreLeftToRunIsNotWaitedForWithoutEnd() {
    Pod running = pod("Running").build();
    Snapshot justGone =
        new Snapshot(
            job(),
            List.of(new TrackedPod(running, false)),
            Optional.of(NOW.minusSeconds(4)),
            Optional.empty(),
            1);
    Snapshot longGone =
        new Snapshot(job(), justGone.pods(), Optional.of(NOW.minusSeconds(5)), Optional.empty(), 1);
    Snapshot ending =
        new Snapshot(
            job(),
            List.of(new TrackedPod(deleted(pod("Running")).build(), false)),
            longGone.goneAt(),
            Optional.empty(),
            1);

    assertThat(verdict(justGone)).isEqualTo(new JobVerdict.Underway());
    assertThat(verdict(ending)).isEqualTo(new JobVerdict.Underway());
    assertThat(outcome(verdict(longGone))).isEqualTo(new JobOutcome.Cancelled());
  }

  // What the answer tells beside.

  @Test
  void aJobThatExitedWith0AndLostAProcessToMemorySaysSo() {
    JobVerdict.Ended ended =
        (JobVerdict.Ended) verdict(job(), exited("Succeeded", 0, "OOMKilled").build());

    assertThat(ended.outcome()).isEqualTo(new JobOutcome.Succeeded());
    assertThat(ended.warnings()).singleElement().asString().contains("killed for memory");
  }

  @Test
  void thatAPodWasNotSeenIsSaidOnlyWhereItWasNot() {
    Job complete = failed(job(), "Complete", "CompletionsReached");

    assertThat(asked(complete, List.of()).warnings())
        .containsExactly("its pod was gone before it was seen");
    assertThat(asked(complete, List.of(), pod("Running").build()).warnings())
        .containsExactly("its pod was gone before its end was seen");
  }

  @Test
  void thatAPodWasNotSeenIsNotWhyAJobIsLostWhosePodWas() {
    Job failed = failed(job(), "Failed", "BackoffLimitExceeded");
    Pod seen = disrupted(exited("Failed", 143, "Error")).build();

    assertThat(outcome(verdict(failed, seen)).phrase())
        .contains("gone before its end was seen")
        .doesNotContain("before it was seen");
  }
}
