package mstc.cloud.worker.standalone;

import static mstc.cloud.worker.standalone.ClusterWorker.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import mstc.cloud.worker.adapters.k8s.KubernetesSettings;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.faults.service.WorkerProcess;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Replicas that take over from each other, in time. */
class ClusterHandoverIT {
  private static final Logger LOG = LoggerFactory.getLogger(ClusterHandoverIT.class);
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  @TempDir Path folder;

  @Test
  void anotherReplicaTakesOverFromOneThatDiesAndFromOneThatStops() throws Exception {
    try (ClusterWorker cluster = new ClusterWorker(folder)) {
      // given
      WorkerProcess first = cluster.start().awaitReady();
      awaitLeader(first);
      WorkerProcess second = cluster.start().awaitReady();
      cluster.client().send("dies", request("dies", "echo begin; sleep 15; echo end"));
      cluster.awaitRunning("dies");

      // when
      first.kill();
      Reply afterDeath = cluster.client().awaitReply("dies", PATIENCE);
      first.restart();
      first.awaitReady();
      cluster.client().send("stops", request("stops", "echo begin; sleep 15; echo end"));
      cluster.awaitRunning("stops");
      long leading = leaderships(first);
      long stopped = System.nanoTime();
      second.terminate();
      await()
          .pollInterval(Duration.ofMillis(20))
          .atMost(PATIENCE)
          .until(() -> leaderships(first) > leading);
      Duration handover = Duration.ofNanos(System.nanoTime() - stopped);
      Reply afterStop = cluster.client().awaitReply("stops", PATIENCE);
      second.stop();

      // then
      LOG.info("handed over within {} ms", handover.toMillis());
      assertThat(handover)
          .as("until another replica leads, which needs not wait until the Lease has run out")
          .isLessThan(KubernetesSettings.Timing.DEFAULT.lease());
      for (Reply reply : List.of(afterDeath, afterStop)) {
        assertThat(reply.outcome()).isEqualTo(JobOutcome.Kind.SUCCEEDED);
        assertThat(cluster.text(reply)).isEqualTo("begin\nend\n");
      }
      assertThat(cluster.jobs("dies")).hasSizeLessThanOrEqualTo(1);
      assertThat(cluster.jobs("stops")).hasSizeLessThanOrEqualTo(1);
      assertThat(cluster.client().replies("dies")).hasSize(1);
      assertThat(cluster.client().replies("stops")).hasSize(1);
    }
  }

  private static void awaitLeader(WorkerProcess worker) {
    await().atMost(PATIENCE).until(() -> leaderships(worker) > 0);
  }

  private static long leaderships(WorkerProcess worker) throws IOException {
    return worker
        .output()
        .lines()
        .filter(line -> line.contains("follows and completes jobs"))
        .count();
  }
}
