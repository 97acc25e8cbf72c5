package mstc.cloud.worker.domain.reply;

import static mstc.cloud.worker.domain.request.WorkRequests.aWorkRequest;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.stream.Stream;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.request.JobName;
import mstc.cloud.worker.domain.request.Violation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ReplyTest {
  private static final String FOREIGN = "\u001b[31m 模型\r\n".repeat(100);
  private static final Instant START = Instant.parse("2026-07-01T10:00:00.1239Z");
  private static final Instant END = Instant.parse("2026-07-01T10:00:01.1231Z");

  private final Job job =
      new Job(
          UniqueName.of(new JobName("x".repeat(63)), UUID.randomUUID()),
          aWorkRequest().build(),
          List.of("of the job"));

  static Stream<JobOutcome> outcomes() {
    return Stream.of(
        new JobOutcome.Succeeded(),
        new JobOutcome.Failed(3),
        new JobOutcome.NotStarted(FOREIGN),
        new JobOutcome.TimedOut(Duration.ofDays(30), Optional.of(FOREIGN)),
        new JobOutcome.OutOfMemory(OptionalInt.empty()),
        new JobOutcome.ImageUnavailable(FOREIGN),
        new JobOutcome.Evicted(FOREIGN),
        new JobOutcome.Cancelled(),
        new JobOutcome.Lost(FOREIGN),
        new JobOutcome.Rejected(FOREIGN));
  }

  @ParameterizedTest
  @MethodSource("outcomes")
  void theResultIsOneSentenceWhoseSecondWordIsTheUniqueName(JobOutcome outcome) {
    // when
    Reply reply = ended(outcome);

    // then
    assertThat(reply.result().split(" ")).startsWith("Job", job.name().value());
    assertThat(reply.result()).endsWith(".").matches("\\P{Cntrl}*").hasSizeLessThanOrEqualTo(600);
    assertThat(reply.job()).hasValue(job.name());
    assertThat(reply.outcome()).isEqualTo(outcome.kind());
    assertThat(reply.exitCode()).isEqualTo(outcome.exitCode());
  }

  @Test
  void aSuccessIsSaidAsItAlwaysWas() {
    assertThat(ended(new JobOutcome.Succeeded()).result())
        .isEqualTo("Job " + job.name() + " complete.");
  }

  @Test
  void timesAreWholeMillisecondsAndTheDurationIsBetweenThem() {
    // when
    Reply reply = ended(new JobOutcome.Succeeded());

    // then
    assertThat(reply.startedAt()).hasValue(Instant.parse("2026-07-01T10:00:00.123Z"));
    assertThat(reply.finishedAt()).hasValue(Instant.parse("2026-07-01T10:00:01.123Z"));
    assertThat(reply.duration()).hasValue(Duration.ofSeconds(1));
  }

  @Test
  void warningsOfTheJobComeFirst() {
    assertThat(ended(new JobOutcome.Succeeded()).withWarning("last").warnings())
        .containsExactly("of the job", "of the end", "last");
  }

  @Test
  void aForeignWarningIsOneLine() {
    assertThat(ended(new JobOutcome.Succeeded()).withWarning("a\u001b[2J\nb").warnings())
        .contains("a\\u001b[2J\\u000ab");
  }

  @Test
  void aRefusedJobIsNamed() {
    assertThat(Reply.refused(job.name(), "no\nquota", List.of()).result())
        .isEqualTo("Job " + job.name() + " failed: rejected: no\\u000aquota.");
  }

  @Test
  void anInvalidRequestIsToldEveryViolationAndHasNoJob() {
    // when
    Reply reply =
        Reply.invalid(
            List.of(new Violation("image", "is missing"), Violation.of("retries", "x", "few")));

    // then
    assertThat(reply.result())
        .isEqualTo("Invalid request: image is missing; retries \"x\" must be few");
    assertThat(reply.outcome()).isEqualTo(JobOutcome.Kind.REJECTED);
    assertThat(reply.job()).isEmpty();
    assertThat(reply.duration()).isEmpty();
  }

  private Reply ended(JobOutcome outcome) {
    return Reply.ended(
        job, outcome, Optional.empty(), Optional.of(START), END, List.of("of the end"));
  }
}
