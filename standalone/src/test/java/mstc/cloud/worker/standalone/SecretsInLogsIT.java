package mstc.cloud.worker.standalone;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.embedded.BrokerSettings;
import mstc.cloud.worker.embedded.EmbeddedBroker;
import mstc.cloud.worker.embedded.EmbeddedObjectStore;
import mstc.cloud.worker.embedded.ObjectStoreSettings;
import mstc.cloud.worker.faults.service.FreePort;
import mstc.cloud.worker.faults.service.WorkerProcess;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whatever the level, the log tells no secret of a request, and none that authorizes one. */
class SecretsInLogsIT {
  private static final String SECRET_KEY = "the-stores-secret-key";
  private static final String TOKEN = "the-token-of-the-http-api";
  private static final String VALUE = "the-value-of-a-variable";

  private static final String REQUEST =
      """
      {"image": "test/sh", "jobName": "secret", "inputBucket": "secrets",
       "args": ["test ${#MORE} = 23"],
       "env": {"MORE": "the-value-of-a-variable"}}
      """;

  /** A value that cannot be, beside one that must not be shown. */
  private static final String INVALID_REQUEST =
      """
      {"image": "test/sh", "jobName": "secret", "inputBucket": "secrets",
       "env": {"MORE": "the-value-of-a-variable", "A": {}}}
      """;

  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({"DEBUG, minio", "TRACE, minio", "TRACE, s3"})
  void aWorkerDoesNotTellThem(String level, String type) throws Exception {
    try (EmbeddedBroker broker =
            EmbeddedBroker.start(
                new BrokerSettings("127.0.0.1", 0, "guest", "guest", Optional.empty()));
        EmbeddedObjectStore store =
            EmbeddedObjectStore.start(
                new ObjectStoreSettings(
                    "127.0.0.1", 0, "access", SECRET_KEY, folder.resolve("objects")));
        WorkerProcess worker =
            worker(
                level,
                List.of("worker"),
                Map.of(
                    "MSTC_OBJECT_STORE_TYPE",
                    type,
                    "MSTC_OBJECT_STORE_S3_ENDPOINT",
                    "http://127.0.0.1:" + store.port(),
                    "WORK_QUEUE_PORT",
                    Integer.toString(broker.port()),
                    "MINIO_SERVICE_PORT",
                    Integer.toString(store.port()),
                    "MINIO_ROOT_USER",
                    "access",
                    "MINIO_ROOT_PASSWORD",
                    SECRET_KEY,
                    "SCRATCH_DIR",
                    folder.resolve("scratch").toString()))) {
      requireNoSecret(worker, broker.port());
    }
  }

  @Test
  void theBrokerAndTheStoreInTheSameProcessDoNotEither() throws Exception {
    int port = FreePort.find();
    try (WorkerProcess worker =
        worker(
            "TRACE",
            List.of(
                "standalone",
                "--folder=" + folder.resolve("data"),
                "--broker-port=" + port,
                "--store-port=0"),
            Map.of())) {
      requireNoSecret(worker, port);
    }
  }

  private WorkerProcess worker(String level, List<String> command, Map<String, String> environment)
      throws Exception {
    List<String> arguments = new ArrayList<>(command);
    arguments.add("--config=" + Catalogue.write(folder, 2));
    Map<String, String> all = new HashMap<>(environment);
    all.put("MSTC_LOGGING_LEVEL", level);
    all.put("MSTC_HTTP_TOKEN", TOKEN);
    return new WorkerProcess(folder.resolve("worker.log"), List.of("-Xmx256m"), arguments, all);
  }

  private static void requireNoSecret(WorkerProcess worker, int brokerPort) throws Exception {
    worker.awaitReady();
    try (RawClient client = new RawClient("127.0.0.1", brokerPort, "test.replies")) {
      // when
      client.sendOnce("one", "one", REQUEST);
      client.sendOnce("two", "two", INVALID_REQUEST);
      client.awaitReplies(List.of("one", "two"), Duration.ofMinutes(2));

      // then
      assertThat(client.replies("one").getFirst().outcome()).isEqualTo(JobOutcome.Kind.SUCCEEDED);
      assertThat(client.replies("two").getFirst().outcome()).isEqualTo(JobOutcome.Kind.REJECTED);
    }
    String log = worker.output();
    assertThat(log).contains("Request received", "env=[MORE]", " DEBUG ");
    assertThat(log.lines().filter(SecretsInLogsIT::tellsASecret).toList()).isEmpty();
  }

  private static boolean tellsASecret(String line) {
    // OkHttp shows that there is such a header, and blacks out what is in it.
    String shown = line.replace("Authorization: ██", "");
    return Stream.of(VALUE, SECRET_KEY, TOKEN, "Signature", "uthorization", "Credential=")
        .anyMatch(shown::contains);
  }
}
