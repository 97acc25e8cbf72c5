package mstc.cloud.worker.application;

/** What a worker asks of the three ports. */
enum PortCall {
  OPEN,
  DEMAND,
  REPLY,
  IS_CONNECTED,
  SUBMIT,
  HOLD,
  RELEASE,
  FIND_SUBMISSION,
  FIND,
  ADD_REPLY_ADDRESS,
  AWAIT_RELEASE,
  AWAIT_END,
  RECORD_ANSWER,
  COUNTS,
  CHECK_RUNTIME,
  STAT,
  PUT,
  HAS_BUCKET,
  CHECK_STORE
}
