package mstc.cloud.worker.testkit.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import mstc.cloud.worker.domain.store.BucketName;
import mstc.cloud.worker.domain.store.ObjectStore;
import mstc.cloud.worker.domain.store.ObjectStoreException;
import org.junit.jupiter.api.Test;

class InMemoryObjectStoreTest extends ObjectStoreContract {
  private InMemoryObjectStore open = InMemoryObjectStore.creatingBuckets();

  @Override
  protected ObjectStore open() {
    open = InMemoryObjectStore.creatingBuckets();
    return open;
  }

  @Override
  protected ObjectStore openWithoutCreatingBuckets() {
    return open.withoutCreatingBuckets();
  }

  @Override
  protected ObjectStore openWithWrongCredentials() {
    InMemoryObjectStore store = InMemoryObjectStore.creatingBuckets();
    store.refuse();
    return store;
  }

  @Override
  protected ObjectStore openWhereNothingListens() {
    InMemoryObjectStore store = InMemoryObjectStore.creatingBuckets();
    store.stop();
    return store;
  }

  @Override
  protected long severalPartsInBytes() {
    return 1 << 20;
  }

  @Override
  protected void remove(BucketName bucket) {
    // Nothing outlives the store.
  }

  @Test
  void aStoreThatWasStoppedAnswersAgainOnceStarted() {
    // given
    InMemoryObjectStore store = InMemoryObjectStore.creatingBuckets();
    store.stop();
    var failure = catchThrowableOfType(ObjectStoreException.class, store::check);

    // when
    store.start();

    // then
    assertThat(failure.isRetryable()).isTrue();
    assertThatCode(store::check).doesNotThrowAnyException();
  }
}
