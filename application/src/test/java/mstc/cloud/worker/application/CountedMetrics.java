package mstc.cloud.worker.application;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import mstc.cloud.worker.application.metrics.WorkerMetrics;
import mstc.cloud.worker.domain.queue.ReplyReceipt;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.reply.StoredLog;

/** Keeps what it is notified of, one line each, in that order. */
final class CountedMetrics implements WorkerMetrics {
  private final List<String> events = new CopyOnWriteArrayList<>();
  private final List<Duration> beforeStart = new CopyOnWriteArrayList<>();
  private final List<Duration> afterEnd = new CopyOnWriteArrayList<>();
  private final List<Duration> inQueue = new CopyOnWriteArrayList<>();

  /** What happened so far. */
  List<String> events() {
    return List.copyOf(events);
  }

  long count(String event) {
    return events.stream().filter(event::equals).count();
  }

  long created() {
    return count("created");
  }

  long answeredWithoutWholeLog() {
    return count("answered without a whole log");
  }

  /** How long after their creation jobs that are answered were started. */
  List<Duration> beforeStart() {
    return List.copyOf(beforeStart);
  }

  /** How long after their ends jobs were answered. */
  List<Duration> afterEnd() {
    return List.copyOf(afterEnd);
  }

  /** How long requests were in the queue. */
  List<Duration> inQueue() {
    return List.copyOf(inQueue);
  }

  @Override
  public void onRequest(Source source) {
    events.add("request from " + source);
  }

  @Override
  public void onRedelivered() {
    events.add("redelivered");
  }

  @Override
  public void onTakenFromQueue(Duration waited) {
    inQueue.add(waited);
  }

  @Override
  public void onRejected() {
    events.add("rejected");
  }

  @Override
  public void onDeadLettered() {
    events.add("dead-lettered");
  }

  @Override
  public void onPostponed() {
    events.add("postponed");
  }

  @Override
  public void onCreated(Duration took) {
    events.add(took.isNegative() ? "created before it came" : "created");
  }

  @Override
  public void onLogStored(long bytes) {
    events.add("stored " + bytes);
  }

  @Override
  public void onStoreRetry() {
    events.add("store retry");
  }

  @Override
  public void onReplyAttempt(ReplyReceipt receipt) {
    events.add("reply " + receipt);
  }

  @Override
  public void onReplyUnconfirmed() {
    events.add("reply unconfirmed");
  }

  @Override
  public void onReplyGivenUp(ReplyReceipt last) {
    events.add("given up " + last);
  }

  @Override
  public void onAnswered(Reply reply) {
    events.add(
        reply.log().filter(StoredLog::complete).isPresent()
            ? "answered"
            : "answered without a whole log");
  }

  @Override
  public void onCompleted(Reply reply, Optional<Duration> before, Duration after) {
    before.ifPresent(beforeStart::add);
    afterEnd.add(after);
  }
}
