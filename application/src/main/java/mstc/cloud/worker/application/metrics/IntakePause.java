package mstc.cloud.worker.application.metrics;

/**
 * Why no requests are taken in, though there may be room for them. Metrics have these names, in
 * lower case.
 */
public enum IntakePause {
  /** The worker has not reached the runtime and the store yet. */
  STARTING,
  /** The runtime is unavailable, or takes no jobs. */
  RUNTIME,
  /** The object store is unavailable, or refuses everything. */
  STORE,
  /** Too many jobs have ended and wait for their answer. */
  UNANSWERED
}
