package mstc.cloud.worker.adapters.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.InputFormat;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import mstc.cloud.worker.adapters.http.EventClient.Event;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.job.UniqueName;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** The description says what is served, and what is served is as the description says. */
@Timeout(60)
class DescriptionTest {
  private static final String LOCATION = "https://mstc.example/openapi.yaml";
  private static final Set<String> METHODS = Set.of("get", "post", "put", "delete", "patch");
  private static final String PROBLEM = "Problem";
  private static final String FULL_REQUEST =
      """
      {"image": "team/solver:1", "jobName": "solve", "inputBucket": "inputs", "outputBucket": "results",
       "timeOut": 5, "prefix": "run", "command": ["a"], "args": ["b"], "env": {"A": "b"},
       "resources": {"cpu": 1, "memory": "1Gi"}, "retries": 2, "labels": {"team": "flow"}, "other": 1}
      """;

  private final Api api = new Api();

  @AfterEach
  void close() {
    api.close();
  }

  private static String served() {
    try (Api api = new Api()) {
      return api.get("/mstc/openapi.yaml").body();
    }
  }

  private static JsonNode document() {
    return new YAMLMapper().readTree(served());
  }

  /** An operation as described. */
  record Described(String path, String method, JsonNode operation) {
    boolean isOpen() {
      return operation.path("security").isArray() && operation.path("security").isEmpty();
    }

    @Override
    public String toString() {
      return method.toUpperCase(Locale.ROOT) + " " + path;
    }
  }

  static List<Described> operations() {
    List<Described> operations = new ArrayList<>();
    document()
        .path("paths")
        .properties()
        .forEach(path ->
            path.getValue()
                .properties()
                .forEach(entry -> {
                  if (METHODS.contains(entry.getKey())) {
                    operations.add(new Described(path.getKey(), entry.getKey(), entry.getValue()));
                  }
                }));
    return operations;
  }

  static List<Described> guarded() {
    return operations().stream().filter(operation -> !operation.isOpen()).toList();
  }

  private void assertValid(String schema, String json) {
    SchemaRegistry registry =
        SchemaRegistry.withDefaultDialect(
            SpecificationVersion.DRAFT_2020_12,
            builder -> builder.schemas(Map.of(LOCATION, document().toString())));
    assertThat(
            registry
                .getSchema(SchemaLocation.of(LOCATION + "#/components/schemas/" + schema))
                .validate(json, InputFormat.JSON))
        .as(json)
        .isEmpty();
  }

  @Test
  void itHasTheVersionThatIsServed() {
    assertThat(document().path("info").path("version").asString()).isEqualTo("1.2.3");
  }

  @Test
  void everyRouteIsDescribedAndEveryDescribedOperationIsServed() {
    // given
    Set<String> served =
        api.http.resources().stream()
            .flatMap(resource ->
                resource.operations().stream()
                    .map(operation -> operation.method() + " " + resource.path()))
            .collect(Collectors.toCollection(TreeSet::new));

    // when
    Set<String> described =
        Stream.concat(
                operations().stream().map(Described::toString), Stream.of("GET /mstc/openapi.yaml"))
            .collect(Collectors.toCollection(TreeSet::new));

    // then
    assertThat(served).hasSizeGreaterThan(10).isEqualTo(described);
  }

  @Test
  void onlyHelloHealthAndMetricsAreForEveryone() {
    assertThat(operations().stream().filter(Described::isOpen).map(Described::path))
        .containsExactlyInAnyOrder("/mstc/worker", "/health/live", "/health/ready", "/metrics");
  }

  @ParameterizedTest
  @MethodSource("guarded")
  void withoutTheTokenEveryOtherOperationIs401(Described operation) {
    try (Api closed = new Api("127.0.0.1", Optional.of("s3cret"))) {
      // when
      HttpResponse<String> response = closed.send(call(closed, operation));
      HttpResponse<String> wrong =
          closed.send(call(closed, operation).header("Authorization", "Bearer wrong"));

      // then
      assertThat(response.statusCode()).isEqualTo(401);
      assertThat(wrong.statusCode()).isEqualTo(401);
      assertThat(response.headers().firstValue("WWW-Authenticate")).contains("Bearer");
    }
  }

  @ParameterizedTest
  @MethodSource("guarded")
  void withTheTokenEveryOperationIsLetIn(Described operation) {
    try (Api closed = new Api("0.0.0.0", Optional.of("s3cret"))) {
      // when
      HttpResponse<?> response =
          closed.statusOf(call(closed, operation).header("Authorization", "Bearer s3cret"));

      // then
      assertThat(response.statusCode()).isNotIn(401, 403, 405);
    }
  }

  @ParameterizedTest
  @MethodSource("guarded")
  void withoutATokenNobodyBeyondLoopbackIsLetIn(Described operation) {
    try (Api open = new Api("0.0.0.0", Optional.empty())) {
      // when
      HttpResponse<String> response = open.send(call(open, operation));

      // then
      assertThat(response.statusCode()).isEqualTo(403);
      assertThat(response.body()).contains("mstc.http.token");
    }
  }

  @ParameterizedTest
  @MethodSource("guarded")
  void aDnsNameThatWasPointedHereIsDenied(Described operation) throws IOException {
    // when
    String response =
        api.raw(
            "%s %s HTTP/1.1\nHost: evil.example\n"
                .formatted(
                    operation.method().toUpperCase(Locale.ROOT),
                    operation.path().replace("{name}", "solve")),
            "");

    // then
    assertThat(response).startsWith("HTTP/1.1 403 ");
  }

  private static HttpRequest.Builder call(Api api, Described operation) {
    return api.to(operation.path().replace("{name}", "solve"))
        .method(
            operation.method().toUpperCase(Locale.ROOT),
            operation.method().equals("post")
                ? BodyPublishers.ofString("{}")
                : BodyPublishers.noBody());
  }

  @Test
  void listsAndJobsAreAsDescribed() {
    // given
    String submitted = api.post("/mstc/jobs", FULL_REQUEST).body();
    UniqueName job = api.awaitJob();

    // then
    assertValid("Submitted", submitted);
    assertThat(submitted).contains("unknown field");
    assertValid("JobPage", api.get("/mstc/jobs?limit=1").body());
    assertValid("JobDetail", api.get("/mstc/jobs/" + job).body());
    api.runtime.end(job, new JobOutcome.Failed(3), "log");
    api.awaitEnded(job);
    String ended = api.get("/mstc/jobs/" + job).body();
    assertValid("JobDetail", ended);
    assertThat(ended).contains("\"exitCode\":3", "\"complete\":true", "\"team\":\"flow\"");
    assertValid("JobPage", api.get("/mstc/jobs").body());
  }

  @Test
  void outputsAreAsDescribed() {
    // given
    UniqueName job = api.submit(FULL_REQUEST);
    UniqueName withoutPrefix = api.submit(Api.REQUEST);
    api.put("results", "run-1.vtk", "run-2.vtk");
    String withoutLinks = api.get("/mstc/jobs/" + job + "/outputs").body();
    api.store.linkTo(URI.create("https://store.example"));

    // then
    assertValid("Outputs", withoutLinks);
    assertValid("Outputs", api.get("/mstc/jobs/" + job + "/outputs").body());
    assertValid("Outputs", api.get("/mstc/jobs/" + withoutPrefix + "/outputs").body());
  }

  @Test
  void whatIsWaitingIsAsDescribed() {
    // given
    api.runtime.keepPending("Unschedulable: 0/3 nodes are available");
    UniqueName job = api.submit(Api.REQUEST);

    // when
    String body = api.get("/mstc/jobs/" + job).body();

    // then
    assertValid("JobDetail", body);
    assertThat(body).contains("\"hint\":\"Unschedulable: 0/3 nodes are available\"");
  }

  @Test
  void cancellationsAreAsDescribed() {
    // given
    api.submit(Api.REQUEST);
    String body =
        "{\"state\": [\"RUNNING\", \"PENDING\"], \"label\": [\"team\"], \"preview\": true}";

    // then
    assertValid("Cancellation", body);
    assertValid("Cancelled", api.post("/mstc/jobs:cancel", body).body());
    assertValid("Cancelled", api.post("/mstc/jobs:cancel", "{\"names\": [\"no\"]}").body());
  }

  @Test
  void repliesAndRequestsAreAsDescribed() {
    // given
    var waiting = api.begin(api.execute(FULL_REQUEST));
    api.succeed(api.awaitJob());

    // then
    assertValid("Request", FULL_REQUEST);
    assertValid("Reply", waiting.join().body());
    assertValid("Reply", api.send(api.execute("{}")).body());
  }

  @Test
  void problemsAreAsDescribed() {
    for (HttpResponse<String> response :
        List.of(
            api.get("/mstc/jobs/no"),
            api.get("/mstc/jobs?limit=x"),
            api.get("/mstc/jobs/no/log"),
            api.get("/mstc/jobs/no/outputs"),
            api.get("/mstc/jobs:no"),
            api.post("/mstc/jobs", "{}"),
            api.post("/mstc/jobs:cancel", "{}"),
            api.send(api.to("/mstc/events").DELETE()))) {
      assertThat(response.headers().firstValue("Content-Type"))
          .contains("application/problem+json");
      assertValid(PROBLEM, response.body());
    }
  }

  @Test
  void eventsAreAsDescribed() throws IOException, InterruptedException {
    // given
    UniqueName job = api.submit(Api.REQUEST);
    try (EventClient events = api.events(api.to("/mstc/events"));
        EventClient log = api.events(api.to("/mstc/jobs/" + job + "/log"))) {
      api.runtime.write(job, "begun\n");
      log.await("log", "begun");

      // when
      api.succeed(job);

      // then
      log.await("end", "SUCCEEDED");
      assertValid("JobDetail", log.data("end").getFirst());
      events.await("jobs", "SUCCEEDED");
      for (Event event : events.events()) {
        if (event.name().equals("jobs")) {
          assertValid(
              "JobPage", "{\"jobs\": %s, \"total\": 0, \"next\": null}".formatted(event.data()));
        }
      }
    }
  }
}
