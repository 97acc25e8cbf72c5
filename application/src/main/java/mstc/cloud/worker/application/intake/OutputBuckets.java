package mstc.cloud.worker.application.intake;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import mstc.cloud.worker.application.admission.Outage;
import mstc.cloud.worker.application.retry.Patience;
import mstc.cloud.worker.domain.store.BucketName;
import mstc.cloud.worker.domain.store.LogStore;
import mstc.cloud.worker.domain.store.ObjectStoreException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks for the buckets that jobs' results go to, so that no job runs for hours and then has no
 * bucket for its results. A bucket that was found is not looked for again within a minute. Before
 * the first job, too, it says what is wrong with the store.
 */
final class OutputBuckets {
  private static final Logger LOG = LoggerFactory.getLogger(OutputBuckets.class);
  private static final Duration MEMORY = Duration.ofMinutes(1);
  private static final int MAX_REMEMBERED = 1_000;

  private final ReentrantLock lock = new ReentrantLock();
  private final LogStore store;
  private final Outage outage;
  private final Clock clock;
  private final AtomicBoolean warned = new AtomicBoolean();

  @SuppressWarnings("serial") // It is never serialized.
  private final Map<BucketName, Instant> found =
      new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<BucketName, Instant> eldest) {
          return size() > MAX_REMEMBERED;
        }
      };

  OutputBuckets(LogStore store, Outage outage, Clock clock) {
    this.store = store;
    this.outage = outage;
    this.clock = clock;
  }

  /**
   * Whether a bucket exists or will be created. If the store cannot tell, it counts as existing:
   * completion will tell.
   *
   * @param patience how long the call is tried while the store fails for this bucket alone
   * @throws ObjectStoreException if the store failed, and the call has to be repeated
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
      if (outage.onFailure(e, patience) != Outage.Remedy.GIVE_UP) {
        throw e;
      }
      LOG.warn("bucket={} is taken to exist, as the store cannot tell: {}", bucket, e.getMessage());
    }
    store.shortcoming(bucket).filter(_ -> warned.compareAndSet(false, true)).ifPresent(LOG::warn);
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
      // Put last, so that the bucket found last is forgotten last.
      found.remove(bucket);
      found.put(bucket, clock.instant());
    } finally {
      lock.unlock();
    }
  }
}
