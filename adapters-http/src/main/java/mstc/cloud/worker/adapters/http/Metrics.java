package mstc.cloud.worker.adapters.http;

import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.instrumentation.jvm.JvmMetrics;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Set;
import java.util.function.DoubleSupplier;
import mstc.cloud.worker.application.metrics.IntakePause;
import mstc.cloud.worker.application.metrics.JobMetrics;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.runtime.LogSpool;

/**
 * The figures of this worker, its jobs' and its Java virtual machine's, in Prometheus' text format.
 */
final class Metrics {
  static final String CONTENT_TYPE = PrometheusTextFormatWriter.CONTENT_TYPE;

  private static final double MILLIS_PER_SECOND = 1_000;

  private final PrometheusRegistry registry = new PrometheusRegistry();
  private final PrometheusTextFormatWriter writer = PrometheusTextFormatWriter.create();

  Metrics(JobMetrics jobs) {
    CounterWithCallback.builder()
        .name("mstc_jobs_created_total")
        .help("Jobs that this worker created.")
        .callback(value -> value.call((double) jobs.created()))
        .register(registry);
    CounterWithCallback.builder()
        .name("mstc_jobs_answered_total")
        .help("Jobs whose clients this worker answered, by how the job ended.")
        .labelNames("outcome")
        .callback(value -> {
          for (JobOutcome.Kind outcome : JobOutcome.Kind.values()) {
            value.call((double) jobs.answeredAs(outcome), outcome.name().toLowerCase(Locale.ROOT));
          }
        })
        .register(registry);
    CounterWithCallback.builder()
        .name("mstc_logs_incomplete_total")
        .help("Jobs of these whose log is not stored, or not sure to be complete.")
        .callback(value -> value.call((double) jobs.incompleteLogs()))
        .register(registry);
    gauge(
        "mstc_jobs_in_flight",
        "Jobs that have not ended, whoever created them.",
        () -> jobs.counts().inFlight());
    gauge(
        "mstc_jobs_limit",
        "Jobs that may be in flight at once: mstc.jobs.max-concurrent.",
        jobs::limit);
    gauge(
        "mstc_jobs_waiting",
        "Jobs that have ended and are not answered: their logs or replies are to be taken yet.",
        () -> jobs.counts().waiting());
    gauge(
        "mstc_jobs_waiting_oldest_seconds",
        "How long the first of them has waited; 0 where there is none.",
        () -> jobs.longestWait().toMillis() / MILLIS_PER_SECOND);
    gauge(
        "mstc_jobs_waiting_limit",
        "Jobs that may wait so before no requests are taken in: mstc.jobs.max-unanswered.",
        jobs::unansweredLimit);
    gauge(
        "mstc_jobs_unanswered",
        "Jobs in flight and jobs that wait for their answer.",
        () -> jobs.counts().inFlight() + jobs.counts().waiting());
    jobs.logSpool()
        .ifPresent(spool -> {
          gauge(
              "mstc_log_spool_bytes",
              "What logs take on this worker's disk on their way to the store.",
              () -> jobs.logSpool().map(LogSpool::bytes).orElse(0L));
          gauge(
              "mstc_log_spool_limit_bytes",
              "What they may take: mstc.runtime.kubernetes.spool-mebibytes.",
              spool::maxBytes);
        });
    GaugeWithCallback.builder()
        .name("mstc_intake_paused")
        .help("Whether no requests are taken in, by why: 1 where that is so.")
        .labelNames("reason")
        .callback(value -> {
          Set<IntakePause> pauses = jobs.pauses();
          for (IntakePause pause : IntakePause.values()) {
            value.call(pauses.contains(pause) ? 1 : 0, pause.name().toLowerCase(Locale.ROOT));
          }
        })
        .register(registry);
    JvmMetrics.builder().register(registry);
  }

  private void gauge(String name, String help, DoubleSupplier value) {
    GaugeWithCallback.builder()
        .name(name)
        .help(help)
        .callback(gauge -> gauge.call(value.getAsDouble()))
        .register(registry);
  }

  String text() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    writer.write(out, registry.scrape());
    return out.toString(StandardCharsets.UTF_8);
  }
}
