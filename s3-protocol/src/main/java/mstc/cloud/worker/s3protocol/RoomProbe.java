package mstc.cloud.worker.s3protocol;

import java.io.IOException;
import java.util.Optional;
import mstc.cloud.worker.domain.store.BucketName;

/**
 * Notices that a store is full, which does not keep it from listing its buckets, and finds out
 * whether there is room again.
 */
final class RoomProbe {
  private static final int INSUFFICIENT_STORAGE = 507;

  /** As much as a short log: a store may keep less than that where it keeps its directory. */
  private static final int BYTES = 16 * 1024;

  private final S3Requests requests;

  /** Where there was no room for the last write that the store had none for. */
  private volatile Optional<BucketName> full = Optional.empty();

  RoomProbe(S3Requests requests) {
    this.requests = requests;
  }

  /** Makes a write, and notes whether the store says that it is full. */
  <T> T watch(BucketName bucket, StoreCall<T> write) throws IOException {
    try {
      return write.run();
    } catch (RefusedException e) {
      if (e.status() == INSUFFICIENT_STORAGE) {
        full = Optional.of(bucket);
      }
      throw e;
    }
  }

  /**
   * Makes no request unless the store was full when it was last known.
   *
   * @throws RefusedException if it still is
   */
  void check() throws IOException {
    Optional<BucketName> bucket = full;
    if (bucket.isEmpty()) {
      return;
    }
    try (ProbeObject probe = new ProbeObject(requests, bucket.get(), BYTES)) {
      probe.write();
    } catch (RefusedException e) {
      if (e.status() == INSUFFICIENT_STORAGE) {
        throw e;
      }
      // The bucket is gone, or may no longer be written to: the next write will tell.
    }
    full = Optional.empty();
  }
}
