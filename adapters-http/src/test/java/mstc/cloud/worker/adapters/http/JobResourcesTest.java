package mstc.cloud.worker.adapters.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.Optional;
import mstc.cloud.worker.domain.job.UniqueName;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Jobs over HTTP. What the answers look like is for {@link DescriptionTest} to say. */
@Timeout(60)
class JobResourcesTest {
  private static final String PROBLEM = "application/problem+json";
  private static final String WITH_PREFIX = Api.REQUEST.replace("}", ", \"prefix\": \"run-1\"}");

  private final Api api = new Api(new HttpSettings("127.0.0.1", 0, Optional.empty()), 20);

  @AfterEach
  void close() {
    api.close();
  }

  private static String request(String jobName) {
    return Api.REQUEST.replace("\"solve\"", "\"" + jobName + "\"");
  }

  private static Optional<String> type(HttpResponse<?> response) {
    return response.headers().firstValue("Content-Type");
  }

  @Test
  void aSubmittedJobIsFoundWhereTheAnswerSays() {
    // when
    HttpResponse<String> submitted = api.post("/mstc/jobs", Api.REQUEST);

    // then
    assertThat(submitted.statusCode()).isEqualTo(202);
    HttpResponse<String> job = api.get(submitted.headers().firstValue("Location").orElseThrow());
    assertThat(job.statusCode()).isEqualTo(200);
    assertThat(job.body()).contains("\"jobName\":\"solve\"", "\"outcome\":null");
  }

  @Test
  void theSameIdempotencyKeyIsTheSameJob() {
    // when
    String first =
        api.send(
                api.to("/mstc/jobs")
                    .header("Idempotency-Key", "key")
                    .POST(BodyPublishers.ofString(Api.REQUEST)))
            .body();
    String second =
        api.send(
                api.to("/mstc/jobs")
                    .header("Idempotency-Key", "key")
                    .POST(BodyPublishers.ofString(Api.REQUEST)))
            .body();

    // then
    assertThat(second).isEqualTo(first);
    assertThat(api.runtime.jobs()).hasSize(1);
  }

  @Test
  void anInvalidRequestIsAProblemWithEveryViolation() {
    // when
    HttpResponse<String> response =
        api.post("/mstc/jobs", "{\"image\": \"Solver\", \"jobName\": \"-\"}");

    // then
    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(type(response)).contains(PROBLEM);
    assertThat(response.body()).contains("\"violations\":[\"image ", "\"jobName ", "inputBucket");
  }

  @Test
  void aWorkerWithoutRoomSaysWhenToTryAgain() {
    try (Api small = new Api()) {
      // given
      small.submit(Api.REQUEST);
      small.submit(Api.REQUEST);

      // when
      HttpResponse<String> response = small.post("/mstc/jobs", Api.REQUEST);

      // then
      assertThat(response.statusCode()).isEqualTo(503);
      assertThat(type(response)).contains(PROBLEM);
      assertThat(response.headers().firstValue("Retry-After")).contains("5");
    }
  }

  @Test
  void aRuntimeThatIsAwayIsAProblemThatMayPass() {
    // given
    api.runtime.breakDown();

    // when
    HttpResponse<String> response = api.post("/mstc/jobs", Api.REQUEST);

    // then
    assertThat(response.statusCode()).isEqualTo(503);
    assertThat(type(response)).contains(PROBLEM);
    api.runtime.recover();
  }

  @ParameterizedTest
  @CsvSource({
    "'', 3",
    "?name=solve-*, 2",
    "?name=mesh&name=, 400",
    "?name=mesh, 1",
    "?image=solver, 3",
    "?image=other, 0",
    "?state=PENDING&state=RUNNING, 3",
    "?state=ENDED, 0",
    "?outcome=FAILED, 0",
    "?label=team, 0",
    "?state=running, 400",
    "?outcome=GOOD, 400",
    "?limit=0, 400",
    "?limit=1001, 400",
    "?limit=x, 400",
    "?limit=1&limit=2, 400",
    "?after=x, 400",
    "?name=%ff%zz, 400"
  })
  void aListHasTheJobsThatMatch(String query, int expected) throws IOException {
    // given
    api.submit(request("solve"));
    api.submit(request("solve"));
    api.submit(request("mesh"));

    // when
    String response = api.raw("GET /mstc/jobs" + query + " HTTP/1.1\nHost: localhost\n", "");

    // then
    if (expected == 400) {
      assertThat(response).startsWith("HTTP/1.1 400 ").contains(PROBLEM);
    } else {
      assertThat(response).startsWith("HTTP/1.1 200 ").contains("\"total\":" + expected);
    }
  }

  @Test
  void aListComesInPages() {
    // given
    for (int index = 0; index < 5; index++) {
      api.submit(Api.REQUEST);
    }

    // when
    String first = api.get("/mstc/jobs?limit=3").body();
    String next = first.replaceFirst("(?s).*\"next\":\"([^\"]*)\".*", "$1");
    String last = api.get("/mstc/jobs?limit=3&after=" + next).body();

    // then
    assertThat(first).contains("\"total\":5");
    assertThat(last).contains("\"total\":5", "\"next\":null");
    assertThat(last.split("\"name\":", -1)).hasSize(3);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/mstc/jobs/solve",
        "/mstc/jobs/solve-00000000-0000-0000-0000-000000000001",
        "/mstc/jobs/solve-00000000-0000-0000-0000-000000000001/log",
        "/mstc/jobs/solve/log",
        "/mstc/jobs/solve-00000000-0000-0000-0000-000000000001/outputs",
        "/mstc/jobs/solve/outputs",
        "/mstc/jobs/",
        "/mstc/jobs/a/b",
        "/mstc/jobs:other"
      })
  void whatIsNotThereIsAProblem(String path) {
    // when
    HttpResponse<String> response = api.get(path);

    // then
    assertThat(response.statusCode()).isEqualTo(404);
    assertThat(type(response)).contains(PROBLEM);
  }

  @Test
  void theOutputsOfAJobAreListedUpToALimit() {
    // given
    UniqueName job = api.submit(WITH_PREFIX);
    api.put("results", "run-1/a.vtk", "run-1/b.vtk", "run-2/c.vtk");

    // when
    HttpResponse<String> whole = api.get("/mstc/jobs/" + job + "/outputs");
    HttpResponse<String> first = api.get("/mstc/jobs/" + job + "/outputs?limit=1");
    HttpResponse<String> none = api.get("/mstc/jobs/" + job + "/outputs?limit=0");

    // then
    assertThat(whole.body())
        .isEqualTo(
            """
            {"bucket":"results","prefix":"run-1","objects":[\
            {"name":"run-1/a.vtk","bytes":11,"link":null},\
            {"name":"run-1/b.vtk","bytes":11,"link":null}],"more":false}
            """);
    assertThat(first.body()).contains("a.vtk", "\"more\":true").doesNotContain("b.vtk");
    assertThat(none.statusCode()).isEqualTo(400);
  }

  @Test
  void linksToOutputsAreKeptNowhere() {
    // given
    UniqueName job = api.submit(WITH_PREFIX);
    api.put("results", "run-1/a.vtk");
    api.store.linkTo(URI.create("https://store.example"));

    // when
    HttpResponse<String> response = api.get("/mstc/jobs/" + job + "/outputs");

    // then
    assertThat(response.body()).contains("\"link\":\"https://store.example/");
    assertThat(response.headers().firstValue("Cache-Control")).contains("no-store");
  }

  @Test
  void aStoreThatIsAwayIsAProblemThatMayPass() {
    // given
    UniqueName job = api.submit(WITH_PREFIX);
    api.store.stop();

    // when
    HttpResponse<String> response = api.get("/mstc/jobs/" + job + "/outputs");

    // then
    assertThat(response.statusCode()).isEqualTo(503);
    assertThat(type(response)).contains(PROBLEM);
    api.store.start();
  }

  @ParameterizedTest
  @ValueSource(strings = {"/mstc/jobs/%2f", "/mstc/jobs//log"})
  void aPathThatIsNoneIsAProblem(String path) throws IOException {
    // when
    String response = api.raw("GET " + path + " HTTP/1.1\nHost: localhost\n", "");

    // then
    assertThat(response).startsWith("HTTP/1.1 400 ").contains(PROBLEM);
  }

  @Test
  void anotherMethodIsAProblem() {
    // when
    HttpResponse<String> response = api.send(api.to("/mstc/jobs").DELETE());

    // then
    assertThat(response.statusCode()).isEqualTo(405);
    assertThat(type(response)).contains(PROBLEM);
  }

  @Test
  void aJobThatThereIsNotIsNotCancelled() {
    // when
    HttpResponse<String> response = api.send(api.to("/mstc/jobs/solve").DELETE());

    // then
    assertThat(response.statusCode()).isEqualTo(404);
    assertThat(type(response)).contains(PROBLEM);
  }

  @Test
  void aPreviewCancelsNothing() {
    // given
    UniqueName job = api.submit(Api.REQUEST);

    // when
    HttpResponse<String> response =
        api.post("/mstc/jobs:cancel", "{\"name\": \"solve\", \"preview\": true}");

    // then
    assertThat(response.body())
        .isEqualTo("{\"preview\":true,\"jobs\":[\"" + job + "\"],\"failures\":{}}\n");
    assertThat(api.started()).containsExactly(job);
  }

  @Test
  void thoseThatMatchAreCancelled() {
    // given
    api.submit(request("solve"));
    UniqueName mesh = api.submit(request("mesh"));

    // when
    HttpResponse<String> response = api.post("/mstc/jobs:cancel", "{\"name\": \"solve-*\"}");

    // then
    assertThat(response.statusCode()).isEqualTo(200);
    Api.eventually().until(() -> api.get("/mstc/jobs?outcome=CANCELLED").body().contains("solve"));
    assertThat(api.started()).containsExactly(mesh);
  }

  @Test
  void thoseThatAreNamedAreCancelledAndOthersTold() {
    // given
    UniqueName job = api.submit(Api.REQUEST);
    String unknown = "solve-00000000-0000-0000-0000-000000000001";

    // when
    HttpResponse<String> response =
        api.post(
            "/mstc/jobs:cancel",
            "{\"names\": [\"%s\", \"%s\", \"no name\"]}".formatted(job, unknown));

    // then
    assertThat(response.body())
        .contains("\"jobs\":[\"" + job + "\"]", "\"" + unknown + "\":\"", "\"no name\":\"");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "no",
        "[]",
        "{}",
        "{\"preview\": true}",
        "{\"name\": \"\"}",
        "{\"state\": []}",
        "{\"state\": [\"running\"]}",
        "{\"names\": []}",
        "{\"names\": [\"a\"], \"name\": \"a\"}",
        "{\"nam\": \"solve\"}",
        "{\"name\": 1}",
        "{\"name\": \"solve\", \"preview\": 1}",
        "{\"name\": \"solve\"} {}",
        "{\"name\": \"solve\", \"name\": \"mesh\"}"
      })
  void whatIsNotUnderstoodCancelsNothing(String body) {
    // given
    UniqueName job = api.submit(Api.REQUEST);

    // when
    HttpResponse<String> response = api.post("/mstc/jobs:cancel", body);

    // then
    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(type(response)).contains(PROBLEM);
    assertThat(api.started()).containsExactly(job);
  }

  @Test
  void headIsAnsweredAsGetWithoutABody() {
    // given
    UniqueName job = api.submit(Api.REQUEST);

    for (String path :
        new String[] {
          "/mstc/jobs",
          "/mstc/jobs/" + job,
          "/mstc/jobs/" + job + "/outputs",
          "/mstc/openapi.yaml",
          "/mstc/events"
        }) {
      // when
      HttpResponse<String> response =
          api.send(api.to(path).method("HEAD", BodyPublishers.noBody()));

      // then
      assertThat(response.statusCode()).isEqualTo(200);
      assertThat(response.body()).isEmpty();
    }
    Api.eventually().until(() -> api.metric("mstc_http_streams") == 0);
  }
}
