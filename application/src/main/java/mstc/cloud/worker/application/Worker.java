package mstc.cloud.worker.application;

import java.time.Clock;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import mstc.cloud.worker.application.completion.CompleteJobs;
import mstc.cloud.worker.application.intake.AcceptWork;
import mstc.cloud.worker.application.intake.Admission;
import mstc.cloud.worker.application.intake.ExecuteWork;
import mstc.cloud.worker.application.intake.HandleDelivery;
import mstc.cloud.worker.application.intake.Outage;
import mstc.cloud.worker.application.metrics.IntakePause;
import mstc.cloud.worker.application.metrics.JobMetrics;
import mstc.cloud.worker.application.reply.SendReply;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.queue.Delivery;
import mstc.cloud.worker.domain.queue.Disposition;
import mstc.cloud.worker.domain.queue.Handling;
import mstc.cloud.worker.domain.queue.WorkQueue;
import mstc.cloud.worker.domain.reply.ReplyFormat;
import mstc.cloud.worker.domain.runtime.Answer;
import mstc.cloud.worker.domain.runtime.JobListener;
import mstc.cloud.worker.domain.runtime.JobRecord;
import mstc.cloud.worker.domain.runtime.JobRuntime;
import mstc.cloud.worker.domain.store.ObjectStore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The worker: takes requests from the queue, has the runtime run them, stores their logs and
 * answers them. Built of the three ports, whatever implements them; who made the ports closes them,
 * after {@link #stop}.
 */
public final class Worker {
  private static final Logger LOG = LoggerFactory.getLogger(Worker.class);

  private static final int MAX_HANDLERS = Integer.MAX_VALUE;

  private final WorkQueue queue;
  private final JobRuntime runtime;
  private final Admission admission;
  private final Outage outage;
  private final HandleDelivery handleDelivery;
  private final ExecuteWork executeWork;
  private final CompleteJobs completeJobs;
  private final CancelJob cancelJob;
  private final CheckReadiness checkReadiness;
  private final JobMetrics jobMetrics;
  private final Semaphore roomChanged = new Semaphore(0);

  /** One is held by every delivery being handled, all by whoever stops the worker. */
  private final Semaphore handlers = new Semaphore(MAX_HANDLERS);

  private final Thread admissionUpdates;
  private final Duration longestUnnoticed;
  private final AtomicBoolean stopped = new AtomicBoolean();

  /** Puts the use cases together; nothing happens before {@link #start}. */
  public Worker(
      WorkQueue queue,
      JobRuntime runtime,
      ObjectStore store,
      ReplyFormat format,
      WorkerSettings settings,
      Clock clock) {
    this.queue = queue;
    this.runtime = runtime;
    admission =
        new Admission(
            queue,
            runtime,
            settings.maxConcurrentJobs(),
            settings.maxUnansweredJobs(),
            settings.maxDeliveries());
    outage = new Outage(admission, runtime, store, settings.backoff());
    jobMetrics =
        new JobMetrics(
            runtime::counts,
            runtime::logSpool,
            this::pauses,
            settings.maxConcurrentJobs(),
            settings.maxUnansweredJobs(),
            clock);
    SendReply sendReply = new SendReply(queue);
    AcceptWork acceptWork =
        new AcceptWork(
            runtime,
            store,
            format,
            outage,
            settings.policy(),
            settings.lookPatience(),
            settings.redeliveryMemory(),
            clock,
            jobMetrics);
    handleDelivery =
        new HandleDelivery(
            acceptWork,
            admission,
            sendReply,
            outage,
            settings.intakePatience(),
            settings.routingPatience(),
            settings.backoff());
    executeWork = new ExecuteWork(acceptWork, admission, runtime, settings.backoff());
    completeJobs =
        new CompleteJobs(
            runtime,
            store,
            format,
            sendReply,
            outage,
            settings.routingPatience(),
            settings.refusalPatience(),
            settings.lookPatience(),
            settings.holdPatience(),
            settings.backoff(),
            clock,
            jobMetrics);
    cancelJob = new CancelJob(runtime);
    checkReadiness = new CheckReadiness(queue, runtime, store, admission::hasTooManyUnanswered);
    longestUnnoticed = settings.backoff().longest();
    admissionUpdates = Thread.ofVirtual().name("admission").unstarted(this::followRoom);
  }

  private Set<IntakePause> pauses() {
    Set<IntakePause> pauses = EnumSet.noneOf(IntakePause.class);
    outage.pause().ifPresent(pauses::add);
    if (admission.hasTooManyUnanswered()) {
      pauses.add(IntakePause.UNANSWERED);
    }
    return pauses;
  }

  /** Begins to work, and returns at once. Called once; does nothing after {@link #stop}. */
  public void start() {
    if (stopped.get()) {
      return;
    }
    admissionUpdates.start();
    runtime.start(new Listener());
    queue.open(this::handle);
    outage.start();
  }

  private Disposition handle(Delivery delivery, Handling handling) {
    if (!handlers.tryAcquire()) {
      return new Disposition.Requeue();
    }
    try {
      return handleDelivery.handle(delivery, handling);
    } finally {
      handlers.release();
    }
  }

  /** Whether the worker could run a request now. */
  public CheckReadiness checkReadiness() {
    return checkReadiness;
  }

  /** Ends jobs before their time. */
  public CancelJob cancelJob() {
    return cancelJob;
  }

  /** How many jobs there were and are. */
  public JobMetrics jobMetrics() {
    return jobMetrics;
  }

  /** Runs requests that do not come from the queue. */
  public ExecuteWork executeWork() {
    return executeWork;
  }

  /**
   * Stops: takes no more requests, leaves running jobs to the runtime, finishes requests and
   * answers in progress, and returns once they are done or the grace is over. What is left is done
   * at the next start. May be repeated.
   */
  public void stop(Duration grace) {
    if (!stopped.compareAndSet(false, true)) {
      return;
    }
    LOG.info("Stopping; running jobs are left to the runtime");
    long deadline = System.nanoTime() + grace.toNanos();
    admission.close();
    outage.stop();
    handleDelivery.stop();
    try {
      if (!handlers.tryAcquire(MAX_HANDLERS, grace.toNanos(), TimeUnit.NANOSECONDS)) {
        LOG.warn("Requests in progress go back to the queue");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    completeJobs.close(Duration.ofNanos(Math.max(0, deadline - System.nanoTime())));
    admissionUpdates.interrupt();
  }

  /**
   * The runtime's threads must not wait for the queue. Looks after a while without a change, too: a
   * queue that could not be told is told then.
   */
  private void followRoom() {
    try {
      while (true) {
        if (roomChanged.tryAcquire(longestUnnoticed.toNanos(), TimeUnit.NANOSECONDS)) {
          roomChanged.drainPermits();
        }
        admission.update();
      }
    } catch (InterruptedException e) {
      LOG.debug("The admission's room is followed no longer");
    }
  }

  private final class Listener implements JobListener {
    @Override
    public void onUnanswered(JobRecord job) {
      completeJobs.begin(job);
    }

    @Override
    public void onAnswered(UniqueName name, Answer answer) {
      completeJobs.onAnswered(name);
      executeWork.onAnswered(name, answer);
    }

    @Override
    public void onGivenUp(UniqueName name) {
      completeJobs.onGivenUp(name);
    }

    @Override
    public void onCountsChanged() {
      roomChanged.release();
    }
  }
}
