package mstc.cloud.worker.application.reply;

import java.util.Optional;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.reply.ReplyFormat;
import mstc.cloud.worker.domain.store.ObjectStore;
import mstc.cloud.worker.domain.store.ObjectStoreException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Looks for the log that an earlier run of a job has left. */
public final class EarlierLog {
  private static final Logger LOG = LoggerFactory.getLogger(EarlierLog.class);

  private final ObjectStore store;
  private final ReplyFormat format;

  /** Looks in that store, for replies of that form. */
  public EarlierLog(ObjectStore store, ReplyFormat format) {
    this.store = store;
    this.format = format;
  }

  /**
   * The log's record; empty where there is none. Blocks until the store has answered.
   *
   * @throws ObjectStoreException retryably, when the store failed
   */
  public Optional<LogRecord> find(Job job) {
    try {
      return LogRecord.find(store, format, job);
    } catch (ObjectStoreException e) {
      if (e.isRetryable()) {
        throw e;
      }
      // Whoever may not read the log may still run the job; completion will tell about the log.
      LOG.warn("Job {}: cannot look for an earlier log: {}", job.name(), e.getMessage());
      return Optional.empty();
    }
  }
}
