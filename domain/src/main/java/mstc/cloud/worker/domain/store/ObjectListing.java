package mstc.cloud.worker.domain.store;

/**
 * One line of a bucket's listing.
 *
 * @param bytes the object's size
 */
public record ObjectListing(ObjectLocation location, long bytes) {}
