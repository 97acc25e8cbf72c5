package mstc.cloud.worker.application;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import mstc.cloud.worker.application.retry.Backoff;
import mstc.cloud.worker.application.view.RecentJobs;
import mstc.cloud.worker.application.view.ViewPorts;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.request.RequestPolicy;
import mstc.cloud.worker.domain.request.Work;
import mstc.cloud.worker.domain.request.WorkFormat;
import mstc.cloud.worker.domain.runtime.JobRecord;
import mstc.cloud.worker.domain.store.BucketName;
import mstc.cloud.worker.domain.store.ObjectListing;
import mstc.cloud.worker.domain.store.ObjectLocation;
import mstc.cloud.worker.testkit.queue.InMemoryBroker;
import mstc.cloud.worker.testkit.queue.InMemoryWorkQueue;
import mstc.cloud.worker.testkit.request.HandWork;
import mstc.cloud.worker.testkit.runtime.InMemoryJobRuntime;
import mstc.cloud.worker.testkit.store.InMemoryObjectStore;
import mstc.cloud.worker.wire.ReplyJson;
import mstc.cloud.worker.wire.WorkRequestFormat;
import org.awaitility.core.ConditionFactory;

/**
 * A broker, a cluster and a store in memory, with one worker after another on them. The services
 * outlive the workers, as they do outside tests.
 */
final class Site implements AutoCloseable {
  static final Duration RETENTION = Duration.ofSeconds(30);
  static final Duration GRACE = Duration.ofSeconds(5);
  static final String REPLIES = "replies";

  final SettableClock clock = new SettableClock();
  final InMemoryBroker broker = new InMemoryBroker();
  final InMemoryObjectStore store;
  final InMemoryJobRuntime.Records records = new InMemoryJobRuntime.Records(clock, RETENTION);
  private WorkerSettings settings;
  private final Queue<Throwable> uncaught = new ConcurrentLinkedQueue<>();

  /** Of all workers, one after another. */
  final CountedMetrics metrics = new CountedMetrics();

  /** Which jobs the next worker shows after they have ended. */
  RecentJobs recent = RecentJobs.DEFAULT;

  /** What the present worker has. */
  PortCalls calls = new PortCalls();

  InMemoryWorkQueue queue = new InMemoryWorkQueue(broker);
  InMemoryJobRuntime runtime = new InMemoryJobRuntime(records);
  Worker worker;

  Site() {
    this(10);
  }

  Site(int maxConcurrentJobs) {
    this(settings(maxConcurrentJobs));
  }

  Site(WorkerSettings settings) {
    this(settings, InMemoryObjectStore.creatingBuckets());
  }

  Site(WorkerSettings settings, InMemoryObjectStore store) {
    this.settings = settings;
    this.store = store;
    broker.declareReplyQueue(REPLIES);
    worker = newWorker();
    Thread.setDefaultUncaughtExceptionHandler((thread, thrown) -> {
      if (!(thrown instanceof PortCalls.ProcessKilled)) {
        uncaught.add(thrown);
      }
    });
  }

  /** Short enough for tests. */
  static WorkerSettings settings(int maxConcurrentJobs) {
    return new WorkerSettings(
        maxConcurrentJobs,
        1_000,
        16,
        RequestPolicy.OPEN,
        Duration.ofSeconds(20),
        Duration.ofSeconds(20),
        Duration.ofSeconds(1),
        Duration.ofHours(1),
        Duration.ofMillis(200),
        new Backoff(Duration.ofMillis(2), Duration.ofMillis(20)));
  }

  static WorkerSettings withRoutingPatience(Duration patience) {
    WorkerSettings usual = settings(10);
    return settings(
        10, 1_000, RequestPolicy.OPEN, usual.intakePatience(), patience, usual.logPatience());
  }

  static WorkerSettings withIntakePatience(Duration patience) {
    WorkerSettings usual = settings(10);
    return settings(
        10, 1_000, RequestPolicy.OPEN, patience, usual.replyPatience(), usual.logPatience());
  }

  static WorkerSettings withPolicy(RequestPolicy policy) {
    WorkerSettings usual = settings(10);
    return settings(
        10, 1_000, policy, usual.intakePatience(), usual.replyPatience(), usual.logPatience());
  }

  static WorkerSettings settings(
      int maxConcurrentJobs,
      int maxWaitingJobs,
      RequestPolicy policy,
      Duration intakePatience,
      Duration replyPatience,
      Duration logPatience) {
    WorkerSettings usual = settings(maxConcurrentJobs);
    return new WorkerSettings(
        maxConcurrentJobs,
        maxWaitingJobs,
        usual.maxDeliveries(),
        policy,
        intakePatience,
        replyPatience,
        logPatience,
        usual.redeliveryMemory(),
        usual.holdPatience(),
        usual.backoff());
  }

  static WorkerSettings withHoldPatience(Duration patience) {
    WorkerSettings usual = settings(10);
    return new WorkerSettings(
        usual.maxConcurrentJobs(),
        usual.maxWaitingJobs(),
        usual.maxDeliveries(),
        usual.policy(),
        usual.intakePatience(),
        usual.replyPatience(),
        usual.logPatience(),
        usual.redeliveryMemory(),
        patience,
        usual.backoff());
  }

  private Worker newWorker() {
    return new Worker(
        calls.of(queue),
        calls.of(runtime),
        calls.of(store),
        new ReplyJson(),
        settings,
        clock,
        metrics,
        new ViewPorts(runtime, store, new AnyFormat(), recent));
  }

  /** Of all the work that tests have done. */
  private static final class AnyFormat implements WorkFormat {
    private final WorkFormat requests = new WorkRequestFormat();

    @Override
    public String format(Work work) {
      return work instanceof HandWork ? "{}" : requests.format(work);
    }

    @Override
    public Work parse(String text) {
      return requests.parse(text);
    }
  }

  Site start() {
    worker.start();
    return this;
  }

  /** The worker's process ends without any notice. */
  void crash() {
    calls.kill();
    queue.close();
    runtime.close();
  }

  /** A worker in the place of the one that is gone. */
  void startAnother() {
    calls = new PortCalls();
    queue = new InMemoryWorkQueue(broker);
    runtime = new InMemoryJobRuntime(records);
    worker = newWorker();
    worker.start();
  }

  /** The same, with other settings. */
  void startAnother(WorkerSettings others) {
    settings = others;
    startAnother();
  }

  void send(Message message) {
    broker.offer(message.delivery());
  }

  static ConditionFactory eventually() {
    return await()
        .atMost(Duration.ofSeconds(30))
        .pollInterval(Duration.ofMillis(2))
        .dontCatchUncaughtExceptions();
  }

  /** The jobs on record that nobody has been answered. */
  List<UniqueName> unanswered() {
    return runtime.jobs().stream()
        .filter(record -> record.answer().isEmpty())
        .map(record -> record.job().name())
        .toList();
  }

  /** Those of them that run, or have run. */
  private List<UniqueName> started() {
    return runtime.jobs().stream()
        .filter(record -> record.answer().isEmpty() && !record.held())
        .map(record -> record.job().name())
        .toList();
  }

  /** The only job that has started and is not answered, once there is one. */
  UniqueName awaitJob() {
    return awaitJobs(1).getFirst();
  }

  List<UniqueName> awaitJobs(int count) {
    return eventually().until(this::started, jobs -> jobs.size() == count);
  }

  void awaitNoUnanswered() {
    eventually().until(() -> unanswered().isEmpty());
  }

  JobRecord record(UniqueName name) {
    return runtime.jobs().stream()
        .filter(record -> record.job().name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  /** Intake is open. */
  void awaitDemand() {
    eventually().until(() -> queue.demand() > 0);
  }

  void awaitNoDemand() {
    eventually().until(() -> queue.demand() == 0);
  }

  /** The worker is done with so many deliveries or more, those that are void included. */
  void awaitHandled(int deliveries) {
    eventually().until(() -> calls.handled() >= deliveries);
  }

  /** Every message is settled, so that nothing comes again if the worker goes. */
  void awaitAllSettled() {
    eventually().until(() -> broker.messages() == 0);
  }

  /** The broker knows of so many deliveries not what became of them. */
  void awaitUnsettled(int deliveries) {
    eventually().until(() -> queue.unsettled() == deliveries);
  }

  /** So many messages are in the queue, and no worker has them. */
  void awaitWaiting(int messages) {
    eventually().until(() -> broker.waiting() == messages);
  }

  void succeed(UniqueName job) {
    runtime.end(job, new JobOutcome.Succeeded(), "what it wrote\n");
  }

  List<Reply> replies(String replyQueue) {
    return broker.replies(replyQueue).stream().map(InMemoryBroker.SentReply::reply).toList();
  }

  List<Reply> awaitReplies(String replyQueue, int count) {
    return eventually().until(() -> replies(replyQueue), replies -> replies.size() == count);
  }

  Reply awaitReply() {
    return awaitReplies(REPLIES, 1).getFirst();
  }

  List<ObjectLocation> logs() {
    return store.list(new BucketName(Message.BUCKET), "").stream()
        .map(ObjectListing::location)
        .toList();
  }

  String content(ObjectLocation location) {
    try (InputStream content = store.read(location).orElseThrow()) {
      return new String(content.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Ends what tests left running; no thread may have died of anything else. */
  @Override
  public void close() {
    crash();
    Thread.setDefaultUncaughtExceptionHandler(null);
    assertThat(uncaught).isEmpty();
  }
}
