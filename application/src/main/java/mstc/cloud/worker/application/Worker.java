package mstc.cloud.worker.application;

import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import mstc.cloud.worker.application.admission.Admission;
import mstc.cloud.worker.application.admission.Outage;
import mstc.cloud.worker.application.completion.CompleteJobs;
import mstc.cloud.worker.application.completion.CompletionPatience;
import mstc.cloud.worker.application.intake.AcceptWork;
import mstc.cloud.worker.application.intake.ExecuteWork;
import mstc.cloud.worker.application.intake.HandleCall;
import mstc.cloud.worker.application.intake.HandleDelivery;
import mstc.cloud.worker.application.intake.SubmitWork;
import mstc.cloud.worker.application.metrics.WorkerMetrics;
import mstc.cloud.worker.application.reply.SendReply;
import mstc.cloud.worker.application.view.JobBoard;
import mstc.cloud.worker.application.view.ListJobs;
import mstc.cloud.worker.application.view.ListOutputs;
import mstc.cloud.worker.application.view.ReadLog;
import mstc.cloud.worker.application.view.ViewPorts;
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
import mstc.cloud.worker.domain.store.LogStore;
import mstc.cloud.worker.domain.view.JobViews;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The worker: takes requests from the queue, has the runtime run them, stores their logs and
 * answers them. Built from the three ports, whatever implements them; the caller that made the
 * ports closes them, after {@link #stop}.
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
  private final SubmitWork submitWork;
  private final CancelJob cancelJob;
  private final CancelJobs cancelJobs;
  private final JobViews views;
  private final JobBoard board;
  private final ListJobs listJobs;
  private final ReadLog readLog;
  private final ListOutputs listOutputs;
  private final CheckReadiness checkReadiness;
  private final WorkerStatus status;
  private final Semaphore roomChanged = new Semaphore(0);

  /** Every delivery being handled holds one; stopping the worker takes them all. */
  private final Semaphore handlers = new Semaphore(MAX_HANDLERS);

  private final Thread admissionUpdates;
  private final Duration longestUnnoticed;
  private final AtomicBoolean stopped = new AtomicBoolean();

  /** A worker of which nothing is measured. Nothing happens before {@link #start}. */
  public Worker(
      WorkQueue queue,
      JobRuntime runtime,
      LogStore store,
      ReplyFormat format,
      WorkerSettings settings,
      Clock clock) {
    this(queue, runtime, store, format, settings, clock, WorkerMetrics.NONE, ViewPorts.NONE);
  }

  /**
   * Assembles the use cases; nothing happens before {@link #start}.
   *
   * @param metrics notified of what the worker does
   * @param viewPorts what it shows jobs with
   */
  public Worker(
      WorkQueue queue,
      JobRuntime runtime,
      LogStore store,
      ReplyFormat format,
      WorkerSettings settings,
      Clock clock,
      WorkerMetrics metrics,
      ViewPorts viewPorts) {
    this.queue = queue;
    this.runtime = runtime;
    admission =
        new Admission(
            queue,
            runtime,
            settings.maxConcurrentJobs(),
            settings.maxWaitingJobs(),
            settings.maxDeliveries());
    outage = new Outage(admission, runtime, store, settings.backoff());
    status = new WorkerStatus(runtime, admission, outage, settings, clock);
    SendReply sendReply = new SendReply(queue, metrics);
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
            metrics);
    handleDelivery =
        new HandleDelivery(
            acceptWork,
            admission,
            sendReply,
            outage,
            settings.intakePatience(),
            settings.replyPatience(),
            settings.backoff(),
            clock,
            metrics);
    views = viewPorts.views();
    board = new JobBoard(viewPorts.format(), viewPorts.recent(), clock);
    HandleCall handleCall = new HandleCall(acceptWork, admission, metrics);
    executeWork = new ExecuteWork(handleCall, acceptWork, runtime, settings.backoff(), metrics);
    submitWork =
        new SubmitWork(
            handleCall, Optional.of(board).filter(_ -> viewPorts.showJobs()), clock, metrics);
    completeJobs =
        new CompleteJobs(
            runtime,
            store,
            format,
            sendReply,
            outage,
            new CompletionPatience(
                settings.replyPatience(),
                settings.logPatience(),
                settings.lookPatience(),
                settings.holdPatience()),
            settings.backoff(),
            clock,
            metrics);
    cancelJob = new CancelJob(runtime);
    cancelJobs = new CancelJobs(cancelJob, board);
    listJobs = new ListJobs(board);
    readLog = new ReadLog(board, views, viewPorts.store(), settings.backoff());
    listOutputs = new ListOutputs(board, viewPorts.store());
    checkReadiness = new CheckReadiness(queue, runtime, store, admission::hasTooManyWaiting);
    longestUnnoticed = settings.backoff().longest();
    admissionUpdates = Thread.ofVirtual().name("admission").unstarted(this::followRoom);
  }

  /** Starts working, and returns at once. Called once; does nothing after {@link #stop}. */
  public void start() {
    if (stopped.get()) {
      return;
    }
    admissionUpdates.start();
    views.watch(board);
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

  public CheckReadiness checkReadiness() {
    return checkReadiness;
  }

  public CancelJob cancelJob() {
    return cancelJob;
  }

  public CancelJobs cancelJobs() {
    return cancelJobs;
  }

  public ListJobs listJobs() {
    return listJobs;
  }

  public ReadLog readLog() {
    return readLog;
  }

  public ListOutputs listOutputs() {
    return listOutputs;
  }

  public WorkerStatus status() {
    return status;
  }

  /** Runs requests that do not come from the queue. */
  public ExecuteWork executeWork() {
    return executeWork;
  }

  /** Runs such requests for callers that do not wait. */
  public SubmitWork submitWork() {
    return submitWork;
  }

  /**
   * Stops: takes no more requests, leaves running jobs to the runtime, finishes requests and
   * answers in progress, and returns once they are done or the grace is over. The next start does
   * what is left. May be repeated.
   */
  public void stop(Duration grace) {
    if (!stopped.compareAndSet(false, true)) {
      return;
    }
    LOG.info("Stopping; running jobs are left to the runtime");
    long deadlineNanos = System.nanoTime() + grace.toNanos();
    admission.close();
    outage.stop();
    handleDelivery.stop();
    // On a thread of its own, as the queue may take longer than the grace to respond. Half of that
    // is left to the replies in progress.
    Thread telling = Thread.ofVirtual().name("admission-end").start(admission::update);
    try {
      if (!telling.join(until(deadlineNanos).dividedBy(2))) {
        LOG.warn("The queue has not stopped delivering requests yet");
      }
      if (!handlers.tryAcquire(
          MAX_HANDLERS, until(deadlineNanos).toNanos(), TimeUnit.NANOSECONDS)) {
        LOG.warn("Requests in progress go back to the queue");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    completeJobs.close(until(deadlineNanos));
    admissionUpdates.interrupt();
  }

  private static Duration until(long deadlineNanos) {
    return Duration.ofNanos(Math.max(0, deadlineNanos - System.nanoTime()));
  }

  /**
   * The runtime's threads must not wait for the queue, so this thread does. It also updates the
   * demand after a while without a change, in case the queue could not be told before.
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
      LOG.debug("The demand is no longer updated");
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
