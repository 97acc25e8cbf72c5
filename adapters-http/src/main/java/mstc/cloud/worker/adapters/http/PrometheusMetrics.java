package mstc.cloud.worker.adapters.http;

import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.instrumentation.jvm.JvmMetrics;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import mstc.cloud.worker.application.metrics.WorkerMetrics;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.queue.ReplyReceipt;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.reply.StoredLog;

/**
 * Counts what this replica does, for Prometheus. Every counter exists from the start, at zero, so
 * that its first increase is seen.
 */
public final class PrometheusMetrics implements WorkerMetrics {
  private static final String UNCONFIRMED = "unconfirmed";
  private static final double NANOS_PER_SECOND = 1e9;

  /** From a few milliseconds to what somebody has to be called for. */
  private static final double[] LATENCIES = {
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800
  };

  /** From seconds to days. */
  private static final double[] RUN_TIMES = {
    1, 5, 15, 60, 300, 900, 3_600, 14_400, 43_200, 86_400, 259_200, 604_800
  };

  /** From a pod that starts at once to days in somebody's queue; Kubernetes tells whole seconds. */
  private static final double[] WAITS = {
    1, 2, 5, 10, 30, 60, 300, 900, 3_600, 14_400, 43_200, 86_400, 259_200
  };

  private final PrometheusRegistry registry = new PrometheusRegistry();
  private final Counter requests =
      counter(
          "mstc_requests_received_total",
          "Requests that came to this worker, valid or not, for the first time or again.",
          "source",
          names(Source.values()));
  private final Counter redelivered =
      counter(
          "mstc_requests_redelivered_total",
          "Of these, those that may have been delivered before.");
  private final Counter rejected =
      counter(
          "mstc_requests_rejected_total",
          "Requests that were answered REJECTED: invalid, refused by the cluster, or of an id that"
              + " another request has used.");
  private final Counter deadLettered =
      counter("mstc_requests_dead_lettered_total", "Messages given to the dead-letter queue.");
  private final Counter postponed =
      counter(
          "mstc_requests_postponed_total",
          "Messages put at the end of the queue, as they could not be handled for a while.");
  private final Counter created =
      counter("mstc_jobs_created_total", "Jobs that this worker created.");
  private final Counter answered =
      counter(
          "mstc_jobs_answered_total",
          "Jobs whose clients this worker answered, by how the job ended.",
          "outcome",
          names(JobOutcome.Kind.values()));
  private final Counter incompleteLogs =
      counter(
          "mstc_logs_incomplete_total",
          "Of the answered jobs, those whose log is not stored, or may have gaps.",
          "reason",
          List.of("not_stored", "gaps"));
  private final Counter logBytes =
      counter("mstc_logs_stored_bytes_total", "Bytes of logs that this worker stored.");
  private final Counter storeRetries =
      counter(
          "mstc_store_retries_total",
          "Times that the object store did not take a log, and it was to be tried again.");
  private final Counter replies =
      counter(
          "mstc_reply_attempts_total",
          "Attempts to send a reply to one client, by what the broker said.",
          "result",
          Stream.concat(names(ReplyReceipt.values()).stream(), Stream.of(UNCONFIRMED)).toList());
  private final Counter lostReplies =
      counter(
          "mstc_replies_given_up_total",
          "Clients that did not get their reply, as their queue did not take it for too long.",
          "reason",
          names(ReplyReceipt.UNROUTABLE, ReplyReceipt.REFUSED));
  private final Histogram inQueue =
      histogram(
          "mstc_request_queue_seconds",
          "Time that requests were in the work queue, where messages have a timestamp.",
          LATENCIES);
  private final Histogram create =
      histogram(
          "mstc_job_create_seconds",
          "Time from a request's arrival until its job was on record.",
          LATENCIES);
  private final Histogram start =
      histogram(
          "mstc_job_start_seconds",
          "Time that answered jobs waited from their creation until their process started.",
          WAITS);
  private final Histogram run =
      histogram("mstc_job_run_seconds", "Time that answered jobs ran.", RUN_TIMES);
  private final Histogram answer =
      histogram(
          "mstc_job_answer_seconds",
          "Time from a job's end until its clients were answered, and that was on record.",
          LATENCIES);

  /** Nothing has happened yet. */
  public PrometheusMetrics() {
    JvmMetrics.builder().register(registry);
  }

  private static List<String> names(Enum<?>... values) {
    return Stream.of(values).map(PrometheusMetrics::label).toList();
  }

  private Counter counter(String name, String help) {
    return Counter.builder().name(name).help(help).register(registry);
  }

  private Counter counter(String name, String help, String label, List<String> values) {
    Counter counter = Counter.builder().name(name).help(help).labelNames(label).register(registry);
    values.forEach(counter::initLabelValues);
    return counter;
  }

  private Histogram histogram(String name, String help, double[] upperBounds) {
    return Histogram.builder()
        .name(name)
        .help(help)
        .classicOnly()
        .classicUpperBounds(upperBounds)
        .register(registry);
  }

  /** Everything as it is now. */
  MetricSnapshots collect() {
    return registry.scrape();
  }

  private static void increment(Counter counter, Enum<?> value) {
    counter.labelValues(label(value)).inc();
  }

  /** As metrics name a value of an enumeration. */
  static String label(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  /** As metrics count time. */
  static double seconds(Duration duration) {
    return duration.toSeconds() + duration.toNanosPart() / NANOS_PER_SECOND;
  }

  @Override
  public void onRequest(Source source) {
    increment(requests, source);
  }

  @Override
  public void onRedelivered() {
    redelivered.inc();
  }

  @Override
  public void onTakenFromQueue(Duration waited) {
    inQueue.observe(seconds(waited));
  }

  @Override
  public void onRejected() {
    rejected.inc();
  }

  @Override
  public void onDeadLettered() {
    deadLettered.inc();
  }

  @Override
  public void onPostponed() {
    postponed.inc();
  }

  @Override
  public void onCreated(Duration took) {
    created.inc();
    create.observe(seconds(took));
  }

  @Override
  public void onLogStored(long bytes) {
    logBytes.inc(bytes);
  }

  @Override
  public void onStoreRetry() {
    storeRetries.inc();
  }

  @Override
  public void onReplyAttempt(ReplyReceipt receipt) {
    increment(replies, receipt);
  }

  @Override
  public void onReplyUnconfirmed() {
    replies.labelValues(UNCONFIRMED).inc();
  }

  @Override
  public void onReplyGivenUp(ReplyReceipt last) {
    increment(lostReplies, last);
  }

  @Override
  public void onAnswered(Reply reply) {
    increment(answered, reply.outcome());
    if (reply.log().isEmpty()) {
      incompleteLogs.labelValues("not_stored").inc();
    } else if (!reply.log().map(StoredLog::complete).orElseThrow()) {
      incompleteLogs.labelValues("gaps").inc();
    }
  }

  @Override
  public void onCompleted(Reply reply, Optional<Duration> beforeStart, Duration afterEnd) {
    beforeStart.ifPresent(waited -> start.observe(seconds(waited)));
    reply.duration().ifPresent(duration -> run.observe(seconds(duration)));
    answer.observe(seconds(afterEnd));
  }
}
