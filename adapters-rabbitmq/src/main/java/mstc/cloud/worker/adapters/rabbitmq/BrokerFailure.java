package mstc.cloud.worker.adapters.rabbitmq;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.AuthenticationFailureException;
import com.rabbitmq.client.Method;
import com.rabbitmq.client.PossibleAuthenticationFailureException;
import com.rabbitmq.client.ShutdownSignalException;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLException;
import mstc.cloud.worker.domain.PrintableText;

/**
 * What an exception of the client library says, in one line.
 *
 * @param reason for people
 * @param replyCode the broker's, if the broker closed a channel or a connection
 * @param refused whether someone must change something before another attempt can succeed
 */
record BrokerFailure(String reason, OptionalInt replyCode, boolean refused) {
  private static final int MAX_REASON_LENGTH = 400;

  /** RabbitMQ's words; nothing else tells what its {@code max_message_size} is. */
  private static final Pattern TOO_LARGE =
      Pattern.compile("message size \\d+ is larger than (?:configured )?max size (\\d{1,9})");

  private static final Method CONSUME = new AMQP.Basic.Consume.Builder().build();
  private static final Method PUBLISH = new AMQP.Basic.Publish.Builder().build();

  static BrokerFailure of(Throwable thrown) {
    for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
      if (cause instanceof AuthenticationFailureException
          || cause instanceof PossibleAuthenticationFailureException) {
        return of("login refused: " + cause.getMessage(), OptionalInt.empty(), true);
      }
      if (cause instanceof NotDeclaredException) {
        return of(String.valueOf(cause.getMessage()), OptionalInt.of(AMQP.ACCESS_REFUSED), true);
      }
      if (cause instanceof SSLException) {
        return of("TLS failed: " + cause.getMessage(), OptionalInt.empty(), true);
      }
      if (cause instanceof ShutdownSignalException signal) {
        if (signal.getReason() instanceof AMQP.Connection.Close close) {
          return closed(close.getReplyCode(), close.getReplyText());
        }
        if (signal.getReason() instanceof AMQP.Channel.Close close) {
          String text = close.getReplyText();
          return closed(
              close.getReplyCode(),
              close.getReplyCode() == AMQP.ACCESS_REFUSED
                  ? text + missingRight(close.getClassId(), close.getMethodId())
                  : text);
        }
      }
      if (cause.getCause() == null) {
        return of(cause.toString(), OptionalInt.empty(), false);
      }
    }
    return of(thrown.toString(), OptionalInt.empty(), false);
  }

  /** Which right a refused method needs, as not every broker says that. */
  private static String missingRight(int classId, int methodId) {
    if (classId == CONSUME.protocolClassId() && methodId == CONSUME.protocolMethodId()) {
      return "; it needs the right to read";
    }
    if (classId == PUBLISH.protocolClassId() && methodId == PUBLISH.protocolMethodId()) {
      return "; it needs the right to write";
    }
    return "";
  }

  /** The most that a message may have, if one had more; empty if it was something else. */
  OptionalInt maxMessageBytes() {
    Matcher found = TOO_LARGE.matcher(reason);
    return found.find() ? OptionalInt.of(Integer.parseInt(found.group(1))) : OptionalInt.empty();
  }

  private static BrokerFailure closed(int replyCode, String replyText) {
    boolean refused =
        switch (replyCode) {
          case AMQP.ACCESS_REFUSED, AMQP.NOT_ALLOWED, AMQP.PRECONDITION_FAILED -> true;
          default -> false;
        };
    return of(replyCode + " " + replyText, OptionalInt.of(replyCode), refused);
  }

  private static BrokerFailure of(String reason, OptionalInt replyCode, boolean refused) {
    return new BrokerFailure(PrintableText.oneLine(reason, MAX_REASON_LENGTH), replyCode, refused);
  }
}
