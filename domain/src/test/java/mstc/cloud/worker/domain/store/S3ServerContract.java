package mstc.cloud.worker.domain.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The contract of stores that speak S3, against a server that tests can stand between. */
public abstract class S3ServerContract extends ObjectStoreContract {
  private static final URI NOBODY_LISTENS = URI.create("http://127.0.0.1:1");
  private static final ObjectAttributes BINARY =
      ObjectAttributes.ofType("application/octet-stream");

  @TempDir private Path folder;

  /** The server that the tests run on. */
  protected abstract ObjectStoreAddress server();

  /** Opens a store there. */
  protected abstract ObjectStore open(ObjectStoreAddress server, boolean createBuckets);

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

  private Path zeros(long bytes) throws IOException {
    Path path = folder.resolve("zeros");
    try (var file = new RandomAccessFile(path.toFile(), "rw")) {
      file.setLength(bytes);
    }
    return path;
  }
}
