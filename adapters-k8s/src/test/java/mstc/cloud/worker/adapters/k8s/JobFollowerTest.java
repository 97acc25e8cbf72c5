package mstc.cloud.worker.adapters.k8s;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.EventBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.request.WorkRequest;
import mstc.cloud.worker.domain.runtime.JobEnd;
import mstc.cloud.worker.domain.store.InMemoryObjectStore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a job that is followed asks of the cluster, and when. */
class JobFollowerTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Instant START = Instant.parse("2026-11-23T09:00:00Z");
  private static final String CONTAINER = "solve";

  private final JobServer server = server();
  private final JobCalls calls =
      new JobCalls(server.client(), JobServer.NAMESPACE, Duration.ofSeconds(30));
  private final LogArchive archive = new LogArchive(InMemoryObjectStore.creatingBuckets());
  private final List<JobFollower> followers = new ArrayList<>();
  private final JobManifest manifest =
      new JobManifest(
          new KubernetesSettings(
              Optional.empty(),
              Optional.empty(),
              JobServer.NAMESPACE,
              "lease",
              "me",
              Optional.empty(),
              Path.of("unused"),
              1,
              1,
              Duration.ZERO,
              Duration.ZERO,
              KubernetesSettings.JobTemplate.of(Map.of(), Optional.empty()),
              KubernetesSettings.Timing.DEFAULT),
          WorkRequest::timeout);

  private final Spool spool;
  private final LogKeeping keeping;

  JobFollowerTest(@TempDir Path spoolFolder) throws IOException {
    spool = Spool.open(spoolFolder, new Spool.Limits(1 << 20, 1 << 20));
    keeping = new LogKeeping(archive, spool, name -> true);
  }

  private static JobServer server() {
    try {
      return new JobServer();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @AfterEach
  void closeEverything() {
    followers.forEach(JobFollower::close);
    keeping.close();
    server.close();
    spool.close();
  }

  /** The log of a container that has written one line, and notes when that is read to its end. */
  private final class OneLine implements LogSource {
    private final byte[] line = (START.plusMillis(10) + " one line\n").getBytes(UTF_8);

    @Override
    public LogStream follow(Container container, Optional<Instant> since) {
      return stream(false);
    }

    @Override
    public LogStream read(Container container, Optional<Instant> since) {
      return stream(true);
    }

    @Override
    public LogStream hold(Container container) {
      return stream(true);
    }

    @Override
    public Optional<Instant> newestFileBegins(Container container) {
      return Optional.of(START.plusMillis(10));
    }

    private LogStream stream(boolean ends) {
      return new LogStream() {
        private boolean isGiven;

        @Override
        public int read(byte[] into) {
          if (!isGiven) {
            isGiven = true;
            System.arraycopy(line, 0, into, 0, line.length);
            return line.length;
          }
          if (ends) {
            server.note("the log's end");
          }
          return ends ? -1 : 0;
        }

        @Override
        public void onArrival(Runnable toCall) {
          // All of it is there.
        }

        @Override
        public void close() {
          // Nothing is open.
        }
      };
    }
  }

  private static mstc.cloud.worker.domain.job.Job work(int retries) {
    WorkRequest request =
        WorkRequest.builder()
            .image("solver")
            .jobName(CONTAINER)
            .inputBucket("results")
            .retries(retries)
            .build();
    return new mstc.cloud.worker.domain.job.Job(
        UniqueName.of(request.jobName(), UUID.randomUUID()), request, List.of());
  }

  private Job created(mstc.cloud.worker.domain.job.Job work) {
    Job job =
        new JobBuilder(manifest.of(work, Optional.empty(), "attempt"))
            .editMetadata()
            .withUid("uid-" + work.name())
            .withResourceVersion("1")
            .endMetadata()
            .withNewStatus()
            .endStatus()
            .build();
    server.add(job);
    return job;
  }

  private JobFollower followed(mstc.cloud.worker.domain.job.Job work, TrackedJob tracked) {
    JobFollower follower =
        new JobFollower(
            work,
            false,
            tracked,
            calls,
            new LogCollection(
                new OneLine(), spool, archive, keeping, new AttachedLogs(new OneLine())),
            Duration.ZERO);
    followers.add(follower);
    follower.start();
    return follower;
  }

  private static Pod pod(String phase) {
    return new PodBuilder()
        .withNewMetadata()
        .withName("p")
        .withUid("p")
        .withResourceVersion("2")
        .withCreationTimestamp(START.toString())
        .addToLabels(JobNames.NAME_LABEL, CONTAINER)
        .endMetadata()
        .withNewSpec()
        .withActiveDeadlineSeconds(600L)
        .endSpec()
        .withNewStatus()
        .withPhase(phase)
        .withStartTime(START.toString())
        .endStatus()
        .build();
  }

  private static Pod running() {
    return new PodBuilder(pod("Running"))
        .editStatus()
        .addNewContainerStatus()
        .withName(CONTAINER)
        .withNewState()
        .withNewRunning(START.toString())
        .endState()
        .endContainerStatus()
        .endStatus()
        .build();
  }

  private static Pod keptAfter(int exitCode) {
    return new PodBuilder(pod("Running"))
        .editStatus()
        .addNewContainerStatus()
        .withName("proxy")
        .withNewState()
        .withNewRunning(START.toString())
        .endState()
        .endContainerStatus()
        .addNewContainerStatus()
        .withName(CONTAINER)
        .withNewState()
        .withNewTerminated()
        .withExitCode(exitCode)
        .withStartedAt(START.toString())
        .withFinishedAt(START.plusSeconds(1).toString())
        .endTerminated()
        .endState()
        .endContainerStatus()
        .endStatus()
        .build();
  }

  private static Event warning(String uid, String reason, String message) {
    return new EventBuilder()
        .withNewMetadata()
        .withName(reason)
        .withUid(UUID.randomUUID().toString())
        .withResourceVersion("3000")
        .endMetadata()
        .withType("Warning")
        .withReason(reason)
        .withMessage(message)
        .withNewInvolvedObject()
        .withKind("Job")
        .withUid(uid)
        .endInvolvedObject()
        .withLastTimestamp(START.plusSeconds(1).toString())
        .build();
  }

  // Pods that others keep.

  @Test
  void aPodThatOthersKeepIsEndedOnceTheLogIsWholeAndTheEndIsOnRecord() throws Exception {
    // given
    var work = work(0);
    TrackedJob tracked = new TrackedJob(created(work));
    tracked.update(keptAfter(0));

    // when
    JobEnd end = followed(work, tracked).awaitEnd();

    // then
    assertThat(end.outcome()).isEqualTo(new JobOutcome.Succeeded());
    assertThat(end.log().complete()).isTrue();
    assertThat(end.log().file()).hasContent("one line\n");
    assertThat(server.notes()).containsSubsequence("the log's end", "PATCH jobs " + work.name());
    assertThat(archive.keptBytes(work.name(), "p")).isEqualTo("one line\n".length());
    Job ended = server.job(work.name().value());
    assertThat(ended.getSpec().getActiveDeadlineSeconds()).isEqualTo(1);
    assertThat(JobAnnotations.ended(ended).orElseThrow().outcome())
        .isEqualTo(new JobOutcome.Succeeded());
  }

  @Test
  void afterAFailureThatIsNotTheLastThePodIsDeletedOnceItsLogIsWhole() throws Exception {
    // given
    var work = work(1);
    TrackedJob tracked = new TrackedJob(created(work));
    tracked.update(keptAfter(3));

    // when
    JobFollower follower = followed(work, tracked);

    // then
    await().atMost(PATIENCE).until(() -> server.notes().contains("DELETE pods p"));
    assertThat(server.notes()).containsSubsequence("the log's end", "DELETE pods p");
    assertThat(server.notes()).noneMatch(note -> note.startsWith("PATCH"));
    follower.close();
  }

  // Jobs that are gone.

  @Test
  void aJobThatIsDeletedWhilePodsOfItStayIsAnsweredWithTheLogAsFarAsItIsRead() throws Exception {
    // given
    var work = work(0);
    TrackedJob tracked = new TrackedJob(created(work));
    tracked.update(running());
    JobFollower follower = followed(work, tracked);

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
    TrackedJobs all = new TrackedJobs(new Silent());
    List<mstc.cloud.worker.domain.job.Job> waiting = new ArrayList<>();
    for (int number = 0; number < 20; number++) {
      var work = work(0);
      waiting.add(work);
      created(work);
    }
    try (JobWatches watches =
        new JobWatches(server.client(), JobServer.NAMESPACE, all, Duration.ofHours(1))) {
      watches.start(() -> {});
      await().atMost(PATIENCE).until(() -> server.isWatched("events"));
      waiting.forEach(work -> followed(work, all.findUnanswered(work.name()).orElseThrow()));

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

  @Test
  void aRefusalIsTheReasonAndCostsNoCall() throws Exception {
    // given
    var work = work(0);
    TrackedJob tracked = new TrackedJob(created(work));
    followed(work, tracked);

    // when
    tracked.update(warning("", "FailedCreate", "admission webhook \"policy\" denied the request"));

    // then
    await()
        .atMost(PATIENCE)
        .until(() -> JobAnnotations.unstartable(server.job(work.name().value())).isPresent());
    assertThat(server.notes()).containsExactly("PATCH jobs " + work.name());
    assertThat(JobAnnotations.unstartable(server.job(work.name().value())).orElseThrow().reason())
        .contains("denied the request");
  }

  private static Pod late() {
    return new PodBuilder(pod("Failed"))
        .editStatus()
        .withReason("DeadlineExceeded")
        .addNewContainerStatus()
        .withName(CONTAINER)
        .withNewState()
        .withNewWaiting("", "ContainerCreating")
        .endState()
        .endContainerStatus()
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
    TrackedJob tracked = new TrackedJob(created(work));
    server.add(warning("p", "FailedCreatePodSandBox", "container init was OOM-killed"));
    server.add(warning("p", "DeadlineExceeded", "Pod was active too long"));

    // when
    tracked.update(late());
    JobEnd end = followed(work, tracked).awaitEnd();

    // then
    assertThat(end.outcome())
        .isEqualTo(timedOut("FailedCreatePodSandBox: container init was OOM-killed"));
    assertThat(server.notes()).containsExactly("GET events list");
  }

  @Test
  void aTimeoutOfWhichThePodSaysNothingIsExplainedByItsJob() throws Exception {
    // given
    var work = work(0);
    Job job = created(work);
    TrackedJob tracked = new TrackedJob(job);
    server.add(warning(job.getMetadata().getUid(), "FailedCreate", "exceeded quota: team"));

    // when
    tracked.update(late());
    JobEnd end = followed(work, tracked).awaitEnd();

    // then
    assertThat(end.outcome()).isEqualTo(timedOut("FailedCreate: exceeded quota: team"));
  }

  @Test
  void whatWasOverBeforeTheProcessStartedIsNotWhyItWasLate() throws Exception {
    // given
    var work = work(0);
    TrackedJob tracked = new TrackedJob(created(work));
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
    JobEnd end = followed(work, tracked).awaitEnd();

    // then
    assertThat(end.outcome())
        .isEqualTo(new JobOutcome.TimedOut(Duration.ofMinutes(15), Optional.empty()));
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
