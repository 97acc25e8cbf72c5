package mstc.cloud.worker.faults.check;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Replies are read as a client reads them. */
class AnswerTest {

  @Test
  void aReplyIsRead() {
    String text =
        """
        {"result": "Job a-1 failed: exit code 3.", "job": "a-1", "outcome": "FAILED", "exitCode": 3,
         "log": {"bucket": "b", "object": "a-1.log", "bytes": 7, "complete": false},
         "startedAt": "2026-11-01T12:00:00.000Z", "finishedAt": null, "warnings": ["w"]}
        """;

    Answer answer = Answer.parse(text).orElseThrow();

    assertThat(answer.outcome()).isEqualTo("FAILED");
    assertThat(answer.job()).contains("a-1");
    assertThat(answer.exitCode()).isEqualTo(OptionalInt.of(3));
    assertThat(answer.log()).isEqualTo(Optional.of(new Answer.Log("a-1.log", 7, false)));
    assertThat(answer.started()).isTrue();
    assertThat(answer.warned()).isTrue();
  }

  @Test
  void aReplyWithoutAJobIsRead() {
    String text =
        """
        {"result": "Invalid request: no.", "job": null, "outcome": "REJECTED", "exitCode": null,
         "log": null, "startedAt": null, "finishedAt": null, "warnings": []}
        """;

    Answer answer = Answer.parse(text).orElseThrow();

    assertThat(answer.job()).isEmpty();
    assertThat(answer.exitCode()).isEmpty();
    assertThat(answer.log()).isEmpty();
    assertThat(answer.started()).isFalse();
    assertThat(answer.warned()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "{", "[]", "{}", "{\"outcome\": \"FAILED\"}"})
  void whatIsNoReplyIsNone(String text) {
    assertThat(Answer.parse(text)).isEmpty();
  }
}
