package mstc.cloud.worker.application.reply;

import java.time.Duration;
import java.util.Optional;
import java.util.function.LongSupplier;
import mstc.cloud.worker.application.retry.Reminders;
import mstc.cloud.worker.domain.PrintableText;
import mstc.cloud.worker.domain.queue.ReplyReceipt;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.reply.ReplyAddress;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client's reply, to be retried: its queue may come back when the client reconnects, or be
 * emptied, and the broker may come back as well. For one thread.
 */
public final class PatientReply {
  private static final Logger LOG = LoggerFactory.getLogger(PatientReply.class);

  private static final int MAX_RESULT_LENGTH = 300;

  private final SendReply sendReply;
  private final ReplyAddress address;
  private final Duration replyPatience;
  private final LongSupplier nanoTime;
  private final Reminders reminders;
  private Optional<Long> notTakenSinceNanos = Optional.empty();

  /** What became of an attempt. */
  public sealed interface Result {
    /**
     * The last attempt: the client has its reply, or its queue did not take it for the whole
     * patience.
     */
    record Settled(ReplyReceipt receipt) implements Result {}

    /** Its queue does not exist now, or is full: to be retried after a while. */
    record NotTaken(ReplyReceipt receipt) implements Result {}

    /** The broker did not confirm: to be retried after a while. */
    record NotConfirmed() implements Result {}
  }

  /**
   * @param replyPatience how long a reply is retried whose queue does not exist or does not take
   *     it: its client may be reconnecting
   */
  public PatientReply(SendReply sendReply, ReplyAddress address, Duration replyPatience) {
    this(sendReply, address, replyPatience, System::nanoTime);
  }

  PatientReply(
      SendReply sendReply, ReplyAddress address, Duration replyPatience, LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
    this.reminders = new Reminders(nanoTime);
    this.sendReply = sendReply;
    this.address = address;
    this.replyPatience = replyPatience;
  }

  /** Sends the reply once. Blocks until the broker has responded, or its time limit is over. */
  public Result attempt(Reply reply) {
    return sendReply
        .attempt(address, reply)
        .map(receipt ->
            switch (receipt) {
              case CONFIRMED -> new Result.Settled(receipt);
              case UNROUTABLE, REFUSED -> notTaken(reply, receipt);
            })
        .orElseGet(() -> {
          brokerWasAway();
          return new Result.NotConfirmed();
        });
  }

  private Result notTaken(Reply reply, ReplyReceipt receipt) {
    long now = nanoTime.getAsLong();
    long since = notTakenSinceNanos.orElse(now);
    notTakenSinceNanos = Optional.of(since);
    if (now - since < replyPatience.toNanos()) {
      if (reminders.tryRemind()) {
        warn("does not have its reply yet", reply, receipt);
      }
      return new Result.NotTaken(receipt);
    }
    warn("does not get its reply", reply, receipt);
    sendReply.giveUp(receipt);
    return new Result.Settled(receipt);
  }

  private void warn(String what, Reply reply, ReplyReceipt receipt) {
    LOG.warn(
        "A client {}, its queue {} {}: {}",
        what,
        PrintableText.quote(address.queue()),
        receipt == ReplyReceipt.UNROUTABLE ? "does not exist" : "is full or refuses it",
        PrintableText.oneLine(reply.result(), MAX_RESULT_LENGTH));
  }

  /**
   * Starts the patience anew: a broker that comes back may not have its clients' queues at once.
   */
  public void brokerWasAway() {
    notTakenSinceNanos = Optional.empty();
  }
}
