package mstc.cloud.worker.testkit.runtime;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.reply.ReplyAddress;
import mstc.cloud.worker.domain.runtime.Answer;
import mstc.cloud.worker.domain.runtime.JobCounts;
import mstc.cloud.worker.domain.runtime.JobEnd;
import mstc.cloud.worker.domain.runtime.JobHandedOverException;
import mstc.cloud.worker.domain.runtime.JobListener;
import mstc.cloud.worker.domain.runtime.JobLog;
import mstc.cloud.worker.domain.runtime.JobRecord;
import mstc.cloud.worker.domain.runtime.JobRuntime;
import mstc.cloud.worker.domain.runtime.JobRuntimeException;
import mstc.cloud.worker.domain.runtime.LogSpool;
import mstc.cloud.worker.domain.runtime.RuntimeStatus;
import mstc.cloud.worker.domain.runtime.Submission;
import mstc.cloud.worker.domain.view.JobView;
import mstc.cloud.worker.domain.view.JobViews;
import mstc.cloud.worker.domain.view.JobWatcher;
import mstc.cloud.worker.domain.view.LogReader;
import org.jspecify.annotations.Nullable;

/**
 * A runtime without processes, for tests of code that uses the ports: the test says what each job
 * waits for, what it writes and how it ends, when the runtime fails, and when a job is another
 * worker's.
 *
 * <p>Its {@link Records} outlive it, so that a test can restart a worker; jobs run on meanwhile, as
 * on a cluster. Several runtimes may share the same records, as replicas do: the one that was
 * started first completes the jobs, and when it is closed, the next does. The listener and the
 * watcher are called in order, on a thread of the runtime.
 */
public final class InMemoryJobRuntime implements JobRuntime, JobViews {

  /** What remains when a runtime is closed. */
  public static final class Records {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Map<UUID, InMemoryJob> entries = new LinkedHashMap<>();
    private final List<InMemoryJobRuntime> replicas = new ArrayList<>();
    private final List<UniqueName> runs = new ArrayList<>();
    private Consumer<Job> program = _ -> {};
    private Optional<String> startHint = Optional.empty();
    private final InstantSource clock;
    private final Duration retention;

    /** Keeps answered jobs for 30 seconds of the system's time. */
    public Records() {
      this(InstantSource.system(), Duration.ofSeconds(30));
    }

    /** Keeps answered jobs that long, by that clock. */
    public Records(InstantSource clock, Duration retention) {
      this.clock = clock;
      this.retention = retention;
    }

    /** Sets what every job that starts from now on does, each on a thread of its own. */
    public void program(Consumer<Job> ofEachJob) {
      lock.lock();
      try {
        program = ofEachJob;
      } finally {
        lock.unlock();
      }
    }

    /** The jobs that ran, each as often as it ran. */
    public List<UniqueName> runs() {
      lock.lock();
      try {
        return List.copyOf(runs);
      } finally {
        lock.unlock();
      }
    }

    private Instant now() {
      return clock.instant().truncatedTo(ChronoUnit.MILLIS);
    }

    private void removeExpired() {
      List<InMemoryJob> expired = entries.values().stream().filter(this::isExpired).toList();
      for (InMemoryJob entry : expired) {
        entries.remove(entry.job.name().uuid());
        replicas.forEach(replica -> replica.show(to -> to.onGone(entry.job.name())));
      }
    }

    private boolean isExpired(InMemoryJob entry) {
      return entry
          .answer
          .filter(answer -> !answer.at().plus(retention).isAfter(clock.instant()))
          .isPresent();
    }

    /** Shows what has changed of a job. */
    private void show(InMemoryJob entry) {
      JobView shown = entry.toView();
      replicas.forEach(replica -> replica.show(to -> to.onChanged(shown)));
    }
  }

  private final Records records;
  private final ExecutorService listenerThread =
      Executors.newSingleThreadExecutor(Thread.ofVirtual().name("in-memory-runtime").factory());
  private @Nullable JobListener listener;
  private @Nullable JobWatcher watcher;
  private volatile boolean closed;
  private volatile boolean unreachable;
  private boolean losingNextSubmission;
  private volatile boolean leading = true;
  private volatile Optional<Duration> silence = Optional.of(Duration.ZERO);
  private Optional<String> refusal = Optional.empty();

  /** A runtime with records of its own. */
  public InMemoryJobRuntime() {
    this(new Records());
  }

  /** A runtime with the records that an earlier one left. */
  public InMemoryJobRuntime(Records records) {
    this.records = records;
  }

  // What tests decide.

  /** Makes a running job write this. */
  public void write(UniqueName name, String logText) {
    locked(() -> {
      InMemoryJob entry = running(name);
      entry.log.append(logText.getBytes(StandardCharsets.UTF_8));
      return entry;
    });
  }

  /**
   * From now on, jobs that are submitted or released wait, with this {@linkplain JobView#hint
   * hint}, until {@link #startProcess}.
   */
  public void keepPending(String hint) {
    locked(() -> records.startHint = Optional.of(hint));
  }

  /** Makes a job wait again, as before a retry, with this hint, until {@link #startProcess}. */
  public void waitAgain(UniqueName name, String hint) {
    locked(() -> {
      InMemoryJob entry = running(name);
      entry.runs = false;
      entry.hint = Optional.of(hint);
      records.show(entry);
      return entry;
    });
  }

  /** Starts the process of a job that waits. */
  public void startProcess(UniqueName name) {
    locked(() -> {
      InMemoryJob entry = running(name);
      startProcess(entry);
      return entry;
    });
  }

  /** What the job wrote first, so many bytes of it, can no longer be read by those who view it. */
  public void dropBeginning(UniqueName name, int bytes) {
    locked(() -> {
      InMemoryJob entry = running(name);
      entry.log.dropBeginning(bytes);
      return entry;
    });
  }

  /**
   * Makes a job write a last text and end; does nothing if it has already ended, for example
   * because it was cancelled.
   *
   * @throws IllegalArgumentException when there is no such job, or it is held and does not run
   */
  public void end(UniqueName name, JobOutcome outcome, String logText) {
    end(name, outcome, logText.getBytes(StandardCharsets.UTF_8));
  }

  /** Like {@link #end(UniqueName, JobOutcome, String)}, for a job that writes any bytes. */
  public void end(UniqueName name, JobOutcome outcome, byte[] log) {
    locked(() -> {
      InMemoryJob entry = running(name);
      endIfRunning(entry, outcome, log);
      return entry;
    });
  }

  /**
   * From now on every call fails retryably, and so does every {@link #awaitEnd} and every read of a
   * log in progress.
   */
  public void breakDown() {
    locked(() -> {
      unreachable = true;
      wakeReaders();
      return unreachable;
    });
  }

  private void wakeReaders() {
    records.entries.values().forEach(entry -> entry.log.wake());
  }

  public void recover() {
    locked(() -> unreachable = false);
  }

  /** The next job that is submitted is put on record, but the call fails retryably. */
  public void loseNextSubmission() {
    locked(() -> losingNextSubmission = true);
  }

  /** Whether this replica is said to complete the jobs; true at first, and changes nothing else. */
  public void setLeading(boolean value) {
    leading = value;
  }

  /** How long nothing has been heard of what it watches, see {@link RuntimeStatus#silence}. */
  public void setSilence(Optional<Duration> value) {
    silence = value;
  }

  /** From now on every job is refused, for this reason. */
  public void refuse(String reason) {
    locked(() -> refusal = Optional.of(reason));
  }

  /** Hands the job over to another worker to complete, until {@link #giveBack}. */
  public void handOver(UniqueName name) {
    locked(() -> entry(name).orElseThrow().handedOver = true);
  }

  /** Gives the job back to this worker to complete, and notifies the listener. */
  public void giveBack(UniqueName name) {
    locked(() -> {
      InMemoryJob entry = entry(name).orElseThrow();
      entry.handedOver = false;
      tellUnanswered(entry);
      return entry;
    });
  }

  /** The jobs on record, answered ones too, in the order they were submitted in. */
  public List<JobRecord> jobs() {
    return locked(() -> {
      records.removeExpired();
      return records.entries.values().stream().map(InMemoryJob::toRecord).toList();
    });
  }

  // The ports.

  @Override
  public void watch(JobWatcher toTell) {
    locked(() -> watcher = toTell);
  }

  /** {@inheritDoc} Here also that of an answered job that is still on record. */
  @Override
  public Optional<LogReader> openLog(UniqueName name, Optional<String> after, boolean follow) {
    return reached(() ->
        entry(name).map(entry -> entry.log.open(after, follow, () -> !closed && !unreachable)));
  }

  @Override
  public void start(JobListener jobListener) {
    locked(() -> {
      listener = jobListener;
      records.removeExpired();
      records.replicas.add(this);
      if (isLeading()) {
        lead();
      }
      tell(JobListener::onCountsChanged);
      records.entries.values().stream()
          .map(InMemoryJob::toView)
          .forEach(shown -> show(to -> to.onChanged(shown)));
      return listener;
    });
  }

  private boolean isLeading() {
    return records.replicas.isEmpty() || records.replicas.getFirst() == this;
  }

  private void lead() {
    records.entries.values().stream()
        .filter(entry -> entry.answer.isEmpty())
        .map(InMemoryJob::toRecord)
        .forEach(told -> tell(to -> to.onUnanswered(told)));
  }

  @Override
  public Submission submit(Job job, Optional<ReplyAddress> replyAddress) {
    return add(job, replyAddress, false);
  }

  @Override
  public Submission hold(Job job, Optional<ReplyAddress> replyAddress) {
    return add(job, replyAddress, true);
  }

  private Submission add(Job job, Optional<ReplyAddress> replyAddress, boolean held) {
    return reached(() -> {
      if (refusal.isPresent()) {
        return new Submission.Refused(refusal.get());
      }
      Optional<Submission> existing = submission(job);
      if (existing.isPresent()) {
        return existing.get();
      }
      InMemoryJob entry = new InMemoryJob(job, records.now());
      replyAddress.ifPresent(entry.replyAddresses::add);
      entry.held = held;
      records.entries.put(job.name().uuid(), entry);
      if (!held) {
        run(entry);
      }
      tellUnanswered(entry);
      tellAll(JobListener::onCountsChanged);
      records.show(entry);
      if (losingNextSubmission) {
        losingNextSubmission = false;
        entry.submissionLost = true;
        throw JobRuntimeException.retryable("job " + job.name() + ": the answer was lost", null);
      }
      return held ? new Submission.Held(entry.toRecord()) : new Submission.Created();
    });
  }

  @Override
  public Optional<Submission> findSubmission(Job job) {
    return reached(() -> submission(job));
  }

  private Optional<Submission> submission(Job job) {
    return Optional.ofNullable(records.entries.get(job.name().uuid()))
        .map(entry -> {
          if (!entry.submissionLost || !entry.job.equals(job)) {
            return new Submission.NameTaken(entry.toRecord());
          }
          entry.submissionLost = false;
          return entry.held ? new Submission.Held(entry.toRecord()) : new Submission.Created();
        });
  }

  private void run(InMemoryJob entry) {
    entry.held = false;
    entry.hint = records.startHint;
    if (records.startHint.isEmpty()) {
      startProcess(entry);
    }
  }

  private void startProcess(InMemoryJob entry) {
    if (entry.runs || entry.end.isPresent()) {
      return;
    }
    boolean isFirst = entry.startedAt.isEmpty();
    entry.runs = true;
    entry.startedAt = entry.startedAt.or(() -> Optional.of(records.now()));
    records.show(entry);
    if (!isFirst) {
      return;
    }
    records.runs.add(entry.job.name());
    Consumer<Job> program = records.program;
    Thread.ofVirtual().name("in-memory-job").start(() -> program.accept(entry.job));
  }

  @Override
  public boolean release(JobRecord held) {
    return reached(() -> {
      Optional<InMemoryJob> entry =
          entry(held.job().name()).filter(found -> found.held && found.isOf(held));
      entry.ifPresent(found -> {
        run(found);
        found.version++;
        records.show(found);
      });
      return entry.isPresent();
    });
  }

  @Override
  public Optional<JobRecord> find(UUID uuid) {
    return reached(() -> Optional.ofNullable(records.entries.get(uuid)).map(InMemoryJob::toRecord));
  }

  @Override
  public Optional<JobRecord> addReplyAddress(UniqueName name, ReplyAddress address) {
    return reached(() -> {
      Optional<InMemoryJob> found = entry(name);
      found
          .filter(entry -> entry.answer.isEmpty() && !entry.replyAddresses.contains(address))
          .ifPresent(entry -> {
            entry.replyAddresses.add(address);
            entry.version++;
          });
      return found.map(InMemoryJob::toRecord);
    });
  }

  @Override
  public boolean awaitRelease(UniqueName name, Duration atMost)
      throws InterruptedException, JobHandedOverException {
    records.lock.lockInterruptibly();
    try {
      long left = atMost.toNanos();
      while (toComplete(name).held) {
        if (left <= 0) {
          return false;
        }
        left = records.changed.awaitNanos(left);
      }
      return true;
    } finally {
      records.lock.unlock();
    }
  }

  @Override
  public JobEnd awaitEnd(UniqueName name) throws InterruptedException, JobHandedOverException {
    records.lock.lockInterruptibly();
    try {
      InMemoryJob entry = toComplete(name);
      while (entry.end.isEmpty()) {
        records.changed.await();
        entry = toComplete(name);
      }
      return entry.end.get();
    } finally {
      records.lock.unlock();
    }
  }

  private InMemoryJob toComplete(UniqueName name) throws JobHandedOverException {
    if (unreachable && !closed) {
      throw failure();
    }
    if (closed || !isLeading()) {
      throw new JobHandedOverException(name);
    }
    return entry(name)
        .filter(found -> found.answer.isEmpty() && !found.handedOver)
        .orElseThrow(() -> new JobHandedOverException(name));
  }

  @Override
  public boolean recordAnswer(JobRecord answered, Answer answer) {
    return reached(() -> {
      UniqueName name = answered.job().name();
      Optional<InMemoryJob> entry = entry(name).filter(found -> found.answer.isEmpty());
      if (entry.isEmpty()) {
        return true;
      }
      if (!entry.get().toRecord().version().equals(answered.version())) {
        return false;
      }
      entry.get().answer = Optional.of(answer);
      entry.get().held = false;
      entry.get().version++;
      entry.get().log.end();
      tellAll(to -> to.onAnswered(name, answer));
      records.show(entry.get());
      tellAll(JobListener::onCountsChanged);
      return true;
    });
  }

  @Override
  public boolean cancel(UniqueName name) {
    return reached(() -> {
      Optional<InMemoryJob> entry = entry(name);
      entry.ifPresent(found -> {
        if (found.held) {
          found.held = false;
          found.version++;
        }
        giveUpIfWaiting(found);
        found.cancelled |= found.end.isEmpty();
        endIfRunning(found, new JobOutcome.Cancelled(), new byte[0]);
      });
      return entry.isPresent();
    });
  }

  private void giveUpIfWaiting(InMemoryJob entry) {
    if (entry.end.isPresent() && entry.answer.isEmpty() && !entry.givenUp) {
      entry.givenUp = true;
      entry.version++;
      tellAll(to -> to.onGivenUp(entry.job.name()));
    }
  }

  @Override
  public RuntimeStatus status() {
    return new RuntimeStatus(
        leading, silence, Optional.of(new LogSpool(written(), Long.MAX_VALUE)));
  }

  private long written() {
    return locked(
        () -> records.entries.values().stream().mapToLong(entry -> entry.log.bytes().length).sum());
  }

  @Override
  public JobCounts counts() {
    return locked(() -> {
      List<InMemoryJob> unanswered =
          records.entries.values().stream().filter(entry -> entry.answer.isEmpty()).toList();
      List<Instant> ends =
          unanswered.stream()
              .flatMap(entry -> entry.end.stream())
              .map(JobEnd::finishedAt)
              .sorted()
              .toList();
      return new JobCounts(unanswered.size() - ends.size(), ends.size(), ends.stream().findFirst());
    });
  }

  @Override
  public void check() {
    reached(() -> true);
  }

  @Override
  public void close() {
    locked(() -> {
      closed = true;
      wakeReaders();
      boolean led = isLeading();
      if (records.replicas.remove(this) && led && !records.replicas.isEmpty()) {
        records.replicas.getFirst().lead();
      }
      return led;
    });
    listenerThread.shutdownNow();
  }

  private void endIfRunning(InMemoryJob entry, JobOutcome outcome, byte[] log) {
    if (entry.end.isPresent()) {
      return;
    }
    boolean started =
        !(outcome instanceof JobOutcome.ImageUnavailable)
            && !(outcome instanceof JobOutcome.NotStarted);
    try {
      Path file = Files.createTempFile("in-memory-runtime", ".log");
      file.toFile().deleteOnExit();
      entry.log.append(log);
      entry.log.end();
      Files.write(file, entry.log.bytes());
      entry.end =
          Optional.of(
              new JobEnd(
                  outcome,
                  started ? entry.startedAt : Optional.empty(),
                  records.now(),
                  new JobLog(file, true),
                  List.of()));
      tellAll(JobListener::onCountsChanged);
      records.show(entry);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private InMemoryJob running(UniqueName name) {
    return entry(name)
        .filter(entry -> !entry.held)
        .orElseThrow(() -> new IllegalArgumentException("no job runs as " + name));
  }

  private Optional<InMemoryJob> entry(UniqueName name) {
    records.removeExpired();
    return Optional.ofNullable(records.entries.get(name.uuid()))
        .filter(entry -> entry.job.name().equals(name));
  }

  private void tellUnanswered(InMemoryJob entry) {
    JobRecord told = entry.toRecord();
    if (records.replicas.isEmpty()) {
      return;
    }
    records.replicas.getFirst().tell(to -> to.onUnanswered(told));
  }

  private void tellAll(Consumer<JobListener> message) {
    records.replicas.forEach(replica -> replica.tell(message));
  }

  private void tell(Consumer<JobListener> message) {
    JobListener to = listener;
    if (to != null && !closed) {
      listenerThread.execute(() -> message.accept(to));
    }
  }

  private void show(Consumer<JobWatcher> message) {
    JobWatcher to = watcher;
    if (to != null && !closed) {
      listenerThread.execute(() -> message.accept(to));
    }
  }

  private static JobRuntimeException failure() {
    return JobRuntimeException.retryable("the runtime cannot be reached, the test says", null);
  }

  /** Makes a call that needs the runtime to be available. */
  private <T> T reached(Call<T> call) {
    return locked(() -> {
      if (unreachable || closed || Thread.currentThread().isInterrupted()) {
        throw failure();
      }
      records.removeExpired();
      return call.make();
    });
  }

  private <T> T locked(Call<T> call) {
    records.lock.lock();
    try {
      return call.make();
    } finally {
      records.changed.signalAll();
      records.lock.unlock();
    }
  }

  private interface Call<T> {
    T make();
  }
}
