package mstc.cloud.worker.s3protocol;

import static mstc.cloud.worker.s3protocol.InMemoryRequests.refusal;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.io.RandomAccessFile;
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

/** How files are sent in parts, and what is cleared away before and after. */
class MultipartWriteTest {
  private static final ObjectAttributes BINARY =
      ObjectAttributes.ofType("application/octet-stream");
  private static final ObjectLocation LOCATION =
      new ObjectLocation(new BucketName("logs"), "job-1.log");

  @TempDir private Path folder;
  private final InMemoryRequests server = new InMemoryRequests();
  private final ObjectStore store = new StoreOverRequests(server, false);
  private Path file;

  @BeforeEach
  void createBucketAndFile() throws IOException {
    new InMemoryRequests(server).createBucket(LOCATION.bucket());
    file = folder.resolve("zeros");
    try (var zeros = new RandomAccessFile(file.toFile(), "rw")) {
      zeros.setLength(2 * PartSize.SMALLEST_BYTES + 1);
    }
  }

  @Test
  void aLargeFileIsSentInParts() {
    // when
    store.putIfAbsent(LOCATION, file, BINARY);

    // then
    assertThat(server.made())
        .containsExactly(
            "headObject",
            "listMultipartUploads",
            "createMultipartUpload",
            "uploadPart",
            "uploadPart",
            "uploadPart",
            "complete if absent");
  }

  @ParameterizedTest
  @ValueSource(strings = {"uploadPart", "complete"})
  void anUploadThatFailsIsEnded(String request) {
    // given
    server.fail(request, refusal(403, "AccessDenied"));

    // when
    var failure =
        catchThrowableOfType(ObjectStoreException.class, () -> store.put(LOCATION, file, BINARY));

    // then
    assertThat(failure).hasMessageContaining("access denied");
    assertThat(server.made().getLast()).isEqualTo("abort");
    assertThat(server.listMultipartUploads(LOCATION)).isEmpty();
  }

  @Test
  void whyAnUploadFailedIsSaidThoughItCannotBeEnded() {
    // given
    var cleanUp = refusal(500, "InternalError");
    server.fail(request ->
        switch (request) {
          case "uploadPart" -> Optional.of(refusal(403, "AccessDenied"));
          case "abort" -> Optional.of(cleanUp);
          default -> Optional.empty();
        });

    // when
    var failure =
        catchThrowableOfType(ObjectStoreException.class, () -> store.put(LOCATION, file, BINARY));

    // then
    assertThat(failure).hasMessageContaining("access denied");
    assertThat(failure.getCause()).hasSuppressedException(cleanUp);
  }

  @Test
  void anInterruptedUploadIsEndedAndTheThreadStaysInterrupted() {
    // given
    server.fail(request -> {
      if (request.equals("uploadPart")) {
        Thread.currentThread().interrupt();
        return Optional.of(new IllegalStateException("Interrupted"));
      }
      return Thread.currentThread().isInterrupted()
          ? Optional.of(new IllegalStateException("Cannot send"))
          : Optional.empty();
    });

    // when
    ObjectStoreException failure;
    boolean interrupted;
    try {
      failure =
          catchThrowableOfType(ObjectStoreException.class, () -> store.put(LOCATION, file, BINARY));
    } finally {
      interrupted = Thread.interrupted();
    }

    // then
    assertThat(interrupted).isTrue();
    assertThat(failure).hasMessageContaining("interrupted");
    assertThat(failure.getCause()).hasNoSuppressedExceptions();
    assertThat(server.listMultipartUploads(LOCATION)).isEmpty();
  }

  @Test
  void whatEarlierUploadsLeftIsClearedAwayFirst() {
    // given
    server.begin(LOCATION);
    server.begin(LOCATION);

    // when
    store.put(LOCATION, file, BINARY);

    // then
    assertThat(server.made())
        .startsWith(
            "listMultipartUploads",
            "abortMultipartUpload",
            "abortMultipartUpload",
            "createMultipartUpload");
    assertThat(server.listMultipartUploads(LOCATION)).isEmpty();
  }

  @Test
  void anEarlierUploadThatEndsMeanwhileIsNoFailure() {
    // given
    server.begin(LOCATION);
    server.fail("abortMultipartUpload", refusal(404, "NoSuchUpload"));

    // when
    assertThatCode(() -> store.discardUploads(LOCATION))
        // then
        .doesNotThrowAnyException();
  }

  @ParameterizedTest
  @ValueSource(strings = {"listMultipartUploads", "abortMultipartUpload"})
  void earlierUploadsThatMayNotBeEndedKeepNoFileFromBeingStored(String refused) {
    // given
    server.begin(LOCATION);
    server.fail(refused, refusal(403, "AccessDenied"));

    // when
    store.put(LOCATION, file, BINARY);

    // then
    assertThat(store.stat(LOCATION)).isPresent();
  }

  @Test
  void aStoreThatIsClosedWhileItLooksForEarlierUploadsBeginsNone() {
    // given
    server.fail(request -> {
      store.close();
      return Optional.of(new IllegalStateException("Connection pool shut down"));
    });

    // when
    var failure =
        catchThrowableOfType(ObjectStoreException.class, () -> store.put(LOCATION, file, BINARY));

    // then
    assertThat(failure).hasMessageContaining("closed");
    assertThat(server.made()).containsExactly("listMultipartUploads");
  }
}
