package mstc.cloud.worker.adapters.k8s;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.request.WorkRequest;
import mstc.cloud.worker.domain.runtime.Submission;
import mstc.cloud.worker.domain.view.JobState;
import mstc.cloud.worker.domain.view.JobView;
import mstc.cloud.worker.domain.view.LogReader;
import mstc.cloud.worker.domain.view.LogReader.Result;
import mstc.cloud.worker.testkit.runtime.DeafListener;
import mstc.cloud.worker.testkit.store.InMemoryObjectStore;
import mstc.cloud.worker.testkit.view.SeenJobs;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.api.parallel.ResourceLock;

/** What a cluster says of jobs that wait, and what a replica shows that does not lead. */
@Execution(ExecutionMode.CONCURRENT)
class KubernetesViewsIT {
  private static final Duration PATIENCE = Duration.ofSeconds(100);
  private static final int READERS = 50;

  @TempDir Path folder;
  private final InMemoryObjectStore store = InMemoryObjectStore.creatingBuckets();
  private final SeenJobs seen = new SeenJobs();
  private final List<KubernetesJobRuntime> replicas = new ArrayList<>();
  private @Nullable TestCluster opened;

  @BeforeEach
  void openALeader() throws IOException {
    opened = TestCluster.open(folder);
    KubernetesJobRuntime leader = replica(seen);
    await().atMost(PATIENCE).until(leader::isLeading);
  }

  @AfterEach
  void close() {
    replicas.forEach(KubernetesJobRuntime::close);
    if (opened != null) {
      opened.close();
    }
  }

  private TestCluster cluster() {
    if (opened == null) {
      throw new IllegalStateException("no cluster is open");
    }
    return opened;
  }

  private KubernetesJobRuntime replica(SeenJobs watcher) {
    Path spool = folder.resolve("spool-" + replicas.size());
    KubernetesJobRuntime replica =
        ClusterJobs.runtime(ClusterJobs.settings(cluster(), spool), store);
    replicas.add(replica);
    replica.watch(watcher);
    replica.start(new DeafListener());
    return replica;
  }

  private Job submitted(WorkRequest.Builder request) {
    Job job = new Job(new UniqueName("view-" + UUID.randomUUID()), request.build(), List.of());
    assertThat(replicas.getFirst().submit(job, Optional.empty()))
        .isEqualTo(new Submission.Created());
    return job;
  }

  private static WorkRequest.Builder sleepingAfter(String line) {
    return ClusterJobs.running(
        "trap 'exit 143' TERM; echo '%s'; sleep 3600 & wait".formatted(line));
  }

  private String awaitHint(Job job, String part) {
    JobView view =
        await()
            .atMost(PATIENCE)
            .until(
                () -> seen.find(job.name()),
                found -> found.flatMap(JobView::hint).filter(it -> it.contains(part)).isPresent())
            .orElseThrow();
    assertThat(view.state()).isEqualTo(JobState.PENDING);
    return view.hint().orElseThrow();
  }

  @Test
  void aJobThatNoNodeHasRoomForSaysSo() {
    // when
    Job job = submitted(sleepingAfter("started").cpu("1000"));

    // then
    assertThat(awaitHint(job, "Unschedulable")).contains("Insufficient cpu");
  }

  @Test
  void aJobWhoseImageCannotBePulledSaysSo() {
    // when
    Job job = submitted(sleepingAfter("started").image("registry.invalid:5000/team/unknown:7"));

    // then
    assertThat(awaitHint(job, "Pull")).contains("registry.invalid:5000/team/unknown:7");
  }

  @Test
  void aJobThatAQuotaKeepsOutSaysSo() {
    // given
    ClusterJobs.forbidPods(cluster());

    // when
    Job job = submitted(sleepingAfter("started"));

    // then
    assertThat(awaitHint(job, "exceeded quota")).contains("no-pods");
  }

  @Test
  void aReplicaThatDoesNotLeadShowsTheSameAndReadsTheLog() throws Exception {
    // given
    Job job = submitted(sleepingAfter("started"));
    await().atMost(PATIENCE).until(() -> seen.isIn(JobState.RUNNING, job.name()));
    SeenJobs seenByOther = new SeenJobs();

    // when
    KubernetesJobRuntime other = replica(seenByOther);
    await().atMost(PATIENCE).until(() -> seenByOther.isIn(JobState.RUNNING, job.name()));

    // then
    assertThat(seenByOther.find(job.name())).isEqualTo(seen.find(job.name()));
    assertThat(other.isLeading()).isFalse();
    try (LogReader log = other.openLog(job.name(), Optional.empty(), true).orElseThrow()) {
      assertThat(text(log.read(PATIENCE))).isEqualTo("started\n");
    }
  }

  @Test
  @ResourceLock("what one node can read of logs")
  void manyReadersGetTheSameLogAndOneThatDoesNotReadHoldsNobodyUp() throws Exception {
    // given
    Job job = submitted(ClusterJobs.running("trap 'exit 0' TERM; seq 1 20000; sleep 3600 & wait"));
    await().atMost(PATIENCE).until(() -> seen.isIn(JobState.RUNNING, job.name()));
    List<LogReader> readers = new ArrayList<>();
    for (int number = 0; number < READERS; number++) {
      readers.add(replicas.getFirst().openLog(job.name(), Optional.empty(), true).orElseThrow());
    }

    // when, then
    try {
      for (LogReader reader : readers.subList(1, READERS)) {
        StringBuilder all = new StringBuilder();
        while (!all.toString().endsWith("\n20000\n")) {
          all.append(text(reader.read(PATIENCE)));
        }
        assertThat(all.toString().lines().count()).isEqualTo(20_000);
      }
    } finally {
      readers.forEach(LogReader::close);
    }
  }

  private static String text(Result result) {
    assertThat(result).isInstanceOf(Result.More.class);
    return new String(((Result.More) result).piece().text(), UTF_8);
  }
}
