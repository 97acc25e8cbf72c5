package mstc.cloud.worker.embedded;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.minio.AbortMultipartUploadArgs;
import io.minio.AbortMultipartUploadResponse;
import io.minio.CreateMultipartUploadArgs;
import io.minio.GetObjectArgs;
import io.minio.GetPresignedObjectUrlArgs;
import io.minio.Http;
import io.minio.ListObjectsArgs;
import io.minio.MakeBucketArgs;
import io.minio.MinioAsyncClient;
import io.minio.MinioClient;
import io.minio.PutObjectArgs;
import io.minio.RemoveObjectArgs;
import io.minio.StatObjectArgs;
import io.minio.UploadPartArgs;
import io.minio.UploadPartResponse;
import io.minio.errors.ErrorResponseException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Execution(ExecutionMode.CONCURRENT)
class EmbeddedObjectStoreTest {
  private static final String BUCKET = "results";
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  @TempDir private Path temporary;

  @Test
  void keepsObjectsWithTheirMetadataAcrossARestart() throws Exception {
    // given: as much metadata as S3 allows
    String reply = "r".repeat(1_900);
    List<String> keys = List.of("a b/ü/日本.txt", "plain", "deep/er/and/deeper/still", "+&=%?#");
    try (var store = EmbeddedObjectStore.start(settings())) {
      var client = Clients.s3(store.port());
      client.makeBucket(MakeBucketArgs.builder().bucket(BUCKET).build());
      for (String key : keys) {
        put(client, key, key.getBytes(UTF_8), Map.of("mstc-reply", reply));
      }
    }

    // when
    try (var store = EmbeddedObjectStore.start(settings())) {
      var client = Clients.s3(store.port());

      // then
      for (String key : keys) {
        assertThat(read(client, key)).asString(UTF_8).isEqualTo(key);
        var stat = client.statObject(StatObjectArgs.builder().bucket(BUCKET).object(key).build());
        assertThat(stat.contentType()).isEqualToIgnoringWhitespace("text/plain; charset=utf-8");
        assertThat(stat.userMetadata().get("mstc-reply")).containsExactly(reply);
      }
      assertThat(keys(client, 1_000)).containsExactlyInAnyOrderElementsOf(keys);
    }
  }

  @Test
  void keepsEveryKeyThatS3Allows() throws Exception {
    // given
    List<String> keys =
        List.of(
            "%2E",
            ".mpus-0",
            ".mstc/job/log",
            "a",
            "a%",
            "a/",
            "a/b",
            "a/b/c",
            "b".repeat(300),
            "b".repeat(300) + "/" + "c".repeat(723),
            "d",
            "模".repeat(341));
    try (var store = EmbeddedObjectStore.start(settings())) {
      var client = Clients.s3(store.port());
      client.makeBucket(MakeBucketArgs.builder().bucket(BUCKET).build());

      // when
      for (String key : keys) {
        put(client, key, key.getBytes(UTF_8), Map.of());
      }

      // then
      for (String key : keys) {
        assertThat(read(client, key)).asString(UTF_8).isEqualTo(key);
      }
      assertThat(keys(client, 1_000)).isEqualTo(keys);
      assertThat(keys(client, 1)).isEqualTo(keys);
      for (String key : keys) {
        client.removeObject(RemoveObjectArgs.builder().bucket(BUCKET).object(key).build());
      }
      assertThat(files(temporary.resolve("store"))).isEmpty();
    }
  }

  @Test
  void refusesAKeyThatS3Refuses() throws Exception {
    // given
    try (var store = EmbeddedObjectStore.start(settings())) {
      var client = Clients.s3(store.port());
      client.makeBucket(MakeBucketArgs.builder().bucket(BUCKET).build());

      // when
      assertThatThrownBy(() -> put(client, "k".repeat(1_025), new byte[1], Map.of()))
          // then
          .isInstanceOfSatisfying(
              ErrorResponseException.class,
              e -> assertThat(e.errorResponse().code()).isEqualTo("KeyTooLongError"));
    }
  }

  @Test
  void uploadsALongKeyInParts() throws Exception {
    // given
    String key = "x".repeat(500) + "/" + "y".repeat(523);
    byte[] part = new byte[5 << 20];
    try (var store = EmbeddedObjectStore.start(settings());
        var client = Clients.s3Calls(store.port())) {
      client.makeBucket(MakeBucketArgs.builder().bucket(BUCKET).build()).join();

      // when
      client
          .putObject(
              PutObjectArgs.builder().bucket(BUCKET).object(key).stream(
                      new ByteArrayInputStream(new byte[(5 << 20) + 1]), -1L, (long) part.length)
                  .build())
          .join();

      // then
      var stat =
          client.statObject(StatObjectArgs.builder().bucket(BUCKET).object(key).build()).join();
      assertThat(stat.size()).isEqualTo(part.length + 1);
      assertThat(keys(Clients.s3(store.port()), 1_000)).containsExactly(key);
    }
  }

  @Test
  void listsFoldersAndTheirObjects() throws Exception {
    // given
    try (var store = EmbeddedObjectStore.start(settings())) {
      var client = Clients.s3(store.port());
      client.makeBucket(MakeBucketArgs.builder().bucket(BUCKET).build());
      for (String key : List.of("a", "a/1", "a/2", "a/b/3", "ab/4", "c")) {
        put(client, key, new byte[1], Map.of());
      }

      // when
      List<String> top = listed(client, "");
      List<String> beginningWithA = listed(client, "a");
      List<String> inA = listed(client, "a/");

      // then
      assertThat(top).containsExactlyInAnyOrder("a", "a/", "ab/", "c");
      assertThat(beginningWithA).containsExactlyInAnyOrder("a", "a/", "ab/");
      assertThat(inA).containsExactlyInAnyOrder("a/1", "a/2", "a/b/");
    }
  }

  @Test
  void keepsAnObjectWhoseNameEndsLikeThatOfAnUnfinishedOne() throws Exception {
    // given
    String key = "result-0b3c1f0e-4a53-4f7e-9d3d-1c2b3a4d5e6f";
    Path file = temporary.resolve("store/buckets").resolve(BUCKET).resolve(key);
    try (var store = EmbeddedObjectStore.start(settings())) {
      var client = Clients.s3(store.port());
      client.makeBucket(MakeBucketArgs.builder().bucket(BUCKET).build());
      put(client, key, new byte[1], Map.of());
    }

    // when
    Leftovers.remove(temporary.resolve("store/buckets"), Instant.now().plusSeconds(60));

    // then
    assertThat(file).exists();
  }

  @Test
  void refusesMoreMetadataThanS3Takes() throws Exception {
    // given
    try (var store = EmbeddedObjectStore.start(settings())) {
      var client = Clients.s3(store.port());
      client.makeBucket(MakeBucketArgs.builder().bucket(BUCKET).build());

      // when
      assertThatThrownBy(
              () -> put(client, "key", new byte[1], Map.of("mstc-reply", "r".repeat(2_100))))
          // then
          .isInstanceOfSatisfying(
              ErrorResponseException.class,
              e -> assertThat(e.errorResponse().code()).isEqualTo("MetadataTooLarge"));
      assertThat(keys(client, 1_000)).isEmpty();
    }
  }

  @Test
  void listsInPages() throws Exception {
    // given
    try (var store = EmbeddedObjectStore.start(settings())) {
      var client = Clients.s3(store.port());
      client.makeBucket(MakeBucketArgs.builder().bucket(BUCKET).build());
      List<String> keys =
          IntStream.range(0, 25).mapToObj("jobs/%02d/out put.txt"::formatted).toList();
      for (String key : keys) {
        put(client, key, new byte[1], Map.of());
      }

      // when
      List<String> listed = keys(client, 10);

      // then
      assertThat(listed).containsExactlyElementsOf(keys);
    }
  }

  @Test
  void showsNothingOfAnUploadThatAKillCutOff() throws Exception {
    // given
    Path folder = temporary.resolve("store");
    byte[] half = new byte[256 * 1024];
    try (var process = ServerProcess.start("store", folder, temporary.resolve("started-in"));
        var upload = new Socket(InetAddress.getLoopbackAddress(), process.port())) {
      var client = Clients.s3(process.port());
      client.makeBucket(MakeBucketArgs.builder().bucket(BUCKET).build());
      put(client, "whole", "whole".getBytes(UTF_8), Map.of());
      URI address = presignedPut(client, "half");
      String head =
          "PUT %s?%s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n\r\n"
              .formatted(
                  address.getRawPath(),
                  address.getRawQuery(),
                  address.getRawAuthority(),
                  2 * half.length);
      upload.getOutputStream().write(head.getBytes(UTF_8));
      upload.getOutputStream().write(half);
      await()
          .atMost(PATIENCE)
          .untilAsserted(() ->
              assertThat(files(folder)).anySatisfy(file -> assertThat(file).startsWith("half-")));
      assertThat(keys(client, 1_000)).containsExactly("whole");

      // when
      process.kill();
    }

    // then
    try (var store = EmbeddedObjectStore.start(settings())) {
      var client = Clients.s3(store.port());
      assertThat(keys(client, 1_000)).containsExactly("whole");
      assertThat(read(client, "whole")).asString(UTF_8).isEqualTo("whole");
      await()
          .atMost(PATIENCE)
          .untilAsserted(() -> assertThat(files(folder)).containsExactly("whole"));
    }
  }

  @Test
  void letsOneOfSeveralWritersCreateAnObject() throws Exception {
    // given
    try (var store = EmbeddedObjectStore.start(settings());
        var threads = Executors.newVirtualThreadPerTaskExecutor();
        var http = HttpClient.newHttpClient()) {
      var client = Clients.s3(store.port());
      client.makeBucket(MakeBucketArgs.builder().bucket(BUCKET).build());
      URI address = presignedPut(client, "log");

      // when
      var answers =
          threads.invokeAll(
              IntStream.range(0, 16)
                  .<Callable<Integer>>mapToObj(writer -> () -> create(http, address, writer))
                  .toList());

      // then
      List<Integer> statuses = new ArrayList<>();
      for (var answer : answers) {
        statuses.add(answer.get());
      }
      assertThat(statuses).containsOnlyOnce(200).containsOnly(200, 412);
      assertThat(read(client, "log")).asString(UTF_8).isEqualTo("writer " + statuses.indexOf(200));
      assertThat(keys(client, 1_000)).containsExactly("log");
    }
  }

  @Test
  void takesNoPartOfAnUploadThatWasEnded() throws Exception {
    // given
    try (var store = EmbeddedObjectStore.start(settings());
        var client = Clients.s3Calls(store.port())) {
      client.makeBucket(MakeBucketArgs.builder().bucket(BUCKET).build()).join();
      String upload = beginUpload(client);
      sendPart(client, upload, 1).join();
      endUpload(client, upload).join();

      // when
      var late = sendPart(client, upload, 2);

      // then
      assertThat(late)
          .failsWithin(PATIENCE)
          .withThrowableThat()
          .havingRootCause()
          .isInstanceOfSatisfying(
              ErrorResponseException.class,
              e -> assertThat(e.errorResponse().code()).isEqualTo("NoSuchUpload"));
      assertThat(files(temporary.resolve("store"))).isEmpty();
    }
  }

  @Test
  void keepsNothingOfAnUploadThatIsEndedWhileAPartArrives() throws Exception {
    // given
    try (var store = EmbeddedObjectStore.start(settings());
        var client = Clients.s3Calls(store.port())) {
      client.makeBucket(MakeBucketArgs.builder().bucket(BUCKET).build()).join();

      // when
      for (int round = 0; round < 40; round++) {
        String upload = beginUpload(client);
        var part = sendPart(client, upload, 1);
        endUpload(client, upload).join();
        part.handle((sent, refused) -> true).join();
      }

      // then
      assertThat(files(temporary.resolve("store"))).isEmpty();
    }
  }

  @Test
  void keepsKeysInsideTheirBucket() throws Exception {
    // given
    try (var store = EmbeddedObjectStore.start(settings());
        var http = HttpClient.newHttpClient()) {
      var client = Clients.s3(store.port());
      client.makeBucket(MakeBucketArgs.builder().bucket(BUCKET).build());
      URI address =
          URI.create(
              presignedPut(client, "key").toString().replace("/key?", "/%2e%2e%2f%2e%2e%2fout?"));

      // when
      int status = create(http, address, 0);

      // then
      assertThat(status).isBetween(400, 499);
      assertThat(temporary.resolve("store").resolve("out")).doesNotExist();
      assertThat(temporary.resolve("out")).doesNotExist();
    }
  }

  @Test
  void letsNobodyInWithAnotherSecret() {
    // given
    try (var store = EmbeddedObjectStore.start(settings())) {
      var client =
          MinioClient.builder()
              .endpoint(store.endpoint().toString())
              .credentials("minioadmin", "other")
              .build();

      // when
      assertThatThrownBy(client::listBuckets)
          // then
          .isInstanceOfSatisfying(
              ErrorResponseException.class,
              e -> assertThat(e.errorResponse().code()).isEqualTo("SignatureDoesNotMatch"));
    }
  }

  @Test
  void namesAPortThatIsInUse() {
    // given
    try (var store = EmbeddedObjectStore.start(settings())) {
      var settings =
          new ObjectStoreSettings(
              "127.0.0.1", store.port(), "user", "secret", temporary.resolve("other"));

      // when
      assertThatThrownBy(() -> EmbeddedObjectStore.start(settings))
          // then
          .isInstanceOf(PortInUseException.class)
          .hasMessageContaining("127.0.0.1:" + store.port())
          .hasMessageContaining("configure another port");
      assertThat(temporary.resolve("other")).doesNotExist();
    }
  }

  @Test
  void refusesAFolderThatAnotherServerUses() {
    // given
    try (var store = EmbeddedObjectStore.start(settings())) {

      // when
      assertThatThrownBy(() -> EmbeddedObjectStore.start(settings()))
          // then
          .isInstanceOf(EmbeddedServerException.class)
          .hasMessageContaining(temporary.resolve("store").toString());
      assertThat(store.port()).isPositive();
    }
  }

  private ObjectStoreSettings settings() {
    return ObjectStoreSettings.in(temporary.resolve("store"));
  }

  private static void put(
      MinioClient client, String key, byte[] content, Map<String, String> metadata)
      throws Exception {
    client.putObject(
        PutObjectArgs.builder().bucket(BUCKET).object(key).stream(
                new ByteArrayInputStream(content), (long) content.length, -1L)
            .contentType("text/plain; charset=utf-8")
            .userMetadata(metadata)
            .build());
  }

  private static String beginUpload(MinioAsyncClient client) {
    return client
        .createMultipartUpload(
            CreateMultipartUploadArgs.builder().bucket(BUCKET).object("log").build())
        .join()
        .result()
        .uploadId();
  }

  private static CompletableFuture<UploadPartResponse> sendPart(
      MinioAsyncClient client, String upload, int number) {
    byte[] part = new byte[64 * 1024];
    return client.uploadPart(
        UploadPartArgs.builder()
            .bucket(BUCKET)
            .object("log")
            .uploadId(upload)
            .partNumber(number)
            .data(part, part.length)
            .build());
  }

  private static CompletableFuture<AbortMultipartUploadResponse> endUpload(
      MinioAsyncClient client, String upload) {
    return client.abortMultipartUpload(
        AbortMultipartUploadArgs.builder().bucket(BUCKET).object("log").uploadId(upload).build());
  }

  private static byte[] read(MinioClient client, String key) throws Exception {
    try (var object =
        client.getObject(GetObjectArgs.builder().bucket(BUCKET).object(key).build())) {
      return object.readAllBytes();
    }
  }

  private static List<String> listed(MinioClient client, String prefix) throws Exception {
    List<String> names = new ArrayList<>();
    for (var item :
        client.listObjects(
            ListObjectsArgs.builder().bucket(BUCKET).prefix(prefix).maxKeys(2).build())) {
      names.add(item.get().objectName());
    }
    return names;
  }

  private static List<String> keys(MinioClient client, int pageSize) throws Exception {
    List<String> keys = new ArrayList<>();
    for (var item :
        client.listObjects(
            ListObjectsArgs.builder().bucket(BUCKET).recursive(true).maxKeys(pageSize).build())) {
      keys.add(item.get().objectName());
    }
    return keys;
  }

  private static URI presignedPut(MinioClient client, String key) throws Exception {
    return URI.create(
        client.getPresignedObjectUrl(
            GetPresignedObjectUrlArgs.builder()
                .method(Http.Method.PUT)
                .bucket(BUCKET)
                .object(key)
                .build()));
  }

  private static int create(HttpClient http, URI address, int writer) throws Exception {
    var request =
        HttpRequest.newBuilder(address)
            .header("If-None-Match", "*")
            .PUT(HttpRequest.BodyPublishers.ofString("writer " + writer))
            .build();
    return http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
  }

  private static List<String> files(Path folder) throws IOException {
    try (var files = Files.list(folder.resolve("buckets").resolve(BUCKET))) {
      return files.map(file -> file.getFileName().toString()).toList();
    }
  }

  @ParameterizedTest
  @CsvSource({"UTF-8, true", "ANSI_X3.4-1968, false", "ISO-8859-1, false", "no-such, false"})
  void anEncodingOfFileNamesThatKnowsNotAllLettersIsToldOf(String encoding, boolean all) {
    assertThat(EmbeddedObjectStore.namesAllObjects(encoding)).isEqualTo(all);
  }
}
