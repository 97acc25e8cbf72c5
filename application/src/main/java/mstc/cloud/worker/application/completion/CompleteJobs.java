package mstc.cloud.worker.application.completion;

import java.time.Clock;
import java.time.Duration;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import mstc.cloud.worker.application.metrics.JobMetrics;
import mstc.cloud.worker.application.reply.EarlierLog;
import mstc.cloud.worker.application.reply.LogRecord;
import mstc.cloud.worker.application.reply.SendReply;
import mstc.cloud.worker.application.retry.Backoff;
import mstc.cloud.worker.application.retry.FailureListener;
import mstc.cloud.worker.application.retry.Patience;
import mstc.cloud.worker.application.retry.Reminders;
import mstc.cloud.worker.domain.PortException;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.reply.ReplyFormat;
import mstc.cloud.worker.domain.runtime.Answer;
import mstc.cloud.worker.domain.runtime.JobEnd;
import mstc.cloud.worker.domain.runtime.JobHandedOverException;
import mstc.cloud.worker.domain.runtime.JobRecord;
import mstc.cloud.worker.domain.runtime.JobRuntime;
import mstc.cloud.worker.domain.store.ObjectStore;
import mstc.cloud.worker.domain.store.ObjectStoreException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings every unanswered job to its answer: waits for its end, stores its log and reply, answers
 * its clients, records that. Each step may be repeated, so whatever fails or stops in between is
 * done again, by this worker or the next. This worker remembers the reply it gave and to whom, so
 * it repeats neither.
 *
 * <p>A job that is held for long was left so by who put it on record. It is released here, or,
 * where it has run before, answered from the log of then.
 */
public final class CompleteJobs implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(CompleteJobs.class);

  private final ExecutorService threads =
      Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("job-", 0).factory());
  private final ConcurrentMap<UniqueName, Completion> underWay = new ConcurrentHashMap<>();

  /** Those that may come back before anyone else has answered, and whose clients know already. */
  private final ConcurrentMap<UniqueName, Completion> handedOver = new ConcurrentHashMap<>();

  /** Guards {@link #idle}, {@link #closing} and {@link #abandoning}. */
  private final ReentrantLock lock = new ReentrantLock();

  /** The threads that wait and may be interrupted without losing work. */
  private final Set<Thread> idle = new HashSet<>();

  private boolean closing;
  private boolean abandoning;

  private final JobRuntime runtime;
  private final StoreLog storeLog;
  private final EarlierLog earlierLog;
  private final SendReply sendReply;
  private final FailureListener outage;
  private final Duration routingPatience;
  private final Duration refusalPatience;
  private final Duration lookPatience;
  private final Duration holdPatience;
  private final Backoff backoff;
  private final Clock clock;
  private final JobMetrics metrics;

  /**
   * @param outage told when the runtime or the store fail
   * @param routingPatience for how long a reply is tried whose queue does not take it
   * @param refusalPatience for how long a log is tried that the store does not take, though it is
   *     there
   * @param lookPatience for how long the store is asked for an earlier log that fails for it alone
   * @param holdPatience how long a job may be held before it is taken for left
   * @param metrics told of every job that is answered
   */
  public CompleteJobs(
      JobRuntime runtime,
      ObjectStore store,
      ReplyFormat format,
      SendReply sendReply,
      FailureListener outage,
      Duration routingPatience,
      Duration refusalPatience,
      Duration lookPatience,
      Duration holdPatience,
      Backoff backoff,
      Clock clock,
      JobMetrics metrics) {
    this.runtime = runtime;
    this.storeLog = new StoreLog(store, format);
    this.earlierLog = new EarlierLog(store, format, outage);
    this.sendReply = sendReply;
    this.outage = outage;
    this.routingPatience = routingPatience;
    this.refusalPatience = refusalPatience;
    this.lookPatience = lookPatience;
    this.holdPatience = holdPatience;
    this.backoff = backoff;
    this.clock = clock;
    this.metrics = metrics;
  }

  /**
   * Begins to bring a job to its answer, on a thread of its own; one that is being brought there is
   * looked at once more. Returns at once, and does nothing once closed.
   */
  public void begin(JobRecord record) {
    try {
      underWay.compute(
          record.job().name(),
          (name, earlier) -> {
            if (earlier != null && earlier.isOf(record)) {
              earlier.givenBack = true;
              earlier.learn(record);
              return earlier;
            }
            Completion before = handedOver.remove(name);
            Completion completion =
                before != null && before.isOf(record) ? before : new Completion(record.job());
            completion.learn(record);
            threads.execute(completion);
            return completion;
          });
    } catch (RejectedExecutionException e) {
      LOG.debug("Job {}: left to the next start", record.job().name());
    }
  }

  /** Someone cancelled a job that has ended: it is answered as far as it can be now. */
  public void onGivenUp(UniqueName name) {
    var _ =
        underWay.computeIfPresent(
            name,
            (key, completion) -> {
              completion.giveUp();
              return completion;
            });
  }

  /** A job was answered, here or elsewhere. */
  public void onAnswered(UniqueName name) {
    handedOver.remove(name);
  }

  /** One job on its way to its answer. */
  private final class Completion implements Runnable {
    private final Job job;
    private final Clients clients;
    private volatile Optional<Reply> reply = Optional.empty();

    /** How the store did not take the log, though it was there, when that was tried last. */
    private Optional<ObjectStoreException> refusal = Optional.empty();

    private final Patience patienceToStore = new Patience(refusalPatience);
    private final Patience patienceToLook = new Patience(lookPatience);
    private final Reminders reminders = new Reminders();
    private final Semaphore woken = new Semaphore(0);
    private volatile boolean givenUp;
    private boolean endTold;
    private final long begunNanos = System.nanoTime();

    /** Written and read only within {@link ConcurrentMap#compute} on {@link #underWay}. */
    private boolean givenBack;

    Completion(Job job) {
      this.job = job;
      this.clients = new Clients(sendReply, this::requireOurs, routingPatience, backoff);
    }

    /**
     * Whether that is the same job, not a later one of its name: that may be another request, or,
     * where this one has ended, one that is held once more.
     */
    boolean isOf(JobRecord record) {
      return job.equals(record.job()) && !(record.held() && reply.isPresent());
    }

    void learn(JobRecord record) {
      if (record.givenUp()) {
        giveUp();
      }
    }

    void giveUp() {
      givenUp = true;
      woken.release();
    }

    /** A reply is this worker's to give for as long as it is the one to follow the job. */
    private void requireOurs() throws InterruptedException, JobHandedOverException {
      if (reply.isPresent()) {
        runtime.awaitEnd(job.name());
      } else {
        // It is held, and answered from the log of an earlier run.
        runtime.awaitRelease(job.name(), Duration.ZERO);
      }
    }

    @Override
    public void run() {
      boolean over = false;
      try {
        do {
          completeWhateverHappens();
          over = isOver();
        } while (!over);
      } catch (InterruptedException e) {
        // The worker stops; whoever starts next completes the job.
        LOG.debug("Job {}: left to the next start", job.name());
      } finally {
        if (!over) {
          underWay.remove(job.name(), this);
        }
      }
    }

    private boolean isOver() {
      return underWay.computeIfPresent(
              job.name(),
              (name, completion) -> {
                boolean again = givenBack;
                givenBack = false;
                return completion != this || again ? completion : null;
              })
          != this;
    }

    private void completeWhateverHappens() throws InterruptedException {
      for (int attempt = 1; ; attempt++) {
        try {
          complete();
          return;
        } catch (JobHandedOverException e) {
          LOG.info("Job {}: {}", job.name(), e.getMessage());
          if (reply.isPresent()) {
            handedOver.put(job.name(), this);
          }
          return;
        } catch (PortException e) {
          if (Thread.interrupted()) {
            throw new InterruptedException(e.getMessage());
          }
          if (e.isRetryable()) {
            var _ = outage.onFailure(e);
          }
          if (reminders.isDue()) {
            LOG.warn("Job {}: not completed, trying again: {}", job.name(), e.getMessage());
          }
        } catch (RuntimeException e) {
          if (reminders.isDue()) {
            LOG.error("Job {}: not completed, trying again", job.name(), e);
          }
        }
        pauseAfter(attempt);
      }
    }

    private void complete() throws InterruptedException, JobHandedOverException {
      while (reply.isEmpty() && !awaitRelease()) {
        if (takeUp()) {
          return;
        }
      }
      JobEnd end = awaitEnd();
      if (reply.isEmpty()) {
        tellEnd(end);
        reply = Optional.of(store(end));
      }
      var _ = answer(reply.get(), false);
    }

    /** Once, however often the log is tried. */
    private void tellEnd(JobEnd end) {
      if (!endTold) {
        endTold = true;
        LOG.info(
            "Job {} duration: {} ms, {}",
            job.name(),
            end.startedAt()
                .map(start -> Duration.between(start, end.finishedAt()).toMillis())
                .orElse(0L),
            end.outcome().phrase());
      }
    }

    private boolean awaitRelease() throws InterruptedException, JobHandedOverException {
      Duration left = holdPatience.minusNanos(System.nanoTime() - begunNanos);
      if (left.isNegative()) {
        return runtime.awaitRelease(job.name(), Duration.ZERO);
      }
      enterIdle();
      try {
        return runtime.awaitRelease(job.name(), left);
      } finally {
        leaveIdle();
      }
    }

    /**
     * Releases a job that was left held. Nothing else can run under its name meanwhile, so it has
     * not run before where there is no log now.
     *
     * @return whether it has, and is answered
     */
    private boolean takeUp() throws InterruptedException, JobHandedOverException {
      Optional<JobRecord> record = runtime.find(job.name().uuid()).filter(JobRecord::held);
      if (record.isEmpty()) {
        return false;
      }
      Optional<LogRecord> log = earlierLog.find(job, patienceToLook);
      if (log.isPresent()) {
        LOG.info("Job {} was left held, and has run before", job.name());
        return answer(log.get().replyTo(job.digest()), true);
      }
      if (runtime.release(record.get())) {
        metrics.onCreated();
        LOG.info("Job {} was left held, and is released", job.name());
      }
      return false;
    }

    private JobEnd awaitEnd() throws InterruptedException, JobHandedOverException {
      if (reply.isPresent()) {
        return runtime.awaitEnd(job.name());
      }
      enterIdle();
      try {
        return runtime.awaitEnd(job.name());
      } finally {
        leaveIdle();
      }
    }

    /**
     * Stores the log for as long as the store is away. One that does not take this log though it is
     * there, for longer than the refusal patience or than anyone wants to wait, gives a reply
     * without a log.
     */
    private Reply store(JobEnd end) throws InterruptedException {
      try {
        return refusal.isPresent() && !givenUp
            ? storeLog.storeAgain(job, end, refusal.get())
            : storeLog.store(job, end);
      } catch (ObjectStoreException e) {
        if (Thread.currentThread().isInterrupted()) {
          throw e;
        }
        boolean away = outage.onFailure(e);
        refusal = away ? Optional.empty() : Optional.of(e);
        if (patienceToStore.endsWithFailure(away)) {
          return storeLog.withoutLog(job, end, e.getMessage());
        }
        if (givenUp) {
          return storeLog.withoutLog(job, end, "the job was given up: " + e.getMessage());
        }
        throw e;
      }
    }

    /**
     * Answers everyone on record, also those who joined meanwhile.
     *
     * @param held whether the job is; one that no longer is has another answer
     * @return false where that is no longer so
     */
    private boolean answer(Reply answered, boolean held)
        throws InterruptedException, JobHandedOverException {
      int attempt = 0;
      while (true) {
        Optional<JobRecord> record =
            runtime.find(job.name().uuid()).filter(found -> found.answer().isEmpty());
        if (record.isEmpty()) {
          return true;
        }
        if (record.get().held() != held) {
          return false;
        }
        boolean settled = clients.send(record.get().replyAddresses(), answered);
        Answer.Delivery delivery = settled ? clients.delivery() : Answer.Delivery.UNROUTABLE;
        if (!settled && !givenUp) {
          pause(++attempt);
        } else if (runtime.recordAnswer(
            record.get(), new Answer(answered, delivery, clock.instant()))) {
          metrics.onAnswered(answered);
          LOG.debug("Job {} answered: {}", job.name(), delivery);
          return true;
        }
      }
    }

    /** Ends at once when the worker stops, but where an answer is in progress. */
    private void pauseAfter(int attempt) throws InterruptedException {
      if (reply.isPresent()) {
        pause(attempt);
        return;
      }
      enterIdle();
      try {
        pause(attempt);
      } finally {
        leaveIdle();
      }
    }

    /** Ends at once when the job is given up. */
    private void pause(int attempt) throws InterruptedException {
      if (woken.tryAcquire(backoff.delayAfter(attempt).toNanos(), TimeUnit.NANOSECONDS)) {
        woken.drainPermits();
      }
    }
  }

  private void enterIdle() throws InterruptedException {
    lock.lock();
    try {
      if (closing) {
        throw new InterruptedException("the worker stops");
      }
      idle.add(Thread.currentThread());
    } finally {
      lock.unlock();
    }
  }

  private void leaveIdle() {
    lock.lock();
    try {
      idle.remove(Thread.currentThread());
      if (!abandoning) {
        // An interrupt that came too late to end the wait must not end what comes after it.
        Thread.interrupted();
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * Leaves running jobs to the runtime, gives answers in progress that long to be finished, and
   * abandons the rest to the next start. May be repeated.
   */
  public void close(Duration grace) {
    lock.lock();
    try {
      closing = true;
      idle.forEach(Thread::interrupt);
    } finally {
      lock.unlock();
    }
    threads.shutdown();
    try {
      if (!threads.awaitTermination(grace.toNanos(), TimeUnit.NANOSECONDS)) {
        LOG.warn("Answers in progress are left to the next start");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    lock.lock();
    try {
      abandoning = true;
    } finally {
      lock.unlock();
    }
    threads.shutdownNow();
  }

  @Override
  public void close() {
    close(Duration.ZERO);
  }
}
