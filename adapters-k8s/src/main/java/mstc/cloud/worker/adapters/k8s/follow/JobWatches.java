package mstc.cloud.worker.adapters.k8s.follow;

import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.KubernetesResourceList;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.FilterWatchListDeletable;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.fabric8.kubernetes.client.informers.cache.ReducedStateItemStore;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import mstc.cloud.worker.adapters.k8s.cluster.ApiErrors;
import mstc.cloud.worker.adapters.k8s.cluster.CheckedWatch;
import mstc.cloud.worker.adapters.k8s.cluster.Informers;
import mstc.cloud.worker.adapters.k8s.cluster.WakeableTimer;
import mstc.cloud.worker.adapters.k8s.job.JobNames;
import mstc.cloud.worker.adapters.k8s.job.TrackedJobs;
import mstc.cloud.worker.domain.runtime.JobCounts;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The two watches, on the worker's Jobs and on their pods, that all following depends on. They go
 * on by themselves whatever happens to the API server; when one is silent both are listed, in case
 * it was cut and nobody noticed. A third watch tells why Jobs get no pods, for all of them at once.
 */
public final class JobWatches implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(JobWatches.class);

  private static final Duration LOOK = Duration.ofSeconds(1);

  private static final long REFUSALS_AT_ONCE = 500;

  private final TrackedJobs tracked;
  private final Informed<Job> listedJobs;
  private final Informed<Pod> listedPods;
  private final CheckedWatch<Job> jobs;
  private final CheckedWatch<Pod> pods;
  private final SharedIndexInformer<Event> refusals;
  private final Thread looking = Thread.ofVirtual().name("watches").unstarted(this::look);
  private volatile boolean synced;
  private volatile boolean closed;

  /**
   * Watches that are not started yet.
   *
   * @param relist the time without a change after which the items are listed in any case
   */
  public JobWatches(
      KubernetesClient client, String namespace, TrackedJobs tracked, Duration relist) {
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
    refusals =
        // There may be ten for each Job, and only the newest is needed.
        Informers.informer(
                client
                    .v1()
                    .events()
                    .inNamespace(namespace)
                    .withField("reason", "FailedCreate")
                    .withField("involvedObject.kind", "Job")
                    .withLimit(REFUSALS_AT_ONCE),
                tracked::update,
                gone -> {})
            .itemStore(
                new ReducedStateItemStore<>(
                    ReducedStateItemStore.UID_KEY_STATE,
                    Event.class,
                    client.getKubernetesSerialization()));
  }

  /** Items of one kind, watched by an informer. */
  private static final class Informed<T extends HasMetadata> implements CheckedWatch.Items<T> {
    private final FilterWatchListDeletable<
            T, ? extends KubernetesResourceList<T>, ? extends Resource<T>>
        items;

    /** Completed once everything that existed at the start is listed. */
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
   * Begins to watch, and retries until it can. Returns at once.
   *
   * @param onSynced called once everything that existed is known
   */
  public void start(Runnable onSynced) {
    jobs.begin();
    pods.begin();
    var _ =
        CompletableFuture.allOf(listedJobs.listed, listedPods.listed)
            .thenRun(() -> {
              // What was listed has not reached the handlers yet.
              listedJobs.updateListed(jobs::know);
              listedPods.updateListed(pods::know);
              synced = true;
              // For Jobs that are not known yet they would be lost.
              var _ = refusals.start();
              onSynced.run();
            });
    looking.start();
  }

  /** Whether everything that existed at the start is known. */
  public boolean isSynced() {
    return synced;
  }

  /**
   * How long ago the cluster last confirmed what is known of both Jobs and pods; empty before
   * everything that existed at the start is known.
   */
  public Optional<Duration> silence() {
    return synced
        ? Optional.of(Collections.max(List.of(jobs.silence(), pods.silence())))
        : Optional.empty();
  }

  private void look() {
    JobCounts counts = JobCounts.NONE;
    try {
      while (!closed) {
        Thread.sleep(LOOK);
        if (!tracked.counts().equals(counts)) {
          counts = tracked.counts();
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

  /** Brings what is known up to date; false if the cluster cannot be asked. */
  public boolean relist() {
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
    closed = true;
    looking.interrupt();
    jobs.close();
    pods.close();
    refusals.stop();
  }
}
