package mstc.cloud.worker.application.completion;

import java.time.Clock;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import mstc.cloud.worker.application.admission.Outage;
import mstc.cloud.worker.application.metrics.WorkerMetrics;
import mstc.cloud.worker.application.reply.EarlierReply;
import mstc.cloud.worker.application.reply.SendReply;
import mstc.cloud.worker.application.retry.Backoff;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.reply.ReplyFormat;
import mstc.cloud.worker.domain.runtime.JobRecord;
import mstc.cloud.worker.domain.runtime.JobRuntime;
import mstc.cloud.worker.domain.store.LogStore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Completes every unanswered job: waits for its end, stores its log and reply, answers its clients
 * and records that. Each step may be repeated, so a completion that fails or stops half-way is done
 * again, by this worker or the next. This worker remembers what it replied and to whom, so it does
 * not send a reply again.
 *
 * <p>A job that stays held for long was left so by the worker that put it on record. It is released
 * here or, if it has run before, answered from the earlier log.
 */
public final class CompleteJobs {
  private static final Logger LOG = LoggerFactory.getLogger(CompleteJobs.class);

  private final ExecutorService threads =
      Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("job-", 0).factory());
  private final ConcurrentMap<UniqueName, Completion> underWay = new ConcurrentHashMap<>();

  /**
   * Completions whose jobs were handed over after their clients had got the reply; a job may come
   * back before another worker records its answer.
   */
  private final ConcurrentMap<UniqueName, Completion> handedOver = new ConcurrentHashMap<>();

  /**
   * Completions that were begun again while in progress; changed only together with {@link
   * #underWay}.
   */
  private final Set<Completion> givenBack = ConcurrentHashMap.newKeySet();

  private final IdleThreads idle = new IdleThreads();
  private final Register register = new Register();
  private final Completion.Collaborators collaborators;

  /**
   * Completes nothing yet.
   *
   * @param outage notified when the runtime or the store fails
   * @param metrics notified of every answered job
   */
  public CompleteJobs(
      JobRuntime runtime,
      LogStore store,
      ReplyFormat format,
      SendReply sendReply,
      Outage outage,
      CompletionPatience patience,
      Backoff backoff,
      Clock clock,
      WorkerMetrics metrics) {
    collaborators =
        new Completion.Collaborators(
            runtime,
            new StoreLog(store, format, metrics),
            new EarlierReply(store, format, outage),
            sendReply,
            outage,
            patience,
            backoff,
            clock,
            metrics,
            idle);
  }

  /**
   * Begins to complete a job, on a thread of its own; a completion already in progress looks at its
   * job once more. Returns at once, and does nothing once closed.
   */
  public void begin(JobRecord record) {
    try {
      underWay.compute(
          record.job().name(),
          (name, earlier) -> {
            if (earlier != null && earlier.isOf(record)) {
              givenBack.add(earlier);
              earlier.learn(record);
              return earlier;
            }
            Completion before = handedOver.remove(name);
            Completion completion =
                before != null && before.isOf(record)
                    ? before
                    : new Completion(record.job(), collaborators, register);
            completion.learn(record);
            threads.execute(completion);
            return completion;
          });
    } catch (RejectedExecutionException e) {
      LOG.debug("job={} is left to the next start", record.job().name());
    }
  }

  /** Someone cancelled a job that has ended: it is answered now, as far as that is possible. */
  public void onGivenUp(UniqueName name) {
    var _ =
        underWay.computeIfPresent(
            name,
            (key, completion) -> {
              completion.giveUp();
              return completion;
            });
  }

  /** A job was answered, here or elsewhere. */
  public void onAnswered(UniqueName name) {
    handedOver.remove(name);
  }

  private final class Register implements Completion.Register {
    @Override
    public boolean finish(Completion completion) {
      return underWay.computeIfPresent(
              completion.name(),
              (name, current) -> {
                boolean again = givenBack.remove(completion);
                return current != completion || again ? current : null;
              })
          != completion;
    }

    @Override
    public void onHandedOver(Completion completion) {
      handedOver.put(completion.name(), completion);
    }

    @Override
    public void onLeft(Completion completion) {
      underWay.remove(completion.name(), completion);
      givenBack.remove(completion);
    }
  }

  /**
   * Leaves running jobs to the runtime, gives answers in progress that long to finish, and leaves
   * the rest to the next start. May be repeated.
   */
  public void close(Duration grace) {
    idle.interrupt();
    threads.shutdown();
    try {
      if (!threads.awaitTermination(grace.toNanos(), TimeUnit.NANOSECONDS)) {
        LOG.warn("Answers in progress are left to the next start");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    idle.abandon();
    threads.shutdownNow();
  }
}
