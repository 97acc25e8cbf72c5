package mstc.cloud.worker.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.reply.StoredLog;
import mstc.cloud.worker.domain.request.FilePrefix;
import mstc.cloud.worker.domain.request.Work;
import mstc.cloud.worker.domain.store.BucketName;
import mstc.cloud.worker.domain.view.JobOutputs;
import mstc.cloud.worker.domain.view.JobOutputs.Output;
import mstc.cloud.worker.domain.view.JobState;
import mstc.cloud.worker.domain.view.JobSummary;
import mstc.cloud.worker.domain.view.JobView;
import mstc.cloud.worker.testkit.request.HandWork;
import mstc.cloud.worker.testkit.request.WorkRequests;
import org.junit.jupiter.api.Test;

class JobJsonTest {
  private static final Instant TIME = Instant.parse("2026-11-27T08:00:00.120Z");

  private static JobSummary job(Work work, JobState state, Optional<Reply> reply) {
    UniqueName name = UniqueName.of(work.jobName(), new UUID(0, 1));
    return JobSummary.of(
        new JobView(
            new Job(name, work, List.of("unknown field \"x\"")),
            state,
            Optional.of("Unschedulable: „no room“"),
            TIME,
            Optional.empty(),
            Optional.empty(),
            false,
            reply));
  }

  @Test
  void aJobThatWaitsIsWrittenWithEveryPropertyInAscii() {
    // when
    String json =
        JobJson.list(
            List.of(
                job(WorkRequests.aFullWorkRequest().build(), JobState.PENDING, Optional.empty())));

    // then
    assertThat(json)
        .isEqualTo(
            """
            [{"name":"solver-00000000-0000-0000-0000-000000000001","state":"PENDING",\
            "hint":"Unschedulable: \\u201Eno room\\u201C",\
            "description":"image alpine:3, timeout 90 min","image":"alpine:3",\
            "labels":{"example.org/cost-center":"A-7","team":"flow"},"outputBucket":"outputs",\
            "createdAt":"2026-11-27T08:00:00.120Z","startedAt":null,"finishedAt":null,\
            "cancelled":false,"outcome":null,"exitCode":null,"result":null,"log":null,\
            "warnings":["unknown field \\"x\\""]}]\
            """);
  }

  @Test
  void anAnsweredJobIsWrittenAsItsReplySays() {
    // given
    JobSummary job = job(WorkRequests.aWorkRequest().build(), JobState.ENDED, Optional.empty());
    Reply reply =
        new Reply(
            "Job failed.",
            Optional.of(job.name()),
            JobOutcome.Kind.FAILED,
            OptionalInt.of(3),
            Optional.of(new StoredLog(job.logLocation(), 7, false)),
            Optional.of(TIME),
            Optional.of(TIME.plusSeconds(60)),
            List.of("something is missing"));

    // when
    String json =
        JobJson.detail(
            job(WorkRequests.aWorkRequest().build(), JobState.ENDED, Optional.of(reply)),
            Optional.of("{\"image\":\"alpine:3\"}"));

    // then
    assertThat(json)
        .contains(
            "\"startedAt\":\"2026-11-27T08:00:00.120Z\",\"finishedAt\":\"2026-11-27T08:01:00.120Z\"",
            "\"outcome\":\"FAILED\",\"exitCode\":3,\"result\":\"Job failed.\"",
            "\"log\":{\"bucket\":\"inputs\",\"object\":\""
                + job.name()
                + ".log\",\"bytes\":7,\"complete\":false}",
            "\"warnings\":[\"something is missing\"],\"request\":{\"image\":\"alpine:3\"}}");
  }

  @Test
  void workThatIsNoContainersHasNoImageAndNoLabels() {
    // when
    String json =
        JobJson.detail(job(new HandWork(), JobState.RUNNING, Optional.empty()), Optional.empty());

    // then
    assertThat(json)
        .contains("\"description\":\"by hand\",\"image\":null,\"labels\":{}", "\"request\":null");
  }

  @Test
  void outputsAreWrittenWithTheirLinksIfThereAreAny() {
    // given
    URI link = URI.create("https://store.example/outputs/run-%C3%BC.vtk?X-Amz-Signature=5ec7e7");
    JobOutputs outputs =
        new JobOutputs(
            new BucketName("outputs"),
            Optional.of(new FilePrefix("run")),
            List.of(
                new Output("run-ü.vtk", 5_000_000_000L, Optional.of(link)),
                new Output("run.txt", 0, Optional.empty())),
            true);

    // when
    String json = JobJson.outputs(outputs);

    // then
    assertThat(json)
        .isEqualTo(
            """
            {"bucket":"outputs","prefix":"run","objects":[\
            {"name":"run-\\u00FC.vtk","bytes":5000000000,"link":"%s"},\
            {"name":"run.txt","bytes":0,"link":null}],"more":true}\
            """
                .formatted(link));
    assertThat(outputs.toString()).contains("run-ü.vtk").doesNotContain("5ec7e7");
  }

  @Test
  void everyStateIsReadAsItIsWritten() {
    for (JobState state : JobState.values()) {
      assertThat(JobJson.state(JobJson.name(state))).isEqualTo(state);
    }
    assertThatThrownBy(() -> JobJson.state("running"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("\"running\"");
  }
}
