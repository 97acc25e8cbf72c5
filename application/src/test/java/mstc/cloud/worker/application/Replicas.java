package mstc.cloud.worker.application;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import mstc.cloud.worker.application.retry.Backoff;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.reply.ReplyAddress;
import mstc.cloud.worker.domain.runtime.JobRecord;
import mstc.cloud.worker.testkit.queue.InMemoryBroker;
import mstc.cloud.worker.testkit.queue.InMemoryWorkQueue;
import mstc.cloud.worker.testkit.runtime.InMemoryJobRuntime;
import mstc.cloud.worker.testkit.store.InMemoryObjectStore;
import mstc.cloud.worker.wire.ReplyJson;

/**
 * Workers on one broker, one cluster and one store in memory, and one more that only completes
 * jobs. A job ends as soon as it runs.
 */
final class Replicas implements AutoCloseable {
  private final SettableClock clock = new SettableClock();
  private final InMemoryObjectStore store = InMemoryObjectStore.creatingBuckets();
  private final InMemoryJobRuntime.Records records =
      new InMemoryJobRuntime.Records(clock, Site.RETENTION);
  final InMemoryBroker broker = new InMemoryBroker();
  private final InMemoryBroker withoutRequests = new InMemoryBroker();
  private final List<Replica> all = new ArrayList<>();
  private final Queue<Throwable> uncaught = new ConcurrentLinkedQueue<>();
  private final Replica completing;

  /** A worker that takes one request at a time. */
  final class Replica {
    final PortCalls calls = new PortCalls();
    private final InMemoryWorkQueue queue;
    private final InMemoryJobRuntime runtime = new InMemoryJobRuntime(records);
    private final Worker worker;

    private Replica(InMemoryBroker at) {
      queue = new InMemoryWorkQueue(at);
      worker =
          new Worker(
              calls.of(queue),
              calls.of(runtime),
              calls.of(store),
              new ReplyJson(),
              settings(),
              clock);
      all.add(this);
    }

    /** Begins, and returns once it takes requests. */
    Replica start() {
      worker.start();
      Site.eventually().until(() -> queue.demand() > 0);
      return this;
    }

    private void stop() {
      if (!calls.isKilled()) {
        worker.stop(Duration.ZERO);
      }
    }

    void kill() {
      calls.kill();
      queue.close();
      runtime.close();
    }
  }

  Replicas() {
    Thread.setDefaultUncaughtExceptionHandler((thread, thrown) -> {
      if (!(thrown instanceof PortCalls.ProcessKilled)) {
        uncaught.add(thrown);
      }
    });
    Stream.of(broker, withoutRequests).forEach(each -> each.declareReplyQueue(Site.REPLIES));
    completing = new Replica(withoutRequests).start();
    records.program(
        job -> completing.runtime.end(job.name(), new JobOutcome.Succeeded(), "what it wrote\n"));
  }

  /** Takes held jobs up almost at once, to get in everybody's way. */
  private static WorkerSettings settings() {
    WorkerSettings usual = Site.settings(10);
    return new WorkerSettings(
        usual.maxConcurrentJobs(),
        usual.maxWaitingJobs(),
        1,
        usual.policy(),
        usual.intakePatience(),
        usual.replyPatience(),
        usual.logPatience(),
        usual.redeliveryMemory(),
        Duration.ofMillis(3),
        new Backoff(Duration.ofMillis(1), Duration.ofMillis(5)));
  }

  Replica add() {
    return new Replica(broker);
  }

  /** Waits until every job on record is answered, and lets the records expire. */
  void awaitAnswers(boolean expire) {
    Site.eventually()
        .until(() ->
            completing.runtime.jobs().stream().allMatch(record -> record.answer().isPresent()));
    if (expire) {
      clock.advance(Site.RETENTION.plusSeconds(1));
    }
  }

  List<UniqueName> runs() {
    return records.runs();
  }

  List<JobRecord> jobs() {
    return completing.runtime.jobs();
  }

  List<Reply> replies() {
    return Stream.of(broker, withoutRequests)
        .flatMap(each -> each.replies(Site.REPLIES).stream())
        .map(InMemoryBroker.SentReply::reply)
        .toList();
  }

  /** Who has got a reply. */
  Set<ReplyAddress> answered() {
    return Stream.of(broker, withoutRequests)
        .flatMap(each -> each.replies(Site.REPLIES).stream())
        .map(InMemoryBroker.SentReply::address)
        .collect(Collectors.toSet());
  }

  @Override
  public void close() {
    all.forEach(Replica::stop);
    all.forEach(Replica::kill);
    Thread.setDefaultUncaughtExceptionHandler(null);
    assertThat(uncaught).isEmpty();
  }
}
