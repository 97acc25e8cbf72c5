package mstc.cloud.worker.adapters.k8s.follow;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import mstc.cloud.worker.adapters.k8s.cluster.Informers;
import mstc.cloud.worker.adapters.k8s.cluster.WakeableTimer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which replica follows and completes jobs: the one that holds the Lease. The others try for it
 * from time to time, and at once when a watch shows that it was given back.
 */
public final class Leadership implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Leadership.class);

  private final KubernetesClient client;
  private final LeaseTerms terms;
  private final Executor executor;
  private final Runnable onStart;
  private final Runnable onStop;
  private final SharedIndexInformer<Lease> leases;

  /** Runs the callbacks in order, and apart from the election, which has the Lease to renew. */
  private final ExecutorService told =
      Executors.newSingleThreadExecutor(Thread.ofVirtual().name("leadership").factory());

  private final ReentrantLock lock = new ReentrantLock();

  @GuardedBy("lock")
  private @Nullable Election election;

  @GuardedBy("lock")
  private @Nullable CompletableFuture<?> running;

  @GuardedBy("lock")
  private boolean closed;

  /**
   * @param onStart called when this replica becomes the leader. If that fails, it does not stay the
   *     leader, and tries again
   * @param onStop called when it no longer is, after {@code onStart} has returned, and as often
   * @param onLease called with every version of the Lease
   */
  public Leadership(
      KubernetesClient client,
      LeaseTerms terms,
      Executor executor,
      Runnable onStart,
      Runnable onStop,
      Consumer<Lease> onLease) {
    this.client = client;
    this.terms = terms;
    this.executor = executor;
    this.onStart = onStart;
    this.onStop = onStop;
    this.leases =
        Informers.informer(
            client.leases().inNamespace(terms.namespace()).withName(terms.leaseName()),
            lease -> {
              onLease.accept(lease);
              seen(lease);
            },
            lease -> LOG.debug("The Lease was deleted"));
  }

  /** Begins to try for the Lease; later calls do nothing. Returns at once. */
  public void start() {
    lock.lock();
    try {
      // Two elections under one identity would both take the Lease for their own.
      if (closed || running != null) {
        return;
      }
      running = CompletableFuture.runAsync(this::elect, executor);
      var _ = leases.start();
    } finally {
      lock.unlock();
    }
  }

  private void elect() {
    Election begun =
        new Election(
            new KubernetesLease(client, terms.namespace(), terms.leaseName(), owners()),
            new WakeableTimer(),
            terms.identity(),
            terms.timing(),
            () -> ThreadLocalRandom.current().nextDouble(),
            this::begin,
            this::end);
    lock.lock();
    try {
      if (closed) {
        return;
      }
      election = begun;
    } finally {
      lock.unlock();
    }
    begun.run();
  }

  private @Nullable Election election() {
    lock.lock();
    try {
      return election;
    } finally {
      lock.unlock();
    }
  }

  /** Whether no other replica can be leading. */
  public boolean isSure() {
    Election begun = election();
    return begun != null && begun.isSure();
  }

  private void seen(Lease lease) {
    Election begun = election();
    if (begun != null) {
      begun.seen(lease);
    }
  }

  /**
   * What owns this replica's pod, normally a ReplicaSet: Kubernetes deletes the Lease with it.
   * Otherwise the Lease would outlive an uninstallation.
   */
  private List<OwnerReference> owners() {
    if (terms.pod().isEmpty()) {
      return List.of();
    }
    try {
      return client
          .pods()
          .inNamespace(terms.namespace())
          .withField("metadata.name", terms.pod().get())
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

  private void begin() {
    LOG.info("This replica follows and completes jobs, identity={}", terms.identity());
    told.execute(() -> {
      try {
        onStart.run();
      } catch (RuntimeException e) {
        LOG.error("This replica cannot follow jobs, and tries again", e);
        Election begun = election();
        if (begun != null) {
          begun.resign();
        }
      }
    });
  }

  private void end() {
    LOG.info("This replica no longer follows jobs, identity={}", terms.identity());
    try {
      CompletableFuture.runAsync(onStop, told).join();
    } catch (CompletionException e) {
      LOG.error("This replica does not know how to stop following jobs", e);
    }
  }

  /** Gives the Lease back, so that another replica need not wait until it expires. */
  @Override
  public void close() {
    CompletableFuture<?> ending;
    lock.lock();
    try {
      closed = true;
      ending = running;
      if (election != null) {
        election.close();
      }
    } finally {
      lock.unlock();
    }
    if (ending != null) {
      ending.join();
    }
    told.shutdown();
    leases.stop();
  }
}
