package mstc.cloud.worker.wire;

import static java.nio.charset.StandardCharsets.UTF_8;
import static mstc.cloud.worker.testkit.request.WorkRequests.aWorkRequest;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.reply.StoredLog;
import mstc.cloud.worker.domain.request.JobName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ReplyJsonTest {
  /** What an object's metadata takes. */
  private static final int MAX_BYTES = 1536;

  private static final UUID A_UUID = UUID.fromString("0a1b2c3d-4e5f-8a7b-8c9d-0e1f2a3b4c5d");
  private static final Instant START = Instant.parse("2026-07-01T10:00:00.000999Z");
  private static final Instant END = Instant.parse("2026-07-01T10:00:01.5Z");

  private final ReplyJson json = new ReplyJson();

  @Test
  void clientsGetEveryProperty() {
    // when
    String text = new String(json.toBytes(aReply()), UTF_8);

    // then
    assertThat(text)
        .isEqualTo(
            """
            {"result":"Job solver-0a1b2c3d-4e5f-8a7b-8c9d-0e1f2a3b4c5d failed: exit code 3.",\
            "job":"solver-0a1b2c3d-4e5f-8a7b-8c9d-0e1f2a3b4c5d","outcome":"FAILED","exitCode":3,\
            "log":{"bucket":"inputs","object":"solver-0a1b2c3d-4e5f-8a7b-8c9d-0e1f2a3b4c5d.log",\
            "bytes":12,"complete":true},"startedAt":"2026-07-01T10:00:00.000Z",\
            "finishedAt":"2026-07-01T10:00:01.500Z","durationMs":1500,"warnings":["slow"]}\
            """);
  }

  @Test
  void whatDoesNotApplyIsNull() {
    assertThat(new String(json.toBytes(Reply.invalid("image is missing")), UTF_8))
        .isEqualTo(
            """
            {"result":"Invalid request: image is missing","job":null,"outcome":"REJECTED",\
            "exitCode":null,"log":null,"startedAt":null,"finishedAt":null,"durationMs":null,\
            "warnings":[]}\
            """);
  }

  static Stream<Reply> replies() {
    return Stream.of(
        aReply(),
        Reply.invalid("image is missing"),
        Reply.refused(aJob("").name(), "quota \"模型\"", List.of("a", "b")),
        aReply("runs/\"Größe\" %41 =?UTF-8?Q?x?=", new JobOutcome.Lost("\\u0041 \\n 模型 😀 \u001b")),
        aReply("a", new JobOutcome.Succeeded()).withWarning("tab\tbreak\r\ndelete\u007f\ud800"),
        aReply("", new JobOutcome.TimedOut(Duration.ofDays(30), Optional.empty())),
        Reply.ended(
            aJob(""),
            new JobOutcome.Cancelled(),
            Optional.empty(),
            Optional.empty(),
            END,
            List.of()));
  }

  @ParameterizedTest
  @MethodSource("replies")
  void aReplyThatFitsIsTheSameAfterARoundTrip(Reply reply) {
    // when
    String text = json.format(reply, MAX_BYTES);

    // then
    assertThat(json.parse(text)).hasValue(reply);
    assertThat(text)
        .isEqualTo(new String(json.toBytes(reply), UTF_8))
        .matches("[ -~]*")
        .isEqualTo(text.strip());
    assertThat(json.parse(text).flatMap(Reply::duration)).isEqualTo(reply.duration());
  }

  static Stream<Reply> longReplies() {
    List<String> warnings = Collections.nCopies(50, "模型".repeat(300));
    return Stream.of("x", "模", "😀", "\"", "é", "\u001b", "\ud800")
        .flatMap(character -> {
          String text = character.repeat(5000);
          String prefix =
              character.codePointAt(0) < ' ' || character.equals("\ud800") ? "" : cut(character);
          return Stream.of(
                  new JobOutcome.Lost(text),
                  new JobOutcome.NotStarted(text),
                  new JobOutcome.TimedOut(Duration.ofDays(30), Optional.of(text)))
              .map(outcome -> aReply(prefix, outcome))
              .flatMap(reply ->
                  Stream.of(
                      reply, warnings.stream().reduce(reply, Reply::withWarning, (a, b) -> b)));
        });
  }

  private static String cut(String character) {
    return character.repeat(180 / character.getBytes(UTF_8).length);
  }

  @ParameterizedTest
  @MethodSource("longReplies")
  void aLongReplyIsCutToWhatMetadataTakesAndKeepsWhatMatters(Reply reply) {
    // when
    String text = json.format(reply, MAX_BYTES);

    // then
    assertThat(text).hasSizeLessThanOrEqualTo(MAX_BYTES).matches("[ -~]*");
    Reply read = json.parse(text).orElseThrow();
    assertThat(read.result().split(" ")).startsWith("Job", reply.job().orElseThrow().value());
    assertThat(read)
        .usingRecursiveComparison()
        .ignoringFields("result", "warnings")
        .isEqualTo(reply);
    assertThat(json.format(read, MAX_BYTES)).as("cut again").isEqualTo(text);
  }

  @Test
  void aLongListOfViolationsIsCutToo() {
    // when
    String text = json.format(Reply.invalid("模".repeat(20_000)), MAX_BYTES);

    // then
    assertThat(text).hasSizeLessThanOrEqualTo(MAX_BYTES);
    assertThat(json.parse(text).orElseThrow().result())
        .startsWith("Invalid request: 模")
        .endsWith("…");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "x",
        "null",
        "[]",
        "{}",
        "{} {}",
        "{\"result\": 1, \"outcome\": \"FAILED\"}",
        "{\"result\": \"x\", \"outcome\": \"WON\"}",
        "{\"result\": \"x\", \"outcome\": \"FAILED\", \"job\": \"../x\"}",
        "{\"result\": \"x\", \"outcome\": \"FAILED\", \"startedAt\": \"yesterday\"}",
        "{\"result\": \"x\", \"outcome\": \"FAILED\", \"startedAt\": \"-999999999-01-01T00:00:00Z\"}",
        "{\"result\": \"x\", \"outcome\": \"FAILED\", \"startedAt\": \"1969-12-31T23:59:59.999Z\"}",
        "{\"result\": \"x\", \"outcome\": \"FAILED\", \"finishedAt\": \"+10000-01-01T00:00:00Z\"}",
        "{\"result\": \"x\", \"outcome\": \"FAILED\", \"exitCode\": 1e99}",
        "{\"result\": \"x\", \"outcome\": \"FAILED\", \"log\": {}}",
        "{\"result\": \"x\", \"outcome\": \"FAILED\", \"log\": {\"bucket\": \"A\", \"object\": \"a\"}}",
        "{\"result\": \"x\", \"outcome\": \"FAILED\", \"warnings\": [1]}"
      })
  void whatIsNoReplyIsNotRead(String text) {
    assertThat(json.parse(text)).isEmpty();
  }

  private static Reply aReply() {
    return aReply("", new JobOutcome.Failed(3)).withWarning("slow");
  }

  private static Reply aReply(String prefix, JobOutcome outcome) {
    Job job = aJob(prefix);
    return Reply.ended(
        job,
        outcome,
        Optional.of(new StoredLog(job.logLocation(), 12, true)),
        Optional.of(START),
        END,
        List.of());
  }

  /** With the longest names where there is a prefix. */
  private static Job aJob(String prefix) {
    String jobName = prefix.isEmpty() ? "solver" : "x".repeat(63);
    String bucket = prefix.isEmpty() ? "inputs" : "b".repeat(63);
    return new Job(
        UniqueName.of(new JobName(jobName), A_UUID),
        aWorkRequest().jobName(jobName).outputBucket(bucket).prefix(prefix).build(),
        List.of());
  }
}
