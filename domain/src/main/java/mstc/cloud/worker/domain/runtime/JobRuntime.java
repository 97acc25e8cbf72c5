package mstc.cloud.worker.domain.runtime;

import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.reply.ReplyAddress;

/**
 * Runs jobs and keeps their records: the only place where the state of a job is kept.
 *
 * <p>Every method blocks until the runtime has responded, and may be called from any number of
 * (virtual) threads at once. A runtime that cannot be reached or breaks off causes a {@link
 * JobRuntimeException}; an interrupted thread gets one too and keeps its interrupt flag.
 */
public interface JobRuntime extends AutoCloseable {

  /**
   * Begins to notify the listener of jobs, those of earlier runs first. Returns at once; keeps
   * trying while the runtime cannot be reached. Called once, before any other method.
   */
  void start(JobListener listener);

  /**
   * Puts a job on record and runs it. Once this returns {@link Submission.Created}, the job
   * outlives this worker. May be repeated when the response was lost: if the job that has the name
   * comes from the lost call, the result is {@code Created}.
   *
   * @param replyAddress who waits for the reply; empty if nobody does
   */
  Submission submit(Job job, Optional<ReplyAddress> replyAddress);

  /**
   * Puts a job on record without running it: nothing of it runs before it is {@linkplain #release
   * released}, whatever happens to this worker. So a caller can take its time to find out whether
   * the job has run before: no other job can run under its name meanwhile. Otherwise as {@link
   * #submit}, with {@link Submission.Held} instead of {@code Created}; a repeated call whose job
   * was released meanwhile gives {@code Created}.
   */
  Submission hold(Job job, Optional<ReplyAddress> replyAddress);

  /**
   * Lets a held job run. Its record may have changed since, but it must be the same job, not a
   * later one of that name. May be repeated when the response was lost.
   *
   * @return false if it is no longer held: released by someone else, cancelled, answered, or gone
   */
  boolean release(JobRecord held);

  /**
   * Finds out what became of a failed {@link #submit} or {@link #hold} of that job, without another
   * attempt: {@link Submission.Created} or {@link Submission.Held} if the job on record comes from
   * the failed call, {@link Submission.NameTaken} if it comes from another. Empty if there is none:
   * it was never created, or has ended and is gone.
   */
  Optional<Submission> findSubmission(Job job);

  /**
   * The record of the job with that uuid, whatever its job name; empty if there is none, or none
   * any more. Never older than the last change made through this port.
   */
  Optional<JobRecord> find(UUID uuid);

  /**
   * Adds an address that waits for the reply, unless the job has it already. Returns the record as
   * it is then: if it has an answer, the address was not added and the caller has to send the
   * answer. Empty if there is no such job, or none any more. May be repeated.
   */
  Optional<JobRecord> addReplyAddress(UniqueName name, ReplyAddress address);

  /**
   * Waits until an unanswered job is no longer held, for at most that long. Returns at once if it
   * never was.
   *
   * @return false if it is still held
   * @throws InterruptedException when the thread is interrupted
   * @throws JobHandedOverException when the job is no longer this worker's to complete
   */
  boolean awaitRelease(UniqueName name, Duration atMost)
      throws InterruptedException, JobHandedOverException;

  /**
   * Waits until an unanswered job has ended, and collects what it wrote while it runs; a held one
   * ends only by being cancelled. Until the answer is recorded, it may be called again, also after
   * a restart, and gives the same end.
   *
   * @throws InterruptedException when the thread is interrupted; the job runs on
   * @throws JobHandedOverException when the job is no longer this worker's to complete
   */
  JobEnd awaitEnd(UniqueName name) throws InterruptedException, JobHandedOverException;

  /**
   * Records that the clients of a job were answered; the runtime removes the record a while later,
   * as configured. A held job then never runs. Does nothing if the job is already answered, or
   * gone.
   *
   * @param answered the record whose reply addresses were answered
   * @return false if the record has changed since, so that someone may still have to be answered
   */
  boolean recordAnswer(JobRecord answered, Answer answer);

  /**
   * Ends a job's processes; the job then ends as cancelled, keeps what it wrote and is answered. A
   * held job ends as cancelled without having run. If the job has ended, its end stays the same,
   * but {@link JobRecord#givenUp} is put on its record, and the worker that completes it is
   * notified. Does nothing if it is already answered. May be repeated.
   *
   * @return false if there is no such job, or none any more
   */
  boolean cancel(UniqueName name);

  /** How many jobs are on record, whoever submitted them. Does not block. */
  JobCounts counts();

  /** What this replica tells of itself. Does not block. */
  RuntimeStatus status();

  /** Returns when the runtime can be reached and would take jobs; changes nothing. */
  void check();

  /**
   * Stops notifying the listener and ends every {@link #awaitEnd} and {@link #awaitRelease}. Jobs
   * are left to the runtime. May be repeated.
   */
  @Override
  void close();
}
