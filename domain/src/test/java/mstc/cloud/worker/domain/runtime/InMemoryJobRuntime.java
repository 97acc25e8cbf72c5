package mstc.cloud.worker.domain.runtime;

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
import java.util.Arrays;
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
import org.jspecify.annotations.Nullable;

/**
 * A runtime without processes, for tests of what uses the port: the test says how each job ends,
 * when the runtime fails, and when a job is another worker's.
 *
 * <p>Its {@link Records} outlive it, so that a test can restart a worker; jobs run on meanwhile, as
 * on a cluster. The listener is called on a thread of the runtime's own, in order.
 */
public final class InMemoryJobRuntime implements JobRuntime {

  /** What stays when a runtime is closed. Runtimes that share records must not be open at once. */
  public static final class Records {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Map<UUID, Entry> entries = new LinkedHashMap<>();
    private final InstantSource clock;
    private final Duration retention;

    /** Keeps answered jobs for 30 seconds of the system's time. */
    public Records() {
      this(InstantSource.system(), Duration.ofSeconds(30));
    }

    /** Keeps answered jobs as long as that, by that clock. */
    public Records(InstantSource clock, Duration retention) {
      this.clock = clock;
      this.retention = retention;
    }

    private Instant now() {
      return clock.instant().truncatedTo(ChronoUnit.MILLIS);
    }

    private void removeExpired() {
      entries
          .values()
          .removeIf(entry ->
              entry
                  .answer
                  .map(answer -> !answer.at().plus(retention).isAfter(clock.instant()))
                  .orElse(false));
    }
  }

  private static final class Entry {
    final Job job;
    final Instant startedAt;
    final List<ReplyAddress> replyAddresses = new ArrayList<>();
    Optional<Answer> answer = Optional.empty();
    Optional<JobEnd> end = Optional.empty();
    byte[] written = {};
    boolean handedOver;
    boolean submissionLost;
    long version;

    Entry(Job job, Instant startedAt) {
      this.job = job;
      this.startedAt = startedAt;
    }

    JobRecord toRecord() {
      return new JobRecord(job, replyAddresses, answer, Long.toString(version));
    }
  }

  private final Records records;
  private final ExecutorService listenerThread =
      Executors.newSingleThreadExecutor(Thread.ofVirtual().name("in-memory-runtime").factory());
  private @Nullable JobListener listener;
  private boolean closed;
  private boolean unreachable;
  private boolean losingNextSubmission;
  private Optional<String> refusal = Optional.empty();

  /** With records of its own. */
  public InMemoryJobRuntime() {
    this(new Records());
  }

  /** With the records that an earlier runtime left. */
  public InMemoryJobRuntime(Records records) {
    this.records = records;
  }

  // What tests decide.

  /** A job that runs writes this. */
  public void write(UniqueName name, String logText) {
    locked(() -> {
      Entry entry = running(name);
      entry.written = concat(entry.written, logText.getBytes(StandardCharsets.UTF_8));
      return entry;
    });
  }

  /**
   * A job writes a last text and ends; does nothing to one that has ended already, as it was
   * cancelled for instance.
   */
  public void end(UniqueName name, JobOutcome outcome, String logText) {
    end(name, outcome, logText.getBytes(StandardCharsets.UTF_8));
  }

  /** As {@link #end(UniqueName, JobOutcome, String)}, for a job that writes any bytes. */
  public void end(UniqueName name, JobOutcome outcome, byte[] log) {
    locked(() -> {
      Entry entry = running(name);
      endIfRunning(entry, outcome, log);
      return entry;
    });
  }

  /** From now on every call fails retryably, and so does every {@link #awaitEnd} under way. */
  public void breakDown() {
    locked(() -> unreachable = true);
  }

  /** From now on calls work again. */
  public void recover() {
    locked(() -> unreachable = false);
  }

  /** The next job that is submitted is put on record, but the call fails retryably. */
  public void loseNextSubmission() {
    locked(() -> losingNextSubmission = true);
  }

  /** From now on no job is taken, for this reason. */
  public void refuse(String reason) {
    locked(() -> refusal = Optional.of(reason));
  }

  /** The job is another worker's to complete, until {@link #giveBack}. */
  public void handOver(UniqueName name) {
    locked(() -> entry(name).orElseThrow().handedOver = true);
  }

  /** The job is this worker's to complete again, and the listener is told. */
  public void giveBack(UniqueName name) {
    locked(() -> {
      Entry entry = entry(name).orElseThrow();
      entry.handedOver = false;
      JobRecord told = entry.toRecord();
      tell(to -> to.onUnanswered(told));
      return entry;
    });
  }

  /** The jobs on record, answered ones too, in the order they were submitted in. */
  public List<JobRecord> jobs() {
    return locked(() -> {
      records.removeExpired();
      return records.entries.values().stream().map(Entry::toRecord).toList();
    });
  }

  // The port.

  @Override
  public void start(JobListener jobListener) {
    locked(() -> {
      listener = jobListener;
      records.removeExpired();
      records.entries.values().stream()
          .filter(entry -> entry.answer.isEmpty())
          .map(Entry::toRecord)
          .forEach(told -> tell(to -> to.onUnanswered(told)));
      tell(JobListener::onUnansweredJobsChanged);
      return listener;
    });
  }

  @Override
  public Submission submit(Job job, Optional<ReplyAddress> replyAddress) {
    return reached(() -> {
      if (refusal.isPresent()) {
        return new Submission.Refused(refusal.get());
      }
      Entry existing = records.entries.get(job.name().uuid());
      if (existing != null) {
        if (existing.submissionLost && existing.job.equals(job)) {
          existing.submissionLost = false;
          return new Submission.Created();
        }
        return new Submission.NameTaken(existing.toRecord());
      }
      Entry entry = new Entry(job, records.now());
      replyAddress.ifPresent(entry.replyAddresses::add);
      records.entries.put(job.name().uuid(), entry);
      JobRecord told = entry.toRecord();
      tell(to -> to.onUnanswered(told));
      tell(JobListener::onUnansweredJobsChanged);
      if (losingNextSubmission) {
        losingNextSubmission = false;
        entry.submissionLost = true;
        throw JobRuntimeException.retryable("job " + job.name() + ": the answer was lost", null);
      }
      return new Submission.Created();
    });
  }

  @Override
  public Optional<JobRecord> find(UUID uuid) {
    return reached(() -> Optional.ofNullable(records.entries.get(uuid)).map(Entry::toRecord));
  }

  @Override
  public Optional<JobRecord> addReplyAddress(UniqueName name, ReplyAddress address) {
    return reached(() -> {
      Optional<Entry> found = entry(name);
      found
          .filter(entry -> entry.answer.isEmpty() && !entry.replyAddresses.contains(address))
          .ifPresent(entry -> {
            entry.replyAddresses.add(address);
            entry.version++;
          });
      return found.map(Entry::toRecord);
    });
  }

  @Override
  public JobEnd awaitEnd(UniqueName name) throws InterruptedException, JobHandedOverException {
    records.lock.lockInterruptibly();
    try {
      while (true) {
        if (unreachable && !closed) {
          throw failure();
        }
        Optional<Entry> entry =
            entry(name).filter(found -> found.answer.isEmpty() && !found.handedOver);
        if (closed || entry.isEmpty()) {
          throw new JobHandedOverException(name);
        }
        if (entry.get().end.isPresent()) {
          return entry.get().end.get();
        }
        records.changed.await();
      }
    } finally {
      records.lock.unlock();
    }
  }

  @Override
  public boolean recordAnswer(JobRecord answered, Answer answer) {
    return reached(() -> {
      UniqueName name = answered.job().name();
      Optional<Entry> entry = entry(name).filter(found -> found.answer.isEmpty());
      if (entry.isEmpty()) {
        return true;
      }
      if (!entry.get().toRecord().version().equals(answered.version())) {
        return false;
      }
      entry.get().answer = Optional.of(answer);
      entry.get().version++;
      tell(to -> to.onAnswered(name, answer));
      tell(JobListener::onUnansweredJobsChanged);
      return true;
    });
  }

  @Override
  public boolean cancel(UniqueName name) {
    return reached(() -> {
      Optional<Entry> entry = entry(name);
      entry.ifPresent(found -> endIfRunning(found, new JobOutcome.Cancelled(), new byte[0]));
      return entry.isPresent();
    });
  }

  @Override
  public int unansweredJobs() {
    return locked(() ->
        (int) records.entries.values().stream().filter(entry -> entry.answer.isEmpty()).count());
  }

  @Override
  public Duration retention() {
    return records.retention;
  }

  @Override
  public void check() {
    reached(() -> true);
  }

  @Override
  public void close() {
    locked(() -> closed = true);
    listenerThread.shutdownNow();
  }

  private void endIfRunning(Entry entry, JobOutcome outcome, byte[] log) {
    if (entry.end.isPresent()) {
      return;
    }
    boolean started =
        !(outcome instanceof JobOutcome.ImageUnavailable)
            && !(outcome instanceof JobOutcome.NotStarted);
    try {
      Path file = Files.createTempFile("in-memory-runtime", ".log");
      file.toFile().deleteOnExit();
      Files.write(file, concat(entry.written, log));
      entry.end =
          Optional.of(
              new JobEnd(
                  outcome,
                  started ? Optional.of(entry.startedAt) : Optional.empty(),
                  records.now(),
                  new JobLog(file, true),
                  List.of()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] concat(byte[] first, byte[] second) {
    byte[] both = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, both, first.length, second.length);
    return both;
  }

  private Entry running(UniqueName name) {
    return entry(name).orElseThrow(() -> new IllegalArgumentException("no job " + name));
  }

  private Optional<Entry> entry(UniqueName name) {
    records.removeExpired();
    return Optional.ofNullable(records.entries.get(name.uuid()))
        .filter(entry -> entry.job.name().equals(name));
  }

  private void tell(Consumer<JobListener> message) {
    JobListener to = listener;
    if (to != null && !closed) {
      listenerThread.execute(() -> message.accept(to));
    }
  }

  private static JobRuntimeException failure() {
    return JobRuntimeException.retryable("the runtime cannot be reached, the test says", null);
  }

  /** What a call does that needs the runtime to be there. */
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
