package mstc.cloud.worker.examples.render;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.store.BucketName;
import mstc.cloud.worker.domain.store.ObjectLocation;
import mstc.cloud.worker.domain.store.ObjectStore;
import mstc.cloud.worker.embedded.EmbeddedObjectStore;
import mstc.cloud.worker.embedded.ObjectStoreSettings;
import mstc.cloud.worker.wire.ReplyJson;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Requests on their whole way: from a file to images, a log and a reply. */
@Timeout(180)
class RenderWorkerTest {
  private static final BucketName FILMS = new BucketName("films");

  @TempDir private Path folder;
  private EmbeddedObjectStore server;
  private Map<String, String> environment;
  private ObjectStore store;
  private RenderWorker worker;

  @BeforeEach
  void start() {
    server = EmbeddedObjectStore.start(ObjectStoreSettings.in(folder.resolve("store")));
    environment =
        Map.of(
            "AWS_ENDPOINT_URL", server.endpoint().toString(),
            "AWS_ACCESS_KEY_ID", "minioadmin",
            "AWS_SECRET_ACCESS_KEY", "minioadmin");
    store = RenderStore.open(environment);
    startWorker();
  }

  @AfterEach
  void close() {
    worker.close();
    store.close();
    server.close();
  }

  private Path own() {
    return folder.resolve("worker");
  }

  private void startWorker() {
    worker =
        new RenderWorker(
            RenderWorker.queue(folder, own()),
            RenderWorker.localRuntime(own(), environment),
            RenderStore.open(environment));
  }

  private void send(String id, String scene, int lastFrame) throws IOException {
    Path file =
        Files.writeString(
            folder.resolve(id + ".json"),
            """
            {"scene": "%s", "firstFrame": 1, "lastFrame": %d, "outputBucket": "films"}
            """
                .formatted(scene, lastFrame));
    Files.move(file, folder.resolve("requests").resolve(file.getFileName()));
  }

  private static ConditionFactory eventually() {
    return await().atMost(Duration.ofMinutes(1));
  }

  private Path replyFile(String id) {
    return folder.resolve("replies").resolve(id + ".json");
  }

  private Reply awaitReply(String id) throws IOException {
    eventually().until(() -> Files.exists(replyFile(id)));
    return new ReplyJson().parse(Files.readString(replyFile(id))).orElseThrow();
  }

  private List<String> objects(String prefix) {
    return store.list(FILMS, prefix).stream().map(object -> object.location().key()).toList();
  }

  private byte[] content(String key) throws IOException {
    try (var content = store.read(new ObjectLocation(FILMS, key)).orElseThrow()) {
      return content.readAllBytes();
    }
  }

  @Test
  void aRequestBecomesImagesALogAndAReply() throws Exception {
    // when
    send("film", "rings", 3);

    // then
    Reply reply = awaitReply("film");
    String job = reply.job().orElseThrow().value();
    assertThat(reply.result()).isEqualTo("Job " + job + " complete.");
    assertThat(objects("rings-").stream().filter(key -> key.endsWith(".pgm")))
        .containsExactly("rings-00001.pgm", "rings-00002.pgm", "rings-00003.pgm");
    assertThat(new String(content("rings-00001.pgm"), US_ASCII)).startsWith("P5 160 160 255\n");
    assertThat(content("rings-00001.pgm")).isNotEqualTo(content("rings-00002.pgm"));
    assertThat(new String(content(job + ".log"), US_ASCII).lines())
        .containsExactly(
            "rendered films/rings-00001.pgm",
            "rendered films/rings-00002.pgm",
            "rendered films/rings-00003.pgm");
  }

  @Test
  void theOtherStoreTakesThePlaceOfTheFirst() throws Exception {
    // given
    worker.close();
    worker =
        new RenderWorker(
            RenderWorker.queue(folder, own()),
            RenderWorker.localRuntime(own(), environment),
            OtherPorts.s3(environment));

    // when
    send("film", "rings", 1);

    // then
    assertThat(awaitReply("film").result()).endsWith(" complete.");
    assertThat(objects("rings-")).hasSize(2);
  }

  @Test
  void aRequestThatMeetsNoClusterIsRenderedByTheNextWorker() throws Exception {
    // given
    Path kubeconfig =
        Files.writeString(
            folder.resolve("kubeconfig"),
            """
            clusters: [{name: none, cluster: {server: "http://127.0.0.1:1"}}]
            contexts: [{name: none, context: {cluster: none}}]
            current-context: none
            """);
    worker.close();
    ObjectStore objects = RenderStore.open(environment);
    worker =
        new RenderWorker(
            RenderWorker.queue(folder, own()),
            OtherPorts.kubernetes(own(), kubeconfig, objects),
            objects);
    send("film", "rings", 1);

    // when
    worker.close();
    startWorker();

    // then
    assertThat(awaitReply("film").result()).endsWith(" complete.");
  }

  @Test
  void theSameFileAgainIsAnsweredWithoutRenderingAgain() throws Exception {
    // given
    send("film", "rings", 1);
    Reply reply = awaitReply("film");
    Path record = own().resolve("jobs").resolve(reply.job().orElseThrow().value());
    eventually()
        .until(() -> Files.readString(record.resolve("job.json")).contains("\"answer\" : {"));
    Files.delete(replyFile("film"));

    // when
    send("film", "rings", 1);

    // then
    assertThat(awaitReply("film")).isEqualTo(reply);
    assertThat(objects("rings-")).hasSize(2);
  }

  @Test
  void whatIsNoRequestIsAnsweredAndKept() throws Exception {
    // when
    send("film", "no scene", 1);

    // then
    assertThat(awaitReply("film").result())
        .startsWith("Invalid request: ")
        .contains("\"no scene\" must be a DNS label");
    eventually().until(() -> Files.exists(folder.resolve("rejected").resolve("film.json")));
  }

  @Test
  void whatAWorkerHadClaimedIsRenderedByTheNext() throws Exception {
    // given
    worker.close();
    send("film", "rings", 1);
    Files.move(
        folder.resolve("requests").resolve("film.json"),
        own().resolve("claims").resolve("film.json"));

    // when
    startWorker();

    // then
    assertThat(awaitReply("film").result()).endsWith(" complete.");
  }

  @Test
  void aRequestWhoseWorkerIsStoppedBeforeItsEndIsAnsweredByTheNextOnce() throws Exception {
    // given
    send("film", "long", 99_999);
    // It says that a frame is rendered before it begins with the next.
    eventually().until(() -> !objects("long-00002.pgm").isEmpty());
    worker.close();
    assertThat(replyFile("film")).doesNotExist();

    // when
    startWorker();

    // then: the local runtime's jobs end with their worker, and it says so
    Reply reply = awaitReply("film");
    String job = reply.job().orElseThrow().value();
    assertThat(reply.result()).startsWith("Job " + job + " failed: lost: ");
    assertThat(new String(content(job + ".log"), US_ASCII)).startsWith("rendered films/long-00001");
    Files.delete(replyFile("film"));
    worker.close();
    startWorker();
    send("other", "rings", 1);
    awaitReply("other");
    assertThat(replyFile("film")).doesNotExist();
    assertThat(objects("long-").stream().filter(key -> key.endsWith(".log"))).hasSize(1);
  }
}
