package mstc.cloud.worker.standalone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.faults.service.FreePort;
import mstc.cloud.worker.faults.service.WorkerProcess;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A job that exceeds its timeout, of the shortest there is. */
class TimeoutIT {
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  @Test
  void aJobIsEndedAtItsTimeoutAndItsLogKept(@TempDir Path folder) throws Exception {
    int brokerPort = FreePort.find();
    try (WorkerProcess worker =
            new WorkerProcess(
                    folder.resolve("worker.log"),
                    List.of("-Xmx128m"),
                    List.of(
                        "standalone",
                        "--config=" + Catalogue.write(folder, 5),
                        "--folder=" + folder.resolve("data"),
                        "--broker-port=" + brokerPort,
                        "--store-port=0"),
                    Map.of())
                .awaitReady();
        RawClient client = new RawClient("127.0.0.1", brokerPort, "test.replies")) {
      // when
      client.send(
          "late",
          Catalogue.request("late", "echo before; sleep 600; echo after")
              .replace("{", "{\"timeOut\": 1, "));

      // then
      Reply reply = client.awaitReply("late", Duration.ofSeconds(150));
      assertThat(reply.outcome()).isEqualTo(JobOutcome.Kind.TIMED_OUT);
      assertThat(reply.result())
          .isEqualTo("Job " + reply.job().orElseThrow() + " failed: timed out after 1 minute.");
      assertThat(reply.duration().orElseThrow())
          .isBetween(Duration.ofSeconds(60), Duration.ofSeconds(120));
      assertThat(reply.log().orElseThrow().bytes()).isEqualTo("before\n".length());
      await()
          .atMost(PATIENCE)
          .untilAsserted(() -> assertThat(worker.output()).contains("Job late-"));
    }
  }
}
