package mstc.cloud.worker.s3protocol;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.locks.ReentrantLock;
import mstc.cloud.worker.domain.store.BucketName;
import mstc.cloud.worker.domain.store.ObjectAttributes;
import mstc.cloud.worker.domain.store.ObjectLocation;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds out whether a server honours {@code If-None-Match: *}, by writing one small object twice. A
 * server that does not know the header ignores it, and replaces the object without a word.
 */
final class ConditionalWriteProbe {
  private static final Logger LOG = LoggerFactory.getLogger(ConditionalWriteProbe.class);
  private static final ObjectAttributes TEXT = ObjectAttributes.ofType("text/plain");

  private enum Finding {
    UNKNOWN,
    HONOURED,
    IGNORED
  }

  private final S3Requests requests;
  private final StoreFailures failures;
  private final ReentrantLock probing = new ReentrantLock();
  private volatile Finding finding = Finding.UNKNOWN;

  ConditionalWriteProbe(S3Requests requests, StoreFailures failures) {
    this.requests = requests;
    this.failures = failures;
  }

  /** As {@link mstc.cloud.worker.domain.store.LogStore#shortcoming}. */
  Optional<String> shortcoming(BucketName bucket) {
    // Nobody waits for a probe that is under way.
    if (finding == Finding.UNKNOWN && probing.tryLock()) {
      try {
        finding = probe(bucket);
      } catch (IOException | RuntimeException e) {
        LOG.debug("Cannot tell yet whether conditional writes work bucket={}", bucket, e);
      } finally {
        probing.unlock();
      }
    }
    return finding == Finding.IGNORED
        ? Optional.of(
            shortcomingOf(failures.place()) + "; use a store, or a gateway, that honours it")
        : Optional.empty();
  }

  /** What a store that ignores the header does wrong, and what follows from it. */
  static String shortcomingOf(String place) {
    return ("The object store at %s ignores If-None-Match, so two workers that complete a job at the"
            + " same moment may both store its log, and the later one replaces the earlier")
        .formatted(place);
  }

  private Finding probe(BucketName bucket) throws IOException {
    var location = new ObjectLocation(bucket, ".mstc/probe-" + UUID.randomUUID());
    Path empty = Files.createTempFile("mstc-probe", null);
    try (FileContent content = FileContent.open(location, empty)) {
      requests.putObject(location, content, TEXT, true);
      try {
        return writeAgain(location, content);
      } finally {
        remove(location);
      }
    } finally {
      Files.delete(empty);
    }
  }

  private Finding writeAgain(ObjectLocation location, FileContent content) throws IOException {
    try {
      requests.putObject(location, content, TEXT, true);
      return Finding.IGNORED;
    } catch (RefusedException e) {
      return e.status() == 412 || e.status() == 409 ? Finding.HONOURED : Finding.UNKNOWN;
    }
  }

  private void remove(ObjectLocation location) {
    try {
      requests.deleteObject(location);
    } catch (RefusedException e) {
      LOG.debug("The probe stays until a rule of the bucket removes it object={}", location, e);
    }
  }
}
