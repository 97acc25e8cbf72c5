package mstc.cloud.worker.adapters.local;

import static java.nio.charset.StandardCharsets.UTF_8;
import static mstc.cloud.worker.testkit.request.WorkRequests.aFullWorkRequest;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.reply.ReplyAddress;
import mstc.cloud.worker.domain.reply.StoredLog;
import mstc.cloud.worker.domain.runtime.Answer;
import mstc.cloud.worker.domain.store.BucketName;
import mstc.cloud.worker.domain.store.ObjectLocation;
import mstc.cloud.worker.wire.WorkRequestFormat;
import org.junit.jupiter.api.Test;

class StoredJobJsonTest {
  /** As version 0.1.0 wrote it, byte by byte. */
  private static final String OF_0_1_0 =
      """
      {
        "name" : "solver-11111111-2222-8333-9444-555555555555",
        "request" : {
          "image" : "alpine:3",
          "jobName" : "solver",
          "inputBucket" : "inputs",
          "outputBucket" : "outputs",
          "timeOut" : 90,
          "prefix" : "runs/42",
          "command" : [ "solve", "--fast" ],
          "args" : [ "mesh.msh", "-n", "8" ],
          "env" : {
            "EMPTY" : "",
            "THREADS" : "8"
          },
          "resources" : {
            "cpu" : "1.5",
            "memory" : "2Gi",
            "gpu" : 1
          },
          "retries" : 2,
          "labels" : {
            "example.org/cost-center" : "A-7",
            "team" : "flow"
          }
        },
        "requestSha256" : "63b889a647336abd82ac194ddeade1b3b6617a71c32d49c7e7e9a80e6e3945e7",
        "warnings" : [ "unknown field \\"caf\\u00E9\\"" ],
        "id" : "one",
        "replyAddresses" : [ {
          "queue" : "replies",
          "correlationId" : "mine"
        }, {
          "queue" : "others",
          "correlationId" : null
        } ],
        "held" : false,
        "startNoted" : "2026-11-02T08:00:00.123Z",
        "cancelled" : false,
        "givenUp" : false,
        "ending" : {
          "outcome" : "FAILED",
          "exitCode" : 3,
          "detail" : null,
          "startedAt" : "2026-11-02T08:00:00.200Z",
          "finishedAt" : "2026-11-02T08:01:00.200Z",
          "logComplete" : true,
          "warnings" : [ ]
        },
        "answer" : {
          "reply" : {
            "result" : "Job solver-11111111-2222-8333-9444-555555555555 failed: exit code 3.",
            "job" : "solver-11111111-2222-8333-9444-555555555555",
            "outcome" : "FAILED",
            "exitCode" : 3,
            "log" : {
              "bucket" : "outputs",
              "object" : "runs/42-solver-11111111-2222-8333-9444-555555555555.log",
              "bytes" : 12,
              "complete" : true
            },
            "startedAt" : "2026-11-02T08:00:00.200Z",
            "finishedAt" : "2026-11-02T08:01:00.200Z",
            "durationMs" : 60000,
            "warnings" : [ "unknown field \\"caf\\u00E9\\"" ]
          },
          "delivery" : "SENT",
          "at" : "2026-11-02T08:01:01Z"
        }
      }\
      """;

  private final StoredJobJson json = new StoredJobJson(new WorkRequestFormat());

  private static StoredJob stored() {
    Job job =
        new Job(
            new UniqueName("solver-11111111-2222-8333-9444-555555555555"),
            aFullWorkRequest().build(),
            List.of("unknown field \"café\""));
    Instant startedAt = Instant.parse("2026-11-02T08:00:00.200Z");
    Instant finishedAt = Instant.parse("2026-11-02T08:01:00.200Z");
    JobOutcome outcome = new JobOutcome.Failed(3);
    Reply reply =
        Reply.ended(
            job,
            outcome,
            Optional.of(
                new StoredLog(
                    new ObjectLocation(
                        new BucketName("outputs"),
                        "runs/42-solver-11111111-2222-8333-9444-555555555555.log"),
                    12,
                    true)),
            Optional.of(startedAt),
            finishedAt,
            List.of());
    return new StoredJob(
        job,
        "one",
        List.of(
            new ReplyAddress("replies", Optional.of("mine")),
            new ReplyAddress("others", Optional.empty())),
        false,
        Optional.of(Instant.parse("2026-11-02T08:00:00.123Z")),
        false,
        false,
        Optional.of(
            new StoredJob.Ending(outcome, Optional.of(startedAt), finishedAt, true, List.of())),
        Optional.of(new Answer(reply, Answer.Status.SENT, Instant.parse("2026-11-02T08:01:01Z"))));
  }

  @Test
  void aRecordOf010IsRead() {
    assertThat(json.read(OF_0_1_0.getBytes(UTF_8))).isEqualTo(stored());
  }

  @Test
  void aRecordIsWrittenAs010WroteIt() {
    assertThat(new String(json.write(stored()), UTF_8)).isEqualTo(OF_0_1_0);
  }

  @Test
  void workThatIsAnotherThanWasNotedIsRefused() {
    // given
    byte[] bytes = OF_0_1_0.replace("--fast", "--slow").getBytes(UTF_8);

    // when, then
    assertThatThrownBy(() -> json.read(bytes))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("another digest than was noted");
  }
}
