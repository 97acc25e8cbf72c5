package mstc.cloud.worker.application.metrics;

/** Why no requests are taken in, though there may be room for them. */
public enum IntakePause {
  /** The worker has not reached the runtime and the store yet. */
  STARTING,
  /** The runtime is away, or takes no jobs. */
  RUNTIME,
  /** The object store is away, or refuses everything. */
  STORE,
  /** Too many jobs have ended and are not answered. */
  UNANSWERED
}
