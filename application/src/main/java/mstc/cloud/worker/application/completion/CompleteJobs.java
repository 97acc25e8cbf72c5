package mstc.cloud.worker.application.completion;

import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import mstc.cloud.worker.application.reply.SendReply;
import mstc.cloud.worker.application.retry.Backoff;
import mstc.cloud.worker.application.retry.FailureListener;
import mstc.cloud.worker.domain.PortException;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.queue.ReplyReceipt;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.reply.ReplyAddress;
import mstc.cloud.worker.domain.reply.ReplyFormat;
import mstc.cloud.worker.domain.runtime.Answer;
import mstc.cloud.worker.domain.runtime.JobEnd;
import mstc.cloud.worker.domain.runtime.JobHandedOverException;
import mstc.cloud.worker.domain.runtime.JobRecord;
import mstc.cloud.worker.domain.runtime.JobRuntime;
import mstc.cloud.worker.domain.store.ObjectStore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings every unanswered job to its answer: waits for its end, stores its log and reply, answers
 * its clients, records that. Each step may be repeated, so whatever fails or stops in between is
 * done again, by this worker or the next.
 */
public final class CompleteJobs implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(CompleteJobs.class);

  private final ExecutorService threads =
      Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("job-", 0).factory());

  /** Those that wait for a job's end, and may be interrupted without losing work. */
  private final Set<Thread> waiting = ConcurrentHashMap.newKeySet();

  private final JobRuntime runtime;
  private final StoreLog storeLog;
  private final SendReply sendReply;
  private final FailureListener outage;
  private final Backoff backoff;
  private final Clock clock;
  private volatile boolean closing;

  /**
   * @param outage told when the runtime or the store fail
   * @param refusalPatience how long a log is tried that the store refuses for good
   */
  public CompleteJobs(
      JobRuntime runtime,
      ObjectStore store,
      ReplyFormat format,
      SendReply sendReply,
      FailureListener outage,
      Duration refusalPatience,
      Backoff backoff,
      Clock clock) {
    this.runtime = runtime;
    this.storeLog = new StoreLog(store, format, outage, refusalPatience, backoff);
    this.sendReply = sendReply;
    this.outage = outage;
    this.backoff = backoff;
    this.clock = clock;
  }

  /** Begins to bring a job to its answer, on a thread of its own. Returns at once. */
  public void begin(JobRecord record) {
    if (!closing) {
      threads.execute(() -> completeWhateverHappens(record.job()));
    }
  }

  private void completeWhateverHappens(Job job) {
    try {
      for (int attempt = 1; ; attempt++) {
        try {
          complete(job);
          return;
        } catch (PortException e) {
          LOG.warn("Job {}: not completed, trying again: {}", job.name(), e.getMessage());
          outage.onFailure(e);
        } catch (RuntimeException e) {
          LOG.error("Job {}: not completed, trying again", job.name(), e);
        }
        backoff.pauseAfter(attempt);
      }
    } catch (InterruptedException e) {
      // The worker stops; whoever starts next completes the job.
      LOG.debug("Job {}: left to the next start", job.name());
    } catch (JobHandedOverException e) {
      LOG.info("Job {}: {}", job.name(), e.getMessage());
    }
  }

  private void complete(Job job) throws InterruptedException, JobHandedOverException {
    JobEnd end = awaitEnd(job.name());
    LOG.info(
        "Job {} duration: {} ms, {}",
        job.name(),
        end.startedAt()
            .map(start -> Duration.between(start, end.finishedAt()).toMillis())
            .orElse(0L),
        end.outcome().phrase());
    Reply reply = storeLog.store(job, end);
    answer(job.name(), reply);
  }

  private JobEnd awaitEnd(UniqueName name) throws InterruptedException, JobHandedOverException {
    waiting.add(Thread.currentThread());
    try {
      if (closing) {
        throw new InterruptedException("the worker stops");
      }
      return runtime.awaitEnd(name);
    } finally {
      waiting.remove(Thread.currentThread());
    }
  }

  /** Answers everyone on record, also those who joined meanwhile. */
  private void answer(UniqueName name, Reply reply) throws InterruptedException {
    Map<ReplyAddress, ReplyReceipt> receipts = new HashMap<>();
    while (true) {
      Optional<JobRecord> record = runtime.find(name.uuid()).filter(r -> r.answer().isEmpty());
      if (record.isEmpty()) {
        return;
      }
      for (ReplyAddress address : record.get().replyAddresses()) {
        if (!receipts.containsKey(address)) {
          receipts.put(address, sendReply.send(address, reply));
        }
      }
      Answer answer =
          new Answer(reply, delivery(new HashSet<>(receipts.values())), clock.instant());
      if (runtime.recordAnswer(record.get(), answer)) {
        LOG.debug("Job {} answered: {}", name, answer.delivery());
        return;
      }
    }
  }

  private static Answer.Delivery delivery(Set<ReplyReceipt> receipts) {
    if (receipts.contains(ReplyReceipt.UNROUTABLE)) {
      return Answer.Delivery.UNROUTABLE;
    }
    return receipts.isEmpty() ? Answer.Delivery.NONE : Answer.Delivery.SENT;
  }

  /**
   * Leaves running jobs to the runtime, gives answers in progress that long to be finished, and
   * abandons the rest to the next start.
   */
  public void close(Duration grace) {
    closing = true;
    waiting.forEach(Thread::interrupt);
    threads.shutdown();
    try {
      if (!threads.awaitTermination(grace.toMillis(), TimeUnit.MILLISECONDS)) {
        LOG.warn("Answers in progress are left to the next start");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    threads.shutdownNow();
  }

  @Override
  public void close() {
    close(Duration.ZERO);
  }
}
