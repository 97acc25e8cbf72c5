package mstc.cloud.worker.adapters.rabbitmq;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.GetResponse;
import com.rabbitmq.client.ShutdownSignalException;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import mstc.cloud.worker.domain.diagnosis.Check;
import mstc.cloud.worker.domain.diagnosis.Diagnosis;
import mstc.cloud.worker.domain.diagnosis.Finding;
import org.jspecify.annotations.Nullable;

/** Examines a broker, from its address to each right that the worker needs there. */
final class BrokerDiagnosis implements Diagnosis {
  /** For each response of the broker; several fit into the time of one check. */
  private static final Duration PATIENCE = Duration.ofSeconds(4);

  private static final Finding NO_LOGIN = new Finding.Skipped("there is no login to the broker");

  private final RabbitSettings settings;
  private final BrokerAddress address;
  private final RabbitSettings.Names names;
  private final String ownQueue = "mstc-doctor-" + UUID.randomUUID();
  private volatile boolean reached;
  private volatile @Nullable Connection connection;
  private volatile @Nullable Channel ownChannel;
  private volatile Finding virtualHost = NO_LOGIN;
  private volatile boolean delivered;

  BrokerDiagnosis(RabbitSettings settings) {
    RabbitSettings.Timing timing = settings.timing();
    this.settings =
        settings.withTiming(
            new RabbitSettings.Timing(
                timing.heartbeat(),
                PATIENCE,
                PATIENCE,
                timing.firstReconnect(),
                timing.lastReconnect()));
    address = new BrokerAddress(this.settings);
    names = settings.names();
  }

  @Override
  public List<Check> checks() {
    String place = address.toString();
    Stream<Check> reaching =
        Stream.of(new Check("broker address", "connect to " + place, () -> noted(address.reach())));
    Stream<Check> encrypting =
        settings.tls().enabled()
            ? Stream.of(
                new Check("broker TLS", "encrypt the connection to " + place, this::encrypt))
            : Stream.empty();
    Stream<Check> using =
        Stream.of(
            new Check("broker login", "log in as " + settings.user(), this::logIn),
            new Check(
                "broker virtual host",
                "open the virtual host " + settings.virtualHost(),
                () -> virtualHost),
            new Check(
                "broker own queue", "declare " + ownQueue + ", exclusive", this::declareOwnQueue),
            new Check("broker publish", "publish to it, and await the confirm", this::publish),
            new Check("broker consume", "consume what was published", this::consume),
            new Check(
                "broker exchange",
                "declare %s, direct and durable".formatted(names.exchange()),
                () -> ensured(topology -> topology.ensureExchange(names.exchange()))),
            new Check(
                "broker work queue",
                "declare %s, durable and without arguments".formatted(names.queue()),
                () -> ensured(topology -> topology.ensureQueue(names.queue()))),
            new Check(
                "broker binding",
                "bind %s to %s".formatted(names.queue(), names.exchange()),
                this::bind),
            new Check(
                "broker dead queue",
                "declare %s, durable".formatted(names.deadQueue()),
                () -> ensured(topology -> topology.ensureQueue(names.deadQueue()))),
            new Check(
                "broker consumers", "look at the queue " + names.queue(), this::lookAtWorkQueue));
    return Stream.of(reaching, encrypting, using).flatMap(part -> part).toList();
  }

  private Finding noted(Finding found) {
    reached = found instanceof Finding.Passed;
    return found;
  }

  private Finding encrypt() {
    return reached ? noted(address.encrypt()) : new Finding.Skipped("the broker is not reached");
  }

  private Finding logIn() {
    if (!reached) {
      return new Finding.Skipped("the broker is not reached");
    }
    try {
      connection =
          BrokerSession.factory(settings).newConnection(settings.connectionName() + " doctor");
      virtualHost = new Finding.Passed();
      return new Finding.Passed();
    } catch (IOException | TimeoutException | ShutdownSignalException e) {
      BrokerFailure failure = BrokerFailure.of(e);
      if (failure.replyCode().equals(OptionalInt.of(AMQP.NOT_ALLOWED))) {
        // Only who has logged in is told that.
        virtualHost =
            new Finding.Failed(
                failure.reason(),
                "create the virtual host and give %s rights there, or set mstc.work-queue.virtual-host"
                    .formatted(settings.user()));
        return new Finding.Passed();
      }
      return new Finding.Failed(failure.reason(), loginRemedy(failure));
    }
  }

  private String loginRemedy(BrokerFailure failure) {
    if (failure.refused()) {
      return "set mstc.work-queue.user and mstc.work-queue.password; RabbitMQ lets guest in from its"
          + " own machine only";
    }
    return settings.tls().enabled()
        ? "look at the broker's own log"
        : "see that RabbitMQ's AMQP port is %d, and look at its log; if it wants TLS there, set mstc.work-queue.tls.enabled"
            .formatted(settings.port());
  }

  private Finding declareOwnQueue() {
    Connection open = connection;
    if (open == null) {
      return NO_LOGIN;
    }
    try {
      Channel channel = open.openChannel().orElseThrow(() -> new IOException("no channel is left"));
      channel.queueDeclare(ownQueue, false, true, true, null);
      ownChannel = channel;
      return new Finding.Passed();
    } catch (IOException | ShutdownSignalException e) {
      return Topology.isRefusal(e, AMQP.ACCESS_REFUSED)
          ? new Finding.Skipped(
              "this user may not declare queues of its own, which a worker does not need where all"
                  + " it uses is declared")
          : brokerFailed(e);
    }
  }

  /**
   * As replies are published: to the default exchange, confirmed. Without a queue of its own, that
   * comes back, if the right is there.
   */
  private Finding publish() {
    Connection open = connection;
    if (open == null) {
      return NO_LOGIN;
    }
    try {
      BlockingQueue<String> returned = new ArrayBlockingQueue<>(1);
      new Topology(open)
          .onChannel(channel -> {
            channel.addReturnListener(message -> returned.offer(message.getReplyText()));
            channel.confirmSelect();
            channel.basicPublish("", ownQueue, true, null, new byte[0]);
            confirm(channel);
          });
      delivered = returned.isEmpty();
      return delivered
          ? new Finding.Passed()
          : new Finding.Passed("there is no such queue, so the broker gave it back");
    } catch (TimeoutException e) {
      return new Finding.Failed(
          "the broker did not confirm within %d s".formatted(PATIENCE.toSeconds()),
          "see whether it has raised an alarm for memory or disk, which stops publishers");
    } catch (IOException | ShutdownSignalException e) {
      return refusedOrFailed(e, "the right to write to the exchange amq.default");
    }
  }

  private static void confirm(Channel channel) throws IOException, TimeoutException {
    try {
      if (!channel.waitForConfirms(PATIENCE.toMillis())) {
        throw new IOException("the broker did not take the message");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  private Finding consume() throws InterruptedException {
    Channel channel = ownChannel;
    if (channel == null || !delivered) {
      return new Finding.Skipped("nothing was published to a queue of its own");
    }
    try {
      BlockingQueue<Boolean> arrived = new ArrayBlockingQueue<>(1);
      channel.basicConsume(ownQueue, true, (_, _) -> arrived.offer(true), _ -> {});
      return Optional.ofNullable(arrived.poll(PATIENCE.toMillis(), TimeUnit.MILLISECONDS))
          .<Finding>map(_ -> new Finding.Passed())
          .orElseGet(() ->
              new Finding.Failed(
                  "the broker confirmed a message, and did not deliver it within %d s"
                      .formatted(PATIENCE.toSeconds()),
                  "look at the broker's own log"));
    } catch (IOException | ShutdownSignalException e) {
      return refusedOrFailed(e, "the right to read from " + ownQueue);
    }
  }

  /** What is to be there, however it came there. */
  private interface Piece {
    Topology.Origin ensure(Topology topology) throws IOException, TimeoutException;
  }

  private Finding ensured(Piece piece) {
    Connection open = connection;
    if (open == null) {
      return NO_LOGIN;
    }
    try {
      return switch (piece.ensure(new Topology(open))) {
        case DECLARED -> new Finding.Passed();
        case FOUND -> new Finding.Passed("this user may not declare it, but it is there");
      };
    } catch (NotDeclaredException e) {
      return new Finding.Failed(
          "it does not exist, and this user may not declare it",
          "declare it, or give %s the right to configure it".formatted(settings.user()));
    } catch (IOException | TimeoutException | ShutdownSignalException e) {
      // Brokers say in different ways that something has other properties.
      return BrokerFailure.of(e).replyCode().isPresent()
          ? new Finding.Failed(
              BrokerFailure.of(e).reason(),
              "delete it once it is empty, or take the policy from it: it has other properties than the"
                  + " worker and its clients declare")
          : brokerFailed(e);
    }
  }

  private Finding bind() {
    Connection open = connection;
    if (open == null) {
      return NO_LOGIN;
    }
    try {
      return new Topology(open).isBindingAllowed(names)
          ? new Finding.Passed()
          : new Finding.Skipped(
              "this user may not bind them, and a binding cannot be looked for; whoever declares them"
                  + " binds the queue with its name as the routing key");
    } catch (IOException | TimeoutException | ShutdownSignalException e) {
      return brokerFailed(e);
    }
  }

  private Finding lookAtWorkQueue() {
    Connection open = connection;
    if (open == null) {
      return NO_LOGIN;
    }
    try {
      AtCounts counts = new AtCounts();
      new Topology(open).onChannel(counts);
      return new Finding.Passed(counts.text());
    } catch (IOException | TimeoutException | ShutdownSignalException e) {
      return refusedOrFailed(e, "the right to read from " + names.queue());
    }
  }

  /**
   * Counts requests and consumers. Whether the user may take requests is only tried while none
   * wait: one that arrives just then is put back.
   */
  private final class AtCounts implements Topology.Call {
    private long waiting;
    private long consumers;

    @Override
    public void on(Channel channel) throws IOException {
      AMQP.Queue.DeclareOk seen = channel.queueDeclarePassive(names.queue());
      waiting = seen.getMessageCount();
      consumers = seen.getConsumerCount();
      if (waiting == 0) {
        @Nullable GetResponse taken = channel.basicGet(names.queue(), false);
        if (taken != null) {
          channel.basicReject(taken.getEnvelope().getDeliveryTag(), true);
        }
      }
    }

    String text() {
      String tried =
          waiting == 0 ? "" : "; whether this user may take them was therefore not tried";
      return "requests that wait: %d, consumers: %d%s".formatted(waiting, consumers, tried);
    }
  }

  private Finding refusedOrFailed(Exception failure, String right) {
    return Topology.isRefusal(failure, AMQP.ACCESS_REFUSED)
        ? new Finding.Failed(
            BrokerFailure.of(failure).reason(), "give %s %s".formatted(settings.user(), right))
        : brokerFailed(failure);
  }

  private static Finding brokerFailed(Exception thrown) {
    return new Finding.Failed(BrokerFailure.of(thrown).reason(), "look at the broker's own log");
  }

  @Override
  public void close() {
    Connection open = connection;
    if (open != null) {
      open.abort((int) PATIENCE.toMillis());
    }
  }
}
