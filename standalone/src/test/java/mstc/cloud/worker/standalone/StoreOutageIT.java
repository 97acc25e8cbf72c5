package mstc.cloud.worker.standalone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.embedded.BrokerSettings;
import mstc.cloud.worker.embedded.EmbeddedBroker;
import mstc.cloud.worker.embedded.EmbeddedObjectStore;
import mstc.cloud.worker.embedded.ObjectStoreSettings;
import mstc.cloud.worker.faults.service.FreePort;
import mstc.cloud.worker.faults.service.WorkerProcess;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An object store that is away delays logs and answers, and loses none. */
class StoreOutageIT {
  @ParameterizedTest
  @ValueSource(strings = {"minio", "s3"})
  void theLogOfAJobThatEndedMeanwhileArrivesWhenTheStoreIsBack(String type, @TempDir Path folder)
      throws Exception {
    ObjectStoreSettings settings =
        new ObjectStoreSettings(
            "127.0.0.1", FreePort.find(), "minioadmin", "minioadmin", folder.resolve("objects"));
    EmbeddedObjectStore store = EmbeddedObjectStore.start(settings);
    try (EmbeddedBroker broker =
            EmbeddedBroker.start(
                new BrokerSettings("127.0.0.1", 0, "guest", "guest", Optional.empty()));
        WorkerProcess worker =
            new WorkerProcess(
                    folder.resolve("worker.log"),
                    List.of("-Xmx128m"),
                    List.of(
                        "worker",
                        "--config=" + Catalogue.write(folder, 20),
                        "--set=mstc.object-store.type=" + type,
                        "--set=mstc.object-store.s3.endpoint=" + store.endpoint()),
                    Map.of(
                        "WORK_QUEUE_PORT", Integer.toString(broker.port()),
                        "MINIO_SERVICE_PORT", Integer.toString(store.port()),
                        "MINIO_ROOT_USER", "minioadmin",
                        "MINIO_ROOT_PASSWORD", "minioadmin",
                        "SCRATCH_DIR", folder.resolve("scratch").toString()))
                .awaitReady();
        RawClient client = new RawClient("127.0.0.1", broker.port(), "test.replies")) {
      // given
      Path started = folder.resolve("started");
      Path ended = folder.resolve("ended");
      client.send(
          "outage",
          Catalogue.request(
              "outage",
              "touch %s; until test -e %s; do sleep 0.1; done; echo the end; touch %s"
                  .formatted(started, folder.resolve("go"), ended)));
      await().atMost(Duration.ofSeconds(30)).until(() -> started.toFile().exists());

      // when
      store.close();
      assertThat(folder.resolve("go").toFile().createNewFile()).isTrue();
      await().atMost(Duration.ofSeconds(30)).until(() -> ended.toFile().exists());
      await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> worker.output().contains("No more requests are taken in"));
      assertThat(client.replies("outage")).isEmpty();
      store = EmbeddedObjectStore.start(settings);

      // then
      Reply reply = client.awaitReply("outage", Duration.ofSeconds(60));
      assertThat(reply.outcome()).isEqualTo(JobOutcome.Kind.SUCCEEDED);
      assertThat(reply.log().orElseThrow().bytes()).isEqualTo("the end\n".length());
    } finally {
      store.close();
    }
  }
}
