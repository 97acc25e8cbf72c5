package mstc.cloud.worker.application.reply;

import java.time.Duration;
import java.util.Optional;
import java.util.function.LongSupplier;
import mstc.cloud.worker.domain.PrintableText;
import mstc.cloud.worker.domain.queue.ReplyReceipt;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.reply.ReplyAddress;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client's reply, to be tried again and again: its queue may come back, as clients connect
 * again, or be emptied, and the broker may come back, too. For one thread.
 */
public final class PatientReply {
  private static final Logger LOG = LoggerFactory.getLogger(PatientReply.class);

  /** Between the first two warnings that a reply is not taken; each time it is twice as long. */
  private static final Duration FIRST_SILENCE = Duration.ofMinutes(1);

  private static final int MAX_RESULT_LENGTH = 300;

  private final SendReply sendReply;
  private final ReplyAddress address;
  private final Duration routingPatience;
  private final LongSupplier nanoTime;
  private Optional<Long> notTakenSinceNanos = Optional.empty();
  private long nextWarningNanos;
  private Duration silence = Duration.ZERO;

  /** What became of an attempt. */
  public sealed interface Attempt {
    /**
     * The last one: the client has its reply, or its queue did not take it for as long as that is
     * borne.
     */
    record Settled(ReplyReceipt receipt) implements Attempt {}

    /** Its queue does not exist now, or is full: to be tried again after a while. */
    record NotTaken() implements Attempt {}

    /** The broker did not confirm: to be tried again after a while. */
    record NotConfirmed() implements Attempt {}
  }

  /**
   * @param routingPatience for how long a reply is tried whose queue does not exist or does not
   *     take it: its client may be connecting again
   */
  public PatientReply(SendReply sendReply, ReplyAddress address, Duration routingPatience) {
    this(sendReply, address, routingPatience, System::nanoTime);
  }

  PatientReply(
      SendReply sendReply, ReplyAddress address, Duration routingPatience, LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
    this.sendReply = sendReply;
    this.address = address;
    this.routingPatience = routingPatience;
  }

  /** Sends the reply once. Blocks until the broker has answered, or for as long as it may take. */
  public Attempt attempt(Reply reply) {
    return sendReply
        .attempt(address, reply)
        .map(receipt ->
            switch (receipt) {
              case CONFIRMED -> new Attempt.Settled(receipt);
              case UNROUTABLE, REFUSED -> notTaken(reply, receipt);
            })
        .orElseGet(() -> {
          brokerWasAway();
          return new Attempt.NotConfirmed();
        });
  }

  private Attempt notTaken(Reply reply, ReplyReceipt receipt) {
    long now = nanoTime.getAsLong();
    long since = notTakenSinceNanos.orElse(now);
    notTakenSinceNanos = Optional.of(since);
    if (now - since < routingPatience.toNanos()) {
      if (silence.isZero() || now - nextWarningNanos >= 0) {
        warn("does not have its reply yet", reply, receipt);
        silence = silence.isZero() ? FIRST_SILENCE : silence.multipliedBy(2);
        nextWarningNanos = now + silence.toNanos();
      }
      return new Attempt.NotTaken();
    }
    warn("does not get its reply", reply, receipt);
    return new Attempt.Settled(receipt);
  }

  private void warn(String what, Reply reply, ReplyReceipt receipt) {
    LOG.warn(
        "A client {}, its queue {} {}: {}",
        what,
        PrintableText.quote(address.queue()),
        receipt == ReplyReceipt.UNROUTABLE ? "does not exist" : "is full or refuses it",
        PrintableText.oneLine(reply.result(), MAX_RESULT_LENGTH));
  }

  /** A broker that comes back may not have its clients' queues again at once. */
  public void brokerWasAway() {
    notTakenSinceNanos = Optional.empty();
  }
}
