package mstc.cloud.worker.adapters.k8s;

import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import mstc.cloud.worker.adapters.k8s.cluster.ClusterAccess;
import mstc.cloud.worker.adapters.k8s.cluster.ClusterClients;
import mstc.cloud.worker.adapters.k8s.follow.Followers;
import mstc.cloud.worker.adapters.k8s.follow.JobNews;
import mstc.cloud.worker.adapters.k8s.follow.JobWatches;
import mstc.cloud.worker.adapters.k8s.follow.LeaderSpool;
import mstc.cloud.worker.adapters.k8s.follow.Leadership;
import mstc.cloud.worker.adapters.k8s.follow.LeaseNotes;
import mstc.cloud.worker.adapters.k8s.follow.LogHandover;
import mstc.cloud.worker.adapters.k8s.job.JobCalls;
import mstc.cloud.worker.adapters.k8s.job.JobManifest;
import mstc.cloud.worker.adapters.k8s.job.JobRecords;
import mstc.cloud.worker.adapters.k8s.job.NewJob;
import mstc.cloud.worker.adapters.k8s.job.RecordReader;
import mstc.cloud.worker.adapters.k8s.job.Submissions;
import mstc.cloud.worker.adapters.k8s.job.TrackedJobs;
import mstc.cloud.worker.adapters.k8s.log.AttachedLogs;
import mstc.cloud.worker.adapters.k8s.log.ClusterLogSource;
import mstc.cloud.worker.adapters.k8s.log.LogArchive;
import mstc.cloud.worker.adapters.k8s.log.LogCollection;
import mstc.cloud.worker.adapters.k8s.log.LogKeeping;
import mstc.cloud.worker.adapters.k8s.log.LogSource;
import mstc.cloud.worker.adapters.k8s.log.Spool;
import mstc.cloud.worker.adapters.k8s.view.ViewedJobs;
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
import mstc.cloud.worker.domain.runtime.LogSpool;
import mstc.cloud.worker.domain.runtime.RuntimeStatus;
import mstc.cloud.worker.domain.runtime.Submission;
import mstc.cloud.worker.domain.store.ObjectStore;
import mstc.cloud.worker.domain.view.JobViews;
import mstc.cloud.worker.domain.view.JobWatcher;
import mstc.cloud.worker.domain.view.LogReader;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs jobs as Kubernetes Jobs, and keeps their records in the Jobs' annotations. There is no other
 * state, so any number of replicas may work in one namespace, and any of them may end at any time.
 *
 * <p>Every replica submits. The one that holds the Lease follows the Jobs to their ends and reports
 * unanswered ones to its listener; when it loses the Lease, another does. Every replica shows all
 * Jobs, by its own watches, and reads running jobs' logs from the cluster.
 */
public final class KubernetesJobRuntime implements JobRuntime, JobViews {
  private static final Logger LOG = LoggerFactory.getLogger(KubernetesJobRuntime.class);

  /** How long a stop waits for the Lease to be given back. */
  private static final Duration RELEASE_PATIENCE = Duration.ofSeconds(3);

  private final KubernetesSettings settings;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final ClusterClients clients;
  private final JobCalls calls;
  private final JobNews news = new JobNews();
  private final ViewedJobs views;
  private final Followers followers;
  private final Submissions submissions;
  private final JobRecords records;
  private final JobWatches watches;
  private final LogSource logs;
  private final AttachedLogs attached;
  private final LogArchive archive;
  private final LogHandover handover;
  private final LeaderSpool leaderSpool;
  private final Leadership leadership;
  private final AtomicBoolean closed = new AtomicBoolean();

  /** Set once it is started. */
  private volatile @Nullable LogCollection collection;

  /**
   * A runtime that does nothing until it is started.
   *
   * @param store keeps what has been read of long logs for the replica that follows their jobs next
   * @param format of the work in the Jobs' annotations, which must be {@link ContainerWork}
   * @throws IllegalArgumentException when nothing tells how the cluster is reached
   */
  public KubernetesJobRuntime(KubernetesSettings settings, ObjectStore store, WorkFormat format) {
    this(settings, store, format, _ -> Optional.empty());
  }

  /**
   * As {@link #KubernetesJobRuntime(KubernetesSettings, ObjectStore, WorkFormat)}, and maybe
   * through a proxy. One that the kubeconfig names has precedence.
   *
   * @param proxies gives the proxy of a server's URL as {@code http://[user:password@]host:port},
   *     or nothing if there is none
   */
  public KubernetesJobRuntime(
      KubernetesSettings settings,
      ObjectStore store,
      WorkFormat format,
      Function<URI, Optional<URI>> proxies) {
    this(settings, store, format, proxies, ContainerWork::timeout);
  }

  /**
   * @param timeouts after which a job is ended; requests only have whole minutes, too long for
   *     tests
   */
  KubernetesJobRuntime(
      KubernetesSettings settings,
      ObjectStore store,
      WorkFormat format,
      Function<URI, Optional<URI>> proxies,
      Function<ContainerWork, Duration> timeouts) {
    this.settings = settings;
    RecordReader reader = new RecordReader(format);
    String namespace = settings.namespace();
    this.clients =
        new ClusterClients(
            new ClusterAccess(settings.kubeconfig(), settings.context()),
            namespace,
            proxies,
            threads);
    this.calls = new JobCalls(clients.plain(), namespace, settings.retention());
    this.views = new ViewedJobs(reader, threads);
    this.followers =
        new Followers(
            reader, calls, news, views, threads, settings.startGrace(), settings.suspensionLimit());
    TrackedJobs tracked = followers.tracked();
    this.submissions =
        new Submissions(
            new JobManifest(namespace, settings.jobs(), format, timeouts), reader, calls, tracked);
    this.records = new JobRecords(reader, calls, tracked, followers);
    this.watches = new JobWatches(clients.plain(), namespace, tracked, settings.timing().relist());
    this.logs = new ClusterLogSource(clients.plain(), clients.pinning(), namespace);
    this.attached = new AttachedLogs(logs);
    this.archive = new LogArchive(store);
    LeaseNotes notes = new LeaseNotes(clients.quick(), namespace, settings.leaseName());
    this.handover = new LogHandover(tracked, attached, notes, settings.identity(), threads);
    this.leaderSpool =
        new LeaderSpool(
            notes,
            settings.identity(),
            followers::isLeading,
            () -> collection().spool().nearlyFull());
    this.leadership =
        new Leadership(
            clients.quick(),
            settings.leaseTerms(),
            threads,
            () -> followers.lead(watches::relist),
            followers::stopFollowing,
            this::onLease);
  }

  /**
   * Examines a cluster as a runtime with these settings needs it; changes nothing there.
   *
   * @param proxies as for the runtime
   */
  public static Diagnosis diagnosis(
      KubernetesSettings settings, Function<URI, Optional<URI>> proxies) {
    return new ClusterDiagnosis(settings, proxies);
  }

  private void onLease(Lease lease) {
    handover.onLease(lease);
    leaderSpool.onLease(lease);
  }

  @Override
  public void watch(JobWatcher watcher) {
    views.watch(watcher);
  }

  /** {@inheritDoc} Here a read blocks until the cluster has responded, opening does not. */
  @Override
  public Optional<LogReader> openLog(UniqueName name, Optional<String> after, boolean follow) {
    requireUsable();
    return views.openLog(logs, name, after, follow);
  }

  /**
   * {@inheritDoc}
   *
   * @throws JobRuntimeException permanently, if the spool cannot be used
   */
  @Override
  public void start(JobListener toTell) {
    Spool spool = Spool.open(settings.spool(), settings.spoolLimits());
    LogKeeping keeping = new LogKeeping(archive, spool, followers::isToBeFollowed);
    LogCollection opened = new LogCollection(logs, spool, archive, keeping, attached);
    collection = opened;
    followers.collectInto(opened);
    news.listen(toTell);
    keeping.start();
    watches.start(this::synced);
  }

  private LogCollection collection() {
    LogCollection opened = collection;
    if (opened == null) {
      throw new IllegalStateException("the runtime is not started");
    }
    return opened;
  }

  /** Only now is it known which Jobs there are to follow, and whose logs are still needed. */
  private void synced() {
    TrackedJobs tracked = followers.tracked();
    collection()
        .spool()
        .retain(name ->
            tracked.listUnanswered().keySet().stream()
                .anyMatch(unanswered -> unanswered.value().equals(name)));
    leadership.start();
    leaderSpool.start();
    news.tell(JobListener::onCountsChanged);
    LOG.info(
        "Kubernetes is reached: {}, namespace {}, {} jobs in flight, {} to be answered",
        clients.plain().getMasterUrl(),
        settings.namespace(),
        tracked.counts().inFlight(),
        tracked.counts().waiting());
  }

  @Override
  public Submission submit(Job job, Optional<ReplyAddress> replyAddress) {
    return create(job, replyAddress, submissions::submit);
  }

  @Override
  public Submission hold(Job job, Optional<ReplyAddress> replyAddress) {
    return create(job, replyAddress, submissions::hold);
  }

  private Submission create(
      Job job, Optional<ReplyAddress> replyAddress, Function<NewJob, Submission> submission) {
    requireUsable();
    requireRoomForLogs();
    return job.work() instanceof ContainerWork
        ? submission.apply(new NewJob(job, replyAddress))
        : new Submission.Refused("Kubernetes runs the work of containers only");
  }

  @Override
  public Optional<Submission> findSubmission(Job job) {
    requireUsable();
    return submissions.find(job.name());
  }

  @Override
  public boolean release(JobRecord held) {
    requireUsable();
    return submissions.release(held);
  }

  @Override
  public Optional<JobRecord> find(UUID uuid) {
    requireUsable();
    return records.find(uuid);
  }

  @Override
  public Optional<JobRecord> addReplyAddress(UniqueName name, ReplyAddress address) {
    requireUsable();
    return records.addReplyAddress(name, address);
  }

  @Override
  public boolean awaitRelease(UniqueName name, Duration atMost)
      throws InterruptedException, JobHandedOverException {
    return followers.awaitRelease(name, atMost);
  }

  @Override
  public JobEnd awaitEnd(UniqueName name) throws InterruptedException, JobHandedOverException {
    return followers.awaitEnd(name, leadership::isSure);
  }

  @Override
  public boolean recordAnswer(JobRecord answered, Answer answer) {
    requireUsable();
    // Its log is stored; the record stays until everything else of it is removed.
    archive.removeOrLeave(answered.job());
    return records.recordAnswer(answered, answer);
  }

  @Override
  public boolean cancel(UniqueName name) {
    requireUsable();
    return records.cancel(name);
  }

  @Override
  public RuntimeStatus status() {
    LogCollection opened = collection;
    long bytes = opened == null ? 0 : opened.spool().usedBytes();
    return new RuntimeStatus(
        followers.isLeading(),
        watches.silence(),
        Optional.of(new LogSpool(bytes, settings.spoolBytes())));
  }

  @Override
  public JobCounts counts() {
    return followers.tracked().counts();
  }

  @Override
  public void check() {
    requireUsable();
    if (!watches.isSynced()) {
      throw JobRuntimeException.retryable(
          "the cluster at %s has not listed the jobs of namespace %s yet"
              .formatted(clients.plain().getMasterUrl(), settings.namespace()),
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
    if (closed.get()) {
      throw JobRuntimeException.retryable("the Kubernetes runtime is closed", null);
    }
    if (Thread.currentThread().isInterrupted()) {
      throw JobRuntimeException.retryable("the thread is interrupted", null);
    }
  }

  boolean isLeading() {
    return followers.isLeading();
  }

  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    views.close();
    followers.close(handover);
    attached.close();
    leaderSpool.close();
    giveLeaseBack();
    watches.close();
    news.close(RELEASE_PATIENCE);
    clients.close();
    var _ = threads.shutdownNow();
    LogCollection opened = collection;
    if (opened != null) {
      opened.keeping().close();
      opened.spool().close();
    }
  }

  private void giveLeaseBack() {
    Thread release = Thread.ofVirtual().name("release").start(leadership::close);
    try {
      if (!release.join(RELEASE_PATIENCE)) {
        LOG.warn("The Lease was not given back; another replica takes it when it expires");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
