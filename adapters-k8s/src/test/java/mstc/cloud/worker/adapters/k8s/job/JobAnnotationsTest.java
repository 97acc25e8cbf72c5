package mstc.cloud.worker.adapters.k8s.job;

import static mstc.cloud.worker.testkit.request.WorkRequests.aFullWorkRequest;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import mstc.cloud.worker.adapters.k8s.job.JobAnnotations.Unstartable;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.reply.ReplyAddress;
import mstc.cloud.worker.domain.request.WorkFormat;
import mstc.cloud.worker.domain.runtime.Answer;
import mstc.cloud.worker.domain.runtime.JobRecord;
import mstc.cloud.worker.wire.RecordedEnd;
import mstc.cloud.worker.wire.WorkRequestFormat;
import org.junit.jupiter.api.Test;

class JobAnnotationsTest {
  private static final UniqueName NAME =
      new UniqueName("solver-11111111-2222-8333-9444-555555555555");

  /** As version 0.1.0 wrote them with the Job, byte by byte. */
  private static final Map<String, String> OF_0_1_0 =
      Map.of(
          "mstc/attempt",
          "create-1",
          "mstc/request",
          """
          {"image":"alpine:3","jobName":"solver","inputBucket":"inputs","outputBucket":"outputs",\
          "timeOut":90,"prefix":"runs/42","command":["solve","--fast"],"args":["mesh.msh","-n","8"],\
          "env":{"EMPTY":"","THREADS":"8"},"resources":{"cpu":"1.5","memory":"2Gi","gpu":1},\
          "retries":2,"labels":{"example.org/cost-center":"A-7","team":"flow"}}\
          """,
          "mstc/request-sha256",
          "63b889a647336abd82ac194ddeade1b3b6617a71c32d49c7e7e9a80e6e3945e7",
          "mstc/warnings",
          "[\"unknown field \\\"café\\\"\"]",
          "mstc/reply-to",
          "[{\"queue\":\"replies\",\"correlationId\":\"mine\"}]",
          "mstc/log",
          "outputs/runs/42-solver-11111111-2222-8333-9444-555555555555.log");

  private static final String ANSWERED_OF_0_1_0 =
      """
      {"reply":{"result":"Job solver-11111111-2222-8333-9444-555555555555 failed: exit code 3.",\
      "job":"solver-11111111-2222-8333-9444-555555555555","outcome":"FAILED","exitCode":3,\
      "log":null,"startedAt":"2026-11-02T08:00:00.200Z","finishedAt":"2026-11-02T08:01:00.200Z",\
      "durationMs":60000,"warnings":["unknown field \\"café\\""]},\
      "delivery":"SENT","at":"2026-11-02T08:01:01Z"}\
      """;

  private static final ReplyAddress ADDRESS = new ReplyAddress("replies", Optional.of("mine"));
  private final WorkFormat format = new WorkRequestFormat();
  private final Job job =
      new Job(NAME, aFullWorkRequest().build(), List.of("unknown field \"café\""));
  private final Answer answer =
      new Answer(
          Reply.ended(
              job,
              new JobOutcome.Failed(3),
              Optional.empty(),
              Optional.of(Instant.parse("2026-11-02T08:00:00.200Z")),
              Instant.parse("2026-11-02T08:01:00.200Z"),
              List.of()),
          Answer.Status.SENT,
          Instant.parse("2026-11-02T08:01:01Z"));

  private static io.fabric8.kubernetes.api.model.batch.v1.Job with(
      Map<String, String> annotations) {
    return new JobBuilder()
        .withNewMetadata()
        .withName(NAME.value())
        .withUid("uid")
        .withAnnotations(annotations)
        .endMetadata()
        .build();
  }

  private static Map<String, String> and(String name, String value) {
    Map<String, String> more = new HashMap<>(OF_0_1_0);
    more.put(name, value);
    return more;
  }

  @Test
  void annotationsOf010AreRead() {
    // when
    JobRecord record = JobAnnotations.record(with(OF_0_1_0), format);
    JobRecord answered =
        JobAnnotations.record(with(and("mstc/answered", ANSWERED_OF_0_1_0)), format);

    // then
    assertThat(record.job()).isEqualTo(job);
    assertThat(record.replyAddresses()).containsExactly(ADDRESS);
    assertThat(record.answer()).isEmpty();
    assertThat(record.held()).isFalse();
    assertThat(answered.answer()).contains(answer);
  }

  @Test
  void annotationsAreWrittenAs010WroteThem() {
    assertThat(JobAnnotations.of(job, format, Optional.of(ADDRESS), "create-1"))
        .isEqualTo(OF_0_1_0);
    assertThat(JobAnnotations.answered(answer)).isEqualTo(ANSWERED_OF_0_1_0);
  }

  @Test
  void anEndOf010IsReadAndWritten() {
    // given
    String text =
        """
        {"kind":"FAILED","exitCode":3,"reason":null,"startedAt":"2026-11-02T08:00:00Z",\
        "finishedAt":"2026-11-02T08:01:00Z","warnings":["it\\"s"]}\
        """;

    // when
    RecordedEnd end =
        JobAnnotations.ended(with(and("mstc/ended", text)), Duration.ofMinutes(1)).orElseThrow();

    // then
    assertThat(end.outcome()).isEqualTo(new JobOutcome.Failed(3));
    assertThat(JobAnnotations.ended(end)).isEqualTo(text);
  }

  @Test
  void whyAJobCouldNotStartIsReadAndWrittenAs010WroteIt() {
    // given
    String text = "{\"kind\":\"IMAGE_UNAVAILABLE\",\"reason\":\"ImagePullBackOff\"}";

    // when
    Unstartable why = JobAnnotations.unstartable(with(and("mstc/unstartable", text))).orElseThrow();

    // then
    assertThat(why)
        .isEqualTo(new Unstartable(JobOutcome.Kind.IMAGE_UNAVAILABLE, "ImagePullBackOff"));
    assertThat(JobAnnotations.unstartable(why)).isEqualTo(text);
  }

  @Test
  void anAnnotationThatIsNoRequestIsRefusedWithTheReason() {
    assertThatThrownBy(
            () -> JobAnnotations.record(with(and("mstc/request", "{\"image\":\"UP\"}")), format))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("the request is invalid")
        .hasMessageContaining("jobName");
  }
}
