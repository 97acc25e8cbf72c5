package mstc.cloud.worker.application.view;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.request.JobName;
import mstc.cloud.worker.domain.request.WorkRequest;
import mstc.cloud.worker.domain.view.JobState;
import mstc.cloud.worker.domain.view.JobView;
import mstc.cloud.worker.testkit.request.WorkRequests;
import mstc.cloud.worker.wire.WorkRequestFormat;

/** A board, the time, and jobs that are seen. */
final class Views implements InstantSource {
  static final Instant BEGIN = Instant.parse("2026-11-27T08:00:00Z");

  private Instant now = BEGIN;
  private int created;
  final JobBoard board;

  Views(RecentJobs recent) {
    board = new JobBoard(new WorkRequestFormat(), recent, this);
  }

  Views() {
    this(RecentJobs.DEFAULT);
  }

  @Override
  public Instant instant() {
    return now;
  }

  void pass(Duration time) {
    now = now.plus(time);
  }

  /** A job that was put on record a second after the one before. */
  JobView job(String jobName) {
    return job(WorkRequests.aWorkRequest().jobName(jobName).build());
  }

  JobView job(WorkRequest request) {
    UniqueName name = UniqueName.of(request.jobName(), new UUID(0, ++created));
    return new JobView(
        new Job(name, request, List.of()),
        JobState.PENDING,
        Optional.of("Unschedulable: no room"),
        BEGIN.plusSeconds(created),
        Optional.empty(),
        Optional.empty(),
        false,
        Optional.empty());
  }

  JobView shown(String jobName) {
    return shown(job(jobName));
  }

  JobView shown(JobView job) {
    board.onChanged(job);
    return job;
  }

  /** Answered, and gone from the record. */
  JobView gone(JobView job) {
    JobView ended = ended(job, JobOutcome.Kind.SUCCEEDED);
    board.onChanged(ended);
    board.onGone(job.name());
    return ended;
  }

  static JobView in(JobState state, JobView job) {
    return new JobView(
        job.job(),
        state,
        Optional.empty(),
        job.createdAt(),
        Optional.of(job.createdAt()),
        Optional.empty(),
        false,
        Optional.empty());
  }

  static JobView ended(JobView job, JobOutcome.Kind outcome) {
    Instant end = job.createdAt().plusSeconds(60);
    Reply reply =
        new Reply(
            "Job " + job.name() + " ended.",
            Optional.of(job.name()),
            outcome,
            OptionalInt.of(0),
            Optional.empty(),
            Optional.of(job.createdAt()),
            Optional.of(end),
            List.of());
    return new JobView(
        job.job(),
        JobState.ENDED,
        Optional.empty(),
        job.createdAt(),
        Optional.of(job.createdAt()),
        Optional.of(end),
        false,
        Optional.of(reply));
  }

  static WorkRequest.Builder request(String jobName, String image, Map<String, String> labels) {
    return WorkRequests.aWorkRequest()
        .jobName(new JobName(jobName).value())
        .image(image)
        .labels(labels);
  }

  List<UniqueName> names() {
    return board.all().stream().map(job -> job.name()).toList();
  }
}
