package mstc.cloud.worker.standalone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import mstc.cloud.worker.adapters.minio.MinioObjectStore;
import mstc.cloud.worker.adapters.minio.MinioSettings;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.reply.StoredLog;
import mstc.cloud.worker.domain.store.BucketName;
import mstc.cloud.worker.domain.store.ObjectAttributes;
import mstc.cloud.worker.domain.store.ObjectLocation;
import mstc.cloud.worker.domain.store.ObjectStore;
import mstc.cloud.worker.faults.service.FreePort;
import mstc.cloud.worker.faults.service.WorkerProcess;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What a client of the wire contract sees, against a whole worker in a process of its own with 128
 * MB of heap; the same for every type of object store.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class StandaloneScenarios {
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final int LIMIT = 10;
  private static final Pattern LINK = Pattern.compile("\"link\" ?: ?\"(http[^\"]+)\"");
  private static final long BIG_LOG_BYTES = 200L * 1024 * 1024;

  private Path attempts;
  private WorkerProcess worker;
  private RawClient client;
  private ObjectStore store;

  /** Further arguments of the command line. */
  abstract List<String> storeArguments();

  @BeforeAll
  void start(@TempDir Path folder) throws Exception {
    attempts = folder.resolve("attempts");
    int brokerPort = FreePort.find();
    int storePort = FreePort.find();
    Path configuration = Catalogue.write(folder, LIMIT);
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "standalone",
                "--config=" + configuration,
                "--folder=" + folder.resolve("data"),
                "--broker-port=" + brokerPort,
                "--store-port=" + storePort));
    arguments.addAll(storeArguments());
    worker =
        new WorkerProcess(folder.resolve("worker.log"), List.of("-Xmx128m"), arguments, Map.of())
            .awaitReady();
    client = new RawClient("127.0.0.1", brokerPort, "test.replies");
    store =
        new MinioObjectStore(
            MinioSettings.of(
                URI.create("http://127.0.0.1:" + storePort),
                EmbeddedServices.ACCESS_KEY,
                EmbeddedServices.SECRET_KEY));
  }

  @AfterAll
  void stop() throws Exception {
    store.close();
    client.close();
    worker.stop();
    assertThat(worker.output()).doesNotContain("OutOfMemoryError", "Exception in thread");
    worker.close();
  }

  @Test
  void aJobsLogIsStoredUnderItsPrefixAndUniqueName() throws Exception {
    // when
    Reply reply =
        run(
            """
            {"image": "test/sh", "jobName": "hello", "inputBucket": "scenarios", "prefix": "run-1",
             "args": ["echo out; echo err >&2"]}
            """);

    // then
    assertThat(reply.result()).isEqualTo("Job " + reply.job().orElseThrow() + " complete.");
    assertThat(reply.job().orElseThrow().value()).startsWith("hello-");
    StoredLog log = reply.log().orElseThrow();
    assertThat(log.location().toString())
        .isEqualTo("scenarios/run-1-" + reply.job().orElseThrow() + ".log");
    assertThat(log.complete()).isTrue();
    assertThat(read(log)).isEqualTo("out\nerr\n");
    assertThat(reply.exitCode()).hasValue(0);
  }

  @Test
  void theJobKnowsItsBucketsAndCanReachTheStore() throws Exception {
    // when
    Reply reply =
        run(
            """
            {"image": "test/sh", "jobName": "environment", "inputBucket": "in.put",
             "outputBucket": "out.put", "prefix": "p", "env": {"MORE": "of it"},
             "args": ["env"]}
            """);

    // then
    assertThat(read(reply.log().orElseThrow()).lines())
        .contains(
            "MSTC_JOB=true",
            "INPUT_BUCKET=in.put",
            "OUTPUT_BUCKET=out.put",
            "FILE_PREFIX=p",
            "MORE=of it",
            "MINIO_SERVICE_HOST=127.0.0.1",
            "MINIO_ROOT_USER=" + EmbeddedServices.ACCESS_KEY,
            "AWS_ACCESS_KEY_ID=" + EmbeddedServices.ACCESS_KEY,
            "AWS_REGION=us-east-1")
        .anyMatch(line -> line.startsWith("AWS_ENDPOINT_URL=http://127.0.0.1:"))
        .noneMatch(line -> line.startsWith("WORK_QUEUE"));
  }

  @Test
  void whatAJobHasPutIntoItsBucketCanBeDownloadedByALink(@TempDir Path folder) throws Exception {
    // given
    Reply reply =
        run(
            """
            {"image": "test/sh", "jobName": "meshes", "inputBucket": "scenarios", "prefix": "run-2",
             "args": ["echo done"]}
            """);
    Path mesh = Files.writeString(folder.resolve("mesh"), "1 2 3");
    store.put(
        new ObjectLocation(new BucketName("scenarios"), "run-2/flow & größe.vtk"),
        mesh,
        ObjectAttributes.ofType("text/plain"));

    // when
    String outputs = worker.get("/mstc/jobs/" + reply.job().orElseThrow() + "/outputs").body();

    // then
    assertThat(outputs).contains("run-2/flow & gr\\u00F6\\u00DFe.vtk").containsOnlyOnce("\"name\"");
    Matcher link = LINK.matcher(outputs);
    assertThat(link.find()).isTrue();
    try (InputStream body = URI.create(link.group(1)).toURL().openStream()) {
      assertThat(body).hasContent("1 2 3");
    }
  }

  @Test
  void fiftyRequestsAtOnceRunConcurrentlyUpToTheLimitAndAreAllAnswered(@TempDir Path started)
      throws Exception {
    // given
    List<String> ids = IntStream.range(0, 50).mapToObj(i -> "many-" + i).toList();
    String script =
        "touch %1$s/$0; until [ $(ls %1$s | wc -l) -ge %2$d ]; do sleep 0.1; done; echo $0"
            .formatted(started, LIMIT);

    // when
    for (String id : ids) {
      client.send(
          id,
          """
          {"image": "test/sh", "jobName": "many", "inputBucket": "scenarios",
           "args": ["%s", "%s"]}
          """
              .formatted(script, id));
    }
    client.awaitReplies(ids, Duration.ofMinutes(2));

    // then
    List<Reply> replies = ids.stream().map(id -> client.replies(id).getFirst()).toList();
    for (int i = 0; i < ids.size(); i++) {
      assertThat(client.replies(ids.get(i))).hasSize(1);
      assertThat(read(replies.get(i).log().orElseThrow())).isEqualTo(ids.get(i) + "\n");
    }
    assertThat(replies).extracting(Reply::job).doesNotHaveDuplicates();
    assertThat(mostAtOnce(replies)).isEqualTo(LIMIT);
  }

  private static int mostAtOnce(List<Reply> replies) {
    return replies.stream()
        .mapToInt(one -> {
          Instant start = one.startedAt().orElseThrow();
          return (int)
              replies.stream()
                  .filter(other -> !other.startedAt().orElseThrow().isAfter(start))
                  .filter(other -> other.finishedAt().orElseThrow().isAfter(start))
                  .count();
        })
        .max()
        .orElseThrow();
  }

  static Stream<Arguments> badRequests() {
    String rest = "\"jobName\": \"bad\", \"inputBucket\": \"scenarios\"";
    return Stream.of(
        arguments("not JSON", "hello", List.of("not JSON")),
        arguments("10 MB", "{\"image\": \"" + "x".repeat(10_000_000) + "\"}", List.of("131072")),
        arguments("nesting", "[".repeat(10_000) + "]".repeat(10_000), List.of("nested")),
        arguments(
            "no jobName",
            "{\"image\": \"a\", \"inputBucket\": \"scenarios\"}",
            List.of("jobName is missing")),
        arguments(
            "bad jobName",
            "{\"image\": \"a\", \"jobName\": \"Bad_Name\", \"inputBucket\": \"scenarios\"}",
            List.of("jobName \"Bad_Name\" must be", "DNS label")),
        arguments(
            "bad bucket",
            "{\"image\": \"a\", \"jobName\": \"bad\", \"inputBucket\": \"A\"}",
            List.of("inputBucket \"A\" must be", "3 to 63")),
        arguments(
            "negative timeOut",
            "{\"image\": \"a\", " + rest + ", \"timeOut\": -1}",
            List.of("timeOut \"-1\" must be whole minutes from 1 to 43200")),
        arguments(
            "timeOut in letters",
            "{\"image\": \"a\", " + rest + ", \"timeOut\": \"abc\"}",
            List.of("timeOut \"abc\" must be")),
        arguments(
            "ten years",
            "{\"image\": \"a\", " + rest + ", \"timeOut\": 5259600}",
            List.of("timeOut \"5259600\" must be")),
        arguments(
            "bad image",
            "{\"image\": \"UPPER//x\", " + rest + "}",
            List.of("image \"UPPER//x\" must be an image reference")),
        arguments(
            "everything at once",
            "{\"image\": \"UPPER//x\", \"jobName\": \"-\", \"inputBucket\": \"A\", \"timeOut\": -1,"
                + " \"env\": {\"1X\": \"\"}}",
            List.of("image", "jobName", "inputBucket", "timeOut", "env \"1X\"")));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("badRequests")
  void aBadRequestGetsOneClearReply(String name, String body, List<String> explanations)
      throws Exception {
    // when
    Reply reply = run(body);

    // then
    assertThat(reply.outcome()).isEqualTo(JobOutcome.Kind.REJECTED);
    assertThat(reply.job()).isEmpty();
    assertThat(reply.result()).startsWith("Invalid request: ").contains(explanations);
  }

  @Test
  void anUnknownImageIsToldHowToBeAdded() throws Exception {
    Reply reply =
        run("{\"image\": \"no/such:1\", \"jobName\": \"x\", \"inputBucket\": \"scenarios\"}");
    assertThat(reply.outcome()).isEqualTo(JobOutcome.Kind.IMAGE_UNAVAILABLE);
    assertThat(reply.result()).contains("no/such:1", "mstc.runtime.local.catalogue");
    assertThat(reply.log()).isPresent();
  }

  @Test
  void anExitCodeIsTold() throws Exception {
    Reply reply = shell("echo before; exit 3");
    assertThat(reply.result())
        .isEqualTo("Job " + reply.job().orElseThrow() + " failed: exit code 3.");
    assertThat(reply.outcome()).isEqualTo(JobOutcome.Kind.FAILED);
    assertThat(reply.exitCode()).hasValue(3);
    assertThat(read(reply.log().orElseThrow())).isEqualTo("before\n");
  }

  @Test
  void aSignalIsTold() throws Exception {
    Reply reply = shell("kill -9 $$");
    assertThat(reply.exitCode()).hasValue(137);
    assertThat(reply.result()).contains("exit code 137 (signal 9)");
  }

  @Test
  void aJobThatFailsTwiceAndThenSucceedsIsASuccessWithItsAttemptsInTheLog() throws Exception {
    // Each attempt has an empty folder of its own, so they are counted elsewhere.
    Reply reply =
        run(
            Catalogue.request(
                    "retried",
                    "echo attempt; echo >> %1$s; test $(wc -l < %1$s) = 3".formatted(attempts))
                .replace("{", "{\"retries\": 2, "));
    assertThat(reply.outcome()).isEqualTo(JobOutcome.Kind.SUCCEEDED);
    assertThat(read(reply.log().orElseThrow()).lines().filter("attempt"::equals)).hasSize(3);
  }

  @Test
  void aLogOf200MegabytesIsStoredWhole() throws Exception {
    // when
    Reply reply = shell("head -c %d /dev/zero | tr '\\0' 'x'".formatted(BIG_LOG_BYTES));

    // then
    StoredLog log = reply.log().orElseThrow();
    assertThat(log.bytes()).isEqualTo(BIG_LOG_BYTES);
    MessageDigest expected = MessageDigest.getInstance("SHA-256");
    byte[] chunk = "x".repeat(1024 * 1024).getBytes(StandardCharsets.US_ASCII);
    for (int i = 0; i < 200; i++) {
      expected.update(chunk);
    }
    assertThat(sha256(log.location())).isEqualTo(HexFormat.of().formatHex(expected.digest()));
  }

  @Test
  void binaryOutputIsStoredAsItIs() throws Exception {
    Reply reply = shell("printf '\\000\\377\\012\\303\\050'");
    try (InputStream content = store.read(reply.log().orElseThrow().location()).orElseThrow()) {
      assertThat(content.readAllBytes()).containsExactly(0, 0xff, '\n', 0xc3, 0x28);
    }
  }

  @Test
  void aJobWithoutOutputHasAnEmptyLog() throws Exception {
    Reply reply = shell("true");
    assertThat(reply.outcome()).isEqualTo(JobOutcome.Kind.SUCCEEDED);
    assertThat(reply.log().orElseThrow().bytes()).isZero();
    assertThat(read(reply.log().orElseThrow())).isEmpty();
  }

  @Test
  void anIdempotencyKeyRunsOnceAlsoWhenItIsSentAgainLater() throws Exception {
    // given
    String body =
        "{\"image\": \"test/sh\", \"jobName\": \"once\", \"inputBucket\": \"scenarios\", \"args\": [\"date +%N\"]}";
    client.sendOnce("key-1", "once-a", body);
    Reply first = client.awaitReply("once-a", SOON);

    // when
    client.sendOnce("key-1", "once-b", body);

    // then
    assertThat(client.awaitReply("once-b", SOON)).isEqualTo(first);
  }

  @Test
  void theHttpApiSaysHelloAndRunsRequests() throws Exception {
    assertThat(worker.get("/mstc/worker").body().strip()).isEqualTo("hello");
    String reply =
        worker
            .post(
                "/mstc/worker/execute",
                "{\"image\": \"test/sh\", \"jobName\": \"curl\", \"inputBucket\": \"scenarios\", \"args\": [\"echo hi\"]}")
            .body();
    assertThat(reply).contains("\"outcome\":\"SUCCEEDED\"", "Job curl-");
  }

  private Reply shell(String script) throws Exception {
    return run(Catalogue.request("shell", script));
  }

  private Reply run(String body) throws Exception {
    String correlationId = UUID.randomUUID().toString();
    client.send(correlationId, body);
    Reply reply = client.awaitReply(correlationId, Duration.ofSeconds(60));
    assertThat(client.replies(correlationId)).hasSize(1);
    return reply;
  }

  private String read(StoredLog log) throws IOException {
    try (InputStream content = store.read(log.location()).orElseThrow()) {
      return new String(content.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private String sha256(ObjectLocation location) throws Exception {
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    try (InputStream content = new DigestInputStream(store.read(location).orElseThrow(), digest)) {
      content.transferTo(java.io.OutputStream.nullOutputStream());
    }
    return HexFormat.of().formatHex(digest.digest());
  }
}
