package mstc.cloud.worker.standalone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.embedded.EmbeddedObjectStore;
import mstc.cloud.worker.embedded.ObjectStoreSettings;
import mstc.cloud.worker.faults.service.Broker;
import mstc.cloud.worker.faults.service.WorkerProcess;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real broker that dies takes nothing with it. */
class BrokerKilledIT {
  @Test
  void everyRequestIsAnsweredOnceWhenTheBrokerIsBack(@TempDir Path folder) throws Exception {
    try (Broker broker = RabbitServer.start(folder.resolve("broker"));
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
                        "SCRATCH_DIR", folder.resolve("scratch").toString()))
                .awaitReady();
        RawClient client = new RawClient("127.0.0.1", broker.port(), "test.replies")) {
      // given
      List<String> ids = IntStream.range(0, 10).mapToObj(i -> "killed-" + i).toList();
      for (String id : ids) {
        client.send(
            id,
            Catalogue.request(
                "outlives",
                "echo started >> %s; sleep 10; echo ended".formatted(folder.resolve(id))));
      }
      await()
          .atMost(Duration.ofSeconds(30))
          .until(() -> ids.stream().allMatch(id -> folder.resolve(id).toFile().exists()));

      // when
      broker.kill();
      broker.restart();

      // then
      client.awaitReplies(ids, Duration.ofSeconds(90));
      for (String id : ids) {
        // Once more, if the broker had not noted that the request was acknowledged.
        Reply reply = client.replies(id).getFirst();
        assertThat(client.replies(id)).containsOnly(reply);
        assertThat(reply.outcome()).isEqualTo(JobOutcome.Kind.SUCCEEDED);
        assertThat(folder.resolve(id)).hasContent("started");
      }
    }
  }
}
