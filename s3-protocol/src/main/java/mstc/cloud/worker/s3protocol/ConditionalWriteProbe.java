package mstc.cloud.worker.s3protocol;

import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import mstc.cloud.worker.domain.store.BucketName;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds out whether a server honours {@code If-None-Match: *}, by writing one small object again
 * and again. A server that does not know the header ignores it, and replaces the object without a
 * word.
 */
final class ConditionalWriteProbe {
  private static final Logger LOG = LoggerFactory.getLogger(ConditionalWriteProbe.class);

  /**
   * After how many writes, all of them accepted, a server is taken to ignore the header. Two would
   * do, but for the other workers, each of which may have removed the object once in between.
   */
  private static final int MAX_WRITES = 5;

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
    try (ProbeObject object = new ProbeObject(requests, bucket, 0)) {
      for (int i = 0; i < MAX_WRITES; i++) {
        if (!object.writeIfAbsent()) {
          return Finding.HONOURED;
        }
      }
      return Finding.IGNORED;
    }
  }
}
