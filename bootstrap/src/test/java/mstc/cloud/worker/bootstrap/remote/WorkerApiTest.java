package mstc.cloud.worker.bootstrap.remote;

import static mstc.cloud.worker.bootstrap.remote.ScriptedWorker.json;
import static mstc.cloud.worker.bootstrap.remote.ScriptedWorker.problem;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.ServerSocket;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WorkerApiTest {

  private static WorkerApi api(ScriptedWorker worker, String token) {
    return new WorkerApi(WorkerAddress.of(worker.url() + "/", Optional.of(token)));
  }

  @Test
  void theTokenGoesIntoItsHeader() throws Exception {
    try (ScriptedWorker worker = new ScriptedWorker(json("{\"total\": 3}"));
        WorkerApi api = api(worker, "sesame")) {
      // when
      int total = api.get("/mstc/jobs?name=" + WorkerApi.encoded("a b&c")).path("total").asInt();

      // then
      assertThat(total).isEqualTo(3);
      assertThat(worker.received())
          .containsExactly(
              new ScriptedWorker.Received(
                  "GET /mstc/jobs?name=a%20b%26c",
                  "", Optional.of("Bearer sesame"), Optional.empty()));
    }
  }

  @Test
  void aMissingTokenIsAskedForAndAWrongOneIsNotShown() throws Exception {
    try (ScriptedWorker worker = new ScriptedWorker(problem(401, "a token is required"));
        WorkerApi without = worker.api();
        WorkerApi with = api(worker, "open-barley")) {
      assertThatThrownBy(() -> without.get("/mstc/jobs"))
          .hasMessageContaining(worker.url())
          .hasMessageContaining("set MSTC_TOKEN to the value of mstc.http.token");
      assertThatThrownBy(() -> with.get("/mstc/jobs"))
          .hasMessageContaining("does not accept this token")
          .hasMessageNotContaining("open-barley");
    }
  }

  @Test
  void aProblemIsToldInTheWorkersWords() throws Exception {
    try (ScriptedWorker worker =
            new ScriptedWorker(problem(404, "there is no such job"), problem(503, "no room"));
        WorkerApi api = worker.api()) {
      assertThatThrownBy(() -> api.get("/mstc/jobs/none"))
          .isInstanceOfSatisfying(
              WorkerApiException.class, e -> assertThat(e.isRetryable()).isFalse())
          .hasMessage("there is no such job");
      assertThatThrownBy(() -> api.get("/mstc/jobs"))
          .isInstanceOfSatisfying(
              WorkerApiException.class, e -> assertThat(e.isRetryable()).isTrue())
          .hasMessageContaining("cannot answer now: no room");
    }
  }

  @Test
  void whatIsNoWorkerIsToldSo() throws Exception {
    try (ScriptedWorker worker =
            new ScriptedWorker(new ScriptedWorker.Answer(200, "text/html", "<html>", false));
        WorkerApi api = worker.api()) {
      assertThatThrownBy(() -> api.get("/mstc/jobs")).hasMessageContaining("is it a worker?");
    }
  }

  @Test
  void withoutAWorkerTheWayToNameOneIsTold() throws Exception {
    // given
    int port;
    try (ServerSocket socket = new ServerSocket(0)) {
      port = socket.getLocalPort();
    }
    String url = "http://127.0.0.1:" + port;

    try (WorkerApi api = new WorkerApi(WorkerAddress.of(url, Optional.empty()))) {
      assertThatThrownBy(() -> api.get("/mstc/jobs"))
          .isInstanceOfSatisfying(
              WorkerApiException.class, e -> assertThat(e.isRetryable()).isTrue())
          .hasMessageContaining("no worker answers at " + url)
          .hasMessageContaining("--url or MSTC_URL");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"localhost:8080", "ftp://host", "http://", "http://a b", "http://u:p@host", ""})
  void whatIsNoAddressIsRefused(String url) {
    assertThatThrownBy(() -> WorkerAddress.of(url, Optional.empty()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("a URL such as http://localhost:8080");
  }

  @Test
  void aTokenThatCannotBeOneIsRefusedAndNotShown() {
    assertThatThrownBy(() -> WorkerAddress.of("http://host", Optional.of("open\nbarley")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageNotContaining("barley");
    assertThat(WorkerAddress.of("http://host", Optional.of("barley")).toString())
        .isEqualTo("http://host");
  }
}
