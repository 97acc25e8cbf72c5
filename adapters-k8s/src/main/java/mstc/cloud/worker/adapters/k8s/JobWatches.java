package mstc.cloud.worker.adapters.k8s;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.KubernetesResourceList;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.FilterWatchListDeletable;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The two watches, on the worker's Jobs and on their pods, that all following rests on. They go on
 * by themselves whatever happens to the API server; and where one is silent both are listed, in
 * case it was cut and nobody noticed.
 */
final class JobWatches implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(JobWatches.class);

  private static final Duration LOOK = Duration.ofSeconds(1);

  private final TrackedJobs tracked;
  private final Informed<Job> listedJobs;
  private final Informed<Pod> listedPods;
  private final CheckedWatch<Job> jobs;
  private final CheckedWatch<Pod> pods;
  private final Thread looking = Thread.ofVirtual().name("watches").unstarted(this::look);
  private volatile boolean synced;

  /**
   * Watches that are not started yet.
   *
   * @param relist after which time without a change the items are listed in any case
   */
  JobWatches(KubernetesClient client, String namespace, TrackedJobs tracked, Duration relist) {
    this.tracked = tracked;
    listedJobs =
        new Informed<>(
            client
                .batch()
                .v1()
                .jobs()
                .inNamespace(namespace)
                .withLabel(JobNames.MANAGED_BY_LABEL, JobNames.WORKER));
    listedPods =
        new Informed<>(
            client
                .pods()
                .inNamespace(namespace)
                .withLabel(JobNames.MANAGED_BY_LABEL, JobNames.WORKER));
    jobs =
        new CheckedWatch<>(
            "Jobs",
            listedJobs,
            tracked::update,
            tracked::remove,
            tracked::retainJobs,
            new WakeableTimer(),
            relist);
    pods =
        new CheckedWatch<>(
            "pods",
            listedPods,
            tracked::update,
            tracked::remove,
            tracked::retainPods,
            new WakeableTimer(),
            relist);
  }

  /** Items of one kind, watched by an informer. */
  private static final class Informed<T extends HasMetadata> implements CheckedWatch.Items<T> {
    private final FilterWatchListDeletable<
            T, ? extends KubernetesResourceList<T>, ? extends Resource<T>>
        items;

    /** Done once all that was there at the start is listed. */
    private final CompletableFuture<SharedIndexInformer<T>> listed = new CompletableFuture<>();

    Informed(
        FilterWatchListDeletable<T, ? extends KubernetesResourceList<T>, ? extends Resource<T>>
            items) {
      this.items = items;
    }

    @Override
    public Runnable watch(Consumer<T> update, Consumer<T> remove) {
      SharedIndexInformer<T> informer = Informers.informer(items, update, remove);
      var _ = informer.start().thenRun(() -> listed.complete(informer));
      return informer::stop;
    }

    @Override
    public KubernetesResourceList<T> list() {
      return items.list();
    }

    private void updateListed(Consumer<T> update) {
      listed.thenAccept(informer -> informer.getStore().list().forEach(update)).join();
    }
  }

  /**
   * Begins to watch, and tries until it can. Returns at once.
   *
   * @param onSynced called once all that was there is known
   */
  void start(Runnable onSynced) {
    jobs.begin();
    pods.begin();
    var _ =
        CompletableFuture.allOf(listedJobs.listed, listedPods.listed)
            .thenRun(() -> {
              // What was listed is still on its way to the handlers.
              listedJobs.updateListed(jobs::know);
              listedPods.updateListed(pods::know);
              synced = true;
              onSynced.run();
            });
    looking.start();
  }

  /** Whether all that was there at the start is known. */
  boolean isSynced() {
    return synced;
  }

  private void look() {
    int unanswered = 0;
    try {
      while (true) {
        Thread.sleep(LOOK);
        if (tracked.unanswered() != unanswered) {
          unanswered = tracked.unanswered();
          jobs.expectNews();
          pods.expectNews();
        }
        jobs.look();
        pods.look();
      }
    } catch (InterruptedException e) {
      LOG.debug("The watches are looked at no longer");
    }
  }

  /** Brings what is known up to date; false where the cluster cannot be asked. */
  boolean relist() {
    try {
      var _ = jobs.list();
      var _ = pods.list();
      return true;
    } catch (KubernetesClientException e) {
      LOG.debug("Not listed this time: {}", ApiErrors.message(e));
      return false;
    }
  }

  @Override
  public void close() {
    looking.interrupt();
    jobs.close();
    pods.close();
  }
}
