package mstc.cloud.worker.adapters.k8s.follow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import java.io.IOException;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import mstc.cloud.worker.adapters.k8s.job.JobNames;
import mstc.cloud.worker.adapters.k8s.job.NotedJobs;
import mstc.cloud.worker.adapters.k8s.job.RecordReader;
import mstc.cloud.worker.adapters.k8s.job.TrackedJob;
import mstc.cloud.worker.adapters.k8s.job.TrackedJobs;
import mstc.cloud.worker.adapters.k8s.job.Unshown;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.wire.WorkRequestFormat;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** The watches over an API server that refuses, or forgets to tell. */
@Execution(ExecutionMode.CONCURRENT)
class JobWatchesTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final UniqueName NAME =
      new UniqueName("solve-00000000-0000-0001-0000-000000000002");

  /** So long that only what is told is known. */
  private static final Duration NEVER = Duration.ofHours(1);

  /** So short that each silence is looked into. */
  private static final Duration ALWAYS = Duration.ofMillis(10);

  private final JobServer server = server();
  private final List<String> told = new CopyOnWriteArrayList<>();
  private final TrackedJobs tracked =
      new TrackedJobs(new Told(), new Unshown(), new RecordReader(new WorkRequestFormat()));
  private final AtomicInteger synced = new AtomicInteger();

  private static JobServer server() {
    try {
      return new JobServer();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @AfterEach
  void closeServer() {
    server.close();
  }

  private final class Told implements TrackedJobs.Observer {
    @Override
    public void onUnanswered(UniqueName name, TrackedJob job) {
      told.add("unanswered");
    }

    @Override
    public void onAnswered(UniqueName name, Job job) {
      told.add("answered");
    }

    @Override
    public void onDeleted(UniqueName name) {
      told.add("deleted");
    }

    @Override
    public void onGivenUp(UniqueName name) {
      told.add("given up");
    }

    @Override
    public void onCountChanged() {}
  }

  private JobWatches started(Duration relist) {
    JobWatches watches = new JobWatches(server.client(), JobServer.NAMESPACE, tracked, relist);
    watches.start(synced::incrementAndGet);
    return watches;
  }

  /** Until all three watches are open. */
  private void awaitWatched() {
    await()
        .atMost(PATIENCE)
        .until(() ->
            server.isWatched("jobs") && server.isWatched("pods") && server.isWatched("events"));
  }

  private static Job job(String version) {
    return NotedJobs.recorded(NAME, "uid", version);
  }

  private static Pod pod() {
    return new PodBuilder()
        .withNewMetadata()
        .withName("pod")
        .withUid("pod")
        .withResourceVersion("20")
        .withCreationTimestamp("2026-11-23T09:00:00Z")
        .addToLabels(JobNames.NAME_LABEL, "solve")
        .addNewOwnerReference()
        .withKind("Job")
        .withUid("uid")
        .endOwnerReference()
        .endMetadata()
        .build();
  }

  private List<TrackedJob.TrackedPod> pods() {
    return tracked
        .find(NAME.uuid())
        .map(job -> job.snapshot().pods())
        .orElseGet(Collections::emptyList);
  }

  @Test
  void whatWasThereIsKnownBeforeTheWatchesAreSaidToBeInStep() {
    // given
    server.add(job("10"));
    server.add(pod());
    JobWatches unstarted = new JobWatches(server.client(), JobServer.NAMESPACE, tracked, NEVER);
    AtomicInteger known = new AtomicInteger();

    // when
    boolean wasSynced = unstarted.isSynced();
    Optional<Duration> silence = unstarted.silence();
    try (JobWatches watches = unstarted) {
      watches.start(() -> known.set(pods().size()));
      awaitWatched();

      // then
      assertThat(wasSynced).isFalse();
      assertThat(silence).isEmpty();
      assertThat(watches.isSynced()).isTrue();
      await().atMost(PATIENCE).until(() -> known.get() == 1);
      assertThat(watches.silence())
          .hasValueSatisfying(since -> assertThat(since).isGreaterThanOrEqualTo(Duration.ZERO));
    }
  }

  @Test
  void whatTheWatchesTellIsKnown() throws Exception {
    try (JobWatches _ = started(NEVER)) {
      // given
      awaitWatched();

      // when
      server.tell("jobs", "ADDED", job("2000"));
      server.tell("pods", "ADDED", pod());
      await().atMost(PATIENCE).until(() -> pods().size() == 1);
      server.tell("pods", "DELETED", pod());
      await().atMost(PATIENCE).until(() -> pods().getFirst().gone());
      server.tell("jobs", "MODIFIED", NotedJobs.answered(job("2001")));
      await().atMost(PATIENCE).until(() -> told.contains("answered"));
      server.tell("jobs", "DELETED", NotedJobs.answered(job("2002")));

      // then
      await().atMost(PATIENCE).until(() -> tracked.find(NAME.uuid()).isEmpty());
      assertThat(told).containsExactly("unanswered", "answered");
      await().atMost(PATIENCE).until(() -> synced.get() == 1);
    }
  }

  @Test
  void aFirstListThatFailsIsTriedAgain() {
    // given
    server.add(job("10"));
    server.fail("GET jobs list");
    server.fail("GET pods list");
    try (JobWatches watches = started(NEVER)) {
      await()
          .atMost(PATIENCE)
          .until(() -> server.notes().containsAll(List.of("GET jobs list", "GET pods list")));
      boolean early = watches.isSynced();

      // when
      server.mend("GET jobs list");
      server.mend("GET pods list");
      await().atMost(PATIENCE).until(watches::isSynced);
      await().atMost(PATIENCE).until(() -> server.notes().contains("GET events list"));

      // then
      assertThat(early).isFalse();
      assertThat(tracked.findUnanswered(NAME)).isPresent();
      // Of Jobs that are not known it would tell in vain.
      assertThat(server.notes().indexOf("GET events list"))
          .isGreaterThan(server.notes().lastIndexOf("GET jobs list"));
    }
  }

  private long count(String request) {
    return Collections.frequency(server.notes(), request);
  }

  @Test
  void aWatchThatDoesNotTellIsBegunAnewAndLookedAtAgain() {
    try (JobWatches _ = started(ALWAYS)) {
      // given
      awaitWatched();

      // when
      server.add(job("10"));

      // then
      await().atMost(PATIENCE).until(() -> count("GET jobs watch") > 1);
      assertThat(tracked.findUnanswered(NAME)).isPresent();
      long lists = count("GET pods list");
      await().atMost(PATIENCE).until(() -> count("GET pods list") > lists + 1);
      assertThat(count("GET pods watch")).isEqualTo(1);
    }
  }

  @Test
  void aListBringsWhatNoWatchHasTold() {
    try (JobWatches watches = started(NEVER)) {
      // given
      awaitWatched();
      server.add(job("10"));
      server.add(pod());

      // when
      boolean isListed = watches.relist();
      int podsListed = pods().size();
      server.remove(job("10"));
      boolean isListedAgain = watches.relist();

      // then
      assertThat(isListed).isTrue();
      assertThat(podsListed).isEqualTo(1);
      assertThat(isListedAgain).isTrue();
      assertThat(told).containsExactly("unanswered", "deleted");
    }
  }

  @Test
  void aListThatFailsIsNone() {
    try (JobWatches watches = started(NEVER)) {
      // given
      awaitWatched();
      server.add(job("10"));
      server.fail("GET pods list");

      // when
      boolean isListed = watches.relist();

      // then
      assertThat(isListed).isFalse();
    }
  }

  @Test
  void whoIsClosedBeforeItIsStartedWatchesNothing() {
    // given
    JobWatches watches = new JobWatches(server.client(), JobServer.NAMESPACE, tracked, NEVER);

    // when
    watches.close();
    watches.start(synced::incrementAndGet);

    // then
    assertThat(watches.isSynced()).isFalse();
    assertThat(server.notes()).isEmpty();
  }
}
