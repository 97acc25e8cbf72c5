package mstc.cloud.worker.adapters.k8s;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import mstc.cloud.worker.adapters.k8s.TrackedJob.Snapshot;
import mstc.cloud.worker.adapters.k8s.TrackedJob.TrackedPod;
import mstc.cloud.worker.domain.job.JobOutcome;
import org.junit.jupiter.api.Test;

class JobVerdictTest {
  private static final Duration TIMEOUT = Duration.ofMinutes(5);
  private static final Instant NOW = Instant.parse("2026-11-23T10:00:00Z");

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
        .endMetadata()
        .withNewStatus()
        .withPhase(phase)
        .endStatus();
  }

  private static PodBuilder exited(String phase, int code, String reason) {
    return pod(phase)
        .editStatus()
        .addNewContainerStatus()
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
    return JobVerdict.of(
        new Snapshot(job, pods.stream().map(pod -> new TrackedPod(pod, false)).toList(), gone, 1),
        TIMEOUT,
        false,
        NOW);
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
            false,
            1);

    assertThat(outcome(JobVerdict.of(snapshot, TIMEOUT, false, NOW)))
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
    assertThat(((JobVerdict.Stuck) verdict(job(), waiting("ImagePullBackOff").build())).passing())
        .isTrue();
    assertThat(((JobVerdict.Stuck) verdict(job(), waiting("InvalidImageName").build())).passing())
        .isFalse();
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
    assertThat(
            outcome(JobVerdict.of(new Snapshot(complete, List.of(), false, 1), TIMEOUT, true, NOW)))
        .isEqualTo(new JobOutcome.Succeeded());
  }

  @Test
  void aJobWithoutAPodIsAskedWhy() {
    assertThat(verdict(job())).isEqualTo(new JobVerdict.WithoutPod());
  }

  @Test
  void aSuspendedJobNeedsNoPod() {
    Job suspended = new JobBuilder(job()).editSpec().withSuspend(true).endSpec().build();

    assertThat(verdict(suspended)).isEqualTo(new JobVerdict.Underway());
  }
}
