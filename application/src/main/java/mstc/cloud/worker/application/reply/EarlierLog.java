package mstc.cloud.worker.application.reply;

import java.util.Optional;
import mstc.cloud.worker.application.retry.FailureListener;
import mstc.cloud.worker.application.retry.Patience;
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
  private final FailureListener outage;

  /**
   * Looks in that store, for replies of that form.
   *
   * @param outage told when the store fails
   */
  public EarlierLog(ObjectStore store, ReplyFormat format, FailureListener outage) {
    this.store = store;
    this.format = format;
    this.outage = outage;
  }

  /**
   * The log's record; empty where there is none. Blocks until the store has answered.
   *
   * @param patience for how long the store is asked that fails for this log alone
   * @throws ObjectStoreException retryably, when the store failed and is to be asked again
   */
  public Optional<LogRecord> find(Job job, Patience patience) {
    try {
      return LogRecord.find(store, format, job);
    } catch (ObjectStoreException e) {
      if (e.isRetryable() && !patience.endsWithFailure(outage.onFailure(e))) {
        throw e;
      }
      // Whoever may not read the log may still run the job; completion will tell about the log.
      LOG.warn("Job {}: cannot look for an earlier log: {}", job.name(), e.getMessage());
      return Optional.empty();
    }
  }
}
