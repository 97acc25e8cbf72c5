package mstc.cloud.worker.application.reply;

import java.util.Optional;
import mstc.cloud.worker.application.admission.Outage;
import mstc.cloud.worker.application.retry.Patience;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.reply.ReplyFormat;
import mstc.cloud.worker.domain.store.LogStore;
import mstc.cloud.worker.domain.store.ObjectStoreException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Looks for the log that an earlier run of a job has left. */
public final class EarlierReply {
  private static final Logger LOG = LoggerFactory.getLogger(EarlierReply.class);

  private final LogStore store;
  private final ReplyFormat format;
  private final Outage outage;

  /**
   * Looks in that store, for replies in that format.
   *
   * @param outage notified when the store fails
   */
  public EarlierReply(LogStore store, ReplyFormat format, Outage outage) {
    this.store = store;
    this.format = format;
    this.outage = outage;
  }

  /**
   * The reply stored with the log; empty if there is no log. Blocks until the store has responded.
   *
   * @param patience how long the call is tried while the store fails for this log alone
   * @throws ObjectStoreException retryably, if the store failed and the call has to be repeated
   */
  public Optional<StoredReply> find(Job job, Patience patience) {
    try {
      return StoredReply.find(store, format, job);
    } catch (ObjectStoreException e) {
      if (outage.onFailure(e, patience) != Outage.Remedy.GIVE_UP) {
        throw e;
      }
      // A worker that may not read the log may still run the job; completion will tell about the
      // log.
      LOG.warn("job={} cannot look for an earlier log: {}", job.name(), e.getMessage());
      return Optional.empty();
    }
  }
}
