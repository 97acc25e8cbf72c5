package mstc.cloud.worker.standalone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import mstc.cloud.worker.faults.service.FreePort;
import mstc.cloud.worker.faults.service.WorkerProcess;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** The commands that speak to a running worker, each in a process of its own. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ClientCommandsIT {
  private static final String TOKEN = "open-sesame";
  private static final Duration SOON = Duration.ofMinutes(2);

  private final HttpClient http = HttpClient.newHttpClient();
  private int port;
  private Path folder;
  private WorkerProcess worker;
  private int runs;

  @BeforeAll
  void start(@TempDir Path temporary) throws Exception {
    folder = temporary;
    port = FreePort.find();
    worker =
        new WorkerProcess(
                folder.resolve("worker.log"),
                List.of("-Xmx128m"),
                List.of(
                    "standalone",
                    "--config=" + Catalogue.write(folder, 10),
                    "--folder=" + folder.resolve("data"),
                    "--broker-port=0",
                    "--store-port=0"),
                Map.of("MSTC_HTTP_TOKEN", TOKEN),
                port)
            .awaitReady();
  }

  @AfterAll
  void stop() throws Exception {
    worker.stop();
    worker.close();
  }

  private String submitted(String jobName, String script) throws Exception {
    HttpResponse<String> response =
        http.send(
            HttpRequest.newBuilder(URI.create("http://localhost:" + port + "/mstc/jobs"))
                .header("Content-Type", "application/json")
                .header("Authorization", "Bearer " + TOKEN)
                .POST(HttpRequest.BodyPublishers.ofString(Catalogue.request(jobName, script)))
                .build(),
            HttpResponse.BodyHandlers.ofString());
    assertThat(response.statusCode()).as(response.body()).isEqualTo(202);
    return response.body().strip().replaceAll(".*\"name\":\"([^\"]*)\".*", "$1");
  }

  private record Ended(int code, String output) {}

  private Ended run(String... arguments) throws Exception {
    return run(Map.of("MSTC_URL", "http://localhost:" + port, "MSTC_TOKEN", TOKEN), arguments);
  }

  private Ended run(Map<String, String> environment, String... arguments) throws Exception {
    Started started = begin(environment, arguments);
    return new Ended(started.process().waitFor(), Files.readString(started.output()));
  }

  private record Started(Process process, Path output) {}

  private Started begin(Map<String, String> environment, String... arguments) throws Exception {
    Path output = folder.resolve("run-" + ++runs);
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
    builder.environment().putAll(environment);
    return new Started(builder.start(), output);
  }

  @Test
  void aLogIsFollowedToItsEndAndTheExitCodeIsTheOutcomes() throws Exception {
    // given
    String job = submitted("steps", "echo first; sleep 2; echo größe; exit 3");

    // when
    Ended followed = run("logs", "-f", job);
    Ended read = run("logs", job);

    // then
    assertThat(followed.output())
        .startsWith("first\ngröße\n")
        .contains("mstc: Job " + job + " failed: exit code 3.");
    assertThat(followed.code()).isEqualTo(1);
    assertThat(read).isEqualTo(new Ended(0, "first\ngröße\n"));
  }

  @Test
  void aLogForProgramsEndsWithTheJob() throws Exception {
    // given
    String job = submitted("object", "echo one");

    // when
    Ended followed = run("logs", "--follow", "--json", job);

    // then
    assertThat(followed.output().lines())
        .startsWith("{\"log\":\"one\\n\"}")
        .last()
        .asString()
        .startsWith("{\"end\":{")
        .contains("\"outcome\":\"SUCCEEDED\"");
    assertThat(followed.code()).isZero();
  }

  @Test
  void jobsAreListedAndThoseThatMatchAreCancelled() throws Exception {
    // given
    String first = submitted("stuck", "sleep 600");
    String second = submitted("stuck", "sleep 600");
    String other = submitted("other", "sleep 600");

    // when
    Ended preview = run("cancel", "--name=stuck-", "--preview");
    Ended unconfirmed = run("cancel", "--name=stuck-");
    Ended cancelled = run("cancel", "--name=stuck-", "--yes");

    // then
    assertThat(preview.output()).contains(first, second).doesNotContain(other);
    assertThat(unconfirmed.code()).isEqualTo(2);
    assertThat(cancelled.output().lines())
        .containsExactlyInAnyOrder(first + " is being cancelled", second + " is being cancelled");
    await()
        .atMost(SOON)
        .untilAsserted(() ->
            assertThat(run("jobs", "--name=stuck-", "--outcome=cancelled").output())
                .contains(first, second, "CANCELLED"));
    assertThat(run("jobs", "--state=pending,running").output()).contains(other, "test/sh");

    // when
    Ended named = run("cancel", other);
    Ended followed = run("logs", "-f", other);

    // then
    assertThat(named.code()).isZero();
    assertThat(followed.code()).isEqualTo(130);
  }

  @Test
  void changesAreWatchedAsTheyHappen() throws Exception {
    // given
    Started watch =
        begin(
            Map.of("MSTC_URL", "http://localhost:" + port, "MSTC_TOKEN", TOKEN),
            "jobs",
            "--watch",
            "--name=seen-");
    try {
      // when
      String job = submitted("seen", "sleep 1");

      // then
      await()
          .atMost(SOON)
          .untilAsserted(() ->
              assertThat(Files.readAllLines(watch.output())).contains(job + "  ended  SUCCEEDED"));
    } finally {
      watch.process().destroy();
    }
  }

  @Test
  void whatIsMissingIsToldInOneLine() throws Exception {
    // when
    Ended noToken = run(Map.of("MSTC_URL", "http://localhost:" + port), "jobs");
    Ended noWorker = run(Map.of("MSTC_URL", "http://localhost:1"), "jobs");
    Ended noJob = run("logs", "-f", "none");

    // then
    assertThat(noToken.output().lines()).singleElement().asString().contains("set MSTC_TOKEN");
    assertThat(noWorker.output().lines()).singleElement().asString().contains("no worker answers");
    assertThat(noJob.output().lines()).singleElement().asString().contains("no such job");
    assertThat(List.of(noToken.code(), noWorker.code(), noJob.code())).containsOnly(1);
  }
}
