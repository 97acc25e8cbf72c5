package mstc.cloud.worker.s3protocol;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import mstc.cloud.worker.domain.store.ObjectLocation;
import mstc.cloud.worker.domain.store.ObjectStoreException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Ends multipart uploads that were begun and not completed, whoever began them. */
final class UnfinishedUploads {
  private static final Logger LOG = LoggerFactory.getLogger(UnfinishedUploads.class);

  private final S3Requests requests;
  private final StoreFailures failures;
  private final BooleanSupplier closed;
  private final AtomicBoolean warned = new AtomicBoolean();

  /**
   * @param closed whether the store is closed, so that calls fail for that reason
   */
  UnfinishedUploads(S3Requests requests, StoreFailures failures, BooleanSupplier closed) {
    this.requests = requests;
    this.failures = failures;
    this.closed = closed;
  }

  /** Ends all unfinished uploads of the object. */
  void end(ObjectLocation location) throws IOException {
    List<String> uploads =
        StoreCall.unlessMissing(() -> requests.listMultipartUploads(location)).orElse(List.of());
    for (String upload : uploads) {
      if (end(location, upload)) {
        LOG.info("Ended an unfinished upload object={} upload={}", location, upload);
      }
    }
  }

  /** Ends an upload; false if it was completed or ended meanwhile. */
  private boolean end(ObjectLocation location, String upload) throws IOException {
    return StoreCall.unlessMissing(
            () -> {
              requests.abortMultipartUpload(location, upload);
              return upload;
            })
        .isPresent();
  }

  /** Ends all unfinished uploads of the object, as far as the store allows this worker to. */
  void endIfAllowed(ObjectLocation location) throws IOException {
    try {
      end(location);
    } catch (IOException | RuntimeException e) {
      if (closed.getAsBoolean() || Thread.currentThread().isInterrupted()) {
        throw e;
      }
      // The file is stored anyway; if the store cannot be reached, storing it fails as well.
      ObjectStoreException failure = failures.translate("end unfinished uploads of " + location, e);
      if (!failure.isRetryable() && warned.compareAndSet(false, true)) {
        LOG.warn(
            "Parts of uploads that were cut off stay in the object store, unless a rule of the"
                + " bucket removes them, reason=\"{}\"",
            failure.getMessage());
      } else {
        LOG.debug("Unfinished uploads may stay object={}", location, failure);
      }
    }
  }
}
