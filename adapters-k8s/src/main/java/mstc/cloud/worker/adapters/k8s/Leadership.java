package mstc.cloud.worker.adapters.k8s;

import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderCallbacks;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderElectionConfig;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderElectionConfigBuilder;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderElector;
import io.fabric8.kubernetes.client.extended.leaderelection.resourcelock.LeaderElectionRecord;
import io.fabric8.kubernetes.client.extended.leaderelection.resourcelock.LeaseLock;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which of the replicas follows and completes jobs: the one that holds the Lease. The others try
 * for it from time to time, and at once where a watch tells that it was given back.
 */
final class Leadership implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Leadership.class);

  private final KubernetesClient client;
  private final KubernetesSettings settings;
  private final Executor executor;
  private final Runnable onStart;
  private final Runnable onStop;
  private final SharedIndexInformer<Lease> leases;
  private final ReentrantLock lock = new ReentrantLock();
  private @Nullable CompletableFuture<?> election;

  /** Whether the last attempt found the Lease in other hands, and the next is still to come. */
  private boolean waiting;

  private boolean closed;

  /**
   * @param onStart called when this replica becomes the leader
   * @param onStop called when it no longer is
   * @param onLease called with every version of the Lease
   */
  Leadership(
      KubernetesClient client,
      KubernetesSettings settings,
      Executor executor,
      Runnable onStart,
      Runnable onStop,
      Consumer<Lease> onLease) {
    this.client = client;
    this.settings = settings;
    this.executor = executor;
    this.onStart = onStart;
    this.onStop = onStop;
    this.leases =
        Informers.informer(
            client.leases().inNamespace(settings.namespace()).withName(settings.leaseName()),
            lease -> {
              onLease.accept(lease);
              tryAtOnceIfFree(lease);
            },
            lease -> LOG.debug("The Lease was deleted"));
  }

  /** Begins to try for the Lease. Returns at once. */
  void start() {
    executor.execute(this::elect);
    var _ = leases.start();
  }

  private void tryAtOnceIfFree(Lease lease) {
    if (isHeld(lease.getSpec().getHolderIdentity())) {
      return;
    }
    CompletableFuture<?> inVain;
    lock.lock();
    try {
      inVain = waiting && !closed ? election : null;
      waiting = false;
    } finally {
      lock.unlock();
    }
    if (inVain != null) {
      inVain.cancel(true);
      // Another begins with an attempt.
      executor.execute(this::elect);
    }
  }

  private void elect() {
    LeaderElectionConfig configuration = configuration(owners());
    lock.lock();
    try {
      if (closed) {
        return;
      }
      CompletableFuture<?> started = new LeaderElector(client, configuration, executor).start();
      election = started;
      var _ = started.whenCompleteAsync((result, failure) -> electAgain(failure), executor);
    } finally {
      lock.unlock();
    }
  }

  private void electAgain(@Nullable Throwable failure) {
    if (!(failure instanceof CancellationException)) {
      elect();
    }
  }

  /**
   * What owns this replica's pod, a ReplicaSet as a rule: with it Kubernetes deletes the Lease,
   * which would otherwise outlive an uninstallation.
   */
  private List<OwnerReference> owners() {
    if (settings.pod().isEmpty()) {
      return List.of();
    }
    try {
      return client
          .pods()
          .inNamespace(settings.namespace())
          .withField("metadata.name", settings.pod().get())
          .list()
          .getItems()
          .stream()
          .flatMap(pod -> pod.getMetadata().getOwnerReferences().stream())
          .map(Leadership::withoutControl)
          .toList();
    } catch (KubernetesClientException e) {
      LOG.debug("The Lease will have no owner", e);
      return List.of();
    }
  }

  private static OwnerReference withoutControl(OwnerReference owner) {
    return new OwnerReferenceBuilder(owner)
        .withController(null)
        .withBlockOwnerDeletion(null)
        .build();
  }

  private LeaderElectionConfig configuration(List<OwnerReference> owners) {
    ObjectMeta lease =
        new ObjectMetaBuilder()
            .withNamespace(settings.namespace())
            .withName(settings.leaseName())
            .withOwnerReferences(owners)
            .build();
    return new LeaderElectionConfigBuilder()
        .withName(settings.leaseName())
        .withLock(new ReturnableLock(lease, settings.identity()))
        .withLeaseDuration(settings.timing().lease())
        .withRenewDeadline(settings.timing().leaseRenewal())
        .withRetryPeriod(settings.timing().leaseRetry())
        .withReleaseOnCancel(true)
        .withLeaderCallbacks(new LeaderCallbacks(this::begin, this::end, this::noteHolder))
        .build();
  }

  /**
   * The client gives a Lease back by a patch with no holder in it, which leaves the one there is.
   */
  private static final class ReturnableLock extends LeaseLock {
    ReturnableLock(ObjectMeta lease, String identity) {
      super(lease, identity);
    }

    @Override
    protected Lease toResource(LeaderElectionRecord held, ObjectMetaBuilder metadata) {
      Lease lease = super.toResource(held, metadata);
      if (lease.getSpec().getHolderIdentity() == null) {
        lease.getSpec().setHolderIdentity("");
      }
      return lease;
    }
  }

  private void begin() {
    LOG.info("This replica follows and completes jobs, identity={}", settings.identity());
    onStart.run();
  }

  private void end() {
    LOG.info("This replica no longer follows jobs, identity={}", settings.identity());
    onStop.run();
  }

  private void noteHolder(@Nullable String identity) {
    LOG.debug("leader={}", identity);
    lock.lock();
    try {
      waiting = isHeld(identity) && !settings.identity().equals(identity);
    } finally {
      lock.unlock();
    }
  }

  private static boolean isHeld(@Nullable String holder) {
    return holder != null && !holder.isEmpty();
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
    leases.stop();
  }
}
