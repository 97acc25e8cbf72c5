package mstc.cloud.worker.bootstrap.assembly;

import java.time.Clock;
import java.util.Optional;
import mstc.cloud.worker.adapters.http.HttpApi;
import mstc.cloud.worker.adapters.http.PrometheusMetrics;
import mstc.cloud.worker.adapters.rabbitmq.RabbitWorkQueue;
import mstc.cloud.worker.application.Worker;
import mstc.cloud.worker.application.view.ViewPorts;
import mstc.cloud.worker.bootstrap.banner.Banner;
import mstc.cloud.worker.bootstrap.settings.WorkerConfiguration;
import mstc.cloud.worker.domain.queue.WorkQueue;
import mstc.cloud.worker.domain.reply.ReplyFormat;
import mstc.cloud.worker.domain.request.RequestParser;
import mstc.cloud.worker.domain.request.WorkFormat;
import mstc.cloud.worker.domain.runtime.JobRuntime;
import mstc.cloud.worker.domain.store.ObjectStore;
import mstc.cloud.worker.domain.view.JobViews;
import mstc.cloud.worker.wire.ReplyJson;
import mstc.cloud.worker.wire.WorkRequestFormat;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Binds adapters to ports. Spring closes them in the reverse order of their creation. */
@Configuration(proxyBeanMethods = false)
class WorkerAssembly {

  @Bean
  WorkQueue workQueue(WorkerConfiguration configuration, RequestParser parser) {
    return new RabbitWorkQueue(configuration.workQueue(), parser);
  }

  @Bean
  ObjectStore objectStore(WorkerConfiguration configuration) {
    return Services.objectStore(configuration.objectStore(), configuration.proxies());
  }

  @Bean
  JobRuntime jobRuntime(WorkerConfiguration configuration, ObjectStore store, WorkFormat format) {
    return Services.jobRuntime(configuration.runtime(), store, format, configuration.proxies());
  }

  @Bean
  WorkRequestFormat workRequestFormat() {
    return new WorkRequestFormat();
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
      WorkerConfiguration configuration,
      PrometheusMetrics metrics,
      ViewPorts viewPorts) {
    return new Worker(
        queue,
        runtime,
        store,
        format,
        configuration.worker(),
        Clock.systemUTC(),
        metrics,
        viewPorts);
  }

  /** Jobs are shown over HTTP only. */
  @Bean
  ViewPorts viewPorts(
      WorkerConfiguration configuration, JobRuntime runtime, ObjectStore store, WorkFormat format) {
    return runtime instanceof JobViews views
        ? configuration
            .http()
            .map(http -> new ViewPorts(views, store, format, http.recent()))
            .orElse(ViewPorts.NONE)
        : ViewPorts.NONE;
  }

  @Bean
  PrometheusMetrics metrics() {
    return new PrometheusMetrics();
  }

  @Bean
  WorkerLifecycle workerLifecycle(
      Worker worker,
      RequestParser parser,
      WorkerConfiguration configuration,
      PrometheusMetrics metrics) {
    Optional<HttpApi> http =
        configuration
            .http()
            .map(settings -> new HttpApi(settings, worker, parser, metrics, Banner.version()));
    return new WorkerLifecycle(worker, http, configuration.shutdownGrace());
  }
}
