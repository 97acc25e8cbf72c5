package mstc.cloud.worker.adapters.k8s;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderCallbacks;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderElectionConfig;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderElectionConfigBuilder;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderElector;
import io.fabric8.kubernetes.client.extended.leaderelection.resourcelock.LeaseLock;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which of the replicas follows and completes jobs: the one that holds the Lease. A replica that
 * lost it tries for it again.
 */
final class Leadership implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Leadership.class);

  private final KubernetesClient client;
  private final KubernetesSettings settings;
  private final Executor executor;
  private final Runnable onStart;
  private final Runnable onStop;
  private final ReentrantLock lock = new ReentrantLock();
  private @Nullable CompletableFuture<?> election;
  private boolean closed;

  /**
   * @param onStart called when this replica becomes the leader
   * @param onStop called when it no longer is
   */
  Leadership(
      KubernetesClient client,
      KubernetesSettings settings,
      Executor executor,
      Runnable onStart,
      Runnable onStop) {
    this.client = client;
    this.settings = settings;
    this.executor = executor;
    this.onStart = onStart;
    this.onStop = onStop;
  }

  /** Begins to try for the Lease. Returns at once. */
  void start() {
    lock.lock();
    try {
      if (closed) {
        return;
      }
      CompletableFuture<?> started = new LeaderElector(client, configuration(), executor).start();
      election = started;
      var _ = started.whenCompleteAsync((result, failure) -> start(), executor);
    } finally {
      lock.unlock();
    }
  }

  private LeaderElectionConfig configuration() {
    return new LeaderElectionConfigBuilder()
        .withName(settings.leaseName())
        .withLock(new LeaseLock(settings.namespace(), settings.leaseName(), settings.identity()))
        .withLeaseDuration(settings.timing().lease())
        .withRenewDeadline(settings.timing().leaseRenewal())
        .withRetryPeriod(settings.timing().leaseRetry())
        .withReleaseOnCancel(true)
        .withLeaderCallbacks(new LeaderCallbacks(this::begin, this::end, Leadership::logLeader))
        .build();
  }

  private void begin() {
    LOG.info("This replica follows and completes jobs, identity={}", settings.identity());
    onStart.run();
  }

  private void end() {
    LOG.info("This replica no longer follows jobs, identity={}", settings.identity());
    onStop.run();
  }

  private static void logLeader(@Nullable String identity) {
    LOG.debug("leader={}", identity);
  }

  /** Gives the Lease back, so that another replica need not wait until it expires. */
  @Override
  public void close() {
    CompletableFuture<?> running;
    lock.lock();
    try {
      closed = true;
      running = election;
    } finally {
      lock.unlock();
    }
    if (running != null) {
      running.cancel(true);
    }
  }
}
