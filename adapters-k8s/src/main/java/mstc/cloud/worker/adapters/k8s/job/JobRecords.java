package mstc.cloud.worker.adapters.k8s.job;

import io.fabric8.kubernetes.api.model.batch.v1.Job;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.reply.ReplyAddress;
import mstc.cloud.worker.domain.request.ContainerWork;
import mstc.cloud.worker.domain.runtime.Answer;
import mstc.cloud.worker.domain.runtime.JobRecord;

/**
 * Finds and changes the records of jobs: in the cluster, or here if an unanswered Job was deleted,
 * as only this worker still knows it.
 */
public final class JobRecords {
  /** The part of this worker that follows Jobs. */
  public interface Following {
    /** Whether a Job's changes are noticed at once. */
    boolean isFollowed(UniqueName name);

    /** A deleted Job was answered, which nothing in the cluster will tell. */
    void onDeletedAnswered(UniqueName name, Answer answer);
  }

  private final RecordReader reader;
  private final JobCalls calls;
  private final TrackedJobs tracked;
  private final Following following;

  public JobRecords(RecordReader reader, JobCalls calls, TrackedJobs tracked, Following following) {
    this.reader = reader;
    this.calls = calls;
    this.tracked = tracked;
    this.following = following;
  }

  /** The record of a job, by the part of its name that tells it from all others. */
  public Optional<JobRecord> find(UUID uuid) {
    return findJob(uuid, false).map(reader::read);
  }

  /**
   * @param fresh whether the cluster is asked in any case. What is known of a followed Job is
   *     normally new enough, as a patch of a version that is no longer the last is refused
   */
  private Optional<Job> findJob(UUID uuid, boolean fresh) {
    Optional<Job> known =
        tracked
            .find(uuid)
            .map(TrackedJob::snapshot)
            .filter(snapshot -> !snapshot.gone())
            .map(TrackedJob.Snapshot::job);
    if (!fresh && known.filter(job -> following.isFollowed(name(job))).isPresent()) {
      return known;
    }
    Optional<Job> found = known.flatMap(job -> calls.get(name(job))).or(() -> calls.find(uuid));
    found.ifPresent(tracked::update);
    return found.or(() -> deleted(uuid));
  }

  /** A Job that was deleted before its clients were answered. */
  private Optional<Job> deleted(UUID uuid) {
    return tracked
        .find(uuid)
        .map(TrackedJob::snapshot)
        .filter(TrackedJob.Snapshot::gone)
        .map(TrackedJob.Snapshot::job);
  }

  private static UniqueName name(Job job) {
    return new UniqueName(job.getMetadata().getName());
  }

  /** The record with that address, or unchanged if it is answered; empty if there is none. */
  public Optional<JobRecord> addReplyAddress(UniqueName name, ReplyAddress address) {
    for (boolean fresh = false; ; fresh = true) {
      Optional<Job> job = findJob(name.uuid(), fresh).filter(found -> name(found).equals(name));
      Optional<JobRecord> record = job.map(reader::read);
      if (record.isEmpty()
          || record.get().answer().isPresent()
          || record.get().replyAddresses().contains(address)) {
        return record;
      }
      List<ReplyAddress> all = new ArrayList<>(record.get().replyAddresses());
      all.add(address);
      Optional<Job> changed = replaceReplyTo(job.get(), name, all);
      if (changed.isPresent()) {
        return changed.map(reader::read);
      }
    }
  }

  private Optional<Job> replaceReplyTo(Job job, UniqueName name, List<ReplyAddress> addresses) {
    if (deleted(name.uuid()).isPresent()) {
      return tracked.replaceOnDeleted(job, JobNames.REPLY_TO, JobAnnotations.replyTo(addresses));
    }
    Optional<Job> changed =
        calls.replaceReplyTo(name, job.getMetadata().getResourceVersion(), addresses);
    changed.ifPresent(tracked::update);
    return changed;
  }

  /** False if the record has changed since it was read. */
  public boolean recordAnswer(JobRecord answered, Answer answer) {
    UniqueName name = answered.job().name();
    Optional<TrackedJob.Snapshot> known = tracked.find(name.uuid()).map(TrackedJob::snapshot);
    Optional<Job> job = known.map(TrackedJob.Snapshot::job).filter(held -> name(held).equals(name));
    if (known.isPresent() && known.get().gone()) {
      return answerDeleted(known.get().job(), answered, answer);
    }
    for (boolean sure = false; ; sure = true) {
      if (sure || job.isEmpty()) {
        job = calls.get(name);
        job.ifPresent(tracked::update);
      }
      if (job.isEmpty()) {
        // Deleted, which the watch may not have reported yet.
        known.map(TrackedJob.Snapshot::job).ifPresent(tracked::removeForGood);
        return known.isEmpty() || answerDeleted(known.get().job(), answered, answer);
      }
      if (JobAnnotations.isAnswered(job.get())) {
        return true;
      }
      boolean changed = !JobAnnotations.version(job.get()).equals(answered.version());
      if (changed && sure) {
        return false;
      }
      Optional<Job> patched = changed ? Optional.empty() : calls.answer(job.get(), answer);
      if (patched.isPresent()) {
        tracked.update(patched.get());
        return true;
      }
    }
  }

  /** The cluster has no place left to record it, and nobody would look for it there. */
  private boolean answerDeleted(Job deleted, JobRecord answered, Answer answer) {
    if (!JobAnnotations.version(deleted).equals(answered.version())) {
      return false;
    }
    UniqueName name = name(deleted);
    tracked.forgetAnswered(name, answer);
    following.onDeletedAnswered(name, answer);
    return true;
  }

  /** Cancels a job, or gives it up once it has ended; false if there is none. */
  public boolean cancel(UniqueName name) {
    Optional<Job> job = calls.get(name);
    if (job.isEmpty()) {
      return giveUpDeleted(name);
    }
    tracked.update(job.get());
    if (JobAnnotations.isAnswered(job.get())) {
      return true;
    }
    boolean ended = hasEnded(job.get());
    if (ended ? JobAnnotations.isGivenUp(job.get()) : JobAnnotations.isCancelled(job.get())) {
      return true;
    }
    Optional<Job> cancelled = ended ? calls.giveUp(job.get()) : calls.cancel(job.get());
    cancelled.ifPresent(tracked::update);
    return cancelled.isPresent();
  }

  private boolean giveUpDeleted(UniqueName name) {
    Optional<Job> deleted = deleted(name.uuid()).filter(gone -> name(gone).equals(name));
    if (deleted.filter(gone -> !JobAnnotations.isGivenUp(gone)).isPresent()) {
      var _ = tracked.noteOnDeleted(name, JobNames.GIVEN_UP, JobAnnotations.now());
    }
    return deleted.isPresent();
  }

  private boolean hasEnded(Job job) {
    return JobConditions.isFinished(job)
        || tracked
            .find(name(job).uuid())
            .map(TrackedJob::snapshot)
            .map(snapshot ->
                JobJudgement.of(
                    snapshot,
                    ContainerWork.of(reader.read(snapshot.job()).job().work()).timeout(),
                    Optional.empty(),
                    Instant.now()))
            .filter(verdict ->
                verdict instanceof JobVerdict.Ended || verdict instanceof JobVerdict.Settled)
            .isPresent();
  }
}
