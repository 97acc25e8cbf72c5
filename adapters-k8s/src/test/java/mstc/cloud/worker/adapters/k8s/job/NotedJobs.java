package mstc.cloud.worker.adapters.k8s.job;

import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.request.WorkRequest;
import mstc.cloud.worker.domain.runtime.Answer;
import mstc.cloud.worker.wire.WorkRequestFormat;

/** Jobs with what workers note on them. */
public final class NotedJobs {
  private NotedJobs() {}

  /** A Job with its record. */
  public static Job recorded(UniqueName name, String uid, String version) {
    return new JobBuilder()
        .withNewMetadata()
        .withName(name.value())
        .withUid(uid)
        .withResourceVersion(version)
        .withAnnotations(
            JobAnnotations.of(
                new mstc.cloud.worker.domain.job.Job(
                    name,
                    WorkRequest.builder()
                        .image("solver")
                        .jobName("solve")
                        .inputBucket("results")
                        .build(),
                    List.of()),
                new WorkRequestFormat(),
                Optional.empty(),
                "create"))
        .endMetadata()
        .build();
  }

  public static Job answered(Job job) {
    return noted(
        job,
        JobNames.ANSWERED,
        JobAnnotations.answered(
            new Answer(Reply.invalid("no"), Answer.Status.NONE, Instant.EPOCH)));
  }

  public static Job cancelled(Job job) {
    return noted(job, JobNames.CANCELLED, JobAnnotations.now());
  }

  public static Job unstartable(Job job, JobOutcome.Kind kind, String reason) {
    return noted(
        job,
        JobNames.UNSTARTABLE,
        JobAnnotations.unstartable(new JobAnnotations.Unstartable(kind, reason)));
  }

  /** Whose note on its end nobody can read. */
  public static Job garbled(Job job) {
    return noted(job, JobNames.ENDED, "edited by hand");
  }

  private static Job noted(Job job, String annotation, String value) {
    return new JobBuilder(job)
        .editMetadata()
        .addToAnnotations(annotation, value)
        .endMetadata()
        .build();
  }
}
