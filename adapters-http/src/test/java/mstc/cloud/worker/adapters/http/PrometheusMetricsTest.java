package mstc.cloud.worker.adapters.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.stream.Stream;
import mstc.cloud.worker.application.metrics.WorkerMetrics.Source;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.queue.ReplyReceipt;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.reply.StoredLog;
import mstc.cloud.worker.domain.request.ParsedRequest;
import mstc.cloud.worker.domain.request.Work;
import mstc.cloud.worker.wire.RequestJson;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What makes each figure move, and that nothing else does. */
class PrometheusMetricsTest {
  private static final Instant END = Instant.parse("2026-11-27T10:00:00Z");

  private final PrometheusMetrics metrics = new PrometheusMetrics();

  private List<String> lines() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    PrometheusTextFormatWriter.create().write(out, metrics.collect());
    return out.toString(StandardCharsets.UTF_8)
        .lines()
        .filter(line -> line.startsWith("mstc_") && !line.contains("_created{"))
        .toList();
  }

  private static Reply ended(JobOutcome outcome, boolean isStored, boolean isComplete) {
    return ended(outcome, isStored, isComplete, Optional.of(END.minusSeconds(90)));
  }

  private static Reply neverRan() {
    return ended(new JobOutcome.ImageUnavailable("none"), true, true, Optional.empty());
  }

  private static Reply ended(
      JobOutcome outcome, boolean isStored, boolean isComplete, Optional<Instant> startedAt) {
    Work work =
        ((ParsedRequest.Valid) RequestJson.parse(Api.REQUEST.getBytes(StandardCharsets.UTF_8)))
            .work();
    Job job = new Job(UniqueName.of(work.jobName(), new UUID(0, 1)), work, List.of());
    return Reply.ended(
        job,
        outcome,
        isStored ? Optional.of(new StoredLog(job.logLocation(), 5, isComplete)) : Optional.empty(),
        startedAt,
        END,
        List.of());
  }

  private static Arguments moves(Consumer<PrometheusMetrics> event, String... lines) {
    return Arguments.of(Named.of(lines[0], event), List.of(lines));
  }

  static Stream<Arguments> events() {
    JobOutcome outOfMemory = new JobOutcome.OutOfMemory(OptionalInt.of(137));
    return Stream.of(
        moves(
            it -> it.onRequest(Source.QUEUE), "mstc_requests_received_total{source=\"queue\"} 1.0"),
        moves(it -> it.onRequest(Source.HTTP), "mstc_requests_received_total{source=\"http\"} 1.0"),
        moves(PrometheusMetrics::onRedelivered, "mstc_requests_redelivered_total 1.0"),
        moves(PrometheusMetrics::onRejected, "mstc_requests_rejected_total 1.0"),
        moves(PrometheusMetrics::onDeadLettered, "mstc_requests_dead_lettered_total 1.0"),
        moves(PrometheusMetrics::onPostponed, "mstc_requests_postponed_total 1.0"),
        moves(
            it -> it.onTakenFromQueue(Duration.ofSeconds(7)),
            "mstc_request_queue_seconds_count 1",
            "mstc_request_queue_seconds_sum 7.0",
            "mstc_request_queue_seconds_bucket{le=\"10.0\"} 1",
            "mstc_request_queue_seconds_bucket{le=\"30.0\"} 1",
            "mstc_request_queue_seconds_bucket{le=\"60.0\"} 1",
            "mstc_request_queue_seconds_bucket{le=\"300.0\"} 1",
            "mstc_request_queue_seconds_bucket{le=\"1800.0\"} 1",
            "mstc_request_queue_seconds_bucket{le=\"+Inf\"} 1"),
        moves(
            it -> it.onTakenFromQueue(Duration.ofSeconds(1L << 60)),
            "mstc_request_queue_seconds_count 1",
            "mstc_request_queue_seconds_sum 1.152921504606847E18",
            "mstc_request_queue_seconds_bucket{le=\"+Inf\"} 1"),
        moves(
            it -> it.onCreated(Duration.ofMinutes(10)),
            "mstc_jobs_created_total 1.0",
            "mstc_job_create_seconds_count 1",
            "mstc_job_create_seconds_sum 600.0",
            "mstc_job_create_seconds_bucket{le=\"1800.0\"} 1",
            "mstc_job_create_seconds_bucket{le=\"+Inf\"} 1"),
        moves(it -> it.onLogStored(5), "mstc_logs_stored_bytes_total 5.0"),
        moves(PrometheusMetrics::onStoreRetry, "mstc_store_retries_total 1.0"),
        moves(
            it -> it.onReplyAttempt(ReplyReceipt.UNROUTABLE),
            "mstc_reply_attempts_total{result=\"unroutable\"} 1.0"),
        moves(
            PrometheusMetrics::onReplyUnconfirmed,
            "mstc_reply_attempts_total{result=\"unconfirmed\"} 1.0"),
        moves(
            it -> it.onReplyGivenUp(ReplyReceipt.REFUSED),
            "mstc_replies_given_up_total{reason=\"refused\"} 1.0"),
        moves(
            it -> it.onAnswered(ended(outOfMemory, true, true)),
            "mstc_jobs_answered_total{outcome=\"out_of_memory\"} 1.0"),
        moves(
            it -> it.onAnswered(ended(outOfMemory, true, false)),
            "mstc_jobs_answered_total{outcome=\"out_of_memory\"} 1.0",
            "mstc_logs_incomplete_total{reason=\"gaps\"} 1.0"),
        moves(
            it -> it.onAnswered(ended(outOfMemory, false, false)),
            "mstc_jobs_answered_total{outcome=\"out_of_memory\"} 1.0",
            "mstc_logs_incomplete_total{reason=\"not_stored\"} 1.0"),
        moves(
            it -> it.onCompleted(neverRan(), Optional.empty(), Duration.ofMinutes(20)),
            "mstc_job_answer_seconds_count 1",
            "mstc_job_answer_seconds_sum 1200.0",
            "mstc_job_answer_seconds_bucket{le=\"1800.0\"} 1",
            "mstc_job_answer_seconds_bucket{le=\"+Inf\"} 1"),
        moves(
            it ->
                it.onCompleted(
                    ended(outOfMemory, true, true),
                    Optional.of(Duration.ofHours(20)),
                    Duration.ofMinutes(20)),
            "mstc_job_start_seconds_count 1",
            "mstc_job_start_seconds_sum 72000.0",
            "mstc_job_start_seconds_bucket{le=\"86400.0\"} 1",
            "mstc_job_start_seconds_bucket{le=\"259200.0\"} 1",
            "mstc_job_start_seconds_bucket{le=\"+Inf\"} 1",
            "mstc_job_run_seconds_count 1",
            "mstc_job_run_seconds_sum 90.0",
            "mstc_job_run_seconds_bucket{le=\"300.0\"} 1",
            "mstc_job_run_seconds_bucket{le=\"900.0\"} 1",
            "mstc_job_run_seconds_bucket{le=\"3600.0\"} 1",
            "mstc_job_run_seconds_bucket{le=\"14400.0\"} 1",
            "mstc_job_run_seconds_bucket{le=\"43200.0\"} 1",
            "mstc_job_run_seconds_bucket{le=\"86400.0\"} 1",
            "mstc_job_run_seconds_bucket{le=\"259200.0\"} 1",
            "mstc_job_run_seconds_bucket{le=\"604800.0\"} 1",
            "mstc_job_run_seconds_bucket{le=\"+Inf\"} 1",
            "mstc_job_answer_seconds_count 1",
            "mstc_job_answer_seconds_sum 1200.0",
            "mstc_job_answer_seconds_bucket{le=\"1800.0\"} 1",
            "mstc_job_answer_seconds_bucket{le=\"+Inf\"} 1"));
  }

  @ParameterizedTest
  @MethodSource("events")
  void eachEventMovesItsFiguresAndNoOthers(Consumer<PrometheusMetrics> event, List<String> moved)
      throws IOException {
    // given
    List<String> before = lines();

    // when
    event.accept(metrics);

    // then
    List<String> after = new ArrayList<>(lines());
    after.removeAll(before);
    assertThat(after).containsExactlyInAnyOrderElementsOf(moved);
    assertThat(before).as("before its first increase").hasSameSizeAs(lines());
  }
}
