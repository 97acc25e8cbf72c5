package mstc.cloud.worker.domain.runtime;

/**
 * The part of this worker's disk where logs wait for the object store.
 *
 * @param bytes what they take
 * @param maxBytes what they may take
 */
public record LogSpool(long bytes, long maxBytes) {}
