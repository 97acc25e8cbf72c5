package mstc.cloud.worker.embedded;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.minio.BucketExistsArgs;
import io.minio.GetObjectArgs;
import io.minio.MakeBucketArgs;
import io.minio.MinioClient;
import io.minio.PutObjectArgs;
import java.io.ByteArrayInputStream;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedObjectStoreTest {
  @TempDir private Path folder;

  @Test
  void keepsObjectsAcrossARestart() throws Exception {
    // given
    byte[] content = "kept".getBytes(UTF_8);
    try (var store = EmbeddedObjectStore.start(ObjectStoreSettings.in(folder))) {
      {
        var client = client(store);
        client.makeBucket(MakeBucketArgs.builder().bucket("results").build());
        client.putObject(
            PutObjectArgs.builder().bucket("results").object("a/b ü.txt").stream(
                    new ByteArrayInputStream(content), (long) content.length, -1L)
                .contentType("text/plain")
                .userMetadata(Map.of("colour", "red"))
                .build());
      }
    }

    // when
    try (var store = EmbeddedObjectStore.start(ObjectStoreSettings.in(folder))) {
      var client = client(store);

      // then
      assertThat(client.bucketExists(BucketExistsArgs.builder().bucket("results").build()))
          .isTrue();
      try (var object =
          client.getObject(GetObjectArgs.builder().bucket("results").object("a/b ü.txt").build())) {
        assertThat(object.readAllBytes()).isEqualTo(content);
      }
    }
  }

  private static MinioClient client(EmbeddedObjectStore store) {
    return MinioClient.builder()
        .endpoint(store.endpoint().toString())
        .credentials("minioadmin", "minioadmin")
        .build();
  }
}
