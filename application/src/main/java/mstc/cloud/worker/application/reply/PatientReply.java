package mstc.cloud.worker.application.reply;

import java.time.Duration;
import java.util.Optional;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.reply.ReplyAddress;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client's reply, to be tried again and again: its queue may come back, as clients connect
 * again, and the broker too. For one thread.
 */
public final class PatientReply {
  private static final Logger LOG = LoggerFactory.getLogger(PatientReply.class);

  private final SendReply sendReply;
  private final ReplyAddress address;
  private final Duration routingPatience;
  private Optional<Long> unroutableSinceNanos = Optional.empty();

  /** What became of an attempt. */
  public enum Attempt {
    /** The client has its reply. */
    SENT,
    /** Its queue did not exist for as long as that is borne. */
    GIVEN_UP,
    /** Its queue does not exist now: to be tried again after a while. */
    UNROUTABLE,
    /** The broker did not confirm: to be tried again after a while. */
    NOT_CONFIRMED
  }

  /**
   * @param routingPatience for how long a reply is tried whose queue does not exist: its client may
   *     be connecting again
   */
  public PatientReply(SendReply sendReply, ReplyAddress address, Duration routingPatience) {
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
              case CONFIRMED -> Attempt.SENT;
              case UNROUTABLE -> unroutable(reply);
            })
        .orElseGet(() -> {
          brokerWasAway();
          return Attempt.NOT_CONFIRMED;
        });
  }

  private Attempt unroutable(Reply reply) {
    long now = System.nanoTime();
    long since = unroutableSinceNanos.orElse(now);
    unroutableSinceNanos = Optional.of(since);
    if (now - since < routingPatience.toNanos()) {
      return Attempt.UNROUTABLE;
    }
    LOG.warn("Reply queue {} does not exist: {}", address.queue(), reply.result());
    return Attempt.GIVEN_UP;
  }

  /** A broker that comes back may not have its clients' queues again at once. */
  public void brokerWasAway() {
    unroutableSinceNanos = Optional.empty();
  }
}
