package mstc.cloud.worker.faults.history;

/** What is broken, and how, for a summary. */
public enum FaultKind {
  WORKER_KILLED(true),
  WORKER_STOPPED(true),
  WORKER_TERMINATED(true),
  API_SERVER_CUT(true),
  API_SERVER_SLOW(true),
  BROKER_CUT(true),
  BROKER_SLOW(true),
  BROKER_KILLED(true),
  STORE_CUT(false),
  STORE_SLOW(false),
  STORE_KILLED(false),
  POD_DELETED(false),
  POD_EVICTED(false),
  SPOOL_FULL(false),
  REPLY_QUEUE_DELETED(false);

  private final boolean mayRepeatReplies;

  FaultKind(boolean mayRepeatReplies) {
    this.mayRepeatReplies = mayRepeatReplies;
  }

  /** Whether it can keep a worker from noting that it sent a reply, which is then sent again. */
  public boolean mayRepeatReplies() {
    return mayRepeatReplies;
  }

  /** Whether it can keep every worker from seeing that a Job was deleted. */
  public boolean mayBlindWorkers() {
    return switch (this) {
      case WORKER_KILLED, WORKER_STOPPED, WORKER_TERMINATED, API_SERVER_CUT, API_SERVER_SLOW ->
          true;
      case BROKER_CUT,
          BROKER_SLOW,
          BROKER_KILLED,
          STORE_CUT,
          STORE_SLOW,
          STORE_KILLED,
          POD_DELETED,
          POD_EVICTED,
          SPOOL_FULL,
          REPLY_QUEUE_DELETED ->
          false;
    };
  }
}
