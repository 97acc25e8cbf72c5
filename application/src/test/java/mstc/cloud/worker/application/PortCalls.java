package mstc.cloud.worker.application;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.function.Supplier;
import mstc.cloud.worker.domain.job.Job;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.queue.DeliveryHandler;
import mstc.cloud.worker.domain.queue.ReplyReceipt;
import mstc.cloud.worker.domain.queue.WorkQueue;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.reply.ReplyAddress;
import mstc.cloud.worker.domain.runtime.Answer;
import mstc.cloud.worker.domain.runtime.JobCounts;
import mstc.cloud.worker.domain.runtime.JobEnd;
import mstc.cloud.worker.domain.runtime.JobHandedOverException;
import mstc.cloud.worker.domain.runtime.JobListener;
import mstc.cloud.worker.domain.runtime.JobRecord;
import mstc.cloud.worker.domain.runtime.JobRuntime;
import mstc.cloud.worker.domain.runtime.JobRuntimeException;
import mstc.cloud.worker.domain.runtime.RuntimeStatus;
import mstc.cloud.worker.domain.runtime.Submission;
import mstc.cloud.worker.domain.store.BucketName;
import mstc.cloud.worker.domain.store.LogStore;
import mstc.cloud.worker.domain.store.ObjectAttributes;
import mstc.cloud.worker.domain.store.ObjectLocation;
import mstc.cloud.worker.domain.store.PutResult;
import mstc.cloud.worker.domain.store.StoredObject;

/**
 * Stands between one worker and its ports, so that a test can count the calls, do something just
 * before or after one, and end the worker's process in the middle of anything.
 */
final class PortCalls {
  private final Map<PortCall, Queue<Runnable>> before = new ConcurrentHashMap<>();
  private final Map<PortCall, Queue<Runnable>> after = new ConcurrentHashMap<>();
  private final Map<PortCall, Runnable> always = new ConcurrentHashMap<>();
  private final Map<PortCall, AtomicInteger> counts = new ConcurrentHashMap<>();
  private final AtomicInteger handled = new AtomicInteger();
  private final AtomicInteger ordered = new AtomicInteger();
  private volatile Standstill standstill = new Standstill(Set.of(), 0, false);
  private volatile boolean killed;
  private volatile Predicate<Job> stuck = _ -> false;

  /** What becomes of a thread of a process that is killed. */
  static final class ProcessKilled extends Error {
    private static final long serialVersionUID = 1L;

    ProcessKilled() {
      super("the process was killed, the test says", null, false, false);
    }
  }

  /** A moment at which a worker stands still. */
  static final class Standstill {
    private final Set<PortCall> among;
    private final int number;
    private final boolean done;
    private final CompletableFuture<PortCall> reached = new CompletableFuture<>();
    private final CountDownLatch over = new CountDownLatch(1);

    private Standstill(Set<PortCall> among, int number, boolean done) {
      this.among = among;
      this.number = number;
      this.done = done;
    }

    /** Whether the worker stands still now, or did. */
    boolean isReached() {
      return reached.isDone();
    }

    /** Whether it is before that call. */
    boolean isBefore(PortCall call) {
      return !done && reached.getNow(null) == call;
    }

    /** The worker goes on, or will not stand still. */
    void end() {
      over.countDown();
    }

    private void at(PortCall call) {
      reached.complete(call);
      try {
        over.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /**
   * The thread that makes the call of that number, counted from 0 over all such calls, stands still
   * there.
   *
   * @param done whether after the call, else before it
   */
  Standstill standStillAt(Set<PortCall> among, int number, boolean done) {
    standstill = new Standstill(among, number, done);
    return standstill;
  }

  /** How many deliveries the worker is done with. */
  int handled() {
    return handled.get();
  }

  /** Does that once, before the next such call that nothing else is to be done before. */
  void before(PortCall call, Runnable action) {
    before.computeIfAbsent(call, _ -> new ConcurrentLinkedQueue<>()).add(action);
  }

  /** Does that once, after the next such call that nothing else is to be done after. */
  void after(PortCall call, Runnable action) {
    after.computeIfAbsent(call, _ -> new ConcurrentLinkedQueue<>()).add(action);
  }

  /** Does that before every such call. */
  void beforeEvery(PortCall call, Runnable action) {
    always.put(call, action);
  }

  /** How often that was called. */
  int count(PortCall call) {
    return counts.computeIfAbsent(call, _ -> new AtomicInteger()).get();
  }

  /** Such jobs cannot be put on record, from now on, though the runtime is there. */
  void keepFromRecord(Predicate<Job> which) {
    stuck = which;
  }

  private void requireNotStuck(Job job) {
    if (stuck.test(job)) {
      throw JobRuntimeException.retryable("exceeded quota: no jobs", null);
    }
  }

  /** No call is made any more; threads that make one end. */
  void kill() {
    killed = true;
  }

  boolean isKilled() {
    return killed;
  }

  private <T> T make(PortCall call, Supplier<T> port) {
    Standstill here = standstill;
    boolean still = here.among.contains(call) && ordered.getAndIncrement() == here.number;
    if (still && !here.done) {
      here.at(call);
    }
    begin(call);
    T result = port.get();
    if (still && here.done) {
      here.at(call);
    }
    end(call);
    return result;
  }

  private void begin(PortCall call) {
    requireAlive();
    counts.computeIfAbsent(call, _ -> new AtomicInteger()).incrementAndGet();
    always.getOrDefault(call, () -> {}).run();
    next(before, call).run();
    requireAlive();
  }

  private void end(PortCall call) {
    requireAlive();
    next(after, call).run();
    requireAlive();
  }

  private void requireAlive() {
    if (killed) {
      throw new ProcessKilled();
    }
  }

  private static Runnable next(Map<PortCall, Queue<Runnable>> actions, PortCall call) {
    Runnable action = actions.getOrDefault(call, new ConcurrentLinkedQueue<>()).poll();
    return action == null ? () -> {} : action;
  }

  /** The queue as the worker sees it. */
  WorkQueue of(WorkQueue queue) {
    return new WorkQueue() {
      @Override
      public void open(DeliveryHandler handler) {
        make(
            PortCall.OPEN,
            () -> {
              queue.open((delivery, handling) -> {
                try {
                  return handler.handle(delivery, handling);
                } finally {
                  handled.incrementAndGet();
                }
              });
              return true;
            });
      }

      @Override
      public void demand(int deliveries) {
        make(
            PortCall.DEMAND,
            () -> {
              queue.demand(deliveries);
              return true;
            });
      }

      @Override
      public ReplyReceipt reply(ReplyAddress address, Reply reply) {
        return make(PortCall.REPLY, () -> queue.reply(address, reply));
      }

      @Override
      public boolean isConnected() {
        return make(PortCall.IS_CONNECTED, queue::isConnected);
      }

      @Override
      public void close() {
        queue.close();
      }
    };
  }

  /** The runtime as the worker sees it. */
  JobRuntime of(JobRuntime runtime) {
    return new JobRuntime() {
      @Override
      public void start(JobListener listener) {
        runtime.start(listener);
      }

      @Override
      public Submission submit(Job job, Optional<ReplyAddress> replyAddress) {
        return make(
            PortCall.SUBMIT,
            () -> {
              requireNotStuck(job);
              return runtime.submit(job, replyAddress);
            });
      }

      @Override
      public Submission hold(Job job, Optional<ReplyAddress> replyAddress) {
        return make(
            PortCall.HOLD,
            () -> {
              requireNotStuck(job);
              return runtime.hold(job, replyAddress);
            });
      }

      @Override
      public boolean release(JobRecord held) {
        return make(PortCall.RELEASE, () -> runtime.release(held));
      }

      @Override
      public Optional<Submission> findSubmission(Job job) {
        return make(PortCall.FIND_SUBMISSION, () -> runtime.findSubmission(job));
      }

      @Override
      public Optional<JobRecord> find(UUID uuid) {
        return make(PortCall.FIND, () -> runtime.find(uuid));
      }

      @Override
      public Optional<JobRecord> addReplyAddress(UniqueName name, ReplyAddress address) {
        return make(PortCall.ADD_REPLY_ADDRESS, () -> runtime.addReplyAddress(name, address));
      }

      @Override
      public boolean awaitRelease(UniqueName name, Duration atMost)
          throws InterruptedException, JobHandedOverException {
        begin(PortCall.AWAIT_RELEASE);
        boolean released = runtime.awaitRelease(name, atMost);
        end(PortCall.AWAIT_RELEASE);
        return released;
      }

      @Override
      public JobEnd awaitEnd(UniqueName name) throws InterruptedException, JobHandedOverException {
        begin(PortCall.AWAIT_END);
        JobEnd end = runtime.awaitEnd(name);
        end(PortCall.AWAIT_END);
        return end;
      }

      @Override
      public boolean recordAnswer(JobRecord answered, Answer answer) {
        return make(PortCall.RECORD_ANSWER, () -> runtime.recordAnswer(answered, answer));
      }

      @Override
      public boolean cancel(UniqueName name) {
        return runtime.cancel(name);
      }

      @Override
      public RuntimeStatus status() {
        return runtime.status();
      }

      @Override
      public JobCounts counts() {
        return make(PortCall.COUNTS, runtime::counts);
      }

      @Override
      public void check() {
        make(
            PortCall.CHECK_RUNTIME,
            () -> {
              runtime.check();
              return true;
            });
      }

      @Override
      public void close() {
        runtime.close();
      }
    };
  }

  /** The store as the worker sees it. */
  LogStore of(LogStore store) {
    return new LogStore() {
      @Override
      public PutResult putIfAbsent(
          ObjectLocation location, Path file, ObjectAttributes attributes) {
        return make(PortCall.PUT, () -> store.putIfAbsent(location, file, attributes));
      }

      @Override
      public Optional<StoredObject> stat(ObjectLocation location) {
        return make(PortCall.STAT, () -> store.stat(location));
      }

      @Override
      public boolean hasBucket(BucketName bucket) {
        return make(PortCall.HAS_BUCKET, () -> store.hasBucket(bucket));
      }

      @Override
      public Optional<String> shortcoming(BucketName bucket) {
        return store.shortcoming(bucket);
      }

      @Override
      public void check() {
        make(
            PortCall.CHECK_STORE,
            () -> {
              store.check();
              return true;
            });
      }

      @Override
      public void close() {
        store.close();
      }
    };
  }
}
