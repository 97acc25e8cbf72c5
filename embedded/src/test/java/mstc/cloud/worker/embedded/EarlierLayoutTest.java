package mstc.cloud.worker.embedded;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.minio.BucketExistsArgs;
import io.minio.GetObjectArgs;
import io.minio.ListObjectsArgs;
import io.minio.MinioClient;
import io.minio.StatObjectArgs;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.gaul.s3proxy.BlobStores;
import org.gaul.s3proxy.blobstore.BlobStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.s3.model.CreateBucketRequest;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;

/** What version 0.1.0 stored, which was S3Proxy's own layout. */
class EarlierLayoutTest {
  private static final List<String> KEYS =
      List.of("%2E", ".mstc/job/0", "100%", "folder/", "logs/a-1.log", "plain", "ü/模 1");

  @TempDir private Path folder;

  @Test
  void objectsOfTheEarlierLayoutAreKept() throws Exception {
    // given
    store010("results");
    earlier().createContainer(CreateBucketRequest.builder().bucket("empty").build());

    // when
    try (var store = EmbeddedObjectStore.start(ObjectStoreSettings.in(folder))) {

      // then
      requireKept(Clients.s3(store.port()));
      assertThat(
              Clients.s3(store.port())
                  .bucketExists(BucketExistsArgs.builder().bucket("empty").build()))
          .isTrue();
    }
    try (var again = EmbeddedObjectStore.start(ObjectStoreSettings.in(folder))) {
      requireKept(Clients.s3(again.port()));
    }
  }

  @Test
  void aMoveThatWasCutOffGoesOn() throws Exception {
    // given: as if the process was killed when it had moved some objects
    store010("results");
    Path buckets = folder.resolve("buckets");
    EarlierLayout.moveOver(buckets);
    Path earlier = folder.resolve("buckets-0.1.0/results");
    Files.createDirectories(earlier.resolve("logs"));
    Files.move(buckets.resolve("results/logs%/a-1.log"), earlier.resolve("logs/a-1.log"));
    Files.move(buckets.resolve("results/100%25"), earlier.resolve("100%"));

    // when
    try (var store = EmbeddedObjectStore.start(ObjectStoreSettings.in(folder))) {

      // then
      requireKept(Clients.s3(store.port()));
      assertThat(folder.resolve("buckets-0.1.0")).doesNotExist();
    }
  }

  private void store010(String bucket) throws IOException {
    BlobStore store = earlier();
    store.createContainer(CreateBucketRequest.builder().bucket(bucket).build());
    for (String key : KEYS) {
      byte[] content = key.endsWith("/") ? new byte[0] : key.getBytes(UTF_8);
      store.putBlob(
          PutObjectRequest.builder()
              .bucket(bucket)
              .key(key)
              .contentType("text/plain")
              .contentLength((long) content.length)
              .metadata(Map.of("mstc-reply", "r"))
              .build(),
          new ByteArrayInputStream(content));
    }
  }

  private BlobStore earlier() throws IOException {
    Path buckets = Files.createDirectories(folder.resolve("buckets"));
    var properties = new Properties();
    properties.setProperty("jclouds.filesystem.basedir", buckets.toString());
    return BlobStores.create("filesystem-nio2", properties);
  }

  private static void requireKept(MinioClient client) throws Exception {
    List<String> listed = new ArrayList<>();
    for (var item :
        client.listObjects(ListObjectsArgs.builder().bucket("results").recursive(true).build())) {
      listed.add(item.get().objectName());
    }
    assertThat(listed).containsExactlyInAnyOrderElementsOf(KEYS);
    for (String key : KEYS) {
      var stat = client.statObject(StatObjectArgs.builder().bucket("results").object(key).build());
      assertThat(stat.contentType()).isEqualTo("text/plain");
      assertThat(stat.etag()).isNotEmpty();
      try (var object =
          client.getObject(GetObjectArgs.builder().bucket("results").object(key).build())) {
        assertThat(object.readAllBytes()).asString(UTF_8).isEqualTo(key.endsWith("/") ? "" : key);
      }
    }
  }
}
