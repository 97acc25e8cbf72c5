package mstc.cloud.worker.standalone;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.embedded.BrokerSettings;
import mstc.cloud.worker.embedded.EmbeddedBroker;
import mstc.cloud.worker.embedded.EmbeddedObjectStore;
import mstc.cloud.worker.embedded.ObjectStoreSettings;
import mstc.cloud.worker.faults.service.WorkerProcess;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A worker that dies at any moment loses and repeats nothing. */
class WorkerKilledIT {
  private static final int KILLS = 8;
  private static final int REQUESTS_PER_KILL = 5;

  /**
   * Moments are drawn from a fixed seed, over the time that a few jobs take from start to answer.
   */
  private static final Random MOMENTS = new Random(42);

  @Test
  void everyRequestIsAnsweredAndNoneIsRunTwice(@TempDir Path folder) throws Exception {
    try (EmbeddedBroker broker =
            EmbeddedBroker.start(
                new BrokerSettings("127.0.0.1", 0, "guest", "guest", java.util.Optional.empty()));
        EmbeddedObjectStore store =
            EmbeddedObjectStore.start(
                new ObjectStoreSettings(
                    "127.0.0.1", 0, "minioadmin", "minioadmin", folder.resolve("objects")));
        WorkerProcess worker =
            new WorkerProcess(
                folder.resolve("worker.log"),
                List.of("-Xmx128m"),
                List.of("worker", "--config=" + Catalogue.write(folder, 20)),
                Map.of(
                    "WORK_QUEUE_PORT", Integer.toString(broker.port()),
                    "MINIO_SERVICE_PORT", Integer.toString(store.port()),
                    "SCRATCH_DIR", folder.resolve("scratch").toString()));
        RawClient client = new RawClient("127.0.0.1", broker.port(), "test.replies")) {
      List<String> ids =
          IntStream.range(0, KILLS * REQUESTS_PER_KILL).mapToObj(i -> "kill-" + i).toList();

      // when
      for (int kill = 0; kill < KILLS; kill++) {
        worker.awaitReady();
        for (String id : ids.subList(kill * REQUESTS_PER_KILL, (kill + 1) * REQUESTS_PER_KILL)) {
          client.sendOnce(
              id,
              id,
              Catalogue.request("dies", "echo run >> " + folder.resolve(id) + "; sleep 0.3"));
        }
        // Not a wait for something to happen: the very moment is what the test varies.
        new CountDownLatch(1).await(MOMENTS.nextInt(1200), TimeUnit.MILLISECONDS);
        worker.kill();
        worker.restart();
      }
      client.awaitReplies(ids, Duration.ofSeconds(90));

      // then
      for (String id : ids) {
        Reply reply = client.replies(id).getFirst();
        assertThat(client.replies(id)).as("replies to %s", id).allMatch(reply::equals);
        assertThat(reply.outcome()).isIn(JobOutcome.Kind.SUCCEEDED, JobOutcome.Kind.LOST);
        Path runs = folder.resolve(id);
        if (reply.outcome() == JobOutcome.Kind.SUCCEEDED || Files.exists(runs)) {
          assertThat(runs).as("runs of %s", id).hasContent("run");
        }
      }
    }
  }
}
