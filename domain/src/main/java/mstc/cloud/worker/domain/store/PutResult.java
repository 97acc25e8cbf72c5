package mstc.cloud.worker.domain.store;

/** What became of a conditional put. */
public enum PutResult {
  /** The object now has the content that was given. */
  STORED,
  /** There was an object already; it is unchanged. */
  ALREADY_EXISTS
}
