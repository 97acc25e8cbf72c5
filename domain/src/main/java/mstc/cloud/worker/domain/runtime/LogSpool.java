package mstc.cloud.worker.domain.runtime;

/**
 * The part of this worker's disk where logs wait for the object store.
 *
 * @param bytes how much they take up
 * @param maxBytes how much they may take up
 */
public record LogSpool(long bytes, long maxBytes) {}
