package mstc.cloud.worker.adapters.k8s;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.Pod;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import mstc.cloud.worker.adapters.k8s.job.PodStates;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.request.WorkRequest;
import mstc.cloud.worker.domain.runtime.Answer;
import mstc.cloud.worker.domain.runtime.JobEnd;
import mstc.cloud.worker.domain.runtime.JobRecord;
import mstc.cloud.worker.domain.runtime.Submission;
import mstc.cloud.worker.domain.store.BucketName;
import mstc.cloud.worker.testkit.runtime.DeafListener;
import mstc.cloud.worker.testkit.store.InMemoryObjectStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;

/** Logs outlive a leader that stops, whatever was rotated away before. */
@ResourceLock("what one node can read of logs")
class LogHandoverIT {
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  /** More than the kubelet keeps in one file. */
  private static final int LONG = 11_000_000;

  private static final String LINE = "x".repeat(99);

  /** Not in its first seconds, nor so fast that nobody can wait for the rotation. */
  private static final String BEGIN =
      "echo begin; sleep 4; for i in $(seq 110); do yes %s | head -n 1000; sleep 0.1; done; "
          .formatted(LINE);

  private static final Map<String, String> SCRIPTS =
      Map.of(
          "silent-after-a-lot", BEGIN + "sleep 40",
          "dripping-after-a-lot", BEGIN + "for i in $(seq 80); do echo $i; sleep 0.5; done",
          "silent-so-far", "sleep 50; echo end",
          "silent", "sleep 52",
          "in-a-line", "printf begin; sleep 52; echo end");

  @TempDir Path folder;
  private final InMemoryObjectStore store = InMemoryObjectStore.creatingBuckets();

  private KubernetesJobRuntime start(TestCluster cluster, String replica) {
    KubernetesJobRuntime runtime =
        ClusterJobs.runtime(ClusterJobs.settings(cluster, folder.resolve(replica)), store);
    runtime.start(new DeafListener());
    return runtime;
  }

  private static void awaitLeading(KubernetesJobRuntime runtime) {
    await().atMost(PATIENCE).until(runtime::isLeading);
  }

  private static Job job(String name, String script) {
    WorkRequest request = ClusterJobs.running(script).jobName(name).build();
    return new Job(UniqueName.of(request.jobName(), UUID.randomUUID()), request, List.of());
  }

  private static String expected(String name) {
    String written = "begin\n" + (LINE + "\n").repeat(LONG / (LINE.length() + 1));
    return switch (name) {
      case "silent-after-a-lot" -> written;
      case "dripping-after-a-lot" -> {
        StringBuilder text = new StringBuilder(written);
        for (int i = 1; i <= 80; i++) {
          text.append(i).append('\n');
        }
        yield text.toString();
      }
      case "silent-so-far" -> "end\n";
      case "in-a-line" -> "beginend\n";
      default -> "";
    };
  }

  @Test
  void aLeaderThatStopsHandsItsLogsOver() throws Exception {
    try (TestCluster cluster = TestCluster.open(folder)) {
      // given
      KubernetesJobRuntime first = start(cluster, "first");
      awaitLeading(first);
      Map<String, UniqueName> jobs = new HashMap<>();
      SCRIPTS.forEach((name, script) -> {
        Job job = job(name, script);
        jobs.put(name, job.name());
        assertThat(first.submit(job, Optional.empty())).isEqualTo(new Submission.Created());
      });
      try (KubernetesJobRuntime second = start(cluster, "second")) {
        awaitOld(cluster);

        // when
        first.close();
        awaitLeading(second);

        // then
        for (Map.Entry<String, UniqueName> job : jobs.entrySet()) {
          JobEnd end = second.awaitEnd(job.getValue());
          String what =
              "%s: %d bytes, %s".formatted(job.getKey(), Files.size(end.log().file()), end);
          assertThat(end.log().complete()).as(what).isTrue();
          assertThat(Files.readString(end.log().file()).equals(expected(job.getKey())))
              .as(what)
              .isTrue();
          JobRecord record = second.find(job.getValue().uuid()).orElseThrow();
          assertThat(second.recordAnswer(record, answer(record, end))).isTrue();
        }
        assertThat(store.list(new BucketName("contract"), "")).isEmpty();
      }
    } finally {
      store.close();
    }
  }

  private static Answer answer(JobRecord record, JobEnd end) {
    Reply reply =
        Reply.ended(
            record.job(),
            end.outcome(),
            Optional.empty(),
            end.startedAt(),
            end.finishedAt(),
            end.warnings());
    return new Answer(reply, Answer.Status.NONE, Instant.now());
  }

  /** All of them run, and the kubelet has had time to look at their logs. */
  private static void awaitOld(TestCluster cluster) {
    await()
        .atMost(PATIENCE)
        .until(() -> {
          List<Pod> pods =
              cluster.admin().pods().inNamespace(cluster.namespace()).list().getItems();
          return pods.size() == SCRIPTS.size()
              && pods.stream()
                  .map(PodStates::startedAt)
                  .allMatch(started ->
                      started
                          .filter(time -> time.isBefore(Instant.now().minusSeconds(36)))
                          .isPresent());
        });
  }
}
