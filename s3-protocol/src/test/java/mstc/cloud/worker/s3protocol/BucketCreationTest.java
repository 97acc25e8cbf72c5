package mstc.cloud.worker.s3protocol;

import static mstc.cloud.worker.s3protocol.InMemoryRequests.refusal;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
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

/** How a bucket that is missing on a write is created. */
class BucketCreationTest {
  private static final ObjectAttributes TEXT = ObjectAttributes.ofType("text/plain");
  private static final ObjectLocation LOCATION =
      new ObjectLocation(new BucketName("logs"), "job-1.log");

  @TempDir private Path folder;
  private final InMemoryRequests server = new InMemoryRequests();
  private final ObjectStore store = new StoreOverRequests(server, true);
  private Path file;

  @BeforeEach
  void createFile() throws IOException {
    file = Files.writeString(folder.resolve("content"), "content");
  }

  @Test
  void theRaceToCreateABucketMayBeLost() {
    // given
    server.fail(request -> {
      if (!request.equals("createBucket")) {
        return Optional.empty();
      }
      new InMemoryRequests(server).createBucket(LOCATION.bucket());
      return Optional.of(refusal(409, "BucketAlreadyOwnedByYou"));
    });

    // when
    store.put(LOCATION, file, TEXT);

    // then
    assertThat(server.made()).containsExactly("putObject", "createBucket", "putObject");
  }

  @Test
  void aBucketThatMayNotBeCreatedIsAPermanentFailure() {
    // given
    server.fail("createBucket", refusal(403, "AccessDenied"));

    // when
    var failure =
        catchThrowableOfType(ObjectStoreException.class, () -> store.put(LOCATION, file, TEXT));

    // then
    assertThat(failure.isRetryable()).as(failure.getMessage()).isFalse();
    assertThat(failure).hasMessageContaining("access denied");
  }

  @Test
  void aBucketThatIsStillMissingOnceItWasCreatedIsRetryable() {
    // given
    server.fail("putObject", refusal(404, "NoSuchBucket"));

    // when
    var failure =
        catchThrowableOfType(ObjectStoreException.class, () -> store.put(LOCATION, file, TEXT));

    // then
    assertThat(failure.isRetryable()).as(failure.getMessage()).isTrue();
    assertThat(server.made()).containsExactly("putObject", "createBucket", "putObject");
  }
}
