package mstc.cloud.worker.bootstrap.assembly;

import java.time.Clock;
import mstc.cloud.worker.adapters.k8s.KubernetesJobRuntime;
import mstc.cloud.worker.adapters.local.LocalJobRuntime;
import mstc.cloud.worker.adapters.rabbitmq.RabbitWorkQueue;
import mstc.cloud.worker.application.Worker;
import mstc.cloud.worker.application.WorkerSettings;
import mstc.cloud.worker.bootstrap.configuration.WorkerConfiguration;
import mstc.cloud.worker.bootstrap.configuration.WorkerConfiguration.KubernetesSettings;
import mstc.cloud.worker.bootstrap.configuration.WorkerConfiguration.LocalSettings;
import mstc.cloud.worker.domain.queue.WorkQueue;
import mstc.cloud.worker.domain.reply.ReplyFormat;
import mstc.cloud.worker.domain.runtime.JobRuntime;
import mstc.cloud.worker.domain.store.ObjectStore;
import mstc.cloud.worker.wire.ReplyJson;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Which adapter stands behind which port. Spring closes what is closeable, last made first. */
@Configuration(proxyBeanMethods = false)
class WorkerAssembly {

  @Bean
  WorkQueue workQueue(WorkerConfiguration configuration) {
    return new RabbitWorkQueue(Services.rabbit(configuration.workQueue()));
  }

  @Bean
  ObjectStore objectStore(WorkerConfiguration configuration) {
    return Services.objectStore(configuration);
  }

  @Bean
  JobRuntime jobRuntime(WorkerConfiguration configuration, ObjectStore store) {
    return switch (configuration.runtime()) {
      case KubernetesSettings kubernetes ->
          new KubernetesJobRuntime(Services.kubernetes(kubernetes, configuration), store);
      case LocalSettings local -> new LocalJobRuntime(Services.local(local, configuration));
    };
  }

  @Bean
  ReplyFormat replyFormat() {
    return new ReplyJson();
  }

  @Bean
  Worker worker(
      WorkQueue queue,
      JobRuntime runtime,
      ObjectStore store,
      ReplyFormat format,
      WorkerConfiguration configuration) {
    return new Worker(
        queue,
        runtime,
        store,
        format,
        WorkerSettings.of(
            configuration.jobs().maxConcurrent(),
            configuration.jobs().maxUnanswered(),
            configuration.jobs().policy(),
            configuration.jobs().replyPatience(),
            configuration.jobs().logPatience()),
        Clock.systemUTC());
  }

  @Bean
  WorkerLifecycle workerLifecycle(Worker worker, WorkerConfiguration configuration) {
    return new WorkerLifecycle(worker, configuration.http(), configuration.shutdownGrace());
  }
}
