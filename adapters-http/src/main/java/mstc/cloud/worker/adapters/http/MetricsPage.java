package mstc.cloud.worker.adapters.http;

import static mstc.cloud.worker.adapters.http.PrometheusMetrics.label;
import static mstc.cloud.worker.adapters.http.PrometheusMetrics.seconds;

import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.Info;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import mstc.cloud.worker.application.CheckReadiness;
import mstc.cloud.worker.application.CheckReadiness.Part;
import mstc.cloud.worker.application.Worker;
import mstc.cloud.worker.application.WorkerStatus;
import mstc.cloud.worker.application.metrics.IntakePause;
import mstc.cloud.worker.domain.runtime.LogSpool;

/**
 * What is counted, and what the worker is like now, in Prometheus' text format.
 *
 * <p>How many jobs there are is the same for every replica. So only the one that leads shows it,
 * and a sum over all replicas is right.
 */
final class MetricsPage {
  static final String CONTENT_TYPE = PrometheusTextFormatWriter.CONTENT_TYPE;

  private final PrometheusTextFormatWriter writer = PrometheusTextFormatWriter.create();
  private final PrometheusRegistry registry = new PrometheusRegistry();
  private final CheckReadiness checkReadiness;
  private final WorkerStatus status;

  /** As the last page showed it, or is going to show it. */
  private volatile Map<Part, String> problems = Map.of();

  /**
   * @param version of the software
   */
  MetricsPage(
      PrometheusMetrics metrics,
      Worker worker,
      Connections connections,
      Streams streams,
      String version) {
    registry.register((MultiCollector) metrics::collect);
    this.checkReadiness = worker.checkReadiness();
    this.status = worker.status();
    Info.builder()
        .name("mstc_build_info")
        .help("The version of this worker, and of the Java that runs it.")
        .labelNames("version", "java")
        .register(registry)
        .addLabelValues(version, Runtime.version().toString());
    addReadiness();
    addIntake();
    addRuntime();
    addJobs();
    addConnections(connections);
    gauge(
        "mstc_http_streams",
        "HTTP responses that are streamed: logs and events.",
        () -> Optional.of((double) streams.count()));
  }

  private void addReadiness() {
    gauge(
        "mstc_ready",
        "1 if this worker could run a request now, as /health/ready says.",
        () -> Optional.of(problems.isEmpty() ? 1.0 : 0.0));
    GaugeWithCallback.builder()
        .name("mstc_port_available")
        .help("1 if the queue, the runtime, the store can be reached and would work.")
        .labelNames("port")
        .callback(value -> {
          for (Part part : Part.values()) {
            if (part != Part.JOBS) {
              value.call(problems.containsKey(part) ? 0 : 1, label(part));
            }
          }
        })
        .register(registry);
  }

  private void addIntake() {
    pauseGauge(
        "mstc_intake_paused",
        "1 while no requests are taken in, by why.",
        pause -> pause.isPresent() ? 1 : 0);
    pauseGauge(
        "mstc_intake_paused_seconds",
        "How long no requests have been taken in, by why; 0 while that is no reason.",
        pause -> seconds(pause.orElse(Duration.ZERO)));
  }

  /**
   * @param value of a reason's pause, if it is one now
   */
  private void pauseGauge(String name, String help, ToDoubleFunction<Optional<Duration>> value) {
    GaugeWithCallback.builder()
        .name(name)
        .help(help)
        .labelNames("reason")
        .callback(gauge -> {
          Map<IntakePause, Duration> pauses = status.pauses();
          for (IntakePause pause : IntakePause.values()) {
            gauge.call(value.applyAsDouble(Optional.ofNullable(pauses.get(pause))), label(pause));
          }
        })
        .register(registry);
  }

  private void addRuntime() {
    gauge(
        "mstc_leader",
        "1 if this replica completes the jobs. Of all replicas exactly one should.",
        () -> Optional.of(status.runtime().leading() ? 1.0 : 0.0));
    gauge(
        "mstc_runtime_silence_seconds",
        "How long ago the cluster last confirmed what this worker knows of the jobs.",
        () -> status.runtime().silence().map(PrometheusMetrics::seconds));
    gauge(
        "mstc_log_spool_bytes",
        "What logs take on this worker's disk on their way to the store.",
        () -> status.runtime().logSpool().map(LogSpool::bytes).map(Long::doubleValue));
    gauge(
        "mstc_log_spool_limit_bytes",
        "What they may take: mstc.runtime.kubernetes.spool-mebibytes.",
        () -> status.runtime().logSpool().map(LogSpool::maxBytes).map(Long::doubleValue));
  }

  private void addJobs() {
    leaderGauge(
        "mstc_jobs_in_flight",
        "Jobs that have not ended, whoever created them. Shown by the leader.",
        () -> status.counts().inFlight());
    leaderGauge(
        "mstc_jobs_limit",
        "Jobs that may be in flight at once: mstc.jobs.max-concurrent. Shown by the leader.",
        status::maxConcurrentJobs);
    leaderGauge(
        "mstc_jobs_waiting",
        "Jobs that have ended and are not answered. Shown by the leader.",
        () -> status.counts().waiting());
    leaderGauge(
        "mstc_jobs_waiting_limit",
        "Jobs that may wait so before no requests are taken in: mstc.jobs.max-unanswered. Shown by"
            + " the leader.",
        status::maxWaitingJobs);
    leaderGauge(
        "mstc_jobs_waiting_oldest_seconds",
        "How long the first of them has waited; 0 if there is none. Shown by the leader.",
        () -> seconds(status.longestWait()));
    leaderGauge(
        "mstc_jobs_unanswered",
        "Jobs in flight and jobs that wait for their answer. Shown by the leader.",
        () -> status.counts().inFlight() + status.counts().waiting());
  }

  private void addConnections(Connections connections) {
    gauge(
        "mstc_http_connections",
        "HTTP connections that are open.",
        () -> Optional.of((double) connections.count()));
    gauge(
        "mstc_http_requests_in_progress",
        "HTTP requests that have arrived and are not answered.",
        () -> Optional.of((double) connections.requestsInProgress()));
    CounterWithCallback.builder()
        .name("mstc_http_connections_cut_total")
        .help(
            "HTTP connections closed by the worker: its request was late, or there were too many.")
        .labelNames("reason")
        .callback(value -> {
          for (Connections.Cut cut : Connections.Cut.values()) {
            value.call((double) connections.cuts(cut), label(cut));
          }
        })
        .register(registry);
  }

  private void leaderGauge(String name, String help, Supplier<? extends Number> value) {
    gauge(
        name,
        help,
        () ->
            status.runtime().leading() ? Optional.of(value.get().doubleValue()) : Optional.empty());
  }

  /** A gauge that is left out while it has no value. */
  private void gauge(String name, String help, Supplier<Optional<Double>> value) {
    GaugeWithCallback.builder()
        .name(name)
        .help(help)
        .callback(gauge -> value.get().ifPresent(gauge::call))
        .register(registry);
  }

  /** The page as it is now. Takes as long as the check of readiness. */
  String text() throws IOException, InterruptedException {
    problems = checkReadiness.problems();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    writer.write(out, registry.scrape());
    return out.toString(StandardCharsets.UTF_8);
  }
}
