package mstc.cloud.worker.application;

import java.time.Duration;
import mstc.cloud.worker.application.retry.Backoff;
import mstc.cloud.worker.domain.request.RequestPolicy;

/**
 * How the worker works.
 *
 * @param maxConcurrentJobs how many jobs may be in flight at once, 1 or more
 * @param maxUnansweredJobs how many jobs that have ended may be unanswered before no more requests
 *     are taken in, 1 or more
 * @param maxDeliveries how many requests may be taken in at once, 1 or more
 * @param policy what new jobs may ask for
 * @param intakePatience how long a request is kept while another system fails, before it goes to
 *     the end of the queue; below RabbitMQ's delivery timeout by far
 * @param routingPatience how long a reply whose queue does not take it is tried
 * @param refusalPatience how long a log is tried that the object store does not take, though it is
 *     there
 * @param redeliveryMemory for how long after a job's end a redelivered request is answered with it
 * @param holdPatience how long a job may be held by who put it on record, before whoever completes
 *     jobs releases it
 * @param backoff between attempts
 */
public record WorkerSettings(
    int maxConcurrentJobs,
    int maxUnansweredJobs,
    int maxDeliveries,
    RequestPolicy policy,
    Duration intakePatience,
    Duration routingPatience,
    Duration refusalPatience,
    Duration redeliveryMemory,
    Duration holdPatience,
    Backoff backoff) {

  public WorkerSettings {
    if (maxConcurrentJobs < 1 || maxUnansweredJobs < 1 || maxDeliveries < 1) {
      throw new IllegalArgumentException("a worker must take at least one job");
    }
  }

  /** The settings of a worker with these limits and patiences. */
  public static WorkerSettings of(
      int maxConcurrentJobs,
      int maxUnansweredJobs,
      RequestPolicy policy,
      Duration routingPatience,
      Duration refusalPatience) {
    return new WorkerSettings(
        maxConcurrentJobs,
        maxUnansweredJobs,
        16,
        policy,
        Duration.ofSeconds(45),
        routingPatience,
        refusalPatience,
        Duration.ofHours(1),
        Duration.ofSeconds(10),
        new Backoff(Duration.ofMillis(200), Duration.ofSeconds(15)));
  }

  /**
   * For how long an earlier log or an output bucket is looked for while the store fails for it
   * alone. A request is still in hand then, and becomes a job whatever the store knows.
   */
  Duration lookPatience() {
    return intakePatience.multipliedBy(2).dividedBy(3);
  }
}
