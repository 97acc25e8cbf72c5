package mstc.cloud.worker.s3protocol;

import static mstc.cloud.worker.s3protocol.InMemoryRequests.refusal;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import mstc.cloud.worker.domain.store.BucketName;
import mstc.cloud.worker.domain.store.ObjectAttributes;
import mstc.cloud.worker.domain.store.ObjectLocation;
import mstc.cloud.worker.domain.store.ObjectStore;
import mstc.cloud.worker.domain.store.ObjectStoreException;
import mstc.cloud.worker.domain.store.PutResult;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of a write that is only for a missing object, by the server's answer. */
class ConditionalWriteTest {
  private static final ObjectAttributes TEXT = ObjectAttributes.ofType("text/plain");
  private static final ObjectLocation LOCATION =
      new ObjectLocation(new BucketName("logs"), "job-1.log");

  @TempDir private Path folder;
  private final InMemoryRequests server = new InMemoryRequests();
  private final ObjectStore store = new StoreOverRequests(server, false);
  private Path file;

  @BeforeEach
  void createBucketAndFile() throws IOException {
    new InMemoryRequests(server).createBucket(LOCATION.bucket());
    file = Files.writeString(folder.resolve("content"), "content");
  }

  @Test
  void anObjectThatIsThereIsNotEvenSent() {
    // given
    store.put(LOCATION, file, TEXT);

    // when
    PutResult result = store.putIfAbsent(LOCATION, file, TEXT);

    // then
    assertThat(result).isEqualTo(PutResult.ALREADY_EXISTS);
    assertThat(server.made()).containsExactly("putObject", "headObject");
  }

  @Test
  void anObjectThatAppearedMeanwhileIsLeftAlone() {
    // given
    server.fail("putObject if absent", refusal(412, "PreconditionFailed"));

    // when
    PutResult result = store.putIfAbsent(LOCATION, file, TEXT);

    // then
    assertThat(result).isEqualTo(PutResult.ALREADY_EXISTS);
    assertThat(server.made()).containsExactly("headObject", "putObject if absent");
  }

  @Test
  void aConflictWithAWriteThatSucceededMeansThatTheObjectIsThere() {
    // given
    server.fail(request -> {
      if (!request.equals("putObject if absent")) {
        return Optional.empty();
      }
      new StoreOverRequests(new InMemoryRequests(server), false).put(LOCATION, file, TEXT);
      return Optional.of(refusal(409, "ConditionalRequestConflict"));
    });

    // when
    PutResult result = store.putIfAbsent(LOCATION, file, TEXT);

    // then
    assertThat(result).isEqualTo(PutResult.ALREADY_EXISTS);
  }

  @Test
  void aConflictWithAWriteWhoseEndIsUnknownIsRetryable() {
    // given
    server.fail("putObject if absent", refusal(409, "ConditionalRequestConflict"));

    // when
    var failure =
        catchThrowableOfType(
            ObjectStoreException.class, () -> store.putIfAbsent(LOCATION, file, TEXT));

    // then
    assertThat(failure.isRetryable()).as(failure.getMessage()).isTrue();
    assertThat(server.made()).containsExactly("headObject", "putObject if absent", "headObject");
  }

  @Test
  void aServerThatKnowsNoConditionalWritesIsAskedForThemOnlyOnce() throws IOException {
    // given
    server.fail("putObject if absent", refusal(501, "NotImplemented"));
    var another = new ObjectLocation(LOCATION.bucket(), "job-2.log");

    // when
    List<PutResult> results =
        List.of(store.putIfAbsent(LOCATION, file, TEXT), store.putIfAbsent(another, file, TEXT));

    // then
    assertThat(results).containsOnly(PutResult.STORED);
    assertThat(server.made())
        .containsExactly(
            "headObject", "putObject if absent", "putObject", "headObject", "putObject");
  }

  @Test
  void aRefusalOfAnUnconditionalWriteIsAFailureWhateverItsStatus() {
    // given
    server.fail("putObject if absent", refusal(501, "NotImplemented"));
    store.putIfAbsent(new ObjectLocation(LOCATION.bucket(), "job-2.log"), file, TEXT);
    server.fail("putObject", refusal(412, "PreconditionFailed"));

    // when
    var failure =
        catchThrowableOfType(
            ObjectStoreException.class, () -> store.putIfAbsent(LOCATION, file, TEXT));

    // then
    assertThat(failure).hasMessageContaining("412 PreconditionFailed");
  }
}
