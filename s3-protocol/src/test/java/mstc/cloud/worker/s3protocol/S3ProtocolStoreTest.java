package mstc.cloud.worker.s3protocol;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.util.Optional;
import mstc.cloud.worker.domain.store.BucketName;
import mstc.cloud.worker.domain.store.ObjectStore;
import mstc.cloud.worker.domain.store.ObjectStoreException;
import mstc.cloud.worker.testkit.store.ObjectStoreContract;
import org.junit.jupiter.api.Test;

/** The port's contract, over requests that this process answers. */
class S3ProtocolStoreTest extends ObjectStoreContract {
  private final InMemoryRequests server = new InMemoryRequests();

  @Override
  protected ObjectStore open() {
    return new StoreOverRequests(new InMemoryRequests(server), true);
  }

  @Override
  protected ObjectStore openWithoutCreatingBuckets() {
    return new StoreOverRequests(new InMemoryRequests(server), false);
  }

  @Override
  protected ObjectStore openWithWrongCredentials() {
    return openFailing(InMemoryRequests.refusal(403, "SignatureDoesNotMatch"));
  }

  @Override
  protected ObjectStore openWhereNothingListens() {
    return openFailing(new UncheckedIOException(new ConnectException("Connection refused")));
  }

  private ObjectStore openFailing(RuntimeException failure) {
    var requests = new InMemoryRequests(server);
    requests.fail(request -> Optional.of(failure));
    return new StoreOverRequests(requests, true);
  }

  @Override
  protected long severalPartsInBytes() {
    return PartSize.SMALLEST_BYTES + 3;
  }

  @Override
  protected void remove(BucketName bucket) {
    // Nothing outlives this process.
  }

  @Test
  void credentialsWithoutAnyRightPassTheCheck() {
    try (ObjectStore store = openFailing(InMemoryRequests.refusal(403, "AccessDenied"))) {
      // when
      assertThatCode(store::check)
          // then
          .doesNotThrowAnyException();
    }
  }

  @Test
  void whatFailsAsTheStoreIsClosedSaysSo() {
    // given
    var requests = new InMemoryRequests(server);
    ObjectStore store = new StoreOverRequests(requests, true);
    requests.fail(request -> {
      store.close();
      return Optional.of(new IllegalStateException("Connection pool shut down"));
    });

    // when
    var failure = assertThatExceptionOfType(ObjectStoreException.class).isThrownBy(store::check);

    // then
    failure.withMessageContaining("the object store is closed").matches(e -> e.isRetryable());
  }
}
