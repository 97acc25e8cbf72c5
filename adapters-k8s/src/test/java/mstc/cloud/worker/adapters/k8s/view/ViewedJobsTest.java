package mstc.cloud.worker.adapters.k8s.view;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import mstc.cloud.worker.adapters.k8s.job.JobNames;
import mstc.cloud.worker.adapters.k8s.job.NotedJobs;
import mstc.cloud.worker.adapters.k8s.job.RecordReader;
import mstc.cloud.worker.adapters.k8s.job.TrackedJob;
import mstc.cloud.worker.adapters.k8s.job.TrackedJobs;
import mstc.cloud.worker.adapters.k8s.log.LogSource;
import mstc.cloud.worker.adapters.k8s.log.LogStream;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.runtime.JobRuntimeException;
import mstc.cloud.worker.domain.view.JobState;
import mstc.cloud.worker.domain.view.JobView;
import mstc.cloud.worker.domain.view.JobWatcher;
import mstc.cloud.worker.domain.view.LogReader;
import mstc.cloud.worker.domain.view.LogReader.Result;
import mstc.cloud.worker.testkit.view.SeenJobs;
import mstc.cloud.worker.wire.WorkRequestFormat;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** What is shown of Jobs, and read of their logs, without a cluster. */
@Timeout(60)
@Execution(ExecutionMode.CONCURRENT)
class ViewedJobsTest {
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  private static final UniqueName NAME =
      new UniqueName("solve-00000000-0000-0001-0000-000000000002");
  private static final String CREATED = "2026-11-23T10:00:00Z";
  private static final String STARTED = "2026-11-23T10:00:02Z";

  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final RecordReader reader = new RecordReader(new WorkRequestFormat());
  private final ViewedJobs views = new ViewedJobs(reader, threads);
  private final TrackedJobs jobs = new TrackedJobs(new Silent(), views, reader);
  private final Counting seen = new Counting();
  private int version = 10;

  @AfterEach
  void close() {
    views.close();
    threads.shutdownNow();
  }

  /** Counts what it is shown. */
  private static final class Counting implements JobWatcher {
    private final SeenJobs jobs = new SeenJobs();
    private final AtomicInteger changes = new AtomicInteger();

    @Override
    public void onChanged(JobView job) {
      changes.incrementAndGet();
      jobs.onChanged(job);
    }

    @Override
    public void onGone(UniqueName name) {
      jobs.onGone(name);
    }
  }

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

  private String nextVersion() {
    return Integer.toString(version++);
  }

  private JobBuilder job(UniqueName name, String uid) {
    return new JobBuilder(NotedJobs.recorded(name, uid, nextVersion()))
        .editMetadata()
        .withCreationTimestamp(CREATED)
        .endMetadata()
        .withNewSpec()
        .endSpec();
  }

  private Job job() {
    return job(NAME, "uid").build();
  }

  private PodBuilder pod(String uid, String created) {
    return new PodBuilder()
        .withNewMetadata()
        .withName(uid)
        .withUid(uid)
        .withResourceVersion(nextVersion())
        .withCreationTimestamp(created)
        .addToLabels(JobNames.NAME_LABEL, "solve")
        .addNewOwnerReference()
        .withKind("Job")
        .withUid("uid")
        .endOwnerReference()
        .endMetadata()
        .withNewStatus()
        .withPhase("Running")
        .endStatus();
  }

  private Pod running(String uid) {
    return pod(uid, CREATED)
        .editStatus()
        .addNewContainerStatus()
        .withName("solve")
        .withNewState()
        .withNewRunning()
        .withStartedAt(STARTED)
        .endRunning()
        .endState()
        .endContainerStatus()
        .endStatus()
        .build();
  }

  private Pod ended(String uid, String created, String phase, int code) {
    return pod(uid, created)
        .editStatus()
        .withPhase(phase)
        .addNewContainerStatus()
        .withName("solve")
        .withNewState()
        .withNewTerminated()
        .withExitCode(code)
        .withStartedAt(STARTED)
        .withFinishedAt("2026-11-23T10:00:09Z")
        .endTerminated()
        .endState()
        .endContainerStatus()
        .endStatus()
        .build();
  }

  private JobView awaitState(JobState state) {
    await().atMost(PATIENCE).until(() -> seen.jobs.isIn(state, NAME));
    return seen.jobs.find(NAME).orElseThrow();
  }

  @Test
  void aJobIsShownFromItsCreationToItsRemoval() {
    // given
    views.watch(seen);

    // when, then
    jobs.update(job());
    assertThat(awaitState(JobState.PENDING).hint()).contains("no pod has been created for it yet");
    jobs.update(running("pod"));
    assertThat(awaitState(JobState.RUNNING).startedAt()).contains(Instant.parse(STARTED));
    jobs.update(ended("pod", CREATED, "Succeeded", 0));
    assertThat(awaitState(JobState.ENDING).endedAt())
        .contains(Instant.parse("2026-11-23T10:00:09Z"));
    Job answered = NotedJobs.answered(job());
    jobs.update(answered);
    assertThat(awaitState(JobState.ENDED).reply()).isPresent();
    int changes = seen.changes.get();
    jobs.remove(answered);
    await().atMost(PATIENCE).until(() -> seen.jobs.gone().equals(List.of(NAME)));
    assertThat(seen.changes).hasValue(changes);
  }

  @Test
  void manyChangesOfManyJobsAreFewLooksAndTheLastOneIsShown() {
    // given
    List<UniqueName> names =
        IntStream.range(0, 1000)
            .mapToObj(_ -> new UniqueName("solve-" + UUID.randomUUID()))
            .toList();
    views.watch(seen);

    // when
    for (int round = 0; round < 10; round++) {
      for (UniqueName name : names) {
        jobs.update(job(name, name.value()).build());
      }
    }
    for (UniqueName name : names) {
      jobs.update(NotedJobs.cancelled(job(name, name.value()).build()));
    }

    // then
    await()
        .atMost(PATIENCE)
        .until(() ->
            names.stream()
                .allMatch(name -> seen.jobs.find(name).filter(JobView::cancelled).isPresent()));
    // As created, and as cancelled: what looks the same is not shown again.
    assertThat(seen.changes.get()).isBetween(1000, 2000);
  }

  @Test
  void aJobWhoseAnnotationsCannotBeReadIsNotShownAndNothingElseFails() {
    // given
    views.watch(seen);
    UniqueName other = new UniqueName("solve-" + UUID.randomUUID());

    // when
    jobs.update(
        job(other, "other")
            .editMetadata()
            .addToAnnotations("mstc/request", "{")
            .endMetadata()
            .build());
    jobs.update(job());

    // then
    awaitState(JobState.PENDING);
    assertThat(seen.jobs.find(other)).isEmpty();
  }

  @Test
  void aNewJobOfTheSameNameIsNotGoneWithTheOldOne() {
    // given
    views.watch(seen);
    Job old = NotedJobs.answered(job());
    jobs.update(old);
    awaitState(JobState.ENDED);

    // when
    jobs.update(job(NAME, "new").build());
    jobs.remove(old);

    // then
    awaitState(JobState.PENDING);
    assertThat(seen.jobs.gone()).isEmpty();
  }

  // Logs.

  /** Streams as a test tells them, of which it counts the bytes that were read. */
  private static final class Streams implements LogSource {
    private final List<String> calls = new CopyOnWriteArrayList<>();
    private final List<Told> open = new CopyOnWriteArrayList<>();
    private volatile String text = "";
    private volatile boolean endless;
    private volatile boolean gone;

    @Override
    public LogStream follow(Container container, Optional<Instant> since) throws IOException {
      return open("follow " + container.pod(), false);
    }

    @Override
    public LogStream read(Container container, Optional<Instant> since) throws IOException {
      return open("read " + container.pod(), true);
    }

    private LogStream open(String call, boolean ends) throws IOException {
      calls.add(call);
      if (gone) {
        throw new IOException("the cluster cannot be reached");
      }
      Told told = new Told(ends);
      open.add(told);
      return told;
    }

    @Override
    public LogStream pin(Container container) {
      throw new UnsupportedOperationException("nobody pins what is only viewed");
    }

    @Override
    public Optional<Instant> newestFileBegins(Container container) {
      return Optional.empty();
    }

    private final class Told implements LogStream {
      private final boolean ends;
      private final AtomicInteger read = new AtomicInteger();
      private volatile boolean closed;

      Told(boolean ends) {
        this.ends = ends;
      }

      @Override
      public int read(byte[] into) {
        byte[] all = text.getBytes(US_ASCII);
        if (endless) {
          Arrays.fill(into, (byte) 'x');
          byte[] line = (STARTED + " ").getBytes(US_ASCII);
          System.arraycopy(line, 0, into, 0, line.length);
          into[into.length - 1] = '\n';
          read.addAndGet(into.length);
          return into.length;
        }
        int count = Math.min(into.length, all.length - read.get());
        System.arraycopy(all, read.get(), into, 0, count);
        read.addAndGet(count);
        return count == 0 && ends ? -1 : count;
      }

      @Override
      public void onArrival(Runnable toCall) {}

      @Override
      public void close() {
        closed = true;
      }
    }
  }

  private LogReader open(Streams streams, boolean follow) {
    return views.openLog(streams, NAME, Optional.empty(), follow).orElseThrow();
  }

  @Test
  void whatASlowReaderDoesNotReadStaysInTheCluster() throws Exception {
    // given
    Streams streams = new Streams();
    streams.endless = true;
    jobs.update(job());
    jobs.update(running("pod"));

    // when
    try (LogReader log = open(streams, true)) {
      Result first = log.read(Duration.ofSeconds(30));

      // then
      assertThat(first).isInstanceOf(Result.More.class);
      assertThat(streams.open).hasSize(1);
      assertThat(streams.open.getFirst().read.get()).isLessThanOrEqualTo(128 * 1024);
    }
  }

  @Test
  void aClosedReaderFreesItsStreamAtOnce() throws Exception {
    // given
    Streams streams = new Streams();
    streams.text = STARTED + " one\n";
    jobs.update(job());
    jobs.update(running("pod"));
    LogReader log = open(streams, true);
    log.read(Duration.ofSeconds(30));

    // when
    log.close();

    // then
    assertThat(streams.open).hasSize(1).allMatch(stream -> stream.closed);
    assertThat(log.read(Duration.ofHours(1))).isInstanceOf(Result.End.class);
  }

  @Test
  void aLogThatCannotBeReadFailsAfterAWhileAndMayBeOpenedAgain() {
    // given
    Streams streams = new Streams();
    streams.gone = true;
    jobs.update(job());
    jobs.update(running("pod"));

    // when
    try (LogReader log = open(streams, false)) {

      // then
      assertThatThrownBy(() -> log.read(Duration.ofHours(1)))
          .isInstanceOf(JobRuntimeException.class)
          .hasMessageContaining("the log of job " + NAME);
    }
    assertThat(streams.calls).hasSizeGreaterThan(1);
  }

  @Test
  void readersOfAClosedRuntimeAreToldSo() throws Exception {
    // given
    Streams streams = new Streams();
    jobs.update(job());
    LogReader log = open(streams, true);

    // when
    views.close();

    // then
    assertThatThrownBy(() -> log.read(Duration.ofHours(1)))
        .isInstanceOf(JobRuntimeException.class)
        .hasMessageContaining("closed");
  }

  @Test
  void anAnsweredJobWhosePodsAreGoneHasNoLog() {
    // given
    jobs.update(job());
    jobs.update(running("pod"));
    jobs.update(NotedJobs.answered(job()));
    assertThat(views.openLog(new Streams(), NAME, Optional.empty(), true)).isPresent();

    // when
    jobs.remove(running("pod"));

    // then
    assertThat(views.openLog(new Streams(), NAME, Optional.empty(), true)).isEmpty();
  }
}
