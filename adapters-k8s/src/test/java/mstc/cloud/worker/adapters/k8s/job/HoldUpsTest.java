package mstc.cloud.worker.adapters.k8s.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.EventBuilder;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import java.util.Map;
import java.util.Optional;
import mstc.cloud.worker.domain.job.UniqueName;
import org.junit.jupiter.api.Test;

/** What a job is said to wait for. */
class HoldUpsTest {
  private static final UniqueName NAME =
      new UniqueName("solve-00000000-0000-0001-0000-000000000002");

  private final TrackedJob tracked = new TrackedJob(job());

  private static Job job() {
    return new JobBuilder(NotedJobs.recorded(NAME, "uid", "1")).withNewSpec().endSpec().build();
  }

  private Optional<String> hint() {
    return HoldUps.of(tracked.snapshot());
  }

  private static PodBuilder pod() {
    return new PodBuilder()
        .withNewMetadata()
        .withName("pod")
        .withUid("pod")
        .withResourceVersion("7")
        .withCreationTimestamp("2026-11-23T10:00:00Z")
        .addToLabels(JobNames.NAME_LABEL, "solve")
        .endMetadata()
        .withNewSpec()
        .endSpec()
        .withNewStatus()
        .endStatus();
  }

  private static PodBuilder onNode(String reason) {
    return pod()
        .editSpec()
        .withNodeName("node")
        .endSpec()
        .editStatus()
        .addNewContainerStatus()
        .withName("solve")
        .withNewState()
        .withNewWaiting()
        .withReason(reason)
        .endWaiting()
        .endState()
        .endContainerStatus()
        .endStatus();
  }

  private static PodBuilder condition(PodBuilder pod, String type, String status) {
    return pod.editStatus()
        .addNewCondition()
        .withType(type)
        .withStatus(status)
        .withReason("Unschedulable")
        .withMessage("0/1 nodes are available: 1 Insufficient cpu.")
        .endCondition()
        .endStatus();
  }

  @Test
  void aJobWithoutAPodSaysSo() {
    assertThat(hint()).contains("no pod has been created for it yet");
  }

  @Test
  void aRefusedPodIsToldInTheControllersWords() {
    // when
    tracked.update(
        new EventBuilder()
            .withNewMetadata()
            .withResourceVersion("9")
            .endMetadata()
            .withMessage("Error creating: pods is forbidden: exceeded quota: no-pods")
            .build());

    // then
    assertThat(hint()).contains("Error creating: pods is forbidden: exceeded quota: no-pods");
  }

  @Test
  void aSuspendedJobNamesItsQueue() {
    // when
    tracked.update(
        new JobBuilder(job())
            .editMetadata()
            .withResourceVersion("2")
            .withLabels(Map.of(JobNames.QUEUE_NAME_LABEL, "team-a"))
            .endMetadata()
            .editSpec()
            .withSuspend(true)
            .endSpec()
            .build());

    // then
    assertThat(hint()).contains("suspended in queue team-a");
  }

  @Test
  void whatTheWorkerItselfHoldsOrEndsWaitsForNothingElse() {
    // when
    tracked.update(
        new JobBuilder(NotedJobs.cancelled(job()))
            .editMetadata()
            .withResourceVersion("2")
            .endMetadata()
            .build());

    // then
    assertThat(hint()).isEmpty();
  }

  @Test
  void aPodThatNoNodeTakesIsToldInTheSchedulersWords() {
    // when
    tracked.update(condition(pod(), "PodScheduled", "False").build());

    // then
    assertThat(hint()).contains("Unschedulable: 0/1 nodes are available: 1 Insufficient cpu.");
  }

  @Test
  void aPodThatNobodyHasScheduledYetWaitsForANode() {
    // when
    tracked.update(pod().build());

    // then
    assertThat(hint()).contains("no node has been chosen for its pod yet");
  }

  @Test
  void aPodOnItsWayTellsHowFarItIs() {
    // when
    tracked.update(onNode("ContainerCreating").build());
    Optional<String> first = hint();
    tracked.update(
        condition(onNode("ContainerCreating"), "PodReadyToStartContainers", "True")
            .editMetadata()
            .withResourceVersion("8")
            .endMetadata()
            .build());

    // then
    assertThat(first)
        .contains("ContainerCreating: the volumes and the network of its pod are being set up");
    assertThat(hint())
        .contains("ContainerCreating: its image is being pulled, or its container created");
  }

  @Test
  void anImageThatCannotBePulledIsToldInTheKubeletsWords() {
    // when
    tracked.update(onNode("ImagePullBackOff").build());

    // then
    assertThat(hint()).contains("ImagePullBackOff");
  }

  @Test
  void betweenAttemptsTheLastEndIsTold() {
    // when
    tracked.update(
        pod()
            .editStatus()
            .withPhase("Failed")
            .addNewContainerStatus()
            .withName("solve")
            .withNewState()
            .withNewTerminated()
            .withExitCode(5)
            .endTerminated()
            .endState()
            .endContainerStatus()
            .endStatus()
            .build());

    // then
    assertThat(hint())
        .contains("the attempt before ended (exit code 5), and the next one has not begun");
  }
}
