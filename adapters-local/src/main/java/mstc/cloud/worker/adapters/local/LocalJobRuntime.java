package mstc.cloud.worker.adapters.local;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Function;
import java.util.function.Supplier;
import mstc.cloud.worker.domain.diagnosis.Diagnosis;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.reply.ReplyAddress;
import mstc.cloud.worker.domain.request.ContainerWork;
import mstc.cloud.worker.domain.request.WorkFormat;
import mstc.cloud.worker.domain.runtime.Answer;
import mstc.cloud.worker.domain.runtime.JobCounts;
import mstc.cloud.worker.domain.runtime.JobEnd;
import mstc.cloud.worker.domain.runtime.JobHandedOverException;
import mstc.cloud.worker.domain.runtime.JobListener;
import mstc.cloud.worker.domain.runtime.JobRecord;
import mstc.cloud.worker.domain.runtime.JobRuntime;
import mstc.cloud.worker.domain.runtime.JobRuntimeException;
import mstc.cloud.worker.domain.runtime.RuntimeStatus;
import mstc.cloud.worker.domain.runtime.Submission;
import mstc.cloud.worker.domain.view.JobViews;
import mstc.cloud.worker.domain.view.JobWatcher;
import mstc.cloud.worker.domain.view.LogReader;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs jobs as processes of this machine, by a catalogue that says which program stands in for
 * which image, and keeps a folder per job as its record.
 *
 * <p>A job's processes do not outlive the worker: {@link #close} ends them, and after a crash the
 * next worker on the same root folder does. Such a job ends as lost and is never started a second
 * time. A job whose first process was not started yet is started by the next worker; a held job
 * stays held. All of a job's processes end with its first one: on Linux also those that were
 * detached, as long as they keep their environment; elsewhere, those that still descend from the
 * first.
 *
 * <p>The caller that submits jobs decides how many run at once. A request's resources and labels
 * have no effect here; a request that names its own command is refused, as it would choose the
 * program, and so is one that sets a variable that the catalogue does not allow for its image.
 */
public final class LocalJobRuntime implements JobRuntime, JobViews {
  private static final Logger LOG = LoggerFactory.getLogger(LocalJobRuntime.class);

  /** With less room than this, the record of the largest possible request may not fit. */
  private static final long LEAST_USABLE_BYTES = 1024 * 1024;

  private static final Duration REMOVE_AGAIN = Duration.ofSeconds(10);

  private final LocalSettings settings;
  private final StoredJobJson json;
  private final Function<ContainerWork, Duration> timeouts;
  private final ConcurrentMap<UUID, LocalJob> jobs = new ConcurrentHashMap<>();
  private final ExecutorService runs =
      Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("local-job-", 0).factory());
  private final LocalNews news = new LocalNews();
  private final ScheduledExecutorService removals =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("local-job-removals").factory());

  /** Read-locked while a record is changed, write-locked to decide that no more are. */
  private final ReentrantReadWriteLock changing = new ReentrantReadWriteLock();

  private volatile boolean closed;
  private @Nullable RootFolder root;

  /**
   * A runtime that does nothing until it is started.
   *
   * @param format of the work in the jobs' records, which must be {@link ContainerWork}
   */
  public LocalJobRuntime(LocalSettings settings, WorkFormat format) {
    this(settings, format, ContainerWork::timeout);
  }

  /**
   * @param timeouts after which a job is ended; requests only have whole minutes, too long for
   *     tests
   */
  LocalJobRuntime(
      LocalSettings settings, WorkFormat format, Function<ContainerWork, Duration> timeouts) {
    this.settings = settings;
    this.json = new StoredJobJson(format);
    this.timeouts = timeouts;
  }

  @Override
  public void watch(JobWatcher watcher) {
    news.watch(watcher);
  }

  /**
   * {@inheritDoc} Here the runtime has the log as long as the record, also of an answered job; no
   * more of it is given than may be stored.
   */
  @Override
  public Optional<LogReader> openLog(UniqueName name, Optional<String> after, boolean follow) {
    long position = LocalLogReader.position(after);
    return job(name).map(job -> LocalLogReader.open(job, position, follow));
  }

  /** Examines what a runtime with these settings would run; changes nothing. */
  public static Diagnosis diagnosis(LocalSettings settings) {
    return Diagnosis.of(new ProgramChecks(settings, System.getenv("PATH")).all());
  }

  /**
   * {@inheritDoc}
   *
   * @throws JobRuntimeException permanently, if the root folder is used by another worker or cannot
   *     be used at all
   */
  @Override
  public void start(JobListener toTell) {
    RootFolder opened = RootFolder.open(settings.root());
    root = opened;
    news.listen(toTell);
    try {
      List<Path> leftovers = opened.leftovers();
      runs.execute(() -> leftovers.forEach(RootFolder::deleteTemporary));
      opened.names().forEach(name -> read(opened, name).ifPresent(this::resume));
    } catch (IOException e) {
      throw FileFailures.of("the root folder " + opened.path(), e);
    }
    news.tell(JobListener::onCountsChanged);
    LOG.debug("root={} jobs={} {}", opened.path(), jobs.size(), counts());
  }

  private Optional<LocalJob> read(RootFolder from, UniqueName name) {
    JobFolder folder = from.folder(name);
    try {
      StoredJob stored = folder.read(json);
      if (!stored.name().equals(name)) {
        throw new IllegalArgumentException("it is the record of job " + stored.name());
      }
      return Optional.of(localJob(stored, folder, folder.createdAt(stored)));
    } catch (IOException | RuntimeException e) {
      LOG.error(
          "folder {} has no record that can be read and is left alone; its job is not run: {}",
          folder.path(),
          e.toString());
      return Optional.empty();
    }
  }

  private LocalJob localJob(StoredJob stored, JobFolder folder, Instant createdAt) {
    return new LocalJob(stored, folder, createdAt, json, settings, news);
  }

  private void run(LocalJob job) {
    Duration timeout = timeouts.apply(ContainerWork.of(job.job().work()));
    runs.execute(new LocalRun(job, settings, timeout));
  }

  private void resume(LocalJob job) {
    jobs.put(job.name().uuid(), job);
    news.show(job::look);
    Optional<Duration> untilRemoval = job.untilRemoval();
    if (untilRemoval.isPresent()) {
      // A clock that was set back must not keep it longer than a whole retention.
      removeAfter(job, min(untilRemoval.get(), settings.retention()));
      // Answered or not, what it left running is ended.
      run(job);
    } else {
      follow(job);
    }
  }

  private static Duration min(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }

  private void follow(LocalJob job) {
    job.record().ifPresent(record -> news.tell(to -> to.onUnanswered(record)));
    run(job);
  }

  @Override
  public Submission submit(Job job, Optional<ReplyAddress> replyAddress) {
    return add(job, replyAddress, false);
  }

  @Override
  public Submission hold(Job job, Optional<ReplyAddress> replyAddress) {
    return add(job, replyAddress, true);
  }

  /** {@inheritDoc} Here a call that failed has left nothing. */
  @Override
  public Optional<Submission> findSubmission(Job job) {
    return find(job.name().uuid()).map(Submission.NameTaken::new);
  }

  @Override
  public boolean release(JobRecord held) {
    return change(() -> job(held.job().name()).map(job -> job.release(held)).orElse(false));
  }

  private Submission add(Job job, Optional<ReplyAddress> replyAddress, boolean held) {
    if (!(job.work() instanceof ContainerWork work)) {
      return new Submission.Refused("the local runtime runs the work of containers only");
    }
    if (!work.command().isEmpty()) {
      return new Submission.Refused(
          "the local runtime takes no command: mstc.runtime.local.catalogue says what runs in"
              + " place of an image; use args");
    }
    Optional<String> refusal =
        settings.entryFor(work.image()).flatMap(entry -> entry.refusal(work.env().keySet()));
    if (refusal.isPresent()) {
      return new Submission.Refused(refusal.get());
    }
    StoredJob stored = StoredJob.submitted(job, replyAddress, held);
    byte[] bytes;
    try {
      bytes = json.write(stored);
      if (!json.read(bytes).equals(stored)) {
        throw new IllegalArgumentException("it would be read back as another");
      }
    } catch (RuntimeException e) {
      return new Submission.Refused("the request cannot be kept on record: " + e.getMessage());
    }
    return change(() -> add(stored, bytes));
  }

  private Submission add(StoredJob stored, byte[] bytes) {
    RootFolder in = root();
    Instant now = Instant.now().truncatedTo(ChronoUnit.MILLIS);
    LocalJob mine = localJob(stored, in.folder(stored.name()), now);
    UUID uuid = stored.name().uuid();
    while (true) {
      LocalJob holder =
          jobs.computeIfAbsent(
              uuid,
              absent -> {
                add(in, stored.name(), bytes);
                return mine;
              });
      if (holder == mine) {
        news.show(mine::look);
        follow(mine);
        news.tell(JobListener::onCountsChanged);
        return stored.held() ? new Submission.Held(stored.toRecord(now)) : new Submission.Created();
      }
      Optional<JobRecord> existing = holder.record();
      if (existing.isPresent()) {
        return new Submission.NameTaken(existing.get());
      }
      // Its record was just removed: its name is free.
      jobs.remove(uuid, holder);
    }
  }

  private void add(RootFolder in, UniqueName name, byte[] record) {
    try {
      in.add(name, record);
    } catch (IOException e) {
      throw FileFailures.of("the record of job " + name + " in " + in.path(), e);
    }
  }

  @Override
  public Optional<JobRecord> find(UUID uuid) {
    return Optional.ofNullable(jobs.get(uuid)).flatMap(LocalJob::record);
  }

  @Override
  public Optional<JobRecord> addReplyAddress(UniqueName name, ReplyAddress address) {
    return change(() -> job(name).flatMap(job -> job.addReplyAddress(address)));
  }

  @Override
  public boolean awaitRelease(UniqueName name, Duration atMost)
      throws InterruptedException, JobHandedOverException {
    return toComplete(name).awaitRelease(atMost);
  }

  @Override
  public JobEnd awaitEnd(UniqueName name) throws InterruptedException, JobHandedOverException {
    return toComplete(name).awaitEnd();
  }

  private LocalJob toComplete(UniqueName name) throws JobHandedOverException {
    Optional<LocalJob> job = job(name);
    if (job.isEmpty() || closed) {
      throw new JobHandedOverException(name);
    }
    return job.get();
  }

  @Override
  public boolean recordAnswer(JobRecord answered, Answer answer) {
    UniqueName name = answered.job().name();
    return change(() -> {
      Optional<LocalJob> job = job(name);
      LocalJob.Recording recording =
          job.map(found -> found.recordAnswer(answered.version(), answer))
              .orElse(LocalJob.Recording.NOT_NEEDED);
      if (recording == LocalJob.Recording.RECORDED) {
        removeAfter(job.orElseThrow(), settings.retention());
        news.tell(to -> to.onAnswered(name, answer));
        news.tell(JobListener::onCountsChanged);
        news.show(job.orElseThrow()::look);
      }
      return recording != LocalJob.Recording.CHANGED_SINCE;
    });
  }

  @Override
  public boolean cancel(UniqueName name) {
    return change(() -> {
      Optional<LocalJob> job = job(name);
      LocalJob.Cancellation cancellation =
          job.map(LocalJob::cancel).orElse(LocalJob.Cancellation.NO_SUCH_JOB);
      if (cancellation == LocalJob.Cancellation.GIVEN_UP) {
        news.tell(to -> to.onGivenUp(name));
      }
      job.ifPresent(given -> news.show(given::look));
      return cancellation != LocalJob.Cancellation.NO_SUCH_JOB;
    });
  }

  @Override
  public RuntimeStatus status() {
    return new RuntimeStatus(true, Optional.of(Duration.ZERO), Optional.empty());
  }

  @Override
  public JobCounts counts() {
    int inFlight = 0;
    List<Instant> ends = new ArrayList<>();
    for (LocalJob job : jobs.values()) {
      Optional<Instant> end = job.endedAt();
      if (job.isAnswered()) {
        continue;
      }
      end.ifPresent(ends::add);
      inFlight += end.isPresent() ? 0 : 1;
    }
    return new JobCounts(inFlight, ends.size(), ends.stream().min(Comparator.naturalOrder()));
  }

  @Override
  public void check() {
    Path path = root().path();
    if (closed || !Files.isDirectory(path) || !Files.isWritable(path)) {
      throw JobRuntimeException.retryable("the root folder " + path + " cannot be written", null);
    }
    try {
      if (Files.getFileStore(path).getUsableSpace() < LEAST_USABLE_BYTES) {
        throw JobRuntimeException.retryable("no space is left in root folder " + path, null);
      }
    } catch (IOException e) {
      throw FileFailures.of("the root folder " + path, e);
    }
  }

  /**
   * {@inheritDoc} Here jobs end with their worker: their processes are asked to terminate and
   * killed after the grace, for which this waits.
   */
  @Override
  public void close() {
    changing.writeLock().lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      news.stop();
    } finally {
      changing.writeLock().unlock();
    }
    removals.shutdownNow();
    jobs.values().forEach(LocalJob::close);
    runs.close();
    news.close();
    removals.close();
    closeRoot();
  }

  private void closeRoot() {
    if (root == null) {
      return;
    }
    try {
      root.close();
    } catch (IOException e) {
      throw FileFailures.of("the lock of root folder " + root.path(), e);
    }
  }

  private Optional<LocalJob> job(UniqueName name) {
    return Optional.ofNullable(jobs.get(name.uuid())).filter(job -> job.name().equals(name));
  }

  private RootFolder root() {
    if (root == null) {
      throw new IllegalStateException("the runtime is not started");
    }
    return root;
  }

  private <T> T change(Supplier<T> change) {
    changing.readLock().lock();
    try {
      if (closed) {
        throw JobRuntimeException.retryable("the local runtime is closed", null);
      }
      return change.get();
    } finally {
      changing.readLock().unlock();
    }
  }

  private void removeAfter(LocalJob job, Duration delay) {
    if (!closed) {
      var _ = removals.schedule(() -> remove(job), delay.toMillis(), TimeUnit.MILLISECONDS);
    }
  }

  private void remove(LocalJob job) {
    try {
      if (job.remove(root())) {
        jobs.remove(job.name().uuid(), job);
        news.gone(job.name());
        LOG.debug("job={} is removed", job.name());
        return;
      }
    } catch (IOException e) {
      LOG.warn("job={} is not removed yet: {}", job.name(), e.toString());
    }
    removeAfter(job, REMOVE_AGAIN);
  }
}
