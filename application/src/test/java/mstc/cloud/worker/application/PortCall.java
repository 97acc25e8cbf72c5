package mstc.cloud.worker.application;

/** What a worker asks of the three ports. */
enum PortCall {
  OPEN,
  DEMAND,
  REPLY,
  IS_CONNECTED,
  SUBMIT,
  FIND,
  ADD_REPLY_ADDRESS,
  AWAIT_END,
  RECORD_ANSWER,
  UNANSWERED_JOBS,
  CHECK_RUNTIME,
  STAT,
  PUT,
  CHECK_STORE
}
