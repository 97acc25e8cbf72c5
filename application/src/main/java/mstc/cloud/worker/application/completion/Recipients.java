package mstc.cloud.worker.application.completion;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import mstc.cloud.worker.application.reply.PatientReply;
import mstc.cloud.worker.application.reply.SendReply;
import mstc.cloud.worker.application.retry.Backoff;
import mstc.cloud.worker.domain.queue.ReplyReceipt;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.reply.ReplyAddress;
import mstc.cloud.worker.domain.runtime.Answer;
import mstc.cloud.worker.domain.runtime.JobHandedOverException;

/**
 * Those who wait for one job's reply. Each is sent it once, whatever else has to be repeated, and
 * nobody has to wait because another's queue does not take it.
 */
final class Recipients {
  private final Map<ReplyAddress, ReplyReceipt> receipts = new HashMap<>();
  private final Map<ReplyAddress, ReplyReceipt> notTaken = new HashMap<>();
  private final Map<ReplyAddress, PatientReply> underWay = new HashMap<>();
  private final SendReply sendReply;
  private final Ownership ownership;
  private final Duration replyPatience;
  private final Backoff backoff;

  /** Tells when another worker has to answer. */
  @FunctionalInterface
  interface Ownership {
    void requireOurs() throws JobHandedOverException, InterruptedException;
  }

  /**
   * @param ownership called before every attempt
   * @param replyPatience how long a reply is retried that its queue does not take: its client may
   *     be reconnecting
   */
  Recipients(SendReply sendReply, Ownership ownership, Duration replyPatience, Backoff backoff) {
    this.sendReply = sendReply;
    this.ownership = ownership;
    this.replyPatience = replyPatience;
    this.backoff = backoff;
  }

  /**
   * Sends the reply to everyone who was not sent it yet, retrying while the broker is unavailable.
   * False if a reply queue does not take it now but may do so later: call this again after a while.
   */
  boolean send(List<ReplyAddress> addresses, Reply reply)
      throws InterruptedException, JobHandedOverException {
    boolean settled = true;
    for (ReplyAddress address : addresses) {
      settled &= receipts.containsKey(address) || send(address, reply);
    }
    return settled;
  }

  private boolean send(ReplyAddress address, Reply reply)
      throws InterruptedException, JobHandedOverException {
    PatientReply sending =
        underWay.computeIfAbsent(address, key -> new PatientReply(sendReply, key, replyPatience));
    ownership.requireOurs();
    for (int attempt = 1; ; attempt++) {
      switch (sending.attempt(reply)) {
        case PatientReply.Result.Settled(ReplyReceipt receipt) -> {
          notTaken.remove(address);
          receipts.put(address, receipt);
          return true;
        }
        case PatientReply.Result.NotTaken(ReplyReceipt receipt) -> {
          notTaken.put(address, receipt);
          return false;
        }
        case PatientReply.Result.NotConfirmed() -> {
          underWay.values().forEach(PatientReply::brokerWasAway);
          backoff.pauseAfter(attempt);
          ownership.requireOurs();
        }
      }
    }
  }

  /** What has become of the reply so far. */
  Answer.Status status() {
    List<ReplyReceipt> all =
        Stream.concat(receipts.values().stream(), notTaken.values().stream()).toList();
    if (all.contains(ReplyReceipt.REFUSED)) {
      return Answer.Status.REFUSED;
    }
    if (all.contains(ReplyReceipt.UNROUTABLE)) {
      return Answer.Status.UNROUTABLE;
    }
    return all.isEmpty() ? Answer.Status.NONE : Answer.Status.SENT;
  }
}
