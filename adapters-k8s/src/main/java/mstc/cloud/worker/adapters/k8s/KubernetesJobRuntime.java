package mstc.cloud.worker.adapters.k8s;

import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.RequestConfig;
import io.fabric8.kubernetes.client.RequestConfigBuilder;
import io.fabric8.kubernetes.client.jdkhttp.JdkHttpClientFactory;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.reply.ReplyAddress;
import mstc.cloud.worker.domain.request.WorkRequest;
import mstc.cloud.worker.domain.runtime.Answer;
import mstc.cloud.worker.domain.runtime.JobCounts;
import mstc.cloud.worker.domain.runtime.JobEnd;
import mstc.cloud.worker.domain.runtime.JobHandedOverException;
import mstc.cloud.worker.domain.runtime.JobListener;
import mstc.cloud.worker.domain.runtime.JobRecord;
import mstc.cloud.worker.domain.runtime.JobRuntime;
import mstc.cloud.worker.domain.runtime.JobRuntimeException;
import mstc.cloud.worker.domain.runtime.LogSpool;
import mstc.cloud.worker.domain.runtime.Submission;
import mstc.cloud.worker.domain.store.ObjectStore;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs jobs as Kubernetes Jobs, and keeps their records in the Jobs' annotations: there is no other
 * state, so any number of replicas may work on one namespace, and any of them may end at any time.
 *
 * <p>Every replica submits. The one that holds the Lease follows the Jobs to their ends and is told
 * of unanswered ones; when it loses the Lease, another is.
 */
public final class KubernetesJobRuntime implements JobRuntime {
  private static final Logger LOG = LoggerFactory.getLogger(KubernetesJobRuntime.class);

  private static final int CONNECT_TIMEOUT_MILLIS = 5_000;
  private static final int REQUEST_TIMEOUT_MILLIS = 15_000;

  private static final int LEASE_TIMEOUT_MILLIS = 3_000;

  /** How soon whoever waits for a release notices that the job is another replica's. */
  private static final Duration RELEASE_CHECK_INTERVAL = Duration.ofSeconds(1);

  /** For how long a stop waits for the Lease to be given back. */
  private static final Duration RELEASE_PATIENCE = Duration.ofSeconds(3);

  /** For how long a leader that stops waits for another replica to open the logs that it reads. */
  private static final Duration ATTACH_PATIENCE = Duration.ofSeconds(3);

  /** And then for its own streams, to be sure of what it has read. */
  private static final Duration LEAVE_PATIENCE = Duration.ofSeconds(10);

  /** And for the object store, to keep that. */
  private static final Duration KEEP_PATIENCE = Duration.ofSeconds(15);

  /** Between looks whether this replica may be sure to lead. */
  private static final Duration LOOK_AGAIN = Duration.ofMillis(100);

  /** Between attempts to list what a new leader follows. */
  private static final Duration LIST_AGAIN = Duration.ofMillis(500);

  private final KubernetesSettings settings;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final ExecutorService messages =
      Executors.newSingleThreadExecutor(Thread.ofVirtual().name("job-messages").factory());
  private final KubernetesClient client;
  private final KubernetesClient holdingClient;
  private final JobManifest manifest;
  private final JobCalls calls;
  private final LogSource logs;
  private final TrackedJobs tracked = new TrackedJobs(new Tracking());
  private final JobWatches watches;
  private final AttachedLogs attached;
  private final LogArchive archive;
  private final Handover handover;
  private final LeaderSpool leaderSpool;
  private final Leadership leadership;
  private final UnsettledAttempts unsettled = new UnsettledAttempts();

  /** Guards what follows. */
  private final ReentrantLock lock = new ReentrantLock();

  private final Map<UniqueName, JobFollower> followers = new LinkedHashMap<>();
  private boolean leading;

  /** Counts how often this replica has begun to lead, or ceased to. */
  private long term;

  private boolean closed;
  private @Nullable JobListener listener;
  private volatile @Nullable Spool spool;
  private @Nullable LogKeeping keeping;

  /**
   * A runtime that does nothing until it is started.
   *
   * @param store keeps what has been read of long logs for whoever follows their jobs next
   * @throws IllegalArgumentException when nothing tells how the cluster is reached
   */
  public KubernetesJobRuntime(KubernetesSettings settings, ObjectStore store) {
    this(settings, store, WorkRequest::timeout);
  }

  /**
   * @param timeouts after which time a job is really ended; requests know whole minutes only, tests
   *     cannot wait for one
   */
  KubernetesJobRuntime(
      KubernetesSettings settings, ObjectStore store, Function<WorkRequest, Duration> timeouts) {
    this.settings = settings;
    this.client = client(settings, threads);
    this.manifest = new JobManifest(settings, timeouts);
    this.calls = new JobCalls(client, settings.namespace(), settings.retention());
    this.holdingClient = holding(client, threads);
    this.logs = new ClusterLogSource(client, holdingClient, settings.namespace());
    this.watches =
        new JobWatches(client, settings.namespace(), tracked, settings.timing().relist());
    this.attached = new AttachedLogs(logs);
    this.archive = new LogArchive(store);
    KubernetesClient quickClient = quick(client);
    LeaseNotes notes = new LeaseNotes(quickClient, settings);
    this.handover = new Handover(notes, settings.identity(), threads, this::attachToLogs);
    this.leaderSpool =
        new LeaderSpool(notes, settings.identity(), this::isLeading, () -> spool().nearlyFull());
    this.leadership =
        new Leadership(quickClient, settings, threads, this::lead, this::follow, this::onLease);
  }

  /** The same client, whose calls give up before the Lease is somebody else's. */
  private static KubernetesClient quick(KubernetesClient client) {
    RequestConfig config =
        new RequestConfigBuilder(client.getConfiguration().getRequestConfig())
            .withRequestTimeout(LEASE_TIMEOUT_MILLIS)
            .build();
    return client.newClient(config).adapt(KubernetesClient.class);
  }

  /** The same client, over HTTP/2. */
  private static KubernetesClient holding(KubernetesClient client, ExecutorService threads) {
    return client(
        new ConfigBuilder(client.getConfiguration()).withHttp2Disable(false).build(), threads);
  }

  private static KubernetesClient client(KubernetesSettings settings, ExecutorService threads) {
    ClusterAccess access = new ClusterAccess(settings.kubeconfig(), settings.context());
    Config config =
        new ConfigBuilder(access.find())
            .withNamespace(settings.namespace())
            .withConnectionTimeout(CONNECT_TIMEOUT_MILLIS)
            .withRequestTimeout(REQUEST_TIMEOUT_MILLIS)
            // Whoever calls the port tries again; and a create that is repeated unseen could not
            // be told from another's.
            .withRequestRetryBackoffLimit(0)
            // Over one shared connection, all the logs that are followed would be one too many.
            .withHttp2Disable(true)
            .build();
    return access.readable(() -> client(config, threads));
  }

  private static KubernetesClient client(Config config, ExecutorService threads) {
    return new KubernetesClientBuilder()
        .withConfig(config)
        .withHttpClientFactory(new JdkHttpClientFactory())
        .withTaskExecutor(threads)
        .build();
  }

  /**
   * {@inheritDoc}
   *
   * @throws JobRuntimeException permanently, where the spool cannot be used
   */
  @Override
  public void start(JobListener toTell) {
    lock.lock();
    try {
      Spool opened = Spool.open(settings.spool(), settings.spoolLimits());
      spool = opened;
      keeping = new LogKeeping(archive, opened, name -> tracked.findUnanswered(name).isPresent());
      listener = toTell;
    } finally {
      lock.unlock();
    }
    keeping().start();
    watches.start(this::synced);
  }

  /** Only now is known which Jobs there are to follow, and whose logs are still of use. */
  private void synced() {
    spool()
        .retain(name ->
            tracked.listUnanswered().keySet().stream()
                .anyMatch(unanswered -> unanswered.value().equals(name)));
    leadership.start();
    leaderSpool.start();
    tell(JobListener::onCountsChanged);
    LOG.info(
        "Kubernetes is reached: {}, namespace {}, {} jobs in flight, {} to be answered",
        client.getMasterUrl(),
        settings.namespace(),
        tracked.counts().inFlight(),
        tracked.counts().waiting());
  }

  private LogKeeping keeping() {
    LogKeeping started = keeping;
    if (started == null) {
      throw new IllegalStateException("the runtime is not started");
    }
    return started;
  }

  private Spool spool() {
    Spool opened = spool;
    if (opened == null) {
      throw new IllegalStateException("the runtime is not started");
    }
    return opened;
  }

  // Submitting and finding.

  @Override
  public Submission submit(
      mstc.cloud.worker.domain.job.Job job, Optional<ReplyAddress> replyAddress) {
    return create(job, attempt -> manifest.of(job, replyAddress, attempt));
  }

  @Override
  public Submission hold(
      mstc.cloud.worker.domain.job.Job job, Optional<ReplyAddress> replyAddress) {
    return create(job, attempt -> manifest.held(job, replyAddress, attempt));
  }

  private Submission create(
      mstc.cloud.worker.domain.job.Job job, Function<String, Job> manifestOfAttempt) {
    requireUsable();
    requireRoomForLogs();
    String attempt = unsettled.take(job.name()).orElseGet(() -> UUID.randomUUID().toString());
    Job toCreate = manifestOfAttempt.apply(attempt);
    if (LOG.isDebugEnabled()) {
      LOG.debug("Job manifest:\n{}", client.getKubernetesSerialization().asYaml(toCreate));
    }
    try {
      return own(calls.create(toCreate));
    } catch (KubernetesClientException e) {
      if (ApiErrors.isRefusal(e)) {
        return new Submission.Refused(ApiErrors.message(e));
      }
      if (ApiErrors.isAlreadyExists(e)) {
        return settle(job, attempt, e);
      }
      if (ApiErrors.isAnswerLost(e)) {
        unsettled.put(job.name(), attempt);
      }
      throw ApiErrors.failure("job " + job.name() + " was not created", e);
    }
  }

  /** The name is taken, perhaps by this very call or by an earlier one whose answer was lost. */
  private Submission settle(
      mstc.cloud.worker.domain.job.Job job, String attempt, KubernetesClientException conflict) {
    Optional<Job> holder;
    try {
      holder = calls.get(job.name());
    } catch (JobRuntimeException e) {
      unsettled.put(job.name(), attempt);
      throw e;
    }
    if (holder.isEmpty()) {
      throw ApiErrors.failure("job " + job.name() + " has just gone", conflict);
    }
    tracked.update(holder.get());
    if (JobAnnotations.annotation(holder.get(), JobNames.ATTEMPT)
        .filter(attempt::equals)
        .isPresent()) {
      return own(holder.get());
    }
    if (holder.get().getMetadata().getDeletionTimestamp() != null) {
      throw ApiErrors.failure("job " + job.name() + " is being deleted", conflict);
    }
    return new Submission.NameTaken(record(holder.get()));
  }

  /** What a call gives whose own Job is on record. */
  private Submission own(Job created) {
    tracked.update(created);
    return JobAnnotations.isHeld(created)
        ? new Submission.Held(record(created))
        : new Submission.Created();
  }

  @Override
  public Optional<Submission> findSubmission(mstc.cloud.worker.domain.job.Job job) {
    requireUsable();
    Optional<Job> holder = calls.get(job.name());
    holder.ifPresent(tracked::update);
    return holder.map(found ->
        JobAnnotations.annotation(found, JobNames.ATTEMPT)
                .filter(attempt -> unsettled.settle(job.name(), attempt))
                .isPresent()
            ? own(found)
            : new Submission.NameTaken(record(found)));
  }

  @Override
  public boolean release(JobRecord held) {
    requireUsable();
    String uid = JobAnnotations.uid(held);
    // It was read to be released: only whether it is that Job, and held, must be asked again.
    Optional<Job> released =
        tracked
            .find(held.job().name().uuid())
            .map(job -> job.snapshot().job())
            .filter(job -> job.getMetadata().getUid().equals(uid) && JobAnnotations.isHeld(job))
            .flatMap(job -> calls.release(job, uid));
    released.ifPresent(tracked::update);
    return released.isPresent();
  }

  @Override
  public Optional<JobRecord> find(UUID uuid) {
    requireUsable();
    return findJob(uuid, false).map(KubernetesJobRuntime::record);
  }

  /**
   * @param fresh whether the cluster is asked in any case. What is being followed is known well
   *     enough as a rule, as the patch of a version that is no longer the last is refused
   */
  private Optional<Job> findJob(UUID uuid, boolean fresh) {
    Optional<Job> known =
        tracked
            .find(uuid)
            .map(TrackedJob::snapshot)
            .filter(snapshot -> !snapshot.gone())
            .map(TrackedJob.Snapshot::job);
    if (!fresh && known.filter(job -> isFollowed(name(job))).isPresent()) {
      return known;
    }
    Optional<Job> found = known.flatMap(job -> calls.get(name(job))).or(() -> calls.find(uuid));
    found.ifPresent(tracked::update);
    return found.or(() -> deleted(uuid));
  }

  private boolean isFollowed(UniqueName name) {
    lock.lock();
    try {
      return followers.containsKey(name);
    } finally {
      lock.unlock();
    }
  }

  /** A Job that was deleted before its clients were answered. */
  private Optional<Job> deleted(UUID uuid) {
    return tracked
        .find(uuid)
        .map(TrackedJob::snapshot)
        .filter(TrackedJob.Snapshot::gone)
        .map(TrackedJob.Snapshot::job);
  }

  private static UniqueName name(Job job) {
    return new UniqueName(job.getMetadata().getName());
  }

  private static JobRecord record(Job job) {
    try {
      return JobAnnotations.record(job);
    } catch (IllegalArgumentException e) {
      throw JobRuntimeException.permanent(
          "the annotations of job "
              + job.getMetadata().getName()
              + " are no record: "
              + e.getMessage(),
          e);
    }
  }

  @Override
  public Optional<JobRecord> addReplyAddress(UniqueName name, ReplyAddress address) {
    requireUsable();
    for (boolean fresh = false; ; fresh = true) {
      Optional<Job> job = findJob(name.uuid(), fresh).filter(found -> name(found).equals(name));
      Optional<JobRecord> record = job.map(KubernetesJobRuntime::record);
      if (record.isEmpty()
          || record.get().answer().isPresent()
          || record.get().replyAddresses().contains(address)) {
        return record;
      }
      List<ReplyAddress> all = new ArrayList<>(record.get().replyAddresses());
      all.add(address);
      Optional<Job> changed =
          deleted(name.uuid()).isPresent()
              ? withReplyTo(name, all)
              : calls.replaceReplyTo(name, job.get().getMetadata().getResourceVersion(), all);
      if (changed.isPresent()) {
        tracked.update(changed.get());
        return changed.map(KubernetesJobRuntime::record);
      }
    }
  }

  private Optional<Job> withReplyTo(UniqueName name, List<ReplyAddress> addresses) {
    return deleted(name.uuid())
        .map(job -> noted(job, JobNames.REPLY_TO, JobAnnotations.replyTo(addresses)));
  }

  /** A deleted Job, which only this worker still knows, with what a patch would have noted. */
  private static Job noted(Job deleted, String annotation, String value) {
    return new JobBuilder(deleted)
        .editMetadata()
        .addToAnnotations(annotation, value)
        .withResourceVersion(deleted.getMetadata().getResourceVersion() + "0")
        .endMetadata()
        .build();
  }

  // Following.

  @Override
  public boolean awaitRelease(UniqueName name, Duration atMost)
      throws InterruptedException, JobHandedOverException {
    long deadline = System.nanoTime() + atMost.toNanos();
    while (true) {
      requireFollowed(name);
      TrackedJob job =
          tracked.findUnanswered(name).orElseThrow(() -> new JobHandedOverException(name));
      TrackedJob.Snapshot snapshot = job.snapshot();
      long left = deadline - System.nanoTime();
      if (snapshot.gone() || !JobAnnotations.isHeld(snapshot.job())) {
        return true;
      }
      if (left <= 0) {
        return false;
      }
      job.awaitChange(snapshot, Duration.ofNanos(Math.min(left, RELEASE_CHECK_INTERVAL.toNanos())));
    }
  }

  @Override
  public JobEnd awaitEnd(UniqueName name) throws InterruptedException, JobHandedOverException {
    JobFollower follower = requireFollowed(name);
    JobEnd end = follower.awaitEnd();
    while (!leadership.isSure()) {
      // It has stood still, and does not know yet whether another leads meanwhile.
      if (follower.isClosed()) {
        throw new JobHandedOverException(name);
      }
      Thread.sleep(LOOK_AGAIN);
    }
    return end;
  }

  private JobFollower requireFollowed(UniqueName name)
      throws InterruptedException, JobHandedOverException {
    JobFollower follower;
    lock.lockInterruptibly();
    try {
      if (leading && !followers.containsKey(name)) {
        tracked.findUnanswered(name).ifPresent(job -> beginFollowing(name, job, true));
      }
      follower = followers.get(name);
    } finally {
      lock.unlock();
    }
    if (follower == null) {
      throw new JobHandedOverException(name);
    }
    return follower;
  }

  @Override
  public boolean recordAnswer(JobRecord answered, Answer answer) {
    requireUsable();
    removeKept(answered);
    UniqueName name = answered.job().name();
    Optional<TrackedJob.Snapshot> known = tracked.find(name.uuid()).map(TrackedJob::snapshot);
    Optional<Job> job = known.map(TrackedJob.Snapshot::job).filter(held -> name(held).equals(name));
    if (known.isPresent() && known.get().gone()) {
      return answerDeleted(known.get().job(), answered, answer);
    }
    for (boolean sure = false; ; sure = true) {
      if (sure || job.isEmpty()) {
        job = calls.get(name);
        job.ifPresent(tracked::update);
      }
      if (job.isEmpty()) {
        // Deleted, which the watch may not have told yet.
        known.map(TrackedJob.Snapshot::job).ifPresent(tracked::remove);
        return known.isEmpty() || answerDeleted(known.get().job(), answered, answer);
      }
      if (JobAnnotations.isAnswered(job.get())) {
        return true;
      }
      boolean changed = !JobAnnotations.version(job.get()).equals(answered.version());
      if (changed && sure) {
        return false;
      }
      Optional<Job> patched = changed ? Optional.empty() : calls.answer(job.get(), answer);
      if (patched.isPresent()) {
        tracked.update(patched.get());
        return true;
      }
    }
  }

  /** Its log is stored, and the record goes on until nothing else of it is left behind. */
  private void removeKept(JobRecord answered) {
    archive.removeOrLeave(answered.job());
  }

  /** There is no place left to put it on record, and nobody left to look for it. */
  private boolean answerDeleted(Job deleted, JobRecord answered, Answer answer) {
    if (!JobAnnotations.version(deleted).equals(answered.version())) {
      return false;
    }
    UniqueName name = name(deleted);
    tracked.forget(name);
    endFollowing(name);
    tell(to -> to.onAnswered(name, answer));
    return true;
  }

  @Override
  public boolean cancel(UniqueName name) {
    requireUsable();
    Optional<Job> job = calls.get(name);
    if (job.isEmpty()) {
      return giveUpDeleted(name);
    }
    tracked.update(job.get());
    if (JobAnnotations.isAnswered(job.get())) {
      return true;
    }
    boolean ended = hasEnded(job.get());
    if (ended ? JobAnnotations.isGivenUp(job.get()) : JobAnnotations.isCancelled(job.get())) {
      return true;
    }
    Optional<Job> cancelled = ended ? calls.giveUp(job.get()) : calls.cancel(job.get());
    cancelled.ifPresent(tracked::update);
    return cancelled.isPresent();
  }

  private boolean giveUpDeleted(UniqueName name) {
    Optional<Job> deleted = deleted(name.uuid()).filter(gone -> name(gone).equals(name));
    deleted
        .filter(gone -> !JobAnnotations.isGivenUp(gone))
        .map(gone -> noted(gone, JobNames.GIVEN_UP, JobAnnotations.now()))
        .ifPresent(tracked::update);
    return deleted.isPresent();
  }

  private boolean hasEnded(Job job) {
    return JobConditions.isFinished(job)
        || tracked
            .find(name(job).uuid())
            .map(TrackedJob::snapshot)
            .map(snapshot ->
                JobVerdict.of(
                    snapshot,
                    record(snapshot.job()).job().request().timeout(),
                    Optional.empty(),
                    Instant.now()))
            .filter(verdict ->
                verdict instanceof JobVerdict.Ended || verdict instanceof JobVerdict.Settled)
            .isPresent();
  }

  /**
   * This replica may follow all Jobs from now on. What is remembered of them may be old: they may
   * have been answered since.
   */
  private void lead() {
    lock.lock();
    try {
      if (!closed) {
        long begun = ++term;
        threads.execute(() -> lead(begun));
      }
    } finally {
      lock.unlock();
    }
  }

  private void lead(long begun) {
    try {
      while (isTerm(begun) && !watches.relist()) {
        Thread.sleep(LIST_AGAIN);
      }
    } catch (InterruptedException e) {
      LOG.debug("This replica stops before it leads");
      return;
    }
    lock.lock();
    try {
      if (term != begun || closed) {
        return;
      }
      // Deleted while this replica did not lead, perhaps long after somebody answered them.
      tracked.forgetDeleted();
      leading = true;
      tracked.listUnanswered().forEach((name, job) -> beginFollowing(name, job, true));
    } finally {
      lock.unlock();
    }
  }

  private boolean isTerm(long begun) {
    lock.lock();
    try {
      return term == begun && !closed;
    } finally {
      lock.unlock();
    }
  }

  /**
   * @param inherited whether another worker may have followed it before, or nobody its beginning
   */
  private void beginFollowing(UniqueName name, TrackedJob job, boolean inherited) {
    JobRecord record;
    try {
      record = record(job.snapshot().job());
    } catch (JobRuntimeException e) {
      LOG.error("Job {} cannot be followed: {}", name, e.getMessage());
      return;
    }
    JobFollower follower =
        new JobFollower(
            record.job(),
            inherited,
            job,
            calls,
            new LogCollection(logs, spool(), archive, keeping(), attached),
            settings.startGrace());
    if (followers.putIfAbsent(name, follower) == null) {
      follower.start();
      tell(to -> to.onUnanswered(record));
    }
  }

  /** Opens the long logs that a leader reads which is about to stop. */
  private void attachToLogs(Set<String> podUids) {
    List<AttachedLogs.Target> targets =
        tracked.listUnanswered().values().stream()
            .map(TrackedJob::snapshot)
            .flatMap(snapshot -> snapshot.pods().stream())
            .filter(pod -> podUids.contains(pod.uid()))
            .map(pod -> new AttachedLogs.Target(pod.uid(), PodStates.container(pod.pod())))
            .toList();
    try {
      attached.attach(targets);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Gives what was read of logs to whoever leads next: another replica opens the long ones first,
   * so that nothing is rotated away unread between the two.
   */
  private void handOver(List<JobFollower> following) {
    try {
      Set<String> longLogs =
          following.stream()
              .flatMap(follower -> follower.longLogs().stream())
              .collect(Collectors.toSet());
      if (!longLogs.isEmpty()) {
        handover.announce(longLogs, ATTACH_PATIENCE);
      }
      following.forEach(JobFollower::leave);
      long deadline = System.nanoTime() + LEAVE_PATIENCE.toNanos();
      for (JobFollower follower : following) {
        follower.awaitLeft(Duration.ofNanos(deadline - System.nanoTime()));
      }
      keeping().keepAll(KEEP_PATIENCE);
    } catch (InterruptedException e) {
      LOG.warn("What was read of logs is not handed over: interrupted");
      Thread.currentThread().interrupt();
    }
  }

  private void onLease(Lease lease) {
    handover.onLease(lease);
    leaderSpool.onLease(lease);
  }

  /** Another replica does, or none. */
  private void follow() {
    lock.lock();
    try {
      term++;
      leading = false;
      followers.values().forEach(JobFollower::close);
      followers.keySet().forEach(keeping()::forget);
      followers.clear();
    } finally {
      lock.unlock();
    }
  }

  private void endFollowing(UniqueName name) {
    lock.lock();
    try {
      JobFollower follower = followers.remove(name);
      if (follower != null) {
        follower.close();
      }
    } finally {
      lock.unlock();
    }
    keeping().forget(name);
    threads.execute(() -> {
      archive.finish(name);
      spool().remove(name.value());
    });
  }

  /** Passes on what happens to Jobs, on the threads of the watches and of callers. */
  private final class Tracking implements TrackedJobs.Observer {
    @Override
    public void onUnanswered(UniqueName name, TrackedJob job) {
      run(() -> {
        lock.lock();
        try {
          if (leading && !closed) {
            beginFollowing(name, job, false);
          }
        } finally {
          lock.unlock();
        }
      });
    }

    @Override
    public void onAnswered(UniqueName name, Job job) {
      run(() -> {
        endFollowing(name);
        record(job).answer().ifPresent(answer -> tell(to -> to.onAnswered(name, answer)));
      });
    }

    @Override
    public void onDeleted(UniqueName name) {
      run(() -> {
        if (!isLeading()) {
          tracked.forget(name);
          endFollowing(name);
        }
      });
    }

    @Override
    public void onGivenUp(UniqueName name) {
      tell(to -> to.onGivenUp(name));
    }

    @Override
    public void onCountChanged() {
      tell(JobListener::onCountsChanged);
    }
  }

  boolean isLeading() {
    lock.lock();
    try {
      return leading;
    } finally {
      lock.unlock();
    }
  }

  private void tell(Consumer<JobListener> message) {
    run(() -> {
      JobListener to = listener;
      if (to != null) {
        message.accept(to);
      }
    });
  }

  /** One after the other, and never on a thread that holds a lock. */
  private void run(Runnable message) {
    try {
      messages.execute(() -> {
        try {
          message.run();
        } catch (RuntimeException e) {
          LOG.error("A change of a job was not passed on", e);
        }
      });
    } catch (RejectedExecutionException e) {
      LOG.debug("Closed: a change of a job is not passed on");
    }
  }

  // The runtime as a whole.

  @Override
  public Optional<LogSpool> logSpool() {
    Spool opened = spool;
    long bytes = opened == null ? 0 : opened.usedBytes();
    return Optional.of(new LogSpool(bytes, settings.spoolBytes()));
  }

  @Override
  public JobCounts counts() {
    return tracked.counts();
  }

  @Override
  public Duration retention() {
    return settings.retention();
  }

  @Override
  public void check() {
    requireUsable();
    if (!watches.isSynced()) {
      throw JobRuntimeException.retryable(
          "the cluster at %s has not listed the jobs of namespace %s yet"
              .formatted(client.getMasterUrl(), settings.namespace()),
          null);
    }
    requireRoomForLogs();
    calls.check();
  }

  private void requireRoomForLogs() {
    leaderSpool
        .problem()
        .ifPresent(problem -> {
          throw JobRuntimeException.retryable(problem, null);
        });
  }

  private void requireUsable() {
    lock.lock();
    try {
      if (closed) {
        throw JobRuntimeException.retryable("the Kubernetes runtime is closed", null);
      }
    } finally {
      lock.unlock();
    }
    if (Thread.currentThread().isInterrupted()) {
      throw JobRuntimeException.retryable("the thread is interrupted", null);
    }
  }

  @Override
  public void close() {
    List<JobFollower> following;
    lock.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      following = List.copyOf(followers.values());
    } finally {
      lock.unlock();
    }
    if (!following.isEmpty()) {
      handOver(following);
    }
    follow();
    attached.close();
    leaderSpool.close();
    Thread release = Thread.ofVirtual().name("release").start(leadership::close);
    try {
      if (!release.join(RELEASE_PATIENCE)) {
        LOG.warn("The Lease was not given back; another replica takes it when it expires");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    watches.close();
    messages.shutdown();
    try {
      if (!messages.awaitTermination(RELEASE_PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
        messages.shutdownNow();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    client.close();
    holdingClient.close();
    threads.shutdownNow();
    LogKeeping kept = keeping;
    if (kept != null) {
      kept.close();
    }
    Spool opened = spool;
    if (opened != null) {
      opened.close();
    }
  }
}
