package mstc.cloud.worker.adapters.k8s.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ContainerState;
import io.fabric8.kubernetes.api.model.ContainerStateBuilder;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.ContainerStatusBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;
import mstc.cloud.worker.adapters.k8s.job.JobVerdict.Ended;
import mstc.cloud.worker.adapters.k8s.job.JobVerdict.Lingering;
import mstc.cloud.worker.adapters.k8s.job.JobVerdict.Patience;
import mstc.cloud.worker.adapters.k8s.job.JobVerdict.Settled;
import mstc.cloud.worker.adapters.k8s.job.JobVerdict.Stuck;
import mstc.cloud.worker.adapters.k8s.job.JobVerdict.Underway;
import mstc.cloud.worker.adapters.k8s.job.TrackedJob.Snapshot;
import mstc.cloud.worker.adapters.k8s.job.TrackedJob.TrackedPod;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.wire.RecordedEnd;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is made of a job in whose pod others have put containers of theirs. */
class SharedPodTest {
  private static final Duration TIMEOUT = Duration.ofMinutes(5);
  private static final Instant START = Instant.parse("2026-11-23T09:00:00Z");
  private static final Instant END = START.plusSeconds(60);
  private static final Instant NOW = START.plusSeconds(100);

  /** The kubelet tells of containers in the order of their names. */
  private static final String JOB = "solve";

  private static final String PROXY = "proxy";

  private static Job job(int retries) {
    return new JobBuilder()
        .withNewMetadata()
        .withName("j")
        .withUid("u")
        .endMetadata()
        .withNewSpec()
        .withBackoffLimit(retries)
        .endSpec()
        .withNewStatus()
        .endStatus()
        .build();
  }

  private static Job failed(Job job, String reason) {
    return new JobBuilder(job)
        .editStatus()
        .addNewCondition()
        .withType("Failed")
        .withStatus("True")
        .withReason(reason)
        .withLastTransitionTime(NOW.toString())
        .endCondition()
        .endStatus()
        .build();
  }

  private static Job annotated(Job job, String name, String value) {
    return new JobBuilder(job).editMetadata().addToAnnotations(name, value).endMetadata().build();
  }

  private static Job recorded(Job job, JobVerdict verdict) {
    Ended end = ((Settled) verdict).end();
    return annotated(
        job,
        JobNames.ENDED,
        JobAnnotations.ended(
            new RecordedEnd(
                end.outcome(),
                end.startedAt(),
                end.finishedAt(),
                Optional.empty(),
                end.warnings())));
  }

  private static PodBuilder pod(String phase, ContainerStatus... containers) {
    return new PodBuilder()
        .withNewMetadata()
        .withName("p")
        .withUid("p")
        .withCreationTimestamp(START.toString())
        .addToLabels(JobNames.NAME_LABEL, JOB)
        .endMetadata()
        .withNewSpec()
        .withActiveDeadlineSeconds(TIMEOUT.toSeconds())
        .endSpec()
        .withNewStatus()
        .withPhase(phase)
        .withStartTime(START.toString())
        .withContainerStatuses(containers)
        .endStatus();
  }

  private static ContainerStatus container(String name, ContainerState state) {
    return new ContainerStatusBuilder().withName(name).withState(state).build();
  }

  private static ContainerStatus running(String name) {
    return container(
        name,
        new ContainerStateBuilder()
            .withNewRunning()
            .withStartedAt(START.minusSeconds(5).toString())
            .endRunning()
            .build());
  }

  private static ContainerStatus exited(String name, int code) {
    return exited(name, code, code == 0 ? "Completed" : "Error");
  }

  private static ContainerStatus exited(String name, int code, String reason) {
    return container(
        name,
        new ContainerStateBuilder()
            .withNewTerminated()
            .withExitCode(code)
            .withReason(reason)
            .withStartedAt(START.toString())
            .withFinishedAt(END.toString())
            .endTerminated()
            .build());
  }

  private static ContainerStatus waiting(String name, String reason) {
    return container(
        name,
        new ContainerStateBuilder()
            .withNewWaiting("the kubelet's words on " + name, reason)
            .build());
  }

  private static PodBuilder after(PodBuilder pod, ContainerStatus... before) {
    return pod.editStatus().withInitContainerStatuses(before).endStatus();
  }

  private static PodBuilder deleted(PodBuilder pod) {
    return pod.editMetadata()
        .withDeletionTimestamp(NOW.plusSeconds(30).toString())
        .withDeletionGracePeriodSeconds(30L)
        .endMetadata();
  }

  private static PodBuilder late(PodBuilder pod) {
    return pod.editStatus().withReason("DeadlineExceeded").endStatus();
  }

  private static JobVerdict verdict(Job job, Pod... pods) {
    return verdict(job, Arrays.stream(pods).map(pod -> new TrackedPod(pod, false)).toList());
  }

  private static JobVerdict verdict(Job job, List<TrackedPod> pods) {
    return JobJudgement.of(
        new Snapshot(job, pods, Optional.empty(), Optional.empty(), 1),
        TIMEOUT,
        Optional.empty(),
        NOW);
  }

  private static Ended ended(JobVerdict verdict) {
    assertThat(verdict).isInstanceOf(Ended.class);
    return (Ended) verdict;
  }

  private static Ended settled(JobVerdict verdict) {
    assertThat(verdict).isInstanceOf(Settled.class);
    return ((Settled) verdict).end();
  }

  // Whose words count.

  @Test
  void theJobsContainerIsTheOneNamedSo() {
    Pod pod = pod("Failed", exited(PROXY, 0), exited(JOB, 3)).build();

    assertThat(PodStates.jobContainer(pod)).isEqualTo(JOB);
    assertThat(PodStates.startedAt(pod("Running", running(PROXY), waiting(JOB, "x")).build()))
        .isEmpty();
    assertThat(ended(verdict(job(0), pod)).outcome()).isEqualTo(new JobOutcome.Failed(3));
  }

  @Test
  void anotherOfTheNamesOrderIsNoMoreTheJobs() {
    Pod pod = pod("Failed", exited(JOB, 3), exited("z-proxy", 0)).build();

    assertThat(ended(verdict(job(0), pod)).outcome()).isEqualTo(new JobOutcome.Failed(3));
  }

  // Others that go on.

  @Test
  void aJobHasEndedThoughAnotherContainerKeepsItsPod() {
    Ended end = settled(verdict(job(0), pod("Running", running(PROXY), exited(JOB, 0)).build()));

    assertThat(end.outcome()).isEqualTo(new JobOutcome.Succeeded());
    assertThat(end.startedAt()).contains(START);
    assertThat(end.finishedAt()).isEqualTo(END);
    assertThat(end.warnings()).isEmpty();
  }

  @Test
  void theLastFailureIsTheJobsThoughAnotherContainerKeepsItsPod() {
    Pod pod = pod("Running", running(PROXY), exited(JOB, 3)).build();

    assertThat(settled(verdict(job(0), pod)).outcome()).isEqualTo(new JobOutcome.Failed(3));
  }

  @Test
  void afterAFailureThatIsNotTheLastItsPodIsToEnd() {
    Pod pod = pod("Running", running(PROXY), exited(JOB, 3)).build();
    Pod next = pod("Running", running(PROXY), exited(JOB, 4)).build();

    assertThat(verdict(job(1), pod)).isEqualTo(new Lingering(new TrackedPod(pod, false)));
    assertThat(
            settled(verdict(job(1), pod("Failed", exited(PROXY, 0), exited(JOB, 3)).build(), next))
                .outcome())
        .isEqualTo(new JobOutcome.Failed(4));
    assertThat(verdict(job(1), deleted(new PodBuilder(pod)).build())).isEqualTo(new Underway());
  }

  @Test
  void aProcessThatCouldNotStartHasEndedToo() {
    Pod pod = pod("Running", running(PROXY), exited(JOB, 128, "StartError")).build();

    assertThat(settled(verdict(job(0), pod)).outcome()).isInstanceOf(JobOutcome.NotStarted.class);
  }

  @Test
  void whatKubernetesEndsByItselfIsWaitedFor() {
    Pod pod = after(pod("Running", exited(JOB, 0)), running("sidecar")).build();

    assertThat(verdict(job(0), pod)).isEqualTo(new Underway());
  }

  @Test
  void aJobThatIsCancelledIsNotSettled() {
    Job cancelled = annotated(job(0), JobNames.CANCELLED, NOW.toString());

    assertThat(verdict(cancelled, pod("Running", running(PROXY), exited(JOB, 0)).build()))
        .isEqualTo(new Underway());
  }

  @Test
  void aPodWhoseTimeIsOverIsToldAsBefore() {
    Pod inTime = late(pod("Failed", exited(PROXY, 137), exited(JOB, 0))).build();
    Pod tooLate =
        late(pod("Failed", exited(PROXY, 137), exited(JOB, 0))
                .editStatus()
                .withStartTime(END.minus(TIMEOUT).toString())
                .endStatus())
            .build();

    assertThat(ended(verdict(job(0), inTime)).outcome()).isEqualTo(new JobOutcome.Succeeded());
    assertThat(ended(verdict(job(0), inTime)).warnings()).isEmpty();
    assertThat(ended(verdict(job(0), tooLate)).outcome().kind())
        .isEqualTo(JobOutcome.Kind.TIMED_OUT);
  }

  // Others that fail.

  @Test
  void aJobSucceedsThoughAnotherContainerFails() {
    Pod pod = pod("Failed", exited(PROXY, 1), exited(JOB, 0)).build();

    Ended end = ended(verdict(job(0), pod));

    assertThat(end.outcome()).isEqualTo(new JobOutcome.Succeeded());
    assertThat(end.warnings()).containsExactly("container proxy failed: exit code 1 (Error)");
  }

  @Test
  void aJobThatSucceededIsNotTriedAgainBecauseAnotherContainerFailed() {
    Pod pod = pod("Failed", exited(PROXY, 1), exited(JOB, 0)).build();

    assertThat(settled(verdict(job(1), pod)).outcome()).isEqualTo(new JobOutcome.Succeeded());
  }

  @Test
  void aFailureOfTheJobNamesTheOtherContainerThatFailedToo() {
    Ended end = ended(verdict(job(0), pod("Failed", exited(PROXY, 1), exited(JOB, 3)).build()));

    assertThat(end.outcome()).isEqualTo(new JobOutcome.Failed(3));
    assertThat(end.warnings()).containsExactly("container proxy failed: exit code 1 (Error)");
  }

  @Test
  void anotherContainerThatDoesNotStartHoldsUpNobodyAndIsNamed() {
    Pod waiting = pod("Pending", waiting(PROXY, "ErrImagePull"), waiting(JOB, "x")).build();
    Pod done = pod("Running", waiting(PROXY, "ImagePullBackOff"), exited(JOB, 0)).build();

    assertThat(verdict(job(0), waiting)).isEqualTo(new Underway());
    assertThat(settled(verdict(job(0), done)).warnings())
        .containsExactly(
            "container proxy did not start: ImagePullBackOff: the kubelet's words on proxy");
  }

  @Test
  void aPodThatIsDeletedAfterTheJobsEndTakesNothingFromIt() {
    TrackedJob tracked = new TrackedJob(job(0));
    tracked.update(
        pod("Running", running(PROXY), exited(JOB, 0))
            .editMetadata()
            .withResourceVersion("1")
            .endMetadata()
            .build());
    tracked.update(
        deleted(pod("Failed", exited(PROXY, 143), exited(JOB, 0)))
            .editMetadata()
            .withResourceVersion("2")
            .endMetadata()
            .build());

    Ended end = ended(verdict(job(0), tracked.snapshot().pods()));

    assertThat(end.outcome()).isEqualTo(new JobOutcome.Succeeded());
    assertThat(end.warnings()).isEmpty();
  }

  // What is on record.

  @Test
  void whatIsOnRecordStandsThoughTheJobFailedAndItsPodIsGone() {
    Pod pod = pod("Running", running(PROXY), exited(JOB, 0)).build();
    Job ending = failed(recorded(job(0), verdict(job(0), pod)), "DeadlineExceeded");

    Ended end = ended(verdict(ending));

    assertThat(end.outcome()).isEqualTo(new JobOutcome.Succeeded());
    assertThat(end.startedAt()).contains(START);
    assertThat(end.finishedAt()).isEqualTo(END);
  }

  @Test
  void aPodThatCameAfterTheJobsEndIsNoneOfItsAttempts() {
    Pod pod = pod("Failed", exited(PROXY, 1), exited(JOB, 0)).build();
    Pod next =
        pod("Failed", exited(PROXY, 0), exited(JOB, 5))
            .editMetadata()
            .withUid("q")
            .withCreationTimestamp(END.plusSeconds(10).toString())
            .endMetadata()
            .build();
    Job recorded = recorded(job(1), verdict(job(1), pod));

    for (JobVerdict verdict :
        List.of(
            verdict(recorded, pod, next),
            verdict(failed(job(1), "BackoffLimitExceeded"), pod, next))) {
      assertThat(ended(verdict).outcome()).isEqualTo(new JobOutcome.Succeeded());
      assertThat(ended(verdict).attempts())
          .extracting(TrackedPod::uid)
          .containsExactly(pod.getMetadata().getUid());
    }
  }

  private static Stream<JobOutcome> outcomes() {
    return Stream.of(
        new JobOutcome.Succeeded(),
        new JobOutcome.Failed(3),
        new JobOutcome.OutOfMemory(OptionalInt.of(137)),
        new JobOutcome.OutOfMemory(OptionalInt.empty()),
        new JobOutcome.NotStarted("StartError: no such file"),
        new JobOutcome.Lost("its node's words"));
  }

  @ParameterizedTest
  @MethodSource("outcomes")
  void anEndIsReadAsItWasWritten(JobOutcome outcome) {
    RecordedEnd end =
        new RecordedEnd(outcome, Optional.of(START), END, Optional.empty(), List.of("a warning"));

    Job job = annotated(job(0), JobNames.ENDED, JobAnnotations.ended(end));

    assertThat(JobAnnotations.ended(job, TIMEOUT)).contains(end);
  }

  // Containers before the job's.

  @Test
  void aContainerBeforeTheJobsThatCannotStartIsNamed() {
    Stuck stuck =
        (Stuck)
            verdict(
                job(0),
                after(
                        pod("Pending", waiting(JOB, "PodInitializing")),
                        waiting("init", "ImagePullBackOff"))
                    .build());

    assertThat(stuck.patience()).isEqualTo(Patience.START_GRACE);
    assertThat(stuck.why().outcome())
        .isEqualTo(
            new JobOutcome.NotStarted(
                "container init: ImagePullBackOff: the kubelet's words on init"));
  }

  @Test
  void aSidecarThatCrashesKeepsTheJobFromStartingButDoesNotEndIt() {
    ContainerStatus crashing = waiting("sidecar", "CrashLoopBackOff");

    assertThat(
            ((Stuck)
                    verdict(
                        job(0),
                        after(pod("Pending", waiting(JOB, "PodInitializing")), crashing).build()))
                .why()
                .reason())
        .startsWith("container sidecar: CrashLoopBackOff");
    assertThat(verdict(job(0), after(pod("Running", running(JOB)), crashing).build()))
        .isEqualTo(new Underway());
  }

  @Test
  void aContainerBeforeTheJobsThatFailedIsNamed() {
    Pod pod =
        after(
                pod("Failed", waiting(JOB, "PodInitializing")),
                exited("certificates", 0),
                exited("init", 7))
            .build();

    assertThat(ended(verdict(job(0), pod)).outcome())
        .isEqualTo(new JobOutcome.NotStarted("container init: exit code 7 (Error)"));
  }

  @Test
  void aContainerBeforeTheJobsThatDoesNotEndIsNamedAtTheTimeout() {
    Pod pod = late(after(pod("Failed", waiting(JOB, "PodInitializing")), running("init"))).build();

    assertThat(ended(verdict(job(0), pod)).outcome())
        .isEqualTo(
            new JobOutcome.TimedOut(
                TIMEOUT, Optional.of("container init: runs, and the job waits for it")));
  }

  /** So it is once the kubelet has ended all of them. */
  @Test
  void aContainerBeforeTheJobsThatTheTimeoutEndedIsNamed() {
    Pod pod =
        late(after(
                pod("Failed", waiting(JOB, "PodInitializing")),
                exitedAt(exited("certificates", 0), END.minusSeconds(1)),
                exited("init", 137)))
            .editOrNewSpec()
            .withActiveDeadlineSeconds(60L)
            .endSpec()
            .editStatus()
            .withStartTime(START.toString())
            .endStatus()
            .build();

    assertThat(ended(verdict(job(0), pod)).outcome())
        .isEqualTo(
            new JobOutcome.TimedOut(
                TIMEOUT, Optional.of("container init: runs, and the job waits for it")));
  }

  private static ContainerStatus exitedAt(ContainerStatus status, Instant end) {
    return new ContainerStatusBuilder(status)
        .editState()
        .editTerminated()
        .withFinishedAt(end.toString())
        .endTerminated()
        .endState()
        .build();
  }
}
