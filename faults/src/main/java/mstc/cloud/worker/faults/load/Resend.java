package mstc.cloud.worker.faults.load;

/** Whether and when a request with a message id is sent again. */
public enum Resend {
  NEVER,
  AT_ONCE,
  /** Some seconds later, whatever has become of it. */
  LATER,
  /** When its reply has come. */
  AFTER_REPLY,
  /** When its reply has come and its Job is gone. */
  AFTER_JOB,
  /** Another request with the same id, once the Job of the first exists. */
  OTHER_REQUEST
}
