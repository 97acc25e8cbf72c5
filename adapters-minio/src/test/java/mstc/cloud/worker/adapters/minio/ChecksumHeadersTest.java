package mstc.cloud.worker.adapters.minio;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import mstc.cloud.worker.domain.store.BucketName;
import mstc.cloud.worker.domain.store.ObjectAttributes;
import mstc.cloud.worker.domain.store.ObjectLocation;
import mstc.cloud.worker.domain.store.ObjectStore;
import mstc.cloud.worker.s3protocol.PartSize;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The headers that some gateways refuse, and what takes their place. */
class ChecksumHeadersTest {
  private static final ObjectLocation LOCATION =
      new ObjectLocation(new BucketName("logs"), "job-1.log");
  private static final ObjectAttributes TEXT = ObjectAttributes.ofType("text/plain");

  @TempDir private Path folder;
  private final List<Set<String>> headersOfUploads = new CopyOnWriteArrayList<>();
  private HttpServer server;

  @BeforeEach
  void startServer() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::answer);
    server.start();
  }

  @AfterEach
  void stopServer() {
    server.stop(0);
  }

  @Test
  void uploadsCarryAChecksumHeader() throws IOException {
    // when
    try (ObjectStore store = open(true)) {
      store.put(LOCATION, file(7), TEXT);
      store.put(LOCATION, file(PartSize.SMALLEST_BYTES + 1), TEXT);
    }

    // then: one object, and an upload of two parts
    assertThat(headersOfUploads)
        .hasSize(4)
        .allSatisfy(headers ->
            assertThat(headers).anyMatch(header -> header.startsWith("x-amz-checksum-")));
  }

  @Test
  void withoutChecksumHeadersUploadsCarryAContentMd5() throws IOException {
    // when
    try (ObjectStore store = open(false)) {
      store.put(LOCATION, file(7), TEXT);
      store.put(LOCATION, file(PartSize.SMALLEST_BYTES + 1), TEXT);
    }

    // then
    assertThat(headersOfUploads)
        .hasSize(4)
        .allSatisfy(headers ->
            assertThat(headers)
                .noneMatch(header -> header.contains("checksum"))
                .contains("x-amz-content-sha256", "content-md5"));
  }

  @Test
  void overTlsTheContentIsNotSigned() throws IOException {
    // given
    Path file = Files.writeString(folder.resolve("text"), "content");

    try (FileChannel content = FileChannel.open(file)) {
      // when
      var headers = PartChecksum.over("https", false).headers(content, 0, content.size());

      // then
      assertThat(headers.getFirst("X-Amz-Content-Sha256")).isEqualTo("UNSIGNED-PAYLOAD");
      assertThat(headers.getFirst("Content-MD5")).isEqualTo("mgNkuembtIDdJeHwKEyFVQ==");
    }
  }

  private ObjectStore open(boolean checksumHeaders) {
    return new MinioObjectStore(
        new MinioSettings(
            URI.create("http://127.0.0.1:" + server.getAddress().getPort()),
            "user",
            "password",
            Optional.empty(),
            true,
            checksumHeaders,
            Duration.ofSeconds(30),
            Duration.ofSeconds(60),
            Optional.empty(),
            Optional.empty()));
  }

  private Path file(long bytes) throws IOException {
    Path path = folder.resolve("file");
    try (var file = new RandomAccessFile(path.toFile(), "rw")) {
      file.setLength(bytes);
    }
    return path;
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      exchange.getRequestBody().readAllBytes();
      String query = Optional.ofNullable(exchange.getRequestURI().getQuery()).orElse("");
      boolean begins = exchange.getRequestMethod().equals("POST") && query.startsWith("uploads");
      if (begins || exchange.getRequestMethod().equals("PUT")) {
        headersOfUploads.add(
            exchange.getRequestHeaders().keySet().stream()
                .map(header -> header.toLowerCase(Locale.ROOT))
                .collect(Collectors.toSet()));
      }
      byte[] body = body(exchange.getRequestMethod(), begins).getBytes(UTF_8);
      exchange.getResponseHeaders().set("Content-Type", "application/xml");
      exchange.getResponseHeaders().set("ETag", "\"e\"");
      exchange.sendResponseHeaders(200, body.length == 0 ? -1 : body.length);
      exchange.getResponseBody().write(body);
    }
  }

  private static String body(String method, boolean begins) {
    if (begins) {
      return "<InitiateMultipartUploadResult><Bucket>logs</Bucket><Key>job-1.log</Key>"
          + "<UploadId>u-1</UploadId></InitiateMultipartUploadResult>";
    }
    return switch (method) {
      case "POST" ->
          "<CompleteMultipartUploadResult><Location>/logs/job-1.log</Location>"
              + "<Bucket>logs</Bucket><Key>job-1.log</Key><ETag>\"e-2\"</ETag>"
              + "</CompleteMultipartUploadResult>";
      case "GET" -> "<ListMultipartUploadsResult></ListMultipartUploadsResult>";
      default -> "";
    };
  }
}
