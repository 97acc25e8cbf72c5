package mstc.cloud.worker.adapters.k8s.job;

import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.util.Optional;
import java.util.UUID;
import mstc.cloud.worker.adapters.k8s.cluster.ApiErrors;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.runtime.JobRecord;
import mstc.cloud.worker.domain.runtime.JobRuntimeException;
import mstc.cloud.worker.domain.runtime.Submission;

/** Creates Jobs, only one for each name, and recognizes its own if a response was lost. */
public final class Submissions {
  private final JobManifest manifest;
  private final RecordReader reader;
  private final JobCalls calls;
  private final TrackedJobs tracked;
  private final UnconfirmedCreates unconfirmed = new UnconfirmedCreates();

  public Submissions(
      JobManifest manifest, RecordReader reader, JobCalls calls, TrackedJobs tracked) {
    this.manifest = manifest;
    this.reader = reader;
    this.calls = calls;
    this.tracked = tracked;
  }

  /** Creates a Job that may run at once. */
  public Submission submit(NewJob job) {
    String createId = createId(job.name());
    return create(job.name(), createId, manifest.of(job, createId));
  }

  /** Creates a Job that runs once it is {@linkplain #release released}. */
  public Submission hold(NewJob job) {
    String createId = createId(job.name());
    return create(job.name(), createId, manifest.held(job, createId));
  }

  private String createId(UniqueName name) {
    return unconfirmed.take(name).orElseGet(() -> UUID.randomUUID().toString());
  }

  private Submission create(UniqueName name, String createId, Job toCreate) {
    try {
      return own(calls.create(toCreate));
    } catch (KubernetesClientException e) {
      if (ApiErrors.isRefusal(e)) {
        return new Submission.Refused(ApiErrors.message(e));
      }
      if (ApiErrors.isAlreadyExists(e)) {
        return resolveConflict(name, createId, e);
      }
      if (ApiErrors.isResponseLost(e)) {
        unconfirmed.put(name, createId);
      }
      throw ApiErrors.failure("job " + name + " was not created", e);
    }
  }

  /** The name is taken, perhaps by this very call or by an earlier one whose response was lost. */
  private Submission resolveConflict(
      UniqueName name, String createId, KubernetesClientException conflict) {
    Optional<Job> existing;
    try {
      existing = calls.get(name);
    } catch (JobRuntimeException e) {
      unconfirmed.put(name, createId);
      throw e;
    }
    if (existing.isEmpty()) {
      throw ApiErrors.failure("job " + name + " has just gone", conflict);
    }
    tracked.update(existing.get());
    if (JobAnnotations.annotation(existing.get(), JobNames.CREATE_ID)
        .filter(createId::equals)
        .isPresent()) {
      return own(existing.get());
    }
    if (existing.get().getMetadata().getDeletionTimestamp() != null) {
      throw ApiErrors.failure("job " + name + " is being deleted", conflict);
    }
    return new Submission.NameTaken(reader.read(existing.get()));
  }

  /** What a call returns if the Job on record is its own. */
  private Submission own(Job created) {
    tracked.update(created);
    return JobAnnotations.isHeld(created)
        ? new Submission.Held(reader.read(created))
        : new Submission.Created();
  }

  /** What became of a submission whose response was lost; empty if there is no such Job. */
  public Optional<Submission> find(UniqueName name) {
    Optional<Job> existing = calls.get(name);
    existing.ifPresent(tracked::update);
    return existing.map(found ->
        JobAnnotations.annotation(found, JobNames.CREATE_ID)
                .filter(createId -> unconfirmed.confirm(name, createId))
                .isPresent()
            ? own(found)
            : new Submission.NameTaken(reader.read(found)));
  }

  /** False if that Job is no longer held, or is gone. */
  public boolean release(JobRecord held) {
    String uid = JobAnnotations.uid(held);
    // It was read to be released: only whether it is that Job, and held, must be checked again.
    Optional<Job> released =
        tracked
            .find(held.job().name().uuid())
            .map(job -> job.snapshot().job())
            .filter(job -> job.getMetadata().getUid().equals(uid) && JobAnnotations.isHeld(job))
            .flatMap(job -> calls.release(job, uid));
    released.ifPresent(tracked::update);
    return released.isPresent();
  }
}
