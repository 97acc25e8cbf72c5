package mstc.cloud.worker.domain.view;

import java.util.Optional;
import mstc.cloud.worker.domain.job.UniqueName;

/**
 * Shows jobs, whoever submitted them, and changes nothing: the part of a runtime that people look
 * at. Every replica shows all jobs, whether or not it completes them.
 */
public interface JobViews {

  /**
   * Notifies the watcher of all jobs on record, and of each change from then on. Called once,
   * before the runtime is started; returns at once.
   */
  void watch(JobWatcher watcher);

  /**
   * Opens what a job writes, from its beginning as far as the runtime still has it, to be read
   * while the job runs. Blocks until the runtime has responded. A job whose process has not started
   * yet has an empty log that grows.
   *
   * @param after a {@linkplain LogReader.Piece#position position} up to which it was read before;
   *     empty to read all there is
   * @param follow whether it goes on while the job writes, until the job has ended; otherwise it
   *     ends with what is written by now
   * @return empty if the runtime has no log of that job, or none any more: it is in the object
   *     store once the job is answered
   * @throws IllegalArgumentException if that is no position of a log
   * @throws mstc.cloud.worker.domain.runtime.JobRuntimeException when the runtime failed
   */
  Optional<LogReader> openLog(UniqueName name, Optional<String> after, boolean follow);
}
