package mstc.cloud.worker.bootstrap.cli;

import static mstc.cloud.worker.bootstrap.remote.ScriptedWorker.brokenEvents;
import static mstc.cloud.worker.bootstrap.remote.ScriptedWorker.events;
import static mstc.cloud.worker.bootstrap.remote.ScriptedWorker.problem;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Optional;
import mstc.cloud.worker.bootstrap.remote.ScriptedWorker;
import mstc.cloud.worker.bootstrap.remote.WorkerApi;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class LogFollowerTest {
  private static final String FIRST =
      """
      event: log
      id: p1
      data: {"text": "one\\n"}

      event: notice
      data: {"text": "lines are missing"}

      event: log
      id: p2
      data: {"text": "two\\n"}

      """;
  private static final String REST =
      """
      event: log
      id: p3
      data: {"text": "three\\n"}

      event: end
      data: {"outcome": "SUCCEEDED"}

      """;

  private final StringWriter printed = new StringWriter();

  private Optional<JsonNode> follow(ScriptedWorker worker) throws InterruptedException {
    try (WorkerApi api = worker.api()) {
      return new LogFollower(api, "/mstc/jobs/a/log", LogOutput.objects(new PrintWriter(printed)))
          .follow();
    }
  }

  @Test
  void aConnectionThatBreaksIsContinuedAfterTheLastPosition() throws Exception {
    try (ScriptedWorker worker =
        new ScriptedWorker(
            brokenEvents(FIRST), problem(503, "starting"), events(""), events(REST))) {
      // when
      Optional<JsonNode> end = follow(worker);

      // then
      assertThat(end.map(job -> job.path("outcome").asString(""))).contains("SUCCEEDED");
      assertThat(printed.toString().lines())
          .startsWith("{\"log\":\"one\\n\"}", "{\"notice\":\"lines are missing\"}")
          .contains("{\"log\":\"two\\n\"}")
          .endsWith("{\"log\":\"three\\n\"}")
          .filteredOn(line -> line.contains("trying again"))
          .hasSize(1);
      assertThat(worker.received())
          .extracting(ScriptedWorker.Received::lastEvent)
          .containsExactly(
              Optional.empty(), Optional.of("p2"), Optional.of("p2"), Optional.of("p2"));
    }
  }

  @Test
  void aJobThatIsNotThereIsNotWaitedFor() throws Exception {
    try (ScriptedWorker worker = new ScriptedWorker(problem(404, "there is no such job"))) {
      assertThatThrownBy(() -> follow(worker)).hasMessage("there is no such job");
    }
  }

  @Test
  void aWorkerThatCannotAnswerAtFirstIsNotWaitedFor() throws Exception {
    try (ScriptedWorker worker = new ScriptedWorker(problem(503, "starting"))) {
      assertThatThrownBy(() -> follow(worker)).hasMessageContaining("starting");
    }
  }
}
