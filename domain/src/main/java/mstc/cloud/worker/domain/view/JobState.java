package mstc.cloud.worker.domain.view;

/** How far a job has got. A job only goes forward, except from running to pending for a retry. */
public enum JobState {
  /** No process of it runs: it waits for room, for its image, for a node, or between attempts. */
  PENDING,
  /** Its process runs. */
  RUNNING,
  /** Its process has ended; its log and its reply are on their way. */
  ENDING,
  /** It is answered. */
  ENDED
}
