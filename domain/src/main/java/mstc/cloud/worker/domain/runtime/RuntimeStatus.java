package mstc.cloud.worker.domain.runtime;

import java.time.Duration;
import java.util.Optional;

/**
 * What a runtime tells of itself to those who operate it.
 *
 * @param leading whether this replica completes the jobs; of several, at most one does
 * @param silence how long ago what is known of the jobs was last confirmed by the system that runs
 *     them; empty if that has not happened yet
 * @param logSpool where logs wait for the object store; empty if they stay where the jobs wrote
 *     them
 */
public record RuntimeStatus(
    boolean leading, Optional<Duration> silence, Optional<LogSpool> logSpool) {}
