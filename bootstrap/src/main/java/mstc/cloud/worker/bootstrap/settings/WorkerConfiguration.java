package mstc.cloud.worker.bootstrap.settings;

import java.time.Duration;
import java.util.Optional;
import mstc.cloud.worker.adapters.http.HttpSettings;
import mstc.cloud.worker.adapters.rabbitmq.RabbitSettings;
import mstc.cloud.worker.application.WorkerSettings;

/**
 * The whole configuration of a worker, as its parts need it.
 *
 * @param http empty if the HTTP API is switched off
 * @param proxies on the way to the cluster and the object store
 * @param shutdownGrace how long a stop waits for what is in progress
 */
public record WorkerConfiguration(
    RabbitSettings workQueue,
    StoreSettings objectStore,
    RuntimeSettings runtime,
    WorkerSettings worker,
    Optional<HttpSettings> http,
    LoggingSettings logging,
    Proxies proxies,
    Duration shutdownGrace) {

  /** The same configuration with another runtime. */
  public WorkerConfiguration withRuntime(RuntimeSettings other) {
    return new WorkerConfiguration(
        workQueue, objectStore, other, worker, http, logging, proxies, shutdownGrace);
  }
}
