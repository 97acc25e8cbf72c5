package mstc.cloud.worker.adapters.rabbitmq;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.BuiltinExchangeType;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ShutdownSignalException;
import java.io.IOException;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The exchange, the queues and the binding that the worker needs: declared, or found if the user
 * may not declare them.
 *
 * <p>Each is declared first, as only that tells that one has other properties than clients declare.
 * Finding it needs no right; but a binding cannot be looked for.
 *
 * @see <a href="https://www.rabbitmq.com/docs/access-control#authorisation">Rights of users</a>
 */
final class Topology {
  private static final Logger LOG = LoggerFactory.getLogger(Topology.class);

  private final Connection connection;

  /** How something came to be there. */
  enum Origin {
    /** The user may declare it, and did. */
    DECLARED,
    /** The user may not declare it; it was there. */
    FOUND
  }

  Topology(Connection connection) {
    this.connection = connection;
  }

  /**
   * @throws NotDeclaredException when something is missing that the user may not declare
   */
  static void declare(Connection connection, RabbitSettings.Names names)
      throws IOException, TimeoutException {
    Topology topology = new Topology(connection);
    topology.ensureExchange(names.exchange());
    topology.ensureQueue(names.queue());
    if (!topology.isBindingAllowed(names)) {
      LOG.info(
          "This user may not bind the queue to the exchange, so that has to be done already; it"
              + " needs the right to write to the queue and to read from the exchange, queue={}"
              + " exchange={}",
          names.queue(),
          names.exchange());
    }
    topology.ensureQueue(names.deadQueue());
  }

  /**
   * @throws NotDeclaredException when it is missing, and the user may not declare it
   */
  Origin ensureExchange(String exchange) throws IOException, TimeoutException {
    return ensure(
        "the exchange " + exchange,
        channel -> channel.exchangeDeclare(exchange, BuiltinExchangeType.DIRECT, true),
        channel -> channel.exchangeDeclarePassive(exchange));
  }

  /**
   * @throws NotDeclaredException when it is missing, and the user may not declare it
   */
  Origin ensureQueue(String queue) throws IOException, TimeoutException {
    return ensure(
        "the queue " + queue,
        channel -> channel.queueDeclare(queue, true, false, false, null),
        channel -> channel.queueDeclarePassive(queue));
  }

  private Origin ensure(String what, Call declaration, Call look)
      throws IOException, TimeoutException {
    if (isAllowed(declaration)) {
      return Origin.DECLARED;
    }
    try {
      onChannel(look);
      return Origin.FOUND;
    } catch (IOException e) {
      if (isRefusal(e, AMQP.NOT_FOUND)) {
        throw new NotDeclaredException(what, e);
      }
      throw e;
    }
  }

  /** Whether the broker allowed to bind the queue to the exchange; it was done then. */
  boolean isBindingAllowed(RabbitSettings.Names names) throws IOException, TimeoutException {
    return isAllowed(channel -> channel.queueBind(names.queue(), names.exchange(), names.queue()));
  }

  /** Whether the broker allowed it; it was done then. */
  private boolean isAllowed(Call call) throws IOException, TimeoutException {
    try {
      onChannel(call);
      return true;
    } catch (IOException e) {
      if (isRefusal(e, AMQP.ACCESS_REFUSED)) {
        return false;
      }
      throw e;
    }
  }

  static boolean isRefusal(Exception e, int replyCode) {
    return BrokerFailure.of(e).replyCode().equals(OptionalInt.of(replyCode));
  }

  /** On a channel of its own, as the broker closes it for what it refuses. */
  void onChannel(Call call) throws IOException, TimeoutException {
    Optional<Channel> opened = connection.openChannel();
    Channel channel =
        opened.orElseThrow(() -> new IOException("the broker allows no further channel"));
    try {
      call.on(channel);
    } finally {
      close(channel);
    }
  }

  private static void close(Channel channel) throws IOException, TimeoutException {
    try {
      channel.close();
    } catch (ShutdownSignalException e) {
      LOG.debug("The broker has closed the channel", e);
    }
  }

  /** What is done on a channel. */
  interface Call {
    void on(Channel channel) throws IOException, TimeoutException;
  }
}
