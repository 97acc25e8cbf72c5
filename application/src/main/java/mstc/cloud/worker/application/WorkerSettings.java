package mstc.cloud.worker.application;

import java.time.Duration;
import mstc.cloud.worker.application.retry.Backoff;
import mstc.cloud.worker.domain.request.RequestPolicy;

/**
 * How the worker works.
 *
 * @param maxConcurrentJobs how many jobs may be in flight at once, 1 or more
 * @param maxWaitingJobs how many jobs that have ended may wait for their answer before intake
 *     pauses, 1 or more
 * @param maxDeliveries how many requests may be taken in at once, 1 or more
 * @param policy what new jobs may ask for
 * @param intakePatience how long a request is kept while another system fails, before it goes to
 *     the end of the queue; far below RabbitMQ's delivery timeout
 * @param replyPatience how long a reply is retried that its queue does not take
 * @param logPatience how long a log is retried that the object store does not take, though it is
 *     available
 * @param redeliveryMemory how long after a job's end a redelivered request still gets that job's
 *     reply
 * @param holdPatience how long a job may be held by the worker that put it on record, before the
 *     worker that completes jobs releases it
 * @param backoff the delays between attempts
 */
public record WorkerSettings(
    int maxConcurrentJobs,
    int maxWaitingJobs,
    int maxDeliveries,
    RequestPolicy policy,
    Duration intakePatience,
    Duration replyPatience,
    Duration logPatience,
    Duration redeliveryMemory,
    Duration holdPatience,
    Backoff backoff) {

  public WorkerSettings {
    if (maxConcurrentJobs < 1 || maxWaitingJobs < 1 || maxDeliveries < 1) {
      throw new IllegalArgumentException("a worker must take at least one job");
    }
  }

  /** The settings of a worker with these limits and patiences. */
  public static WorkerSettings of(
      int maxConcurrentJobs,
      int maxWaitingJobs,
      RequestPolicy policy,
      Duration replyPatience,
      Duration logPatience) {
    return new WorkerSettings(
        maxConcurrentJobs,
        maxWaitingJobs,
        16,
        policy,
        Duration.ofSeconds(45),
        replyPatience,
        logPatience,
        Duration.ofHours(1),
        Duration.ofSeconds(10),
        new Backoff(Duration.ofMillis(200), Duration.ofSeconds(15)));
  }

  /**
   * How long an earlier log or an output bucket is looked for while the store fails for it alone.
   * After that time the request, which is still in hand, becomes a job whatever is in the store.
   */
  Duration lookPatience() {
    return intakePatience.multipliedBy(2).dividedBy(3);
  }
}
