package mstc.cloud.worker.application.intake;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import mstc.cloud.worker.application.retry.FailureListener;
import mstc.cloud.worker.application.retry.Patience;
import mstc.cloud.worker.domain.store.BucketName;
import mstc.cloud.worker.domain.store.ObjectStore;
import mstc.cloud.worker.domain.store.ObjectStoreException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks for the buckets that jobs' results go to, so that no job runs for hours towards a bucket
 * that is not there. One that is found is not looked for again within a minute.
 */
final class OutputBuckets {
  private static final Logger LOG = LoggerFactory.getLogger(OutputBuckets.class);
  private static final Duration MEMORY = Duration.ofMinutes(1);
  private static final int MAX_REMEMBERED = 1_000;

  private final ReentrantLock lock = new ReentrantLock();
  private final ObjectStore store;
  private final FailureListener outage;
  private final Clock clock;

  @SuppressWarnings("serial") // It is never serialized.
  private final Map<BucketName, Instant> found =
      new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<BucketName, Instant> eldest) {
          return size() > MAX_REMEMBERED;
        }
      };

  OutputBuckets(ObjectStore store, FailureListener outage, Clock clock) {
    this.store = store;
    this.outage = outage;
    this.clock = clock;
  }

  /**
   * Whether a bucket is there or will be made. One that the store does not tell about counts as
   * there: completion will tell.
   *
   * @param patience for how long the store is asked that fails for this bucket alone
   * @throws ObjectStoreException when the store failed, and is to be asked again
   */
  boolean has(BucketName bucket, Patience patience) {
    if (isRemembered(bucket)) {
      return true;
    }
    try {
      if (!store.hasBucket(bucket)) {
        return false;
      }
    } catch (ObjectStoreException e) {
      if (e.isRetryable() && !patience.endsWithFailure(outage.onFailure(e))) {
        throw e;
      }
      LOG.warn("Whether there is a bucket {} is not known: {}", bucket, e.getMessage());
    }
    remember(bucket);
    return true;
  }

  private boolean isRemembered(BucketName bucket) {
    lock.lock();
    try {
      Instant at = found.get(bucket);
      return at != null && clock.instant().isBefore(at.plus(MEMORY));
    } finally {
      lock.unlock();
    }
  }

  private void remember(BucketName bucket) {
    lock.lock();
    try {
      // The one that was found last is to be forgotten last.
      found.remove(bucket);
      found.put(bucket, clock.instant());
    } finally {
      lock.unlock();
    }
  }
}
