package mstc.cloud.worker.s3protocol;

import static mstc.cloud.worker.s3protocol.InMemoryRequests.refusal;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import mstc.cloud.worker.domain.store.BucketName;
import mstc.cloud.worker.domain.store.ObjectAttributes;
import mstc.cloud.worker.domain.store.ObjectLocation;
import mstc.cloud.worker.domain.store.ObjectStore;
import mstc.cloud.worker.domain.store.ObjectStoreException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A store that is full lists its buckets as ever; the check tells nevertheless. */
class FullStoreTest {
  private static final BucketName BUCKET = new BucketName("logs");
  private static final ObjectLocation LOG = new ObjectLocation(BUCKET, "solve.log");

  private final InMemoryRequests server = new InMemoryRequests();
  private final ObjectStore store = new StoreOverRequests(server, true);

  @TempDir Path folder;
  private Path file = Path.of("");

  @BeforeEach
  void writeFile() throws IOException {
    new InMemoryRequests(server).createBucket(BUCKET);
    file = Files.writeString(folder.resolve("log"), "hello\n");
  }

  private void fill() {
    server.fail(request ->
        request.startsWith("putObject") || request.equals("createMultipartUpload")
            ? Optional.of(refusal(507, "XMinioStorageFull"))
            : Optional.empty());
  }

  private void failToStore() {
    assertThatExceptionOfType(ObjectStoreException.class)
        .isThrownBy(() -> store.putIfAbsent(LOG, file, ObjectAttributes.ofType("text/plain")))
        .matches(ObjectStoreException::isRetryable);
  }

  @Test
  void nothingIsWrittenToFindOutWhetherThereIsRoomInAStoreThatHasNotSaidOtherwise() {
    // when
    store.check();

    // then
    assertThat(server.made()).containsExactly("listBuckets");
  }

  @Test
  void aFullStoreIsUnavailableUntilThereIsRoom() {
    // given
    fill();
    failToStore();

    // when
    assertThatExceptionOfType(ObjectStoreException.class)
        .isThrownBy(store::check)
        // then
        .withMessageContaining("507 XMinioStorageFull")
        .matches(ObjectStoreException::isRetryable);
    server.fail(request -> Optional.empty());
    assertThatCode(store::check).doesNotThrowAnyException();
    assertThat(store.list(BUCKET, "")).isEmpty();
  }

  @Test
  void whatAStoreThatWentAwayDoesNotRemoveTheNextCheckRemoves() {
    // given
    fill();
    failToStore();
    server.fail("deleteObject", new UncheckedIOException(new ConnectException("refused")));
    assertThatExceptionOfType(ObjectStoreException.class).isThrownBy(store::check);
    assertThat(store.list(BUCKET, "")).hasSize(1);

    // when
    server.fail(request -> Optional.empty());
    store.check();

    // then
    assertThat(store.list(BUCKET, "")).isEmpty();
  }

  @Test
  void onceThereIsRoomNothingIsWrittenAnyMore() {
    // given
    fill();
    failToStore();
    server.fail(request -> Optional.empty());
    store.check();
    int before = server.made().size();

    // when
    store.check();

    // then
    assertThat(server.made().subList(before, server.made().size())).containsExactly("listBuckets");
  }

  @ParameterizedTest
  @ValueSource(ints = {403, 404, 500, 503})
  void aStoreThatFailsToTakeOneObjectForAnotherReasonIsAvailable(int status) {
    // given
    server.fail("putObject if absent", refusal(status, "Other"));
    assertThatExceptionOfType(ObjectStoreException.class)
        .isThrownBy(() -> store.putIfAbsent(LOG, file, ObjectAttributes.ofType("text/plain")));

    // when
    store.check();

    // then
    assertThat(server.made()).endsWith("listBuckets").doesNotContain("putObject");
  }

  @Test
  void aBucketThatMayNoLongerBeWrittenToTellsNothing() {
    // given
    fill();
    failToStore();

    // when
    server.fail("putObject", refusal(403, "AccessDenied"));

    // then
    assertThatCode(store::check).doesNotThrowAnyException();
  }
}
