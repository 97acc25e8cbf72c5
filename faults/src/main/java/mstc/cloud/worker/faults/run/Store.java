package mstc.cloud.worker.faults.run;

import io.minio.GetObjectArgs;
import io.minio.ListBucketsArgs;
import io.minio.ListObjectsArgs;
import io.minio.MakeBucketArgs;
import io.minio.MinioClient;
import io.minio.Result;
import io.minio.errors.MinioException;
import io.minio.messages.Item;
import io.minio.messages.ListAllMyBucketsResult;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import mstc.cloud.worker.faults.load.Scenario;
import mstc.cloud.worker.faults.service.FreePort;
import mstc.cloud.worker.faults.service.Server;

/** The run's own MinIO, which keeps its objects when it is killed. */
final class Store implements AutoCloseable {
  static final String USER = "minioadmin";
  static final String PASSWORD = "minioadmin";

  private final int port = FreePort.find();
  private final Path data;
  private final Server server;
  private final MinioClient client;

  Store(Path program, Path folder) throws IOException, InterruptedException, MinioException {
    data = Files.createDirectories(folder.resolve("data"));
    server =
        new Server(
            "MinIO",
            folder.resolve("output"),
            List.of(
                program.toString(),
                "server",
                data.toString(),
                "--address",
                "127.0.0.1:" + port,
                "--console-address",
                "127.0.0.1:" + FreePort.find(),
                "--quiet"),
            Map.of(
                "HOME", folder.toString(),
                "MINIO_ROOT_USER", USER,
                "MINIO_ROOT_PASSWORD", PASSWORD),
            this::answers);
    client =
        MinioClient.builder()
            .endpoint("http://127.0.0.1:" + port)
            .region("us-east-1")
            .credentials(USER, PASSWORD)
            .build();
    server.start();
    client.makeBucket(MakeBucketArgs.builder().bucket(Scenario.BUCKET).build());
  }

  private boolean answers() throws MinioException {
    buckets();
    return true;
  }

  int port() {
    return port;
  }

  void kill() throws InterruptedException {
    server.kill();
  }

  /** Starts it again, and waits until it serves. */
  void restart() throws IOException, InterruptedException {
    server.start();
  }

  private List<String> buckets() throws MinioException {
    List<String> names = new ArrayList<>();
    for (Result<ListAllMyBucketsResult.Bucket> bucket :
        client.listBuckets(ListBucketsArgs.builder().build())) {
      names.add(bucket.get().name());
    }
    return names;
  }

  /** The names of all objects, and of buckets that nobody asked for. */
  List<String> objects() throws MinioException {
    List<String> names = new ArrayList<>();
    for (Result<Item> item :
        client.listObjects(
            ListObjectsArgs.builder().bucket(Scenario.BUCKET).recursive(true).build())) {
      names.add(item.get().objectName());
    }
    buckets().stream()
        .filter(bucket -> !bucket.equals(Scenario.BUCKET))
        .map(bucket -> "bucket " + bucket)
        .forEach(names::add);
    return names;
  }

  /** Opens an object. */
  InputStream read(String object) throws MinioException {
    return client.getObject(GetObjectArgs.builder().bucket(Scenario.BUCKET).object(object).build());
  }

  /**
   * Multipart uploads that were begun and neither completed nor aborted, as MinIO keeps them on its
   * disk: minio-java does not read MinIO's own list of them, for want of a storage class in it.
   */
  List<String> uploads() throws IOException {
    Path uploads = data.resolve(".minio.sys").resolve("multipart");
    if (!Files.isDirectory(uploads)) {
      return List.of();
    }
    try (Stream<Path> files = Files.walk(uploads)) {
      return files
          .filter(file -> file.getFileName().toString().equals("xl.meta"))
          .map(file -> uploads.relativize(file.toAbsolutePath()).toString())
          .toList();
    }
  }

  @Override
  public void close() throws Exception {
    client.close();
    server.close();
  }
}
