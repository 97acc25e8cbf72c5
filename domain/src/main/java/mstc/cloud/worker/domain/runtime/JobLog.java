package mstc.cloud.worker.domain.runtime;

import java.nio.file.Path;

/**
 * What a job wrote, as a file on this machine.
 *
 * @param file readable until the job's answer is recorded; empty if the job wrote nothing
 * @param complete false when something that the job wrote is known to be missing
 */
public record JobLog(Path file, boolean complete) {}
