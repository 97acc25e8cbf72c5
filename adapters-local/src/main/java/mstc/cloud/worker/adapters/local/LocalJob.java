package mstc.cloud.worker.adapters.local;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import mstc.cloud.worker.domain.PrintableText;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.reply.ReplyAddress;
import mstc.cloud.worker.domain.request.ContainerWork;
import mstc.cloud.worker.domain.runtime.Answer;
import mstc.cloud.worker.domain.runtime.JobEnd;
import mstc.cloud.worker.domain.runtime.JobHandedOverException;
import mstc.cloud.worker.domain.runtime.JobListener;
import mstc.cloud.worker.domain.runtime.JobRecord;
import mstc.cloud.worker.domain.runtime.JobRuntimeException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One job on record: one {@link LocalRun} runs it, any number of threads read and change its record
 * meanwhile.
 *
 * <p>The state in memory changes after the one on disk, under the job's lock, so nothing is
 * reported that a crash would undo.
 */
final class LocalJob {
  private static final Logger LOG = LoggerFactory.getLogger(LocalJob.class);

  /** How long a start that could not be recorded waits, for example for space on the disk. */
  private static final Duration START_AGAIN = Duration.ofSeconds(5);

  /** Why a job's processes are ended before they end themselves. */
  private enum Stop {
    TIMEOUT,
    CANCEL,
    CLOSE
  }

  private final Job job;
  private final ContainerWork work;
  private final JobFolder folder;
  private final StoredJobJson json;
  private final Duration retention;
  private final Instant createdAt;
  private final LocalLog log;
  private final LocalNews news;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  // All guarded by the lock, except that the volatile ones may be read at any time.
  private volatile StoredJob stored;
  private @Nullable Stop stop;
  private boolean decided;
  private boolean gone;
  private boolean closed;
  private @Nullable Instant startedAt;
  private volatile StoredJob.@Nullable Ending unwritten;
  private @Nullable String holdUp;

  /**
   * @param createdAt when it was put on record
   */
  LocalJob(
      StoredJob stored,
      JobFolder folder,
      Instant createdAt,
      StoredJobJson json,
      LocalSettings settings,
      LocalNews news) {
    this.stored = stored;
    this.job = stored.job();
    this.work = ContainerWork.of(job.work());
    this.folder = folder;
    this.json = json;
    this.retention = settings.retention();
    this.createdAt = createdAt;
    this.log =
        new LocalLog(folder, work.retries() + 1, settings.logBytes(), stored.ending().isPresent());
    this.news = news;
  }

  UniqueName name() {
    return job.name();
  }

  Job job() {
    return job;
  }

  JobFolder folder() {
    return folder;
  }

  LocalLog log() {
    return log;
  }

  /** What is known of it now. */
  LocalView look() {
    lock.lock();
    try {
      return new LocalView(
          stored,
          createdAt,
          Optional.ofNullable(startedAt),
          ending(),
          Optional.ofNullable(holdUp),
          gone,
          closed);
    } finally {
      lock.unlock();
    }
  }

  // The record.

  Optional<JobRecord> record() {
    lock.lock();
    try {
      return gone ? Optional.empty() : Optional.of(stored.toRecord(createdAt));
    } finally {
      lock.unlock();
    }
  }

  Optional<JobRecord> addReplyAddress(ReplyAddress address) {
    lock.lock();
    try {
      if (gone) {
        return Optional.empty();
      }
      if (stored.answer().isEmpty() && !stored.replyAddresses().contains(address)) {
        write(stored.withReplyAddress(address));
      }
      return Optional.of(stored.toRecord(createdAt));
    } finally {
      lock.unlock();
    }
  }

  /** Whether this call has released it. */
  boolean release(JobRecord held) {
    lock.lock();
    try {
      if (gone || !stored.held() || !stored.isOf(held)) {
        return false;
      }
      write(stored.withRelease());
      changed.signalAll();
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** False if it is still held. */
  boolean awaitRelease(Duration atMost) throws InterruptedException, JobHandedOverException {
    lock.lockInterruptibly();
    try {
      long left = atMost.toNanos();
      while (!gone && !closed && stored.answer().isEmpty()) {
        if (!stored.held()) {
          return true;
        }
        if (left <= 0) {
          return false;
        }
        left = changed.awaitNanos(left);
      }
      throw new JobHandedOverException(name());
    } finally {
      lock.unlock();
    }
  }

  /** The result of recording an answer. */
  enum Recording {
    RECORDED,
    NOT_NEEDED,
    CHANGED_SINCE
  }

  Recording recordAnswer(String version, Answer answer) {
    lock.lock();
    try {
      if (gone || stored.answer().isPresent()) {
        return Recording.NOT_NEEDED;
      }
      if (!version.equals(stored.version())) {
        return Recording.CHANGED_SINCE;
      }
      write(stored.withAnswer(answer));
      changed.signalAll();
      return Recording.RECORDED;
    } finally {
      lock.unlock();
    }
  }

  /** The result of cancelling a job. */
  enum Cancellation {
    NO_SUCH_JOB,
    NOTED,
    GIVEN_UP
  }

  Cancellation cancel() {
    lock.lock();
    try {
      if (gone) {
        return Cancellation.NO_SUCH_JOB;
      }
      if (stored.ending().isPresent() && stored.answer().isEmpty() && !stored.givenUp()) {
        write(stored.withGivenUp());
        return Cancellation.GIVEN_UP;
      }
      if (!decided && stop == null && stored.ending().isEmpty()) {
        write(stored.withCancelled());
        stop = Stop.CANCEL;
        changed.signalAll();
        LOG.debug("job={} is cancelled", name());
      }
      return Cancellation.NOTED;
    } finally {
      lock.unlock();
    }
  }

  /** Whether it is answered. Like the next, it does not block. */
  boolean isAnswered() {
    return stored.answer().isPresent();
  }

  /** When it ended; empty until then. */
  Optional<Instant> endedAt() {
    return ending().map(StoredJob.Ending::finishedAt);
  }

  private Optional<StoredJob.Ending> ending() {
    return stored.ending().or(() -> Optional.ofNullable(unwritten));
  }

  JobEnd awaitEnd() throws InterruptedException, JobHandedOverException {
    lock.lockInterruptibly();
    try {
      while (!gone && !closed && stored.answer().isEmpty()) {
        StoredJob.Ending ending = unwritten;
        if (stored.ending().isEmpty() && ending != null) {
          write(stored.withEnding(ending));
        }
        if (stored.ending().isPresent()) {
          return stored.ending().get().toJobEnd(folder.log());
        }
        changed.await();
      }
      throw new JobHandedOverException(name());
    } finally {
      lock.unlock();
    }
  }

  /**
   * Removes the record of an answered job.
   *
   * @return false if the job still runs
   */
  boolean remove(RootFolder root) throws IOException {
    lock.lock();
    try {
      if (stored.ending().isEmpty() && unwritten == null) {
        return false;
      }
      root.remove(name());
      gone = true;
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** Ends every wait, and the job's processes: how they end could not be known later. */
  void close() {
    lock.lock();
    try {
      closed = true;
      if (stop == null) {
        stop = Stop.CLOSE;
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void write(StoredJob next) {
    try {
      folder.write(json.write(next));
    } catch (IOException e) {
      throw FileFailures.of("the record of job " + name() + " in " + folder.path(), e);
    }
    stored = next;
  }

  // For the run.

  /** Whether it has ended, which an earlier worker may have put on record. */
  boolean hasEnded() {
    return stored.ending().isPresent();
  }

  /** Whether an earlier worker has started it. */
  boolean wasStarted() {
    return stored.startNoted().isPresent();
  }

  /** How one ends that an earlier worker has started, and left. */
  RunEnd decideLeft() {
    lock.lock();
    try {
      startedAt = stored.startNoted().orElseThrow();
      return decide(
          stored.cancelled() ? RunEnd.of(new JobOutcome.Cancelled()) : RunEnd.workerStopped());
    } finally {
      lock.unlock();
    }
  }

  /** False where the worker stops before a held job is released. */
  boolean awaitLeaveToStart() {
    lock.lock();
    try {
      while (stored.held() && stop == null) {
        changed.await();
      }
      return !stored.held();
    } catch (InterruptedException e) {
      // Only a worker that is closed in haste interrupts: the job stays held.
      Thread.currentThread().interrupt();
      return false;
    } finally {
      lock.unlock();
    }
  }

  /** What became of a start that was to be put on record. */
  enum Start {
    NOTED,
    CANCELLED,
    WORKER_STOPS
  }

  /** Puts the start on record, as often as it takes. */
  Start noteStart() {
    lock.lock();
    try {
      while (true) {
        if (stored.cancelled() || stored.answer().isPresent()) {
          return Start.CANCELLED;
        }
        if (stop != null) {
          return Start.WORKER_STOPS;
        }
        try {
          write(stored.withStartNoted(now()));
          return Start.NOTED;
        } catch (JobRuntimeException e) {
          LOG.warn("job={} is not started yet: {}", name(), e.getMessage());
          holdUp = PrintableText.oneLine(e.getMessage(), JobOutcome.MAX_REASON_LENGTH);
          news.show(this::look);
          changed.awaitNanos(START_AGAIN.toNanos());
        }
      }
    } catch (InterruptedException e) {
      // Only a worker that is closed in haste interrupts: the next one starts the job.
      Thread.currentThread().interrupt();
      return Start.WORKER_STOPS;
    } finally {
      lock.unlock();
    }
  }

  /** The first attempt's process runs. */
  void noteStarted() {
    lock.lock();
    try {
      if (startedAt == null) {
        startedAt = now();
        news.show(this::look);
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits for an attempt's exit, or a reason to end it. Empty where another attempt is to follow.
   */
  Optional<RunEnd> awaitAttempt(Process process, long deadline, boolean mayRepeat) {
    var _ = process.onExit().thenRun(this::signal);
    lock.lock();
    try {
      awaitExitOrStop(process, deadline);
      boolean exited = !process.isAlive();
      boolean repeated = mayRepeat && exited && process.exitValue() != 0;
      return stop == Stop.CANCEL || !exited || repeated
          ? stopped(deadline)
          : Optional.of(decide(RunEnd.exited(process.exitValue())));
    } finally {
      lock.unlock();
    }
  }

  /** How the job ends where there is a reason to end it. */
  Optional<RunEnd> stopped(long deadline) {
    lock.lock();
    try {
      if (stop == null && System.nanoTime() - deadline >= 0) {
        stop = Stop.TIMEOUT;
      }
      return Optional.ofNullable(stop)
          .map(why ->
              switch (why) {
                case CANCEL -> RunEnd.of(new JobOutcome.Cancelled());
                case CLOSE -> RunEnd.workerStopped();
                case TIMEOUT ->
                    RunEnd.of(new JobOutcome.TimedOut(work.timeout(), Optional.empty()));
              })
          .map(this::decide);
    } finally {
      lock.unlock();
    }
  }

  private void awaitExitOrStop(Process process, long deadline) {
    try {
      long remaining = deadline - System.nanoTime();
      while (process.isAlive() && stop == null && remaining > 0) {
        remaining = changed.awaitNanos(remaining);
      }
    } catch (InterruptedException e) {
      // Only a worker that is closed in haste interrupts.
      Thread.currentThread().interrupt();
      stop = Stop.CLOSE;
    }
  }

  private void signal() {
    lock.lock();
    try {
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** From here on the job ends so, and can no longer be cancelled. */
  RunEnd decide(RunEnd end) {
    lock.lock();
    try {
      decided = true;
      return end;
    } finally {
      lock.unlock();
    }
  }

  /** Puts the end on record; whoever waits for it writes it where that fails. */
  void end(RunEnd end) {
    lock.lock();
    try {
      decided = true;
      StoredJob.Ending ending =
          new StoredJob.Ending(
              end.outcome(),
              Optional.ofNullable(startedAt),
              now(),
              end.logComplete(),
              end.warnings());
      unwritten = ending;
      write(stored.withEnding(ending));
      LOG.debug("job={} ended: {}", name(), end.outcome().phrase());
    } catch (JobRuntimeException e) {
      // The thread that waits for the end writes it, and fails if that fails again.
      LOG.warn("job={} has ended, which is not on record yet: {}", name(), e.getMessage());
    } finally {
      changed.signalAll();
      lock.unlock();
      news.tell(JobListener::onCountsChanged);
      news.show(this::look);
    }
  }

  /** To the millisecond, as in replies. */
  private static Instant now() {
    return Instant.now().truncatedTo(ChronoUnit.MILLIS);
  }

  /** How long until an answered job is to be removed, by wall-clock time. */
  Optional<Duration> untilRemoval() {
    lock.lock();
    try {
      return stored
          .answer()
          .map(answer -> retention.minus(Duration.between(answer.at(), Instant.now())));
    } finally {
      lock.unlock();
    }
  }
}
