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

  private Topology(Connection connection) {
    this.connection = connection;
  }

  /**
   * @throws NotDeclaredException when something is missing that the user may not declare
   */
  static void declare(Connection connection, RabbitSettings.Names names)
      throws IOException, TimeoutException {
    Topology topology = new Topology(connection);
    topology.ensure(
        "the exchange " + names.exchange(),
        channel -> channel.exchangeDeclare(names.exchange(), BuiltinExchangeType.DIRECT, true),
        channel -> channel.exchangeDeclarePassive(names.exchange()));
    topology.ensureQueue(names.queue());
    topology.bind(names);
    topology.ensureQueue(names.deadQueue());
  }

  private void ensureQueue(String queue) throws IOException, TimeoutException {
    ensure(
        "the queue " + queue,
        channel -> channel.queueDeclare(queue, true, false, false, null),
        channel -> channel.queueDeclarePassive(queue));
  }

  private void ensure(String what, Call declaration, Call look)
      throws IOException, TimeoutException {
    if (isAllowed(declaration)) {
      return;
    }
    try {
      onChannel(look);
    } catch (IOException e) {
      if (isRefusal(e, AMQP.NOT_FOUND)) {
        throw new NotDeclaredException(what, e);
      }
      throw e;
    }
  }

  private void bind(RabbitSettings.Names names) throws IOException, TimeoutException {
    if (!isAllowed(channel -> channel.queueBind(names.queue(), names.exchange(), names.queue()))) {
      LOG.info(
          "This user may not bind the queue to the exchange, so that has to be done already; it"
              + " needs the right to write to the queue and to read from the exchange, queue={}"
              + " exchange={}",
          names.queue(),
          names.exchange());
    }
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

  private static boolean isRefusal(IOException e, int replyCode) {
    return BrokerFailure.of(e).replyCode().equals(OptionalInt.of(replyCode));
  }

  /** On a channel of its own, as the broker closes it for what it refuses. */
  private void onChannel(Call call) throws IOException, TimeoutException {
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

  private interface Call {
    void on(Channel channel) throws IOException;
  }
}
