package mstc.cloud.worker.application.completion;

import java.time.Duration;

/**
 * How long a completion retries what fails although the system that it calls is available.
 *
 * @param reply for a reply that its queue does not take: its client may be reconnecting
 * @param log for a log that the store does not take
 * @param look for looking for an earlier log
 * @param hold how long a job may be held before it counts as left
 */
public record CompletionPatience(Duration reply, Duration log, Duration look, Duration hold) {}
