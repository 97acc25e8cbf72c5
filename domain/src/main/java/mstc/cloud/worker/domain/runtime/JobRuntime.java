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
   * Waits until an unanswered job has ended, and collects what it wrote while it runs. May be
   * called again, also after a restart, and gives the same end, until the answer is recorded.
   *
   * @throws InterruptedException when the thread is interrupted; the job runs on
   * @throws JobHandedOverException when the job is no longer this worker's to complete
   */
  JobEnd awaitEnd(UniqueName name) throws InterruptedException, JobHandedOverException;

  /**
   * Records that the clients of a job were answered; the runtime removes the record {@link
   * #retention()} later. Does nothing when the job is answered already, or gone.
   *
   * @param answered the record whose reply addresses were answered
   * @return false when the record has changed since, so that someone may be left to answer
   */
  boolean recordAnswer(JobRecord answered, Answer answer);

  /**
   * Ends a job's processes; the job then ends as cancelled, keeps what it wrote and is answered.
   * Does nothing when it has ended already. May be repeated.
   *
   * @return false where there is no such job (any more)
   */
  boolean cancel(UniqueName name);

  /**
   * How many jobs on record take up room, whoever submitted them: those that are not answered, and
   * those that the runtime is not done with yet. Does not block.
   */
  int unansweredJobs();

  /** How long an answered job's record is kept. */
  Duration retention();

  /** Returns when the runtime can be reached and would take jobs; changes nothing. */
  void check();

  /**
   * Stops telling the listener and ends every {@link #awaitEnd}. Jobs are left to the runtime. May
   * be repeated.
   */
  @Override
  void close();
}
