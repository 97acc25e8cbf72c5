package mstc.cloud.worker.domain.reply;

import mstc.cloud.worker.domain.store.ObjectLocation;

/**
 * A job's log in the object store.
 *
 * @param bytes its size
 * @param complete false when something that the job wrote is known to be missing
 */
public record StoredLog(ObjectLocation location, long bytes, boolean complete) {}
