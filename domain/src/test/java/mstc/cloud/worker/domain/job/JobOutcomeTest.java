package mstc.cloud.worker.domain.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;
import mstc.cloud.worker.domain.job.JobOutcome.Kind;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class JobOutcomeTest {
  private static final OptionalInt NONE = OptionalInt.empty();

  static Stream<Arguments> outcomes() {
    return Stream.of(
        Arguments.of(new JobOutcome.Succeeded(), Kind.SUCCEEDED, OptionalInt.of(0), "complete"),
        Arguments.of(
            new JobOutcome.Failed(3), Kind.FAILED, OptionalInt.of(3), "failed: exit code 3"),
        Arguments.of(
            new JobOutcome.Failed(-1), Kind.FAILED, OptionalInt.of(-1), "failed: exit code -1"),
        Arguments.of(
            new JobOutcome.Failed(128), Kind.FAILED, OptionalInt.of(128), "failed: exit code 128"),
        Arguments.of(
            new JobOutcome.Failed(139),
            Kind.FAILED,
            OptionalInt.of(139),
            "failed: exit code 139 (signal 11)"),
        Arguments.of(
            new JobOutcome.Failed(255), Kind.FAILED, OptionalInt.of(255), "failed: exit code 255"),
        Arguments.of(
            new JobOutcome.NotStarted("no such file"),
            Kind.FAILED,
            NONE,
            "failed: not started: no such file"),
        Arguments.of(
            new JobOutcome.TimedOut(Duration.ofMinutes(5), Optional.empty()),
            Kind.TIMED_OUT,
            NONE,
            "failed: timed out after 5 minutes"),
        Arguments.of(
            new JobOutcome.TimedOut(Duration.ofMinutes(1), Optional.of("never scheduled")),
            Kind.TIMED_OUT,
            NONE,
            "failed: timed out after 1 minute (never scheduled)"),
        Arguments.of(
            new JobOutcome.OutOfMemory(OptionalInt.of(137)),
            Kind.OUT_OF_MEMORY,
            OptionalInt.of(137),
            "failed: out of memory"),
        Arguments.of(
            new JobOutcome.ImageUnavailable("x:1"),
            Kind.IMAGE_UNAVAILABLE,
            NONE,
            "failed: image not found: x:1"),
        Arguments.of(
            new JobOutcome.Evicted("drained"), Kind.EVICTED, NONE, "failed: evicted: drained"),
        Arguments.of(new JobOutcome.Cancelled(), Kind.CANCELLED, NONE, "failed: cancelled"),
        Arguments.of(new JobOutcome.Lost("no record"), Kind.LOST, NONE, "failed: lost: no record"),
        Arguments.of(
            new JobOutcome.Rejected("quota"), Kind.REJECTED, NONE, "failed: rejected: quota"));
  }

  @ParameterizedTest
  @MethodSource("outcomes")
  void anOutcomeIsSaidToPeopleAndToPrograms(
      JobOutcome outcome, Kind kind, OptionalInt exitCode, String phrase) {
    assertThat(outcome.kind()).isEqualTo(kind);
    assertThat(outcome.exitCode()).isEqualTo(exitCode);
    assertThat(outcome.phrase()).isEqualTo(phrase);
  }

  @Test
  void everyKindOfOutcomeHasACase() {
    assertThat(outcomes().map(arguments -> arguments.get()[1])).contains((Object[]) Kind.values());
  }

  @Test
  void aFailureWithExitCode0IsABug() {
    assertThatThrownBy(() -> new JobOutcome.Failed(0)).isInstanceOf(IllegalArgumentException.class);
  }

  static Stream<JobOutcome> outcomesWithAForeignReason() {
    String reason = "\u001b[31mred\r\nJob other complete.\u2028" + "x".repeat(10_000);
    return Stream.of(
        new JobOutcome.NotStarted(reason),
        new JobOutcome.TimedOut(Duration.ofMinutes(1), Optional.of(reason)),
        new JobOutcome.ImageUnavailable(reason),
        new JobOutcome.Evicted(reason),
        new JobOutcome.Lost(reason),
        new JobOutcome.Rejected(reason));
  }

  @ParameterizedTest
  @MethodSource("outcomesWithAForeignReason")
  void aForeignReasonIsOneBoundedLine(JobOutcome outcome) {
    assertThat(outcome.phrase())
        .contains("\\u001b[31mred\\u000d\\u000aJob other complete.\\u2028xxx")
        .matches("\\P{Cntrl}*")
        .hasSizeLessThan(450);
  }

  @Test
  void theLanguageOfTheMachineDoesNotMatter() {
    // given
    Locale before = Locale.getDefault();
    Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
    try {
      // when
      String phrase = new JobOutcome.TimedOut(Duration.ofMinutes(5), Optional.empty()).phrase();

      // then
      assertThat(phrase).isEqualTo("failed: timed out after 5 minutes");
    } finally {
      Locale.setDefault(before);
    }
  }
}
