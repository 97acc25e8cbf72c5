package mstc.cloud.worker.testkit.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import mstc.cloud.worker.domain.store.ObjectAttributes;
import mstc.cloud.worker.domain.store.ObjectListing;
import mstc.cloud.worker.domain.store.ObjectLocation;
import mstc.cloud.worker.domain.store.ObjectStore;
import mstc.cloud.worker.domain.store.ObjectStoreException;
import mstc.cloud.worker.domain.store.PutResult;
import mstc.cloud.worker.domain.store.StoredObject;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The contract of stores that speak S3, on a server that tests can put a proxy in front of. */
public abstract class S3ServerContract extends ObjectStoreContract {
  private static final URI NOBODY_LISTENS = URI.create("http://127.0.0.1:1");
  private static final Duration GOES_ON_WITHIN = Duration.ofMinutes(1);
  private static final ObjectAttributes BINARY =
      ObjectAttributes.ofType("application/octet-stream");

  @TempDir private Path folder;

  /** The server that the tests run on. */
  protected abstract ObjectStoreAddress server();

  /**
   * Opens a store there.
   *
   * @param publicEndpoint where its links lead; empty for one without links
   */
  protected abstract ObjectStore open(
      ObjectStoreAddress server, boolean createBuckets, Optional<URI> publicEndpoint);

  /** Begins a multipart upload, sends one part and leaves it so, like a killed process. */
  protected abstract void beginUpload(ObjectLocation location) throws Exception;

  /** The ids of the object's unfinished uploads. */
  protected abstract List<String> unfinishedUploads(ObjectLocation location) throws Exception;

  private ObjectStore open(ObjectStoreAddress server, boolean createBuckets) {
    return open(server, createBuckets, Optional.empty());
  }

  private ObjectStore openLinking(ObjectStoreAddress server, URI publicEndpoint) {
    return open(server, true, Optional.of(publicEndpoint));
  }

  @Override
  protected final ObjectStore open() {
    return open(server(), true);
  }

  @Override
  protected final ObjectStore openWithoutCreatingBuckets() {
    return open(server(), false);
  }

  @Override
  protected final ObjectStore openWithWrongCredentials() {
    return open(server().withWrongSecret(), true);
  }

  @Override
  protected final ObjectStore openWhereNothingListens() {
    return open(server().through(NOBODY_LISTENS), true);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void anUploadThatIsCutOffFailsRetryablyAndLeavesTheOldObject(boolean severalParts)
      throws IOException {
    // given
    long bytes = severalParts ? severalPartsInBytes() : 8 << 20;
    Path file = zeros(bytes);
    try (CuttingProxy proxy = CuttingProxy.before(server().endpoint(), bytes - 4096);
        ObjectStore direct = open();
        ObjectStore cut = open(server().through(proxy.endpoint()), true)) {
      ObjectLocation location = at("cut.log");
      direct.put(location, Files.writeString(folder.resolve("old"), "old"), BINARY);

      // when
      var failure =
          catchThrowableOfType(ObjectStoreException.class, () -> cut.put(location, file, BINARY));

      // then
      assertThat(failure).isNotNull();
      assertThat(failure.isRetryable()).as(failure.getMessage()).isTrue();
      assertThat(direct.list(location.bucket(), ""))
          .containsExactly(new ObjectListing(location, 3));
    }
  }

  @Test
  void anUploadThatWasCutOffCanBeRepeated() throws IOException {
    // given
    Path file = zeros(severalPartsInBytes());
    try (CuttingProxy proxy = CuttingProxy.before(server().endpoint(), 1 << 20);
        ObjectStore store = open(server().through(proxy.endpoint()), true)) {
      ObjectLocation location = at("cut.log");
      var failure =
          catchThrowableOfType(
              ObjectStoreException.class, () -> store.putIfAbsent(location, file, BINARY));
      assertThat(failure).isNotNull();
      proxy.heal();

      // when
      PutResult result = store.putIfAbsent(location, file, BINARY);

      // then
      assertThat(result).isEqualTo(PutResult.STORED);
      assertThat(store.stat(location)).map(StoredObject::bytes).contains(severalPartsInBytes());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"job-1.log", ".mstc/nested/größe 100%+1.log"})
  void discardingUploadsEndsThoseOfThisObjectOnly(String key) throws Exception {
    try (ObjectStore store = open()) {
      // given
      ObjectLocation location = at(key);
      ObjectLocation another = at(key + ".old");
      store.put(location, Files.writeString(folder.resolve("small"), "stored"), BINARY);
      beginUpload(location);
      beginUpload(location);
      beginUpload(another);
      assertThat(unfinishedUploads(location)).hasSize(2);

      // when
      store.discardUploads(location);

      // then
      assertThat(unfinishedUploads(location)).isEmpty();
      assertThat(unfinishedUploads(another)).hasSize(1);
      assertThat(store.list(location.bucket(), ""))
          .containsExactly(new ObjectListing(location, "stored".length()));
    }
  }

  @Test
  void aLargeFileEndsWhatEarlierUploadsOfItLeft() throws Exception {
    try (ObjectStore store = open()) {
      // given
      Path file = zeros(severalPartsInBytes());
      ObjectLocation location = at("job-1.log");
      ObjectLocation another = at("job-1.log.old");
      store.put(at("creates-the-bucket"), Files.writeString(folder.resolve("small"), ""), BINARY);
      beginUpload(location);
      beginUpload(another);
      assertThat(unfinishedUploads(location)).hasSize(1);

      // when
      PutResult result = store.putIfAbsent(location, file, BINARY);

      // then
      assertThat(result).isEqualTo(PutResult.STORED);
      assertThat(unfinishedUploads(location)).isEmpty();
      assertThat(unfinishedUploads(another)).hasSize(1);
    }
  }

  /** A worker that was paused goes on while another one stores the same log, or after that. */
  @ParameterizedTest
  @ValueSource(doubles = {0.5, 1.25})
  void anUploadThatAnotherProcessEndedFailsRetryablyAndFindsWhatThatOneStored(double partsSent)
      throws Exception {
    // given
    Path paused = zeros(severalPartsInBytes() * 3 / 2);
    Path other = Files.writeString(folder.resolve("other"), "x".repeat(1 << 20));
    try (CuttingProxy proxy =
            CuttingProxy.holdingBack(
                server().endpoint(), (long) (severalPartsInBytes() * partsSent));
        ObjectStore pausedStore = open(server().through(proxy.endpoint()), true);
        ObjectStore otherStore = open()) {
      ObjectLocation location = at("job-1.log");
      var failure = new CompletableFuture<ObjectStoreException>();
      Thread.ofVirtual()
          .start(() ->
              failure.complete(
                  catchThrowableOfType(
                      ObjectStoreException.class,
                      () -> pausedStore.putIfAbsent(location, paused, BINARY))));
      proxy.awaitReached();

      // when
      otherStore.discardUploads(location);
      otherStore.putIfAbsent(location, other, BINARY);
      proxy.heal();

      // then
      assertThat(failure).succeedsWithin(GOES_ON_WITHIN);
      assertThat(failure.get()).isNotNull();
      assertThat(failure.get().isRetryable()).as(failure.get().getMessage()).isTrue();
      assertThat(pausedStore.putIfAbsent(location, paused, BINARY))
          .isEqualTo(PutResult.ALREADY_EXISTS);
      assertThat(otherStore.stat(location)).map(StoredObject::bytes).contains(1L << 20);
      assertThat(unfinishedUploads(location)).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "run-1/mesh.vtk",
        "run-1/größe 100%+1 & more?=#.vtk",
        "run-1/~!$'()*,:;@[]{}|\"<>^`.txt",
        "模型/😀.csv"
      })
  void aLinkDownloadsExactlyItsObjectAndIsMadeWithoutTheServer(String key) throws Exception {
    try (ObjectStore store = open();
        ObjectStore linking = openLinking(server().through(NOBODY_LISTENS), server().endpoint())) {
      // given
      ObjectLocation location = at(key);
      store.put(
          location,
          Files.writeString(folder.resolve("page"), "<script>ü</script>\r\n"),
          ObjectAttributes.ofType("text/html"));

      // when
      URI link = linking.link(location, Duration.ofMinutes(5)).orElseThrow();
      HttpResponse<byte[]> response = get(link);

      // then
      assertThat(response.statusCode()).isEqualTo(200);
      assertThat(response.body()).isEqualTo(Files.readAllBytes(folder.resolve("page")));
      assertThat(response.headers().firstValue("Content-Disposition")).contains("attachment");
      assertThat(link.toString()).startsWith(server().endpoint() + "/");
    }
  }

  @Test
  void aLinkIsOfNoUseForAnotherObject() throws Exception {
    try (ObjectStore linking = openLinking(server(), server().endpoint())) {
      // given
      linking.put(at("mine.txt"), Files.writeString(folder.resolve("file"), "mine"), BINARY);
      linking.put(at("yours.txt"), Files.writeString(folder.resolve("file"), "yours"), BINARY);
      URI link = linking.link(at("mine.txt"), Duration.ofMinutes(5)).orElseThrow();

      // when
      HttpResponse<byte[]> response =
          get(URI.create(link.toString().replace("mine.txt", "yours.txt")));

      // then
      assertThat(response.statusCode()).isEqualTo(403);
    }
  }

  @Test
  void aLinkEndsWithItsValidity() throws Exception {
    try (ObjectStore linking = openLinking(server(), server().endpoint())) {
      // given
      linking.put(at("mine.txt"), Files.writeString(folder.resolve("file"), "mine"), BINARY);

      // when
      URI link = linking.link(at("mine.txt"), Duration.ofSeconds(1)).orElseThrow();

      // then
      await().atMost(GOES_ON_WITHIN).until(() -> get(link).statusCode(), status -> status == 403);
    }
  }

  @Test
  void withoutAPublicEndpointThereAreNoLinks() {
    try (ObjectStore store = open()) {
      assertThat(store.link(at("mine.txt"), Duration.ofMinutes(5))).isEmpty();
    }
  }

  private static HttpResponse<byte[]> get(URI link) throws IOException, InterruptedException {
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client.send(HttpRequest.newBuilder(link).build(), BodyHandlers.ofByteArray());
    }
  }

  private Path zeros(long bytes) throws IOException {
    Path path = folder.resolve("zeros");
    try (var file = new RandomAccessFile(path.toFile(), "rw")) {
      file.setLength(bytes);
    }
    return path;
  }
}
