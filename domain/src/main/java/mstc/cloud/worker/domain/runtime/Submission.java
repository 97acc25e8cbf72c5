package mstc.cloud.worker.domain.runtime;

/** What became of a job that was submitted. */
public sealed interface Submission {

  /** The job is on record and will run, whatever happens to this worker. */
  record Created() implements Submission {}

  /**
   * The job is on record, whatever happens to this worker, and will not run before it is
   * {@linkplain JobRuntime#release released}.
   */
  record Held(JobRecord record) implements Submission {}

  /**
   * A job of that name is on record already.
   *
   * @param existing the other job's record; the submitted job was not put on record
   */
  record NameTaken(JobRecord existing) implements Submission {}

  /**
   * The runtime will never take this job.
   *
   * @param reason one line of printable text, in the runtime's own words
   */
  record Refused(String reason) implements Submission {}
}
