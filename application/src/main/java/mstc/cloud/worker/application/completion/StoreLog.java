package mstc.cloud.worker.application.completion;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import mstc.cloud.worker.application.metrics.WorkerMetrics;
import mstc.cloud.worker.application.reply.StoredReply;
import mstc.cloud.worker.domain.PrintableText;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.reply.ReplyFormat;
import mstc.cloud.worker.domain.reply.StoredLog;
import mstc.cloud.worker.domain.runtime.JobEnd;
import mstc.cloud.worker.domain.runtime.JobLog;
import mstc.cloud.worker.domain.store.LogStore;
import mstc.cloud.worker.domain.store.ObjectLocation;
import mstc.cloud.worker.domain.store.ObjectStoreException;
import mstc.cloud.worker.domain.store.PutResult;
import mstc.cloud.worker.domain.store.StoredObject;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stores a job's log together with the reply, once and for all: whoever stores it first decides the
 * reply, so that all replies to a request are equal.
 */
final class StoreLog {
  private static final Logger LOG = LoggerFactory.getLogger(StoreLog.class);

  /** Limits the memory that all uploads take together. */
  private static final int MAX_UPLOADS = 4;

  /**
   * Limits the uploads of logs that the store did not take before, so that any number of them
   * leaves the others their uploads.
   */
  private static final int MAX_REPETITIONS = 2;

  private final Semaphore uploads = new Semaphore(MAX_UPLOADS);
  private final Semaphore repetitions = new Semaphore(MAX_REPETITIONS);
  private final LogStore store;
  private final ReplyFormat format;
  private final WorkerMetrics metrics;

  /**
   * @param metrics notified of every stored log
   */
  StoreLog(LogStore store, ReplyFormat format, WorkerMetrics metrics) {
    this.store = store;
    this.format = format;
    this.metrics = metrics;
  }

  /**
   * Stores the log and returns the reply that is stored with it. May be repeated.
   *
   * @throws ObjectStoreException if the store failed or refused
   */
  Reply store(Job job, JobEnd end) throws InterruptedException {
    uploads.acquire();
    try {
      return storeOnce(job, end);
    } finally {
      uploads.release();
    }
  }

  /**
   * Like {@link #store}, for a log that the store, though available, did not take before.
   *
   * @throws ObjectStoreException the one given, if too many others are being retried now
   */
  Reply storeAgain(Job job, JobEnd end, ObjectStoreException refusal) {
    if (!repetitions.tryAcquire()) {
      throw refusal;
    }
    try {
      return storeOnce(job, end);
    } finally {
      repetitions.release();
    }
  }

  private Reply storeOnce(Job job, JobEnd end) {
    Optional<Reply> earlier = earlierReply(job);
    if (earlier.isPresent()) {
      earlier.get().log().ifPresent(this::requireSize);
      return earlier.get();
    }
    JobLog log = end.log();
    StoredLog stored = new StoredLog(job.logLocation(), sizeOf(log), log.complete());
    StoredReply record = StoredReply.of(job.digest(), reply(job, end, Optional.of(stored)), format);
    PutResult result = store.putIfAbsent(job.logLocation(), log.file(), record.attributes(format));
    return switch (result) {
      case STORED -> {
        requireSize(stored);
        metrics.onLogStored(stored.bytes());
        yield record.reply();
      }
      case ALREADY_EXISTS ->
          earlierReply(job)
              .orElseGet(() -> withoutLog(job, end, "another object is at " + job.logLocation()));
    };
  }

  private Optional<Reply> earlierReply(Job job) {
    return StoredReply.find(store, format, job)
        .filter(record -> record.digest().equals(job.digest()))
        .map(StoredReply::reply);
  }

  private void requireSize(StoredLog log) {
    ObjectLocation location = log.location();
    long bytes = store.stat(location).map(StoredObject::bytes).orElse(-1L);
    if (bytes != log.bytes()) {
      // A log is never overwritten, so another attempt cannot help.
      throw ObjectStoreException.permanent(
          "%s has %d bytes in the store, %d were sent".formatted(location, bytes, log.bytes()),
          null);
    }
  }

  /** The reply of a job whose log cannot be stored. */
  Reply withoutLog(Job job, JobEnd end, String reason) {
    LOG.error("job={} is answered without a log: {}", job.name(), reason);
    Reply reply =
        reply(job, end, Optional.empty())
            .withWarning(
                PrintableText.oneLine(
                    "the log was not stored: " + reason, JobOutcome.MAX_REASON_LENGTH));
    return StoredReply.of(job.digest(), reply, format).reply();
  }

  private static Reply reply(Job job, JobEnd end, Optional<StoredLog> log) {
    return Reply.ended(job, end.outcome(), log, end.startedAt(), end.finishedAt(), end.warnings());
  }

  private static long sizeOf(JobLog log) {
    try {
      return Files.size(log.file());
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the collected log", e);
    }
  }
}
