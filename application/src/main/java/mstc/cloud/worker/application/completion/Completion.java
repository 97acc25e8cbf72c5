package mstc.cloud.worker.application.completion;

import static java.util.function.Predicate.not;

import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import mstc.cloud.worker.application.admission.Outage;
import mstc.cloud.worker.application.metrics.WorkerMetrics;
import mstc.cloud.worker.application.reply.EarlierReply;
import mstc.cloud.worker.application.reply.SendReply;
import mstc.cloud.worker.application.reply.StoredReply;
import mstc.cloud.worker.application.retry.Backoff;
import mstc.cloud.worker.application.retry.Patience;
import mstc.cloud.worker.application.retry.Reminders;
import mstc.cloud.worker.domain.PortException;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.runtime.Answer;
import mstc.cloud.worker.domain.runtime.JobEnd;
import mstc.cloud.worker.domain.runtime.JobHandedOverException;
import mstc.cloud.worker.domain.runtime.JobRecord;
import mstc.cloud.worker.domain.runtime.JobRuntime;
import mstc.cloud.worker.domain.store.ObjectStoreException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The completion of one job. Each step may be repeated; it remembers what was replied and to whom,
 * so that it does not send a reply again.
 */
final class Completion implements Runnable {
  private static final Logger LOG = LoggerFactory.getLogger(Completion.class);

  /** What all completions share. */
  record Collaborators(
      JobRuntime runtime,
      StoreLog storeLog,
      EarlierReply earlierReply,
      SendReply sendReply,
      Outage outage,
      CompletionPatience patience,
      Backoff backoff,
      Clock clock,
      WorkerMetrics metrics,
      IdleThreads idle) {}

  /** Where completions under way are registered. */
  interface Register {
    /**
     * Strikes a completion off; false if it was begun again meanwhile, and has to look once more.
     */
    boolean finish(Completion completion);

    /** The job is now another replica's, though its clients may already have the reply. */
    void onHandedOver(Completion completion);

    /** The completion ended before it was done. */
    void onLeft(Completion completion);
  }

  private final Job job;
  private final Collaborators collaborators;
  private final Register register;
  private final JobRuntime runtime;
  private final Recipients recipients;
  private volatile Optional<Reply> reply = Optional.empty();

  /** Why the store, though available, did not take the log at the last attempt. */
  private Optional<ObjectStoreException> refusal = Optional.empty();

  private final Patience patienceToStore;
  private final Patience patienceToLook;
  private final Reminders reminders = new Reminders();
  private final Semaphore woken = new Semaphore(0);
  private volatile boolean givenUp;
  private final long begunNanos = System.nanoTime();

  Completion(Job job, Collaborators collaborators, Register register) {
    this.job = job;
    this.collaborators = collaborators;
    this.register = register;
    this.runtime = collaborators.runtime();
    this.recipients =
        new Recipients(
            collaborators.sendReply(),
            this::requireOurs,
            collaborators.patience().reply(),
            collaborators.backoff());
    this.patienceToStore = Patience.evenIfRefused(collaborators.patience().log());
    this.patienceToLook = Patience.untilRefused(collaborators.patience().look());
  }

  UniqueName name() {
    return job.name();
  }

  /**
   * Whether that is the same job, not a later one of its name. A later one may be another request
   * or, if this one has ended, the same request held once more.
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

  /** A worker may reply only as long as it is the one that follows the job. */
  private void requireOurs() throws InterruptedException, JobHandedOverException {
    if (reply.isPresent()) {
      runtime.awaitEnd(job.name());
    } else {
      // The job is held, and answered from the log of an earlier run.
      runtime.awaitRelease(job.name(), Duration.ZERO);
    }
  }

  @Override
  public void run() {
    boolean over = false;
    try {
      do {
        completeWhateverHappens();
        over = register.finish(this);
      } while (!over);
    } catch (InterruptedException e) {
      // The worker stops; the next one to start completes the job.
      LOG.debug("job={} is left to the next start", job.name());
    } finally {
      if (!over) {
        register.onLeft(this);
      }
    }
  }

  private void completeWhateverHappens() throws InterruptedException {
    for (int attempt = 1; ; attempt++) {
      try {
        complete();
        return;
      } catch (JobHandedOverException _) {
        LOG.info("job={} is no longer this worker's to complete", job.name());
        if (reply.isPresent()) {
          register.onHandedOver(this);
        }
        return;
      } catch (PortException e) {
        if (Thread.interrupted()) {
          throw new InterruptedException(e.getMessage());
        }
        if (e.isRetryable()) {
          var _ = collaborators.outage().onFailure(e);
        }
        if (reminders.tryRemind()) {
          LOG.warn("job={} is not completed yet, trying again: {}", job.name(), e.getMessage());
        }
      } catch (RuntimeException e) {
        if (reminders.tryRemind()) {
          LOG.error("job={} is not completed yet, trying again", job.name(), e);
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
      reply = Optional.of(store(end));
    }
    var _ = answer(reply.get(), false);
  }

  private boolean awaitRelease() throws InterruptedException, JobHandedOverException {
    Duration left = collaborators.patience().hold().minusNanos(System.nanoTime() - begunNanos);
    if (left.isNegative()) {
      return runtime.awaitRelease(job.name(), Duration.ZERO);
    }
    collaborators.idle().enter();
    try {
      return runtime.awaitRelease(job.name(), left);
    } finally {
      collaborators.idle().leave();
    }
  }

  /**
   * Releases a job that was left held. Nothing else can run under its name meanwhile, so if there
   * is no log now, it has not run before.
   *
   * @return true if it has run before, and is answered
   */
  private boolean takeUp() throws InterruptedException, JobHandedOverException {
    Optional<JobRecord> record = runtime.find(job.name().uuid()).filter(JobRecord::held);
    if (record.isEmpty()) {
      return false;
    }
    Optional<StoredReply> log = collaborators.earlierReply().find(job, patienceToLook);
    if (log.isPresent()) {
      LOG.info("job={} was left held, and has run before", job.name());
      return answer(log.get().replyTo(job.digest()), true);
    }
    if (runtime.release(record.get())) {
      collaborators.metrics().onCreated(Duration.ofNanos(System.nanoTime() - begunNanos));
      LOG.info("job={} was left held, and is released", job.name());
    }
    return false;
  }

  private JobEnd awaitEnd() throws InterruptedException, JobHandedOverException {
    if (reply.isPresent()) {
      return runtime.awaitEnd(job.name());
    }
    collaborators.idle().enter();
    try {
      return runtime.awaitEnd(job.name());
    } finally {
      collaborators.idle().leave();
    }
  }

  /**
   * Stores the log. While the store is unavailable, this is retried without limit. If the store is
   * available but does not take this log, the reply is without a log once the log patience is over
   * or the job is given up.
   */
  private Reply store(JobEnd end) throws InterruptedException {
    try {
      return refusal.isPresent() && !givenUp
          ? collaborators.storeLog().storeAgain(job, end, refusal.get())
          : collaborators.storeLog().store(job, end);
    } catch (ObjectStoreException e) {
      if (Thread.currentThread().isInterrupted()) {
        throw e;
      }
      switch (collaborators.outage().onFailure(e, patienceToStore)) {
        case AWAIT_SYSTEM -> refusal = Optional.empty();
        case REPEAT -> refusal = Optional.of(e);
        case GIVE_UP -> {
          return collaborators.storeLog().withoutLog(job, end, e.getMessage());
        }
      }
      if (givenUp) {
        return collaborators
            .storeLog()
            .withoutLog(job, end, "the job was given up: " + e.getMessage());
      }
      collaborators.metrics().onStoreRetry();
      throw e;
    }
  }

  /**
   * Answers everyone on record, including those who joined meanwhile.
   *
   * @param held whether the job is held; once it is not, this answer no longer applies
   * @return false if that has changed
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
      boolean settled = recipients.send(record.get().replyAddresses(), answered);
      if (!settled && !givenUp) {
        pause(++attempt);
      } else if (runtime.recordAnswer(
          record.get(),
          new Answer(answered, recipients.status(), collaborators.clock().instant()))) {
        noteAnswer(answered, record.get());
        return true;
      }
    }
  }

  /**
   * By the worker that records the answer, so once for each job. Unlike other lines, the one that
   * is logged begins with the words of the worker's first version, for which people search its log.
   */
  private void noteAnswer(Reply answered, JobRecord record) {
    WorkerMetrics metrics = collaborators.metrics();
    metrics.onAnswered(answered);
    if (!record.held()) {
      Optional<Duration> beforeStart =
          record
              .createdAt()
              .flatMap(
                  created -> answered.startedAt().map(start -> Duration.between(created, start)))
              // Another clock may be behind.
              .filter(not(Duration::isNegative));
      answered
          .finishedAt()
          .map(end -> Duration.between(end, collaborators.clock().instant()))
          .ifPresent(afterEnd -> metrics.onCompleted(answered, beforeStart, afterEnd));
    }
    LOG.info(
        "Job {} duration: {} ms, reply {}: {}",
        job.name(),
        answered.duration().map(Duration::toMillis).orElse(0L),
        recipients.status(),
        answered.result());
  }

  /** Ends at once when the worker stops, unless an answer is in progress. */
  private void pauseAfter(int attempt) throws InterruptedException {
    if (reply.isPresent()) {
      pause(attempt);
      return;
    }
    collaborators.idle().enter();
    try {
      pause(attempt);
    } finally {
      collaborators.idle().leave();
    }
  }

  /** Ends at once when the job is given up. */
  private void pause(int attempt) throws InterruptedException {
    if (woken.tryAcquire(
        collaborators.backoff().delayAfter(attempt).toNanos(), TimeUnit.NANOSECONDS)) {
      woken.drainPermits();
    }
  }
}
