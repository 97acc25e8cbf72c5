package mstc.cloud.worker.standalone;

import static mstc.cloud.worker.standalone.ClusterWorker.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.batch.v1.Job;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.faults.service.WorkerProcess;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Many requests at once: each has its one answer, and no more Jobs run than are let. */
@Isolated("fills the machine")
class ClusterLoadIT {
  private static final Logger LOG = LoggerFactory.getLogger(ClusterLoadIT.class);
  private static final Duration PATIENCE = Duration.ofMinutes(20);

  @TempDir Path folder;

  @Test
  void aThousandJobsAtOnceAreAllAnswered() throws Exception {
    try (ClusterWorker cluster = new ClusterWorker(folder)) {
      WorkerProcess worker = cluster.startOnSimulatedNode().awaitReady();
      List<String> ids = IntStream.range(0, 1_000).mapToObj(i -> "through-" + i).toList();

      for (String id : ids) {
        cluster.client().send(id, request("through", "echo hello"));
      }
      cluster.client().awaitReplies(ids, PATIENCE);

      cluster.assertOneSuccessEach(ids);
      LOG.info("1000 jobs: the worker held {} MiB at most", worker.peakMemoryMebibytes());
    }
  }

  @Test
  void twoHundredRequestsAtOnceNeverExceedTheLimit() throws Exception {
    // given
    try (ClusterWorker cluster = new ClusterWorker(folder)) {
      WorkerProcess worker = cluster.start("mstc.jobs.max-concurrent=50").awaitReady();
      List<String> ids = IntStream.range(0, 200).mapToObj(i -> "many-" + i).toList();
      Set<Integer> unfinished = ConcurrentHashMap.newKeySet();

      // when
      for (String id : ids) {
        cluster.client().send(id, request("many", "echo " + id));
      }
      await()
          .atMost(PATIENCE)
          .pollInterval(Duration.ofMillis(250))
          .until(() -> {
            unfinished.add(
                (int) cluster.jobs("many").stream().filter(ClusterLoadIT::isUnfinished).count());
            return ids.stream().allMatch(id -> !cluster.client().replies(id).isEmpty());
          });

      // then
      assertThat(unfinished).allMatch(count -> count <= 50);
      for (String id : ids) {
        Reply reply = cluster.client().replies(id).getFirst();
        assertThat(reply.outcome()).isEqualTo(JobOutcome.Kind.SUCCEEDED);
        assertThat(cluster.text(reply)).isEqualTo(id + "\n");
      }
      LOG.info("200 jobs: the worker held {} MiB at most", worker.peakMemoryMebibytes());
    }
  }

  private static boolean isUnfinished(Job job) {
    return job.getStatus().getConditions().stream()
        .noneMatch(condition ->
            "True".equals(condition.getStatus())
                && (condition.getType().equals("Complete")
                    || condition.getType().equals("Failed")));
  }
}
