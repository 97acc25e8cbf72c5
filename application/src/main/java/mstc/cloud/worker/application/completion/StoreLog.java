package mstc.cloud.worker.application.completion;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import mstc.cloud.worker.application.reply.LogRecord;
import mstc.cloud.worker.application.retry.Backoff;
import mstc.cloud.worker.application.retry.FailureListener;
import mstc.cloud.worker.domain.PrintableText;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.reply.ReplyFormat;
import mstc.cloud.worker.domain.reply.StoredLog;
import mstc.cloud.worker.domain.runtime.JobEnd;
import mstc.cloud.worker.domain.runtime.JobLog;
import mstc.cloud.worker.domain.store.ObjectLocation;
import mstc.cloud.worker.domain.store.ObjectStore;
import mstc.cloud.worker.domain.store.ObjectStoreException;
import mstc.cloud.worker.domain.store.PutResult;
import mstc.cloud.worker.domain.store.StoredObject;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stores a job's log together with the reply, once and for all: whoever stores it first decides the
 * reply, so that all answers of a request are equal.
 */
final class StoreLog {
  private static final Logger LOG = LoggerFactory.getLogger(StoreLog.class);

  /** Bounds the memory that uploads take together. */
  private static final int MAX_UPLOADS = 4;

  private final Semaphore uploads = new Semaphore(MAX_UPLOADS);
  private final ObjectStore store;
  private final ReplyFormat format;
  private final FailureListener outage;
  private final Duration refusalPatience;
  private final Backoff backoff;

  StoreLog(
      ObjectStore store,
      ReplyFormat format,
      FailureListener outage,
      Duration refusalPatience,
      Backoff backoff) {
    this.store = store;
    this.format = format;
    this.outage = outage;
    this.refusalPatience = refusalPatience;
    this.backoff = backoff;
  }

  /**
   * Stores the log and returns the reply that is stored with it. Tries for as long as the store is
   * away; a store that refuses for longer than the refusal patience gives a reply without a log.
   */
  Reply store(Job job, JobEnd end) throws InterruptedException {
    long refusedSince = 0;
    for (int attempt = 1; ; attempt++) {
      uploads.acquire();
      try {
        return attempt(job, end);
      } catch (ObjectStoreException e) {
        if (Thread.interrupted()) {
          throw new InterruptedException(e.getMessage());
        }
        LOG.warn("Job {}: log not stored, trying again: {}", job.name(), e.getMessage());
        if (e.isRetryable()) {
          refusedSince = 0;
          outage.onFailure(e);
        } else {
          long now = System.nanoTime();
          refusedSince = refusedSince == 0 ? now : refusedSince;
          if (now - refusedSince >= refusalPatience.toNanos()) {
            return replyWithoutLog(job, end, e.getMessage());
          }
        }
      } finally {
        uploads.release();
      }
      backoff.pauseAfter(attempt);
    }
  }

  private Reply attempt(Job job, JobEnd end) {
    Optional<LogRecord> earlier = LogRecord.find(store, format, job);
    if (earlier.isPresent()) {
      return earlier.get().reply();
    }
    JobLog log = end.log();
    StoredLog stored = new StoredLog(job.logLocation(), sizeOf(log), log.complete());
    LogRecord record = LogRecord.of(job.digest(), reply(job, end, Optional.of(stored)), format);
    PutResult result = store.putIfAbsent(job.logLocation(), log.file(), record.attributes(format));
    return switch (result) {
      case STORED -> {
        requireSize(stored);
        yield record.reply();
      }
      case ALREADY_EXISTS ->
          LogRecord.find(store, format, job)
              .map(LogRecord::reply)
              .orElseGet(() ->
                  replyWithoutLog(job, end, "an object that is no log is at " + job.logLocation()));
    };
  }

  private void requireSize(StoredLog log) {
    ObjectLocation location = log.location();
    long bytes = store.stat(location).map(StoredObject::bytes).orElse(-1L);
    if (bytes != log.bytes()) {
      throw ObjectStoreException.retryable(
          "%s has %d bytes in the store, %d were sent".formatted(location, bytes, log.bytes()),
          null);
    }
  }

  private Reply replyWithoutLog(Job job, JobEnd end, String reason) {
    LOG.error("Job {}: answered without a log: {}", job.name(), reason);
    Reply reply =
        reply(job, end, Optional.empty())
            .withWarning(
                PrintableText.oneLine(
                    "the log was not stored: " + reason, JobOutcome.MAX_REASON_LENGTH));
    return LogRecord.of(job.digest(), reply, format).reply();
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
