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
 * <p>Every method blocks until the runtime has answered, and may be called from any number of
 * (virtual) threads at once. A runtime that cannot be reached or breaks off is a {@link
 * JobRuntimeException}; an interrupted thread gets one too and keeps its interrupt flag.
 */
public interface JobRuntime extends AutoCloseable {

  /**
   * Begins to tell the listener about jobs, those of earlier runs first. Returns at once; a runtime
   * that cannot be reached yet is tried until it can. Called once, before any other method.
   */
  void start(JobListener listener);

  /**
   * Puts a job on record and runs it. Once this returns {@link Submission.Created}, the job
   * outlives this worker. May be repeated when the answer was lost: the runtime finds out whether
   * the job that holds the name is the lost call's own, and then it is {@code Created}.
   *
   * @param replyAddress who waits for the reply; empty where nobody does
   */
  Submission submit(Job job, Optional<ReplyAddress> replyAddress);

  /**
   * Puts a job on record without running it: nothing of it runs before it is {@linkplain #release
   * released}, whatever happens to this worker. Whoever holds a name can find out at leisure
   * whether its job has run before, as no other can run under it meanwhile. Is otherwise as {@link
   * #submit}, but for {@link Submission.Held} in the place of {@code Created}; a repeated call
   * whose own job was released meanwhile gives {@code Created}.
   */
  Submission hold(Job job, Optional<ReplyAddress> replyAddress);

  /**
   * Lets a held job run. It may have changed since, but must be the very job of the record: not a
   * later one of the same name. May be repeated when the answer was lost.
   *
   * @return false where it is not held (any more): released by someone else, cancelled, answered,
   *     or gone
   */
  boolean release(JobRecord held);

  /**
   * Finds out what became of a {@link #submit} of that job that failed, without another attempt:
   * {@link Submission.Created} where the job on record is the failed call's own, {@link
   * Submission.NameTaken} where it is another's. Empty where there is none: it was never created,
   * or has ended and is gone.
   */
  Optional<Submission> findSubmission(Job job);

  /**
   * The record of the job with that uuid, whatever its job name; empty where there is none (any
   * more). Never older than the last change made through this port.
   */
  Optional<JobRecord> find(UUID uuid);

  /**
   * Adds someone who waits for the reply; one who does already is not added again. Returns the
   * record as it is then: where it has an answer, the address was not added and the answer is the
   * caller's to send. Empty where there is no such job (any more). May be repeated.
   */
  Optional<JobRecord> addReplyAddress(UniqueName name, ReplyAddress address);

  /**
   * Waits until an unanswered job is not held (any more), for at most that long. Returns at once
   * where it never was.
   *
   * @return false where it is held still
   * @throws InterruptedException when the thread is interrupted
   * @throws JobHandedOverException when the job is no longer this worker's to complete
   */
  boolean awaitRelease(UniqueName name, Duration atMost)
      throws InterruptedException, JobHandedOverException;

  /**
   * Waits until an unanswered job has ended, and collects what it wrote while it runs; a held one
   * ends only by being cancelled. May be called again, also after a restart, and gives the same
   * end, until the answer is recorded.
   *
   * @throws InterruptedException when the thread is interrupted; the job runs on
   * @throws JobHandedOverException when the job is no longer this worker's to complete
   */
  JobEnd awaitEnd(UniqueName name) throws InterruptedException, JobHandedOverException;

  /**
   * Records that the clients of a job were answered; the runtime removes the record {@link
   * #retention()} later. A held job then never runs. Does nothing when the job is answered already,
   * or gone.
   *
   * @param answered the record whose reply addresses were answered
   * @return false when the record has changed since, so that someone may be left to answer
   */
  boolean recordAnswer(JobRecord answered, Answer answer);

  /**
   * Ends a job's processes; the job then ends as cancelled, keeps what it wrote and is answered. A
   * held one ends so without having run. One that has ended stays as it ended, but from then on
   * {@link JobRecord#givenUp} is on its record, and whoever completes it is told. Does nothing when
   * it is answered already. May be repeated.
   *
   * @return false where there is no such job (any more)
   */
  boolean cancel(UniqueName name);

  /** How many jobs are on record, submitted by whomever. Does not block. */
  JobCounts counts();

  /**
   * Where logs wait for the object store; empty where what a job writes stays where it was written.
   * Does not block.
   */
  Optional<LogSpool> logSpool();

  /** How long an answered job's record is kept. */
  Duration retention();

  /** Returns when the runtime can be reached and would take jobs; changes nothing. */
  void check();

  /**
   * Stops telling the listener and ends every {@link #awaitEnd} and {@link #awaitRelease}. Jobs are
   * left to the runtime. May be repeated.
   */
  @Override
  void close();
}
