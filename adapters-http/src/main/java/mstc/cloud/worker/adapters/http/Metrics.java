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
import mstc.cloud.worker.application.metrics.JobMetrics;
import mstc.cloud.worker.domain.job.JobOutcome;

/**
 * The figures of this worker, its jobs' and its Java virtual machine's, in Prometheus' text format.
 */
final class Metrics {
  static final String CONTENT_TYPE = PrometheusTextFormatWriter.CONTENT_TYPE;

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
    GaugeWithCallback.builder()
        .name("mstc_jobs_unanswered")
        .help("Jobs that are not answered yet, whoever created them.")
        .callback(value -> value.call(jobs.unanswered()))
        .register(registry);
    GaugeWithCallback.builder()
        .name("mstc_jobs_limit")
        .help("Jobs that may be unanswered at once: mstc.jobs.max-concurrent.")
        .callback(value -> value.call(jobs.limit()))
        .register(registry);
    JvmMetrics.builder().register(registry);
  }

  String text() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    writer.write(out, registry.scrape());
    return out.toString(StandardCharsets.UTF_8);
  }
}
