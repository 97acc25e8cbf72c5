package mstc.cloud.worker.application;

import java.time.Duration;
import mstc.cloud.worker.application.retry.Backoff;

/**
 * How the worker works.
 *
 * @param maxConcurrentJobs how many jobs may be unanswered at once, 1 or more
 * @param maxDeliveries how many requests may be taken in at once, 1 or more
 * @param intakePatience how long a request is kept while another system fails, before it goes to
 *     the end of the queue; below RabbitMQ's delivery timeout by far
 * @param routingPatience how long a reply whose queue does not take it is tried
 * @param refusalPatience how long a log is tried that the object store refuses for good
 * @param redeliveryMemory for how long after a job's end a redelivered request is answered with it
 * @param holdPatience how long a job may be held by who put it on record, before whoever completes
 *     jobs releases it
 * @param backoff between attempts
 */
public record WorkerSettings(
    int maxConcurrentJobs,
    int maxDeliveries,
    Duration intakePatience,
    Duration routingPatience,
    Duration refusalPatience,
    Duration redeliveryMemory,
    Duration holdPatience,
    Backoff backoff) {

  public WorkerSettings {
    if (maxConcurrentJobs < 1 || maxDeliveries < 1) {
      throw new IllegalArgumentException("a worker must take at least one job");
    }
  }

  /** The settings of a worker that runs at most this many jobs at once. */
  public static WorkerSettings forConcurrentJobs(int maxConcurrentJobs) {
    return new WorkerSettings(
        maxConcurrentJobs,
        16,
        Duration.ofSeconds(45),
        Duration.ofMinutes(5),
        Duration.ofHours(1),
        Duration.ofHours(1),
        Duration.ofSeconds(10),
        new Backoff(Duration.ofMillis(200), Duration.ofSeconds(15)));
  }
}
