package mstc.cloud.worker.adapters.local;

import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.reply.ReplyAddress;
import mstc.cloud.worker.domain.request.Resources;
import mstc.cloud.worker.domain.request.WorkRequest;
import mstc.cloud.worker.domain.runtime.Answer;
import mstc.cloud.worker.domain.runtime.JobEnd;
import mstc.cloud.worker.domain.runtime.JobHandedOverException;
import mstc.cloud.worker.domain.runtime.JobRecord;
import mstc.cloud.worker.domain.runtime.JobRuntimeException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One job on record: one thread runs it, any number read and change its record meanwhile.
 *
 * <p>What is in memory changes after what is on disk, under the job's lock, so that nothing is told
 * that a crash takes back.
 */
final class LocalJob implements Runnable {
  private static final Logger LOG = LoggerFactory.getLogger(LocalJob.class);

  /** How long a start that could not be put on record waits, for space on the disk for instance. */
  private static final Duration START_AGAIN = Duration.ofSeconds(5);

  private static final String WORKER_STOPPED = "the worker stopped while the job was running";

  /** Why a job's processes are ended before they end themselves. */
  private enum Stop {
    TIMEOUT,
    CANCEL,
    CLOSE
  }

  /** What became of an attempt, or of all of them. */
  private record Verdict(JobOutcome outcome, boolean logComplete, List<String> warnings) {
    static Verdict of(JobOutcome outcome) {
      return new Verdict(outcome, true, List.of());
    }

    Verdict withWarning(String warning) {
      List<String> more = new ArrayList<>(warnings);
      more.add(warning);
      return new Verdict(outcome, logComplete, more);
    }

    Verdict withIncompleteLog() {
      return new Verdict(outcome, false, warnings);
    }
  }

  private final Job job;
  private final JobFolder folder;
  private final LocalSettings settings;
  private final Duration timeout;
  private final Runnable ended;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  // All guarded by the lock, but that the volatile ones are read at any time.
  private volatile StoredJob stored;
  private @Nullable Stop stop;
  private boolean decided;
  private boolean gone;
  private boolean closed;
  private @Nullable Instant startedAt;
  private volatile StoredJob.@Nullable Ending unwritten;

  /**
   * @param ended run once the job has ended; must return at once
   */
  LocalJob(
      StoredJob stored,
      JobFolder folder,
      LocalSettings settings,
      Duration timeout,
      Runnable ended) {
    this.stored = stored;
    this.job = stored.job();
    this.folder = folder;
    this.settings = settings;
    this.timeout = timeout;
    this.ended = ended;
  }

  UniqueName name() {
    return job.name();
  }

  // The record.

  Optional<JobRecord> record() {
    lock.lock();
    try {
      return gone ? Optional.empty() : Optional.of(stored.toRecord());
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
      return Optional.of(stored.toRecord());
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

  /** False where it is held still. */
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

  /** What became of an answer that was to be recorded. */
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

  /** What became of a job that was to be cancelled. */
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

  /** Whether it was answered. Does not block, as the next. */
  boolean isAnswered() {
    return stored.answer().isPresent();
  }

  /** When it ended; empty until then. */
  Optional<Instant> endedAt() {
    return stored
        .ending()
        .or(() -> Optional.ofNullable(unwritten))
        .map(StoredJob.Ending::finishedAt);
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
          return stored.ending().get().toJobEnd(folder);
        }
        changed.await();
      }
      throw new JobHandedOverException(name());
    } finally {
      lock.unlock();
    }
  }

  /**
   * Takes an answered job off the record.
   *
   * @return false where it still runs
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

  /** Ends every wait, and the job's processes: nobody could learn later how they ended. */
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
      folder.write(StoredJobJson.write(next));
    } catch (IOException e) {
      throw LocalJobRuntime.failure("the record of job " + name() + " in " + folder.path(), e);
    }
    stored = next;
  }

  // The run.

  /** Runs the job to its end, or finds out that an earlier worker did. */
  @Override
  public void run() {
    try {
      if (stored.ending().isPresent() || !awaitLeaveToStart()) {
        return;
      }
      if (stored.startNoted().isPresent()) {
        endLeftProcesses();
      } else {
        startAndAwait();
      }
    } catch (RuntimeException e) {
      LOG.error("job={} is lost to a failure of the local runtime", name(), e);
      end(Verdict.of(new JobOutcome.Lost("the local runtime failed: " + e)).withIncompleteLog());
    }
  }

  /** False where the worker stops before a held job is released. */
  private boolean awaitLeaveToStart() {
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

  private void startAndAwait() {
    Optional<List<String>> command = settings.commandFor(job.request().image());
    if (command.isEmpty()) {
      end(
          Verdict.of(
              new JobOutcome.ImageUnavailable(
                  "\"%s\" is not in mstc.runtime.local.catalogue; add an entry with its command"
                      .formatted(job.request().image()))));
    } else if (noteStart()) {
      end(attempts(command.get()));
    }
  }

  private void endLeftProcesses() {
    Verdict verdict;
    lock.lock();
    try {
      startedAt = stored.startNoted().orElseThrow();
      verdict =
          decide(
              stored.cancelled()
                  ? Verdict.of(new JobOutcome.Cancelled())
                  : Verdict.of(new JobOutcome.Lost(WORKER_STOPPED)).withIncompleteLog());
    } finally {
      lock.unlock();
    }
    JobProcesses processes = new JobProcesses(folder);
    ProcessNote.read(folder.processNote()).ifPresent(processes::add);
    boolean allGone = processes.terminate(settings.grace());
    end(allGone ? verdict : withProcessesLeft(verdict));
  }

  private static Verdict withProcessesLeft(Verdict verdict) {
    return verdict.withIncompleteLog().withWarning("some processes of the job could not be ended");
  }

  /** Puts the start on record, as often as it takes. Returns false where there is none. */
  private boolean noteStart() {
    lock.lock();
    try {
      while (true) {
        if (stored.cancelled() || stored.answer().isPresent()) {
          end(Verdict.of(new JobOutcome.Cancelled()));
          return false;
        }
        if (stop != null) {
          return false;
        }
        try {
          write(stored.withStartNoted(now()));
          return true;
        } catch (JobRuntimeException e) {
          LOG.warn("job={} is not started yet: {}", name(), e.getMessage());
          changed.awaitNanos(START_AGAIN.toNanos());
        }
      }
    } catch (InterruptedException e) {
      // Only a worker that is closed in haste interrupts: the next one starts the job.
      Thread.currentThread().interrupt();
      return false;
    } finally {
      lock.unlock();
    }
  }

  private Verdict attempts(List<String> command) {
    JobProcesses processes = new JobProcesses(folder);
    WorkRequest request = job.request();
    AttemptLog log = new AttemptLog(folder.log(), request.retries() + 1);
    long deadline = System.nanoTime() + timeout.toNanos();
    int attempt = 1;
    while (true) {
      Optional<Verdict> stopped = stopped(deadline);
      if (stopped.isPresent()) {
        return stopped.get();
      }
      Process process;
      try {
        process = start(command, attempt);
      } catch (IOException e) {
        return decide(Verdict.of(new JobOutcome.NotStarted(String.valueOf(e.getMessage()))));
      }
      processes.add(process.toHandle());
      noteProcess(process);
      Optional<Verdict> last = awaitAttempt(process, deadline, attempt <= request.retries());
      boolean allGone =
          process.isAlive() ? processes.terminate(settings.grace()) : processes.kill();
      if (last.isPresent()) {
        return allGone ? last.get() : withProcessesLeft(last.get());
      }
      int exitCode = process.exitValue();
      attempt++;
      try {
        log.beginNext(attempt, exitCode);
        Files.createDirectory(folder.scratch(attempt));
      } catch (IOException e) {
        return decide(
            Verdict.of(new JobOutcome.Failed(exitCode))
                .withWarning("attempt %d could not be made: %s".formatted(attempt, e)));
      }
    }
  }

  private Process start(List<String> command, int attempt) throws IOException {
    WorkRequest request = job.request();
    List<String> words = new ArrayList<>(command);
    words.addAll(request.args());
    ProcessBuilder builder = new ProcessBuilder(words);
    builder.environment().clear();
    builder.environment().putAll(JobEnvironment.of(job, folder, settings));
    builder.directory(folder.scratch(attempt).toFile());
    // Straight into the file: what a job writes never passes through this process.
    builder.redirectErrorStream(true);
    builder.redirectOutput(ProcessBuilder.Redirect.appendTo(folder.log().toFile()));
    builder.redirectInput(ProcessBuilder.Redirect.from(ProcessBuilder.Redirect.DISCARD.file()));
    Process process = builder.start();
    lock.lock();
    try {
      if (startedAt == null) {
        startedAt = now();
      }
    } finally {
      lock.unlock();
    }
    LOG.debug("job={} attempt={} pid={} is started", name(), attempt, process.pid());
    return process;
  }

  private void noteProcess(Process process) {
    try {
      ProcessNote.write(folder.processNote(), process.toHandle());
    } catch (IOException e) {
      // Of use only to a worker after this one, and where processes cannot be found by their mark.
      LOG.debug("job={} pid={} is not noted: {}", name(), process.pid(), e.toString());
    }
  }

  /**
   * Waits for an attempt's exit, or a reason to end it. Empty where another attempt is to follow.
   */
  private Optional<Verdict> awaitAttempt(Process process, long deadline, boolean mayRepeat) {
    var _ = process.onExit().thenRun(this::signal);
    lock.lock();
    try {
      awaitExitOrStop(process, deadline);
      boolean exited = !process.isAlive();
      boolean repeated = mayRepeat && exited && process.exitValue() != 0;
      return stop == Stop.CANCEL || !exited || repeated
          ? stopped(deadline)
          : Optional.of(decide(Verdict.of(exited(process.exitValue()))));
    } finally {
      lock.unlock();
    }
  }

  private static JobOutcome exited(int code) {
    return code == 0 ? new JobOutcome.Succeeded() : new JobOutcome.Failed(code);
  }

  /** How the job ends where there is a reason to end it. */
  private Optional<Verdict> stopped(long deadline) {
    lock.lock();
    try {
      if (stop == null && System.nanoTime() - deadline >= 0) {
        stop = Stop.TIMEOUT;
      }
      return Optional.ofNullable(stop)
          .map(why ->
              switch (why) {
                case CANCEL -> Verdict.of(new JobOutcome.Cancelled());
                case CLOSE -> Verdict.of(new JobOutcome.Lost(WORKER_STOPPED)).withIncompleteLog();
                case TIMEOUT ->
                    Verdict.of(new JobOutcome.TimedOut(job.request().timeout(), Optional.empty()));
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
  private Verdict decide(Verdict verdict) {
    lock.lock();
    try {
      decided = true;
      return verdict;
    } finally {
      lock.unlock();
    }
  }

  /** A process writes straight into the file: only now can it be cut. */
  private Verdict withCutLog(Verdict verdict) {
    if (settings.logBytes().isEmpty()) {
      return verdict;
    }
    long allowed = settings.logBytes().getAsLong();
    try {
      if (!folder.cutLog(allowed)) {
        return verdict;
      }
    } catch (IOException e) {
      return verdict.withWarning("whether the log is too long is not known: " + e);
    }
    String why = "it was cut, as a job's log may have %d bytes".formatted(allowed);
    LOG.warn("job={} its log is not complete: {}", name(), why);
    return verdict.withIncompleteLog().withWarning("the log is not complete: " + why);
  }

  private void end(Verdict told) {
    Verdict verdict = withCutLog(told);
    List<String> warnings = new ArrayList<>(verdict.warnings());
    if (!job.request().resources().equals(Resources.UNSPECIFIED)) {
      warnings.add("resources are not limited by the local runtime");
    }
    lock.lock();
    try {
      decided = true;
      StoredJob.Ending ending =
          new StoredJob.Ending(
              verdict.outcome(),
              Optional.ofNullable(startedAt),
              now(),
              verdict.logComplete(),
              warnings);
      unwritten = ending;
      write(stored.withEnding(ending));
      LOG.debug("job={} ended: {}", name(), verdict.outcome().phrase());
    } catch (JobRuntimeException e) {
      // Whoever waits for the end writes it, and is told where that fails again.
      LOG.warn("job={} has ended, which is not on record yet: {}", name(), e.getMessage());
    } finally {
      changed.signalAll();
      lock.unlock();
      ended.run();
    }
  }

  /** To the millisecond, as replies tell it. */
  private static Instant now() {
    return Instant.now().truncatedTo(ChronoUnit.MILLIS);
  }

  /** How long until an answered job is to be removed, by the clock on the wall. */
  Optional<Duration> untilRemoval() {
    lock.lock();
    try {
      return stored
          .answer()
          .map(answer -> settings.retention().minus(Duration.between(answer.at(), Instant.now())));
    } finally {
      lock.unlock();
    }
  }
}
