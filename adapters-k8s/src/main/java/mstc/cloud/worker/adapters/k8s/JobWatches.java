package mstc.cloud.worker.adapters.k8s;

import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.EventList;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.KubernetesResourceList;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodList;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobList;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.FilterWatchListDeletable;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.fabric8.kubernetes.client.informers.cache.ReducedStateItemStore;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The two watches, on the worker's Jobs and on their pods, that all following rests on. They go on
 * by themselves whatever happens to the API server; and from time to time both are listed, in case
 * a watch was cut and nobody noticed. A third tells why Jobs get no pods, for all of them at once.
 */
final class JobWatches implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(JobWatches.class);

  private static final long REFUSALS_AT_ONCE = 500;

  private final KubernetesClient client;
  private final String namespace;
  private final TrackedJobs tracked;
  private final SharedIndexInformer<Job> jobs;
  private final SharedIndexInformer<Pod> pods;
  private final SharedIndexInformer<Event> refusals;
  private final Thread relisting;
  private volatile boolean synced;

  /** Watches that are not started yet. */
  JobWatches(KubernetesClient client, String namespace, TrackedJobs tracked, Duration relist) {
    this.client = client;
    this.namespace = namespace;
    this.tracked = tracked;
    this.jobs = Informers.informer(jobs(), tracked::update, tracked::remove);
    this.pods = Informers.informer(pods(), tracked::update, tracked::remove);
    this.refusals =
        // There may be ten for each Job, and only the newest is of use.
        Informers.informer(refusals().withLimit(REFUSALS_AT_ONCE), tracked::update, gone -> {})
            .itemStore(
                new ReducedStateItemStore<>(
                    ReducedStateItemStore.UID_KEY_STATE,
                    Event.class,
                    client.getKubernetesSerialization()));
    this.relisting = Thread.ofVirtual().name("relist").unstarted(() -> relistEvery(relist));
  }

  private FilterWatchListDeletable<Job, JobList, ? extends Resource<Job>> jobs() {
    return client
        .batch()
        .v1()
        .jobs()
        .inNamespace(namespace)
        .withLabel(JobNames.MANAGED_BY_LABEL, JobNames.WORKER);
  }

  private FilterWatchListDeletable<Pod, PodList, ? extends Resource<Pod>> pods() {
    return client
        .pods()
        .inNamespace(namespace)
        .withLabel(JobNames.MANAGED_BY_LABEL, JobNames.WORKER);
  }

  private FilterWatchListDeletable<Event, EventList, ? extends Resource<Event>> refusals() {
    return client
        .v1()
        .events()
        .inNamespace(namespace)
        .withField("reason", "FailedCreate")
        .withField("involvedObject.kind", "Job");
  }

  /**
   * Begins to watch, and tries until it can. Returns at once.
   *
   * @param onSynced called once all that was there is known
   */
  void start(Runnable onSynced) {
    CompletableFuture<?> allJobs = jobs.start().toCompletableFuture();
    CompletableFuture<?> allPods = pods.start().toCompletableFuture();
    var _ =
        CompletableFuture.allOf(allJobs, allPods)
            .thenRun(() -> {
              // What was listed is still on its way to the handlers.
              jobs.getStore().list().forEach(tracked::update);
              pods.getStore().list().forEach(tracked::update);
              synced = true;
              // Of Jobs that are not known yet they would tell in vain.
              var _ = refusals.start();
              onSynced.run();
            });
    relisting.start();
  }

  /** Whether all that was there at the start is known. */
  boolean isSynced() {
    return synced;
  }

  private void relistEvery(Duration interval) {
    try {
      while (true) {
        Thread.sleep(interval);
        var _ = relist();
      }
    } catch (InterruptedException e) {
      LOG.debug("Lists end");
    }
  }

  /** Brings what is known up to date; false where the cluster cannot be asked. */
  boolean relist() {
    try {
      relist(jobs(), tracked::update, tracked::retainJobs);
      relist(pods(), tracked::update, tracked::retainPods);
      return true;
    } catch (KubernetesClientException e) {
      LOG.debug("Not listed this time: {}", ApiErrors.message(e));
      return false;
    }
  }

  private static <T extends HasMetadata> void relist(
      FilterWatchListDeletable<T, ? extends KubernetesResourceList<T>, ? extends Resource<T>> items,
      Consumer<T> update,
      BiConsumer<Set<String>, String> retain) {
    KubernetesResourceList<T> list = items.list();
    list.getItems().forEach(update);
    retain.accept(
        list.getItems().stream()
            .map(item -> item.getMetadata().getUid())
            .collect(Collectors.toSet()),
        list.getMetadata().getResourceVersion());
  }

  @Override
  public void close() {
    relisting.interrupt();
    jobs.stop();
    pods.stop();
    refusals.stop();
  }
}
