package mstc.cloud.worker.adapters.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.request.ParsedRequest;
import mstc.cloud.worker.domain.request.RequestParser;
import mstc.cloud.worker.wire.ReplyJson;
import mstc.cloud.worker.wire.RequestJson;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class HttpApiTest {
  private final Api api = new Api();

  @AfterEach
  void close() {
    api.close();
  }

  private static Reply reply(HttpResponse<String> response) {
    return new ReplyJson().parse(response.body()).orElseThrow();
  }

  private static Optional<String> header(HttpResponse<String> response, String name) {
    return response.headers().firstValue(name);
  }

  @Test
  void helloIsHello() {
    // when
    HttpResponse<String> response = api.get("/mstc/worker");

    // then
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.body().strip()).isEqualTo("hello");
  }

  @Test
  void aJobIsCancelledAndItsCallerAnswered() {
    // given
    CompletableFuture<HttpResponse<String>> waiting = api.begin(api.execute(Api.REQUEST));
    UniqueName job = api.awaitJob();

    // when
    HttpResponse<String> response = api.send(api.to("/mstc/jobs/" + job).DELETE());

    // then
    assertThat(response.statusCode()).isEqualTo(202);
    assertThat(reply(waiting.join()).outcome()).isEqualTo(JobOutcome.Kind.CANCELLED);
  }

  @ParameterizedTest
  @ValueSource(strings = {"solve-00000000-0000-4000-8000-000000000000", "solve", ""})
  void aJobThatThereIsNotIsNotCancelled(String name) {
    // when
    HttpResponse<String> response = api.send(api.to("/mstc/jobs/" + name).DELETE());

    // then
    assertThat(response.statusCode()).isEqualTo(404);
  }

  @Test
  void jobsAreCountedForPrometheus() {
    // given
    CompletableFuture<HttpResponse<String>> first = api.begin(api.execute(Api.REQUEST));
    api.succeed(api.awaitJob());
    first.join();
    CompletableFuture<HttpResponse<String>> second = api.begin(api.execute(Api.REQUEST));
    UniqueName unanswered = api.awaitJob();

    // when
    HttpResponse<String> response = api.get("/metrics");

    // then
    assertThat(header(response, "Content-Type")).get().asString().startsWith("text/plain;");
    // A job is counted after its client is told.
    Api.eventually()
        .untilAsserted(() ->
            assertThat(api.get("/metrics").body().lines())
                .contains(
                    "mstc_build_info{java=\"%s\",version=\"1.2.3\"} 1".formatted(Runtime.version()),
                    "mstc_ready 1.0",
                    "mstc_port_available{port=\"queue\"} 1.0",
                    "mstc_port_available{port=\"runtime\"} 1.0",
                    "mstc_port_available{port=\"store\"} 1.0",
                    "mstc_leader 1.0",
                    "mstc_runtime_silence_seconds 0.0",
                    "mstc_requests_received_total{source=\"http\"} 2.0",
                    "mstc_requests_received_total{source=\"queue\"} 0.0",
                    "mstc_jobs_created_total 2.0",
                    "mstc_job_create_seconds_count 2",
                    "mstc_job_start_seconds_count 1",
                    "mstc_job_run_seconds_count 1",
                    "mstc_job_answer_seconds_count 1",
                    "mstc_logs_stored_bytes_total 3.0",
                    "mstc_jobs_answered_total{outcome=\"succeeded\"} 1.0",
                    "mstc_jobs_answered_total{outcome=\"failed\"} 0.0",
                    "mstc_jobs_in_flight 1.0",
                    "mstc_jobs_limit 2.0",
                    "mstc_jobs_waiting 0.0",
                    "mstc_jobs_waiting_oldest_seconds 0.0",
                    "mstc_jobs_waiting_limit 2.0",
                    "mstc_jobs_unanswered 1.0",
                    "mstc_intake_paused{reason=\"starting\"} 0.0",
                    "mstc_intake_paused{reason=\"runtime\"} 0.0",
                    "mstc_intake_paused{reason=\"store\"} 0.0",
                    "mstc_intake_paused{reason=\"unanswered\"} 0.0")
                .anyMatch(line -> line.startsWith("jvm_memory_used_bytes{area=\"heap\"}")));
    api.succeed(unanswered);
    second.join();
  }

  @Test
  void whatIsStuckShowsInTheMetrics() {
    try (Api stuck = new Api("127.0.0.1", Optional.empty(), Duration.ofMinutes(10))) {
      // given
      stuck.store.failAt("solve-");
      CompletableFuture<HttpResponse<String>> first = stuck.begin(stuck.execute(Api.REQUEST));
      stuck.succeed(stuck.awaitJob());
      CompletableFuture<HttpResponse<String>> second = stuck.begin(stuck.execute(Api.REQUEST));
      stuck.awaitJobs(2).forEach(stuck::succeed);

      // when
      Api.eventually()
          .until(() -> metrics(stuck).contains("mstc_intake_paused{reason=\"unanswered\"} 1.0"));

      // then
      assertThat(metrics(stuck)).contains("mstc_jobs_waiting 2.0", "mstc_jobs_in_flight 0.0");
      Api.eventually()
          .until(() -> !metrics(stuck).contains("mstc_jobs_waiting_oldest_seconds 0.0"));
      assertThat(stuck.get("/health/ready").body())
          .isEqualTo("jobs: 2 have ended and are not answered (mstc.jobs.max-unanswered)\n");
      stuck.store.start();
      assertThat(first.join().statusCode()).isEqualTo(200);
      assertThat(second.join().statusCode()).isEqualTo(200);
      Api.eventually()
          .until(() -> metrics(stuck).contains("mstc_intake_paused{reason=\"unanswered\"} 0.0"));
      assertThat(metrics(stuck)).contains("mstc_jobs_waiting_oldest_seconds 0.0");
    }
  }

  @Test
  void anOutageShowsInTheMetricsByWhatIsAway() {
    // given
    CompletableFuture<HttpResponse<String>> caller = api.begin(api.execute(Api.REQUEST));
    UniqueName job = api.awaitJob();
    api.store.stop();

    // when
    api.succeed(job);

    // then
    Api.eventually().until(() -> metrics(api).contains("mstc_intake_paused{reason=\"store\"} 1.0"));
    api.store.start();
    Api.eventually().until(() -> metrics(api).contains("mstc_intake_paused{reason=\"store\"} 0.0"));
    assertThat(caller.join().statusCode()).isEqualTo(200);
  }

  @Test
  void howLongIntakeIsPausedShowsInTheMetricsByWhatIsAway() {
    // given
    CompletableFuture<HttpResponse<String>> caller = api.begin(api.execute(Api.REQUEST));
    UniqueName job = api.awaitJob();
    List<String> before = metrics(api);
    api.store.stop();

    // when
    api.succeed(job);

    // then
    String none = "mstc_intake_paused_seconds{reason=\"store\"} 0.0";
    assertThat(before).contains(none);
    Api.eventually().until(() -> !metrics(api).contains(none));
    api.store.start();
    Api.eventually().until(() -> metrics(api).contains(none));
    assertThat(caller.join().statusCode()).isEqualTo(200);
  }

  @Test
  void whatLogsTakeOnDiskShowsInTheMetrics() {
    // given
    CompletableFuture<HttpResponse<String>> caller = api.begin(api.execute(Api.REQUEST));
    UniqueName job = api.awaitJob();
    List<String> before = metrics(api);

    // when
    api.succeed(job);
    caller.join();

    // then
    assertThat(before).contains("mstc_log_spool_bytes 0.0");
    assertThat(metrics(api))
        .contains("mstc_log_spool_bytes 3.0")
        .anyMatch(line -> line.startsWith("mstc_log_spool_limit_bytes 9.2"));
  }

  @Test
  void whatKeepsTheWorkerFromBeingReadyShowsInTheMetrics() {
    // given
    api.queue.broker().stop();
    api.store.stop();

    // when
    List<String> metrics = metrics(api);

    // then
    assertThat(metrics)
        .contains(
            "mstc_ready 0.0",
            "mstc_port_available{port=\"queue\"} 0.0",
            "mstc_port_available{port=\"runtime\"} 1.0",
            "mstc_port_available{port=\"store\"} 0.0");
  }

  @Test
  void onlyTheLeaderShowsHowManyJobsThereAre() {
    // given
    api.runtime.setLeading(false);

    // when
    List<String> metrics = metrics(api);

    // then
    assertThat(metrics)
        .contains("mstc_leader 0.0", "mstc_ready 1.0")
        .noneMatch(line -> line.startsWith("mstc_jobs_in_flight"))
        .noneMatch(line -> line.startsWith("mstc_jobs_waiting"))
        .noneMatch(line -> line.startsWith("mstc_jobs_unanswered"));
  }

  @Test
  void howLongTheClusterHasBeenSilentShowsInTheMetricsOnceThatIsKnown() {
    // given
    api.runtime.setSilence(Optional.of(Duration.ofSeconds(90)));
    List<String> silent = metrics(api);

    // when
    api.runtime.setSilence(Optional.empty());

    // then
    assertThat(silent).contains("mstc_runtime_silence_seconds 90.0");
    assertThat(metrics(api)).noneMatch(line -> line.startsWith("mstc_runtime_silence_seconds"));
  }

  private static List<String> metrics(Api of) {
    return of.get("/metrics").body().lines().toList();
  }

  @Test
  void aProcessThatWorksIsLive() {
    // given
    api.store.stop();

    // when
    HttpResponse<String> response = api.get("/health/live");

    // then
    assertThat(response.statusCode()).isEqualTo(200);
  }

  @Test
  void aWorkerThatReachesEverythingIsReady() {
    // when
    HttpResponse<String> response = api.get("/health/ready");

    // then
    assertThat(response.statusCode()).isEqualTo(200);
  }

  @Test
  void aWorkerThatIsNotReadySaysWhyPartByPart() {
    // given
    api.store.stop();
    api.queue.broker().stop();

    // when
    HttpResponse<String> response = api.get("/health/ready");

    // then
    assertThat(response.statusCode()).isEqualTo(503);
    assertThat(response.body().lines())
        .containsExactly("queue: not connected", "store: The object store is stopped");
  }

  @Test
  void aRequestIsRunAndAnsweredWithItsReplyWhenItIsOver() {
    // given
    CompletableFuture<HttpResponse<String>> response = api.begin(api.execute(Api.REQUEST));
    UniqueName job = api.awaitJob();
    assertThat(response).isNotDone();

    // when
    api.succeed(job);

    // then
    assertThat(response.join().statusCode()).isEqualTo(200);
    assertThat(header(response.join(), "Content-Type")).contains("application/json");
    assertThat(reply(response.join()).result()).isEqualTo("Job " + job + " complete.");
  }

  @Test
  void aJobThatFailedIs200Too() {
    // given
    CompletableFuture<HttpResponse<String>> response = api.begin(api.execute(Api.REQUEST));

    // when
    api.runtime.end(api.awaitJob(), new JobOutcome.Failed(3), "");

    // then
    assertThat(response.join().statusCode()).isEqualTo(200);
    assertThat(reply(response.join()).exitCode()).hasValue(3);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "no", "[]", "{}", "{\"image\": 1}"})
  void anInvalidRequestIs400WithTheReplyThatSaysWhy(String body) {
    // when
    HttpResponse<String> response = api.send(api.execute(body));

    // then
    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(reply(response).result()).startsWith("Invalid request: ");
    assertThat(api.runtime.jobs()).isEmpty();
  }

  @Test
  void aWorkerWithoutRoomIs503AndSaysWhenToTryAgain() {
    // given
    api.begin(api.execute(Api.REQUEST)).isDone();
    api.begin(api.execute(Api.REQUEST)).isDone();
    Api.eventually().until(() -> api.started().size() == 2);

    // when
    HttpResponse<String> response = api.send(api.execute(Api.REQUEST));

    // then
    assertThat(response.statusCode()).isEqualTo(503);
    assertThat(header(response, "Retry-After").map(Integer::parseInt)).hasValue(5);
  }

  @Test
  void aWorkerThatFailsIs500AndSaysWhy() {
    // given
    api.runtime.breakDown();

    // when
    HttpResponse<String> response = api.send(api.execute(Api.REQUEST));

    // then
    assertThat(response.statusCode()).isEqualTo(500);
    assertThat(response.body()).contains("the runtime cannot be reached");
  }

  @Test
  void aRequestOfExactlyTheMostBytesIsRead() {
    // given
    String padded = Api.REQUEST + " ".repeat(RequestJson.MAX_BYTES - Api.REQUEST.length());

    // when
    CompletableFuture<HttpResponse<String>> response = api.begin(api.execute(padded));

    // then
    api.succeed(api.awaitJob());
    assertThat(response.join().statusCode()).isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(ints = {RequestJson.MAX_BYTES + 1, 5_000_000, 20_000_000})
  void aRequestOfMoreBytesIs400(int bytes) {
    // given
    String padded = Api.REQUEST + " ".repeat(bytes - Api.REQUEST.length());

    // when
    HttpResponse<String> response = api.send(api.execute(padded));

    // then
    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(reply(response).result())
        .isEqualTo("Invalid request: the request is longer than 131072 bytes");
    assertThat(api.runtime.jobs()).isEmpty();
  }

  @Test
  void anIdempotencyKeyTwiceIsOneJobAndTheSameReply() {
    // given
    CompletableFuture<HttpResponse<String>> first =
        api.begin(api.execute(Api.REQUEST).header("Idempotency-Key", "key"));
    UniqueName job = api.awaitJob();

    // when
    CompletableFuture<HttpResponse<String>> second =
        api.begin(api.execute(Api.REQUEST).header("Idempotency-Key", "key"));
    api.succeed(job);

    // then
    assertThat(second.join().body()).isEqualTo(first.join().body());
    assertThat(api.runtime.jobs()).hasSize(1);
  }

  @Test
  void anIdempotencyKeyOfAnotherRequestIs400() {
    // given
    api.begin(api.execute(Api.REQUEST).header("Idempotency-Key", "key")).isDone();
    api.awaitJob();

    // when
    HttpResponse<String> response =
        api.send(
            api.execute(Api.REQUEST.replace("solver:1", "solver:2"))
                .header("Idempotency-Key", "key"));

    // then
    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(reply(response).result()).contains("\"key\"");
  }

  @Test
  void theLongestIdempotencyKeyHas255Characters() {
    // given
    CompletableFuture<HttpResponse<String>> longest =
        api.begin(api.execute(Api.REQUEST).header("Idempotency-Key", "k".repeat(255)));
    api.succeed(api.awaitJob());

    // when
    HttpResponse<String> longer =
        api.send(api.execute(Api.REQUEST).header("Idempotency-Key", "k".repeat(256)));

    // then
    assertThat(longest.join().statusCode()).isEqualTo(200);
    assertThat(longer.statusCode()).isEqualTo(400);
  }

  @Test
  void twoIdempotencyKeysAre400() {
    // when
    HttpResponse<String> response =
        api.send(
            api.execute(Api.REQUEST)
                .header("Idempotency-Key", "one")
                .header("Idempotency-Key", "other"));

    // then
    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(api.runtime.jobs()).isEmpty();
  }

  @Test
  void anEmptyIdempotencyKeyIs400() {
    // when
    HttpResponse<String> response =
        api.send(api.execute(Api.REQUEST).header("Idempotency-Key", ""));

    // then
    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(api.runtime.jobs()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/page",
        "/mstc",
        "/mstc/worker/",
        "/mstc/worker/execute/x",
        "/health",
        "/mstc/../etc"
      })
  void nothingElseIsThere(String path) {
    // when
    HttpResponse<String> response = api.get(path);

    // then
    assertThat(response.statusCode()).isEqualTo(404);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/../etc", "/%2e%2e/etc", "/mstc/%00", "/mstc/..;/worker"})
  void aPathThatIsNoneIs400(String path) throws IOException {
    // when
    String response = api.raw("GET " + path + " HTTP/1.1\nHost: localhost\n", "");

    // then
    assertThat(response).startsWith("HTTP/1.1 400 ").endsWith("\r\n\r\nBad Request\n");
  }

  @ParameterizedTest
  @CsvSource({
    "POST, /mstc/worker, 'GET, HEAD'",
    "DELETE, /health/ready, 'GET, HEAD'",
    "GET, /mstc/worker/execute, POST",
    "PUT, /mstc/worker/execute, POST",
    "POST, /mstc/jobs/solve, 'GET, HEAD, DELETE'",
    "DELETE, /mstc/jobs, 'GET, HEAD, POST'",
    "GET, /mstc/jobs:cancel, POST",
    "POST, /mstc/jobs/solve/log, 'GET, HEAD'",
    "POST, /mstc/events, 'GET, HEAD'",
    "OPTIONS, /mstc/worker/execute, POST"
  })
  void anotherMethodIs405AndSaysWhichIsAllowed(String method, String path, String allowed) {
    // when
    HttpResponse<String> response = api.send(api.to(path).method(method, BodyPublishers.noBody()));

    // then
    assertThat(response.statusCode()).isEqualTo(405);
    assertThat(header(response, "Allow")).contains(allowed);
  }

  @ParameterizedTest
  @CsvSource({
    "/mstc/worker, 200, 6",
    "/health/live, 200, 5",
    "/health/ready, 200, 6",
    "/nothing, 404, 16",
    "/mstc/worker/execute, 405, 9"
  })
  void headIsAnsweredAsGetWithoutABody(String path, int status, int length) {
    // when
    HttpResponse<String> response = api.send(api.to(path).method("HEAD", BodyPublishers.noBody()));

    // then
    assertThat(response.statusCode()).isEqualTo(status);
    assertThat(response.headers().firstValueAsLong("Content-Length")).hasValue(length);
    assertThat(response.body()).isEmpty();
    assertThat(api.get("/mstc/worker").statusCode()).isEqualTo(200);
  }

  @Test
  void aClientThatHangsUpLeavesItsJobRunning() throws IOException {
    // given
    UniqueName job;
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), api.http.port())) {
      Api.write(socket, "POST /mstc/worker/execute HTTP/1.1\nHost: localhost\n", Api.REQUEST);
      job = api.awaitJob();
      socket.setSoLinger(true, 0);
    }

    // when
    api.succeed(job);

    // then
    Api.eventually().until(() -> api.started().isEmpty());
    assertThat(api.get("/mstc/worker").statusCode()).isEqualTo(200);
  }

  @Test
  void aClientWhoseWorkerStopsIsToldThatItsJobRunsOn() {
    // given
    CompletableFuture<HttpResponse<String>> response = api.begin(api.execute(Api.REQUEST));
    api.awaitJob();
    api.stopWorker();

    // when
    api.http.close();

    // then
    assertThat(response.join().statusCode()).isEqualTo(503);
    assertThat(response.join().body()).contains("runs on");
    assertThat(api.started()).hasSize(1);
  }

  @Test
  void aRequestIsWhatTheParserMakesOfIt() {
    // given
    RequestParser parser = new FailingParser("there is no frame in it");
    HttpResponse<String> response;
    try (HttpApi other = api.another(new HttpSettings("127.0.0.1", 0, Optional.empty()), parser)) {
      other.start();

      // when
      response = api.send(Api.to(other, Api.EXECUTE).POST(BodyPublishers.ofString(Api.REQUEST)));
    }

    // then
    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(reply(response).result()).isEqualTo("Invalid request: there is no frame in it");
  }

  /** Reads nothing, and says why. */
  private record FailingParser(String reason) implements RequestParser {
    @Override
    public ParsedRequest read(byte[] body) {
      return new ParsedRequest.Unreadable(reason);
    }

    @Override
    public ParsedRequest read(InputStream body) {
      return new ParsedRequest.Unreadable(reason);
    }
  }

  @Test
  void aPortInUseIsNamedWithTheSettingsToChange() {
    // given
    HttpSettings taken = new HttpSettings("127.0.0.1", api.http.port(), Optional.empty());

    // when
    assertThatThrownBy(() -> api.another(taken))
        // then
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContainingAll("127.0.0.1:" + api.http.port(), "in use", "mstc.http.port");
  }

  @ParameterizedTest
  @ValueSource(strings = {"no-such-host.invalid", "203.0.113.7"})
  void aHostThatIsNoAddressOfThisMachineIsNamed(String host) {
    // given
    HttpSettings elsewhere = new HttpSettings(host, 0, Optional.empty());

    // when
    assertThatThrownBy(() -> api.another(elsewhere))
        // then
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContainingAll(host, "mstc.http.host");
  }

  @ParameterizedTest
  @CsvSource({"'', 80, t", "localhost, -1, t", "localhost, 65536, t", "localhost, 80, ' '"})
  void settingsThatCannotBeMeantAreRefused(String host, int port, String token) {
    assertThatThrownBy(() -> new HttpSettings(host, port, Optional.of(token)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void settingsDoNotShowTheToken() {
    assertThat(new HttpSettings("localhost", 80, Optional.of("hidden")).toString())
        .contains("localhost", "****")
        .doesNotContain("hidden");
  }
}
