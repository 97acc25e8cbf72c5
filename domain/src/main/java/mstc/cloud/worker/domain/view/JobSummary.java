package mstc.cloud.worker.domain.view;

import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.request.ContainerWork;
import mstc.cloud.worker.domain.request.FilePrefix;
import mstc.cloud.worker.domain.request.ImageReference;
import mstc.cloud.worker.domain.store.BucketName;
import mstc.cloud.worker.domain.store.ObjectLocation;

/**
 * A line of a list of jobs: all that is shown of one, but for its request.
 *
 * @param hint what it waits for, in the words of the system that runs it; empty if nothing is known
 *     or it does not wait
 * @param description what it does, in a few words
 * @param image empty if it is no container's work
 * @param prefix what the names of its objects begin with
 * @param logLocation where its log is put, or was
 * @param createdAt when it was put on record
 * @param startedAt when the process of its first attempt started
 * @param finishedAt when it ended
 * @param cancelled whether someone has asked for its end
 * @param reply what its clients are told; empty until it is answered
 * @param warnings what is to be known besides how it ended
 */
public record JobSummary(
    UniqueName name,
    JobState state,
    Optional<String> hint,
    String description,
    Optional<ImageReference> image,
    SortedMap<String, String> labels,
    Optional<FilePrefix> prefix,
    ObjectLocation logLocation,
    Instant createdAt,
    Optional<Instant> startedAt,
    Optional<Instant> finishedAt,
    boolean cancelled,
    Optional<Reply> reply,
    List<String> warnings) {

  public JobSummary {
    labels = Collections.unmodifiableSortedMap(new TreeMap<>(labels));
    warnings = List.copyOf(warnings);
  }

  /** The line of a job that is seen. */
  public static JobSummary of(JobView view) {
    Job job = view.job();
    Optional<ContainerWork> container =
        job.work() instanceof ContainerWork work ? Optional.of(work) : Optional.empty();
    return new JobSummary(
        view.name(),
        view.state(),
        view.hint(),
        job.work().description(),
        container.map(ContainerWork::image),
        container.map(ContainerWork::labels).orElse(Collections.emptySortedMap()),
        job.work().prefix(),
        job.logLocation(),
        view.createdAt(),
        view.startedAt().or(() -> view.reply().flatMap(Reply::startedAt)),
        view.endedAt().or(() -> view.reply().flatMap(Reply::finishedAt)),
        view.cancelled(),
        view.reply(),
        view.reply().map(Reply::warnings).orElse(job.warnings()));
  }

  /** Where the job and the worker put what they produce. */
  public BucketName outputBucket() {
    return logLocation.bucket();
  }

  /** How it ended; empty until it is answered. */
  public Optional<JobOutcome.Kind> outcome() {
    return reply.map(Reply::outcome);
  }
}
