package mstc.cloud.worker.adapters.k8s.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.EventBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import mstc.cloud.worker.adapters.k8s.job.TrackedJob.Snapshot;
import mstc.cloud.worker.adapters.k8s.job.TrackedJob.TrackedPod;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What is known of one Job, told late, twice or from another thread. */
class TrackedJobTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Instant START = Instant.parse("2026-11-23T09:00:00Z");

  private final TrackedJob tracked = new TrackedJob(job("9"));
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

  @AfterEach
  void endThreads() {
    threads.shutdownNow();
  }

  private static Job job(String version) {
    return new JobBuilder()
        .withNewMetadata()
        .withName("job")
        .withUid("uid")
        .withResourceVersion(version)
        .endMetadata()
        .build();
  }

  private static Pod pod(String uid, String version, Instant created) {
    return new PodBuilder()
        .withNewMetadata()
        .withName(uid)
        .withUid(uid)
        .withResourceVersion(version)
        .withCreationTimestamp(created.toString())
        .addToLabels(JobNames.NAME_LABEL, "solve")
        .endMetadata()
        .withNewSpec()
        .withActiveDeadlineSeconds(600L)
        .endSpec()
        .withNewStatus()
        .withStartTime(created.toString())
        .endStatus()
        .build();
  }

  private static Pod running(Pod pod) {
    return new PodBuilder(pod)
        .editStatus()
        .addNewContainerStatus()
        .withName("solve")
        .withNewState()
        .withNewRunning(START.plusSeconds(1).toString())
        .endState()
        .endContainerStatus()
        .endStatus()
        .build();
  }

  private static Pod ended(Pod pod) {
    return new PodBuilder(pod)
        .editStatus()
        .addNewContainerStatus()
        .withName("solve")
        .withNewState()
        .withNewTerminated()
        .withExitCode(0)
        .withFinishedAt(START.plusSeconds(2).toString())
        .endTerminated()
        .endState()
        .endContainerStatus()
        .endStatus()
        .build();
  }

  private static Event refusal(String version, String message) {
    return new EventBuilder()
        .withNewMetadata()
        .withResourceVersion(version)
        .endMetadata()
        .withMessage(message)
        .build();
  }

  // The Job.

  @Test
  void versionsAreComparedAsNumbers() {
    // when
    boolean isTenNewer = tracked.update(job("10"));
    boolean isNineNewer = tracked.update(job("9"));
    boolean isTheSameNewer = tracked.update(job("10"));

    // then
    assertThat(isTenNewer).isTrue();
    assertThat(isNineNewer).isFalse();
    assertThat(isTheSameNewer).isFalse();
    assertThat(tracked.snapshot().job().getMetadata().getResourceVersion()).isEqualTo("10");
  }

  @Test
  void aJobThatIsGoneIsHeldByNobodyAndWentTheFirstTime() {
    // given
    TrackedJob held =
        new TrackedJob(
            new JobBuilder(job("9"))
                .editMetadata()
                .addToAnnotations(JobNames.HELD, "")
                .endMetadata()
                .build());
    boolean wasHeld = JobAnnotations.isHeld(held.snapshot().job());

    // when
    held.markGone();
    Snapshot first = held.snapshot();
    held.markGone();

    // then
    assertThat(wasHeld).isTrue();
    assertThat(first.gone()).isTrue();
    assertThat(JobAnnotations.isHeld(first.job())).isFalse();
    assertThat(held.snapshot().goneAt()).isEqualTo(first.goneAt());
  }

  @Test
  void theNewestRefusalCounts() {
    // when
    tracked.update(refusal("12", "exceeded quota"));
    tracked.update(refusal("11", "denied"));
    tracked.update(refusal("12", "the same again"));
    String first = tracked.snapshot().refusal().orElseThrow();
    tracked.update(refusal("13", "admission webhook"));

    // then
    assertThat(first).contains("exceeded quota");
    assertThat(tracked.snapshot().refusal())
        .hasValueSatisfying(words -> assertThat(words).contains("admission webhook"));
  }

  // Its pods.

  @Test
  void podsAreToldByTheirAge() {
    // when
    tracked.update(pod("younger", "11", START.plusSeconds(1)));
    tracked.update(pod("older", "12", START));

    // then
    assertThat(tracked.snapshot().pods())
        .extracting(TrackedPod::uid)
        .containsExactly("older", "younger");
  }

  @Test
  void whenAProcessBeganAndThatItEndedByItselfIsKeptWhereItsPodForgets() {
    // given
    tracked.update(running(pod("pod", "11", START)));
    tracked.update(ended(pod("pod", "12", START)));

    // when
    tracked.update(
        new PodBuilder(pod("pod", "13", START))
            .editMetadata()
            .withDeletionTimestamp(START.plusSeconds(3).toString())
            .endMetadata()
            .build());

    // then
    TrackedPod pod = tracked.snapshot().pods().getFirst();
    assertThat(pod.startedAt()).hasValue(START.plusSeconds(1));
    assertThat(pod.endedByItself()).isTrue();
    assertThat(pod.gone()).isFalse();
  }

  @Test
  void aPodThatIsGoneIsAsItWasLastThoughTheWatchTellsOfAnOlderOne() {
    // given
    tracked.update(ended(pod("pod", "12", START)));

    // when
    tracked.markGone(running(pod("pod", "11", START)));

    // then
    TrackedPod pod = tracked.snapshot().pods().getFirst();
    assertThat(pod.gone()).isTrue();
    assertThat(PodStates.finishedAt(pod.pod())).isPresent();
  }

  @Test
  void theEndOfAPodThatOnlyItsDeletionTellsIsKnown() {
    // given
    tracked.update(running(pod("pod", "11", START)));

    // when
    tracked.markGone(ended(pod("pod", "12", START)));
    boolean isNewer = tracked.update(running(pod("pod", "11", START)));

    // then
    assertThat(isNewer).isFalse();
    TrackedPod pod = tracked.snapshot().pods().getFirst();
    assertThat(pod.gone()).isTrue();
    assertThat(PodStates.finishedAt(pod.pod())).isPresent();
  }

  @Test
  void aPodThatIsOnlySeenToGoIsOneOfTheJobs() {
    // when
    tracked.markGone(ended(pod("pod", "12", START)));

    // then
    assertThat(tracked.snapshot().pods()).singleElement().matches(TrackedPod::gone);
  }

  // Waiting for a change.

  /** Waits for a change on a thread of its own; returns when that waits. */
  private Future<Snapshot> changeAfter(Snapshot since) {
    CompletableFuture<Thread> waiter = new CompletableFuture<>();
    Future<Snapshot> change =
        threads.submit(() -> {
          waiter.complete(Thread.currentThread());
          tracked.awaitChange(since, PATIENCE.multipliedBy(10));
          return tracked.snapshot();
        });
    awaitWaiting(waiter.join());
    return change;
  }

  private static void awaitWaiting(Thread thread) {
    await().atMost(PATIENCE).until(() -> thread.getState() == Thread.State.TIMED_WAITING);
  }

  @Test
  void whoWaitsIsWokenByEveryKindOfChange() throws Exception {
    // given
    Pod pod = pod("pod", "11", START);
    List<Runnable> changes =
        List.of(
            () -> tracked.update(job("11")),
            () -> tracked.update(pod),
            () -> tracked.update(refusal("11", "denied")),
            () -> tracked.markGone(pod),
            tracked::markGone);

    for (Runnable change : changes) {
      Snapshot before = tracked.snapshot();
      Future<Snapshot> after = changeAfter(before);

      // when
      change.run();

      // then
      assertThat(after.get().changes()).isEqualTo(before.changes() + 1);
    }
  }

  @Test
  void whatIsNotNewWakesNobody() throws Exception {
    // given
    Future<Snapshot> change = changeAfter(tracked.snapshot());

    // when
    tracked.update(job("8"));
    boolean isWoken = change.isDone();
    tracked.update(job("10"));

    // then
    assertThat(isWoken).isFalse();
    assertThat(change.get().job().getMetadata().getResourceVersion()).isEqualTo("10");
  }

  @Test
  void whoMissedAChangeDoesNotWait() throws Exception {
    // given
    Snapshot before = tracked.snapshot();
    tracked.update(job("10"));

    // when
    tracked.awaitChange(before, PATIENCE.multipliedBy(10));

    // then
    assertThat(tracked.snapshot().changes()).isEqualTo(before.changes() + 1);
  }

  @Test
  void whoWaitsForNoTimeDoesNotWait() throws Exception {
    // given
    Snapshot before = tracked.snapshot();

    // when
    tracked.awaitChange(before, Duration.ofNanos(1));
    tracked.awaitChange(before, Duration.ofSeconds(-1));

    // then
    assertThat(tracked.snapshot().changes()).isEqualTo(before.changes());
  }

  @Test
  void whoWaitsCanBeInterrupted() throws Exception {
    // given
    CompletableFuture<Void> interrupted = new CompletableFuture<>();
    Thread waiter =
        Thread.ofVirtual()
            .start(() -> {
              try {
                tracked.awaitChange(tracked.snapshot(), PATIENCE.multipliedBy(10));
              } catch (InterruptedException e) {
                interrupted.complete(null);
              }
            });
    awaitWaiting(waiter);

    // when
    waiter.interrupt();
    waiter.join();

    // then
    assertThat(interrupted).isCompleted();
  }
}
