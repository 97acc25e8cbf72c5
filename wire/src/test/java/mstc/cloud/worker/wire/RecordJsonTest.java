package mstc.cloud.worker.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.reply.ReplyAddress;
import mstc.cloud.worker.domain.reply.StoredLog;
import mstc.cloud.worker.domain.runtime.Answer;
import mstc.cloud.worker.domain.store.BucketName;
import mstc.cloud.worker.domain.store.ObjectLocation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Records are written and read as version 0.1.0 wrote them, which are literal here. */
class RecordJsonTest {
  private static final JsonMapper MAPPER = JsonMapper.builder().build();

  private static final String ADDRESSES =
      """
      [{"queue":"replies","correlationId":"a-1"},{"queue":"amq.gen-7","correlationId":null}]\
      """;

  private static final String ANSWER =
      """
      {"reply":{"result":"Job solve-0f0e0d0c-0b0a-4908-8706-050403020100 failed: exit code 3.",\
      "job":"solve-0f0e0d0c-0b0a-4908-8706-050403020100","outcome":"FAILED","exitCode":3,\
      "log":{"bucket":"results","object":"solve-0f0e0d0c-0b0a-4908-8706-050403020100.log",\
      "bytes":12,"complete":true},"startedAt":"2026-11-25T10:00:00.000Z",\
      "finishedAt":"2026-11-25T10:00:01.500Z","durationMs":1500,"warnings":["unknown field \\"x\\""]},\
      "delivery":"%s","at":"2026-11-25T10:00:02.123456Z"}\
      """;

  private static Answer answer(Answer.Status status) {
    UniqueName job = new UniqueName("solve-0f0e0d0c-0b0a-4908-8706-050403020100");
    return new Answer(
        new Reply(
            "Job " + job + " failed: exit code 3.",
            Optional.of(job),
            JobOutcome.Kind.FAILED,
            OptionalInt.of(3),
            Optional.of(
                new StoredLog(
                    new ObjectLocation(new BucketName("results"), job + ".log"), 12, true)),
            Optional.of(Instant.parse("2026-11-25T10:00:00Z")),
            Optional.of(Instant.parse("2026-11-25T10:00:01.500Z")),
            List.of("unknown field \"x\"")),
        status,
        Instant.parse("2026-11-25T10:00:02.123456Z"));
  }

  @Test
  void replyAddresses() {
    List<ReplyAddress> addresses =
        List.of(
            new ReplyAddress("replies", Optional.of("a-1")),
            new ReplyAddress("amq.gen-7", Optional.empty()));

    assertThat(MAPPER.writeValueAsString(RecordJson.write(addresses))).isEqualTo(ADDRESSES);
    assertThat(RecordJson.readReplyAddresses(MAPPER.readTree(ADDRESSES))).isEqualTo(addresses);
  }

  @ParameterizedTest
  @CsvSource({"SENT", "UNROUTABLE", "REFUSED", "NONE"})
  void anAnswer(String delivery) {
    String text = ANSWER.formatted(delivery);

    Answer read = RecordJson.readAnswer(MAPPER.readTree(text));

    assertThat(read.status().name()).isEqualTo(delivery);
    assertThat(read).isEqualTo(answer(read.status()));
    assertThat(MAPPER.writeValueAsString(RecordJson.write(read))).isEqualTo(text);
  }

  @Test
  void whatIsNoRecordIsAnError() {
    JsonNode unknown = MAPPER.readTree(ANSWER.formatted("LATER"));

    assertThatThrownBy(() -> RecordJson.readAnswer(unknown)).hasMessageContaining("LATER");
    assertThatThrownBy(() ->
            RecordJson.readAnswer(
                MAPPER.readTree(ANSWER.formatted("SENT").replace("2026-11-25T10:00:02", "soon"))))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> RecordJson.readAnswer(MAPPER.readTree("{}")))
        .isInstanceOf(RuntimeException.class);
    assertThatThrownBy(() -> RecordJson.readReplyAddresses(MAPPER.readTree("[{}]")))
        .isInstanceOf(RuntimeException.class);
    assertThatThrownBy(() -> RecordJson.readReplyAddresses(MAPPER.readTree("{}")))
        .isInstanceOf(RuntimeException.class);
  }
}
