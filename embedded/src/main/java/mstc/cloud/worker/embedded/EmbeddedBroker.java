package mstc.cloud.worker.embedded;

import java.net.URL;
import java.nio.file.Path;
import java.security.Principal;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.security.auth.Subject;
import org.apache.qpid.server.configuration.updater.TaskExecutor;
import org.apache.qpid.server.configuration.updater.TaskExecutorImpl;
import org.apache.qpid.server.logging.EventLogger;
import org.apache.qpid.server.logging.LoggingMessageLogger;
import org.apache.qpid.server.model.Broker;
import org.apache.qpid.server.model.BrokerImpl;
import org.apache.qpid.server.model.ConfiguredObject;
import org.apache.qpid.server.model.Connection;
import org.apache.qpid.server.model.Exchange;
import org.apache.qpid.server.model.Port;
import org.apache.qpid.server.model.Queue;
import org.apache.qpid.server.model.State;
import org.apache.qpid.server.model.SystemConfig;
import org.apache.qpid.server.model.VirtualHost;
import org.apache.qpid.server.model.VirtualHostNode;
import org.apache.qpid.server.model.port.AmqpPort;
import org.apache.qpid.server.security.SubjectExecutionContext;
import org.apache.qpid.server.security.auth.TaskPrincipal;
import org.apache.qpid.server.store.MemorySystemConfigImpl;
import org.apache.qpid.server.virtualhost.QueueManagingVirtualHost;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An AMQP 0-9-1 broker (Apache Qpid) in this process.
 *
 * <p>With a folder, durable exchanges and queues, their bindings and persistent messages survive a
 * restart and a killed process: what was confirmed to its publisher is on the disk. Without one,
 * everything is gone when it is closed. Nothing is written outside the folder, nor to the standard
 * output; Qpid's own messages go to slf4j.
 *
 * <p>It serves any client of RabbitMQ, with these differences that a client may notice:
 *
 * <ul>
 *   <li>{@code basic.qos} limits all consumers of its channel together, whatever its {@code global}
 *       says, including consumers that already exist.
 *   <li>Arguments of queues and exchanges that only RabbitMQ knows, such as {@code x-message-ttl}
 *       or {@code x-queue-type}, are accepted and have no effect. For a queue that rejects messages
 *       while it is full, use Qpid's own: {@code qpid.max_count} and {@code qpid.policy_type:
 *       reject}.
 *   <li>Declaring an existing queue again with other arguments or another durability is accepted
 *       and changes nothing.
 *   <li>An exclusive queue that is also auto-delete goes with its last consumer, not with its
 *       connection: without any consumer it stays until the broker restarts. One that is only
 *       exclusive goes with its connection.
 *   <li>A consumer is not told when its queue is deleted.
 *   <li>A message may have 16 MiB, as with RabbitMQ; one that is longer closes the channel with
 *       another code than there.
 *   <li>There is one virtual host, {@code /}, and one user.
 *   <li>A message has at most 100 MiB.
 *   <li>A message that has expired is removed within a second, or when a consumer comes to it; an
 *       {@code expiration} that is no number ends the connection, not only the channel.
 * </ul>
 *
 * <p>The application has to close it: it has no shutdown hook, so that it outlives a worker's
 * orderly stop. A process that ends without closing it loses nothing durable.
 */
public final class EmbeddedBroker implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(EmbeddedBroker.class);
  private static final String NAME = "AMQP broker";
  private static final int NETWORK_BUFFER_BYTES = 64 * 1024;
  private static final int POOLED_NETWORK_BUFFERS = 128;
  // A stop waits for the next check; Qpid's default is a second.
  private static final int MEMORY_CHECK_MILLIS = 200;
  private static final int EXPIRY_CHECK_MILLIS = 1_000;
  private static final int HANDSHAKE_MILLIS = 10_000;
  private static final int HEARTBEAT_SECONDS = 60;
  private static final int CHANNELS_PER_CONNECTION = 2_047;
  private static final int CONNECTION_THREADS = 8;
  // RabbitMQ's default; the messages that a consumer holds are all in the memory of this process.
  private static final int MESSAGE_BYTES = 16 * 1024 * 1024;

  private final SystemConfig<?> system;
  private final TaskExecutor tasks;
  private final Optional<FolderLock> folderLock;
  private final String host;
  private final int port;
  private final AtomicBoolean closed = new AtomicBoolean();

  private EmbeddedBroker(
      SystemConfig<?> system,
      TaskExecutor tasks,
      Optional<FolderLock> folderLock,
      String host,
      int port) {
    this.system = system;
    this.tasks = tasks;
    this.folderLock = folderLock;
    this.host = host;
    this.port = port;
  }

  /**
   * Starts a broker and returns once it accepts connections.
   *
   * @throws PortInUseException when something else listens on the port
   * @throws EmbeddedServerException when the folder is not writable or in use by another broker, or
   *     the broker cannot be started
   */
  public static EmbeddedBroker start(BrokerSettings settings) {
    Ports.requireFree(NAME, settings.host(), settings.port());
    Optional<FolderLock> folderLock = settings.storage().map(folder -> FolderLock.of(NAME, folder));
    try {
      return start(settings, folderLock);
    } catch (RuntimeException e) {
      folderLock.ifPresent(FolderLock::close);
      throw e;
    }
  }

  // Like Qpid's own launcher, but does not print to the standard output or hide why it failed.
  private static EmbeddedBroker start(BrokerSettings settings, Optional<FolderLock> folderLock) {
    prepareJvm(settings.storage());
    Principal self = () -> "SYSTEM";
    var subject = new Subject(true, Set.of(self, new TaskPrincipal("Broker")), Set.of(), Set.of());
    var tasks = new TaskExecutorImpl();
    tasks.start();
    SystemConfig<?> system =
        new MemorySystemConfigImpl(
            tasks,
            new EventLogger(new LoggingMessageLogger(true)),
            self,
            systemAttributes(settings));
    system.setOnContainerResolveTask(() -> {});
    system.setOnContainerCloseTask(() -> {});
    try {
      SubjectExecutionContext.withSubject(subject, () -> system.open());
      Broker<?> broker = activeBroker(system);
      removeShutdownHook(broker);
      int port = boundPort(broker, settings);
      requireStore(broker, settings);
      LOG.info(
          "Embedded AMQP broker started host={} port={} storage={}",
          settings.host(),
          port,
          settings.storage().map(Path::toString).orElse("memory"));
      return new EmbeddedBroker(system, tasks, folderLock, settings.host(), port);
    } catch (RuntimeException e) {
      RuntimeException failure =
          e instanceof PortInUseException || e instanceof EmbeddedServerException
              ? e
              : new EmbeddedServerException(
                  "The embedded AMQP broker cannot start: " + e.getMessage(), e);
      try {
        stop(system, tasks);
      } catch (RuntimeException alsoFailed) {
        failure.addSuppressed(alsoFailed);
      }
      throw failure;
    }
  }

  private static Broker<?> activeBroker(SystemConfig<?> system) {
    if (system.getContainer() instanceof Broker<?> broker && broker.getState() == State.ACTIVE) {
      return broker;
    }
    throw new EmbeddedServerException(
        "The embedded AMQP broker cannot start; the log of org.apache.qpid says why.", null);
  }

  private static int boundPort(Broker<?> broker, BrokerSettings settings) {
    Port<?> port = broker.getPorts().iterator().next();
    if (port.getState() != State.ACTIVE || port.getBoundPort() <= 0) {
      // It was free a moment ago.
      throw new PortInUseException(NAME, settings.host(), settings.port(), null);
    }
    return port.getBoundPort();
  }

  private static void requireStore(Broker<?> broker, BrokerSettings settings) {
    for (VirtualHostNode<?> node : broker.getVirtualHostNodes()) {
      VirtualHost<?> virtualHost = node.getVirtualHost();
      if (node.getState() != State.ACTIVE
          || virtualHost == null
          || virtualHost.getState() != State.ACTIVE) {
        throw new EmbeddedServerException(
            "The embedded AMQP broker cannot read its store in %s; the log of org.apache.qpid says why."
                .formatted(settings.storage().map(Path::toString).orElse("memory")),
            null);
      }
    }
  }

  /**
   * Otherwise Qpid would close itself as soon as the process is asked to end, while the application
   * still acknowledges and replies; it has no setting for that.
   */
  private static void removeShutdownHook(Broker<?> broker) {
    try {
      var field = BrokerImpl.class.getDeclaredField("_shutdownHook");
      field.setAccessible(true);
      Runtime.getRuntime().removeShutdownHook((Thread) field.get(broker));
    } catch (ReflectiveOperationException e) {
      throw new EmbeddedServerException(
          "This version of Qpid keeps its shutdown hook elsewhere.", e);
    } catch (IllegalStateException e) {
      LOG.debug("The process is already ending", e);
    }
  }

  private static void prepareJvm(Optional<Path> storage) {
    RabbitDialectCreator.replaceStandard();
    // This type needs Bouncy Castle to make certificates, which this broker does not use.
    System.setProperty("qpid.type.disabled:keystore.AutoGeneratedSelfSigned", "true");
    // Derby starts once in a process, as soon as its driver is looked for, even for a broker in
    // memory, and would write derby.log to the folder that the process was started in.
    if (System.getProperty("derby.stream.error.file") == null
        && System.getProperty("derby.stream.error.field") == null
        && System.getProperty("derby.stream.error.method") == null) {
      storage.ifPresentOrElse(
          folder ->
              System.setProperty(
                  "derby.stream.error.file",
                  folder.toAbsolutePath().resolve("derby.log").toString()),
          () ->
              System.setProperty(
                  "derby.stream.error.method", "java.io.OutputStream.nullOutputStream"));
    }
  }

  private static Map<String, Object> systemAttributes(BrokerSettings settings) {
    String resource =
        settings.storage().isPresent() ? "broker-durable.json" : "broker-in-memory.json";
    URL configuration =
        Objects.requireNonNull(EmbeddedBroker.class.getResource(resource), resource);
    return Map.of(
        ConfiguredObject.TYPE,
        MemorySystemConfigImpl.SYSTEM_CONFIG_TYPE,
        ConfiguredObject.CONTEXT,
        context(settings),
        SystemConfig.INITIAL_CONFIGURATION_LOCATION,
        configuration.toExternalForm(),
        SystemConfig.STARTUP_LOGGED_TO_SYSTEM_OUT,
        "false",
        "preferenceStoreAttributes",
        Map.of("type", "Noop"));
  }

  private static Map<String, String> context(BrokerSettings settings) {
    Map<String, String> context = new HashMap<>();
    context.put("mstc.broker.host", literal(settings.host()));
    context.put("mstc.broker.port", Integer.toString(settings.port()));
    context.put("mstc.broker.user", literal(settings.user()));
    context.put("mstc.broker.password", literal(settings.password()));
    settings
        .storage()
        .ifPresent(folder ->
            context.put(SystemConfig.QPID_WORK_DIR, literal(folder.toAbsolutePath().toString())));
    // An unroutable mandatory message is returned, as by RabbitMQ; Qpid would end the connection.
    context.put(AmqpPort.CLOSE_WHEN_NO_ROUTE, "false");
    // RabbitMQ's default; with Qpid's, 0, a client that vanished is never noticed.
    context.put(AmqpPort.HEART_BEAT_DELAY, Integer.toString(HEARTBEAT_SECONDS));
    // RabbitMQ's default; Qpid hangs up after 2 s on a client that a busy machine has no time for.
    context.put(AmqpPort.PROTOCOL_HANDSHAKE_TIMEOUT, Integer.toString(HANDSHAKE_MILLIS));
    context.put(AmqpPort.SESSION_COUNT_LIMIT, Integer.toString(CHANNELS_PER_CONNECTION));
    context.put(Connection.MAX_MESSAGE_SIZE, Integer.toString(MESSAGE_BYTES));
    // How long a message that has expired stays in a queue without consumers.
    context.put("virtualhost.housekeepingCheckPeriod", Integer.toString(EXPIRY_CHECK_MILLIS));
    // RabbitMQ accepts arguments that it does not know.
    context.put(Queue.UNKNOWN_QUEUE_DECLARE_ARGUMENT_BEHAVIOUR_NAME, "IGNORE");
    context.put(Exchange.UNKNOWN_EXCHANGE_DECLARE_ARGUMENT_BEHAVIOUR_NAME, "IGNORE");
    // Qpid would block all publishers while the disk is over 90 % full, whatever is still free.
    context.put(Broker.STORE_FILESYSTEM_MAX_USAGE_PERCENT, "0");
    // Sized for a few dozen connections in a shared JVM, not for a broker of its own: message
    // bodies are in direct memory, of which the JVM allows as much as its heap, and move to the
    // disk beyond this share. The buffers' size is the same for all brokers of a process.
    context.put(
        Broker.BROKER_FLOW_TO_DISK_THRESHOLD, Long.toString(Runtime.getRuntime().maxMemory() / 4));
    context.put(Broker.COMPACT_MEMORY_INTERVAL, Integer.toString(MEMORY_CHECK_MILLIS));
    context.put(Broker.NETWORK_BUFFER_SIZE, Integer.toString(NETWORK_BUFFER_BYTES));
    context.put(
        Broker.BROKER_DIRECT_BYTE_BUFFER_POOL_SIZE, Integer.toString(POOLED_NETWORK_BUFFERS));
    context.put(
        QueueManagingVirtualHost.VIRTUALHOST_CONNECTION_THREAD_POOL_SIZE,
        Integer.toString(CONNECTION_THREADS));
    context.put(
        QueueManagingVirtualHost.VIRTUALHOST_CONNECTION_THREAD_POOL_NUMBER_OF_SELECTORS, "1");
    return context;
  }

  /** On the way to a value, Qpid twice replaces <code>${…}</code>, and {@code $$} by one dollar. */
  private static String literal(String value) {
    return value.replace("$", "$$$$");
  }

  /** The address it listens on. */
  public String host() {
    return host;
  }

  /** The port it listens on. */
  public int port() {
    return port;
  }

  /** Closes all connections and stops; closing again does nothing. */
  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    try {
      stop(system, tasks);
    } finally {
      folderLock.ifPresent(FolderLock::close);
    }
    LOG.info("Embedded AMQP broker stopped port={}", port);
  }

  private static void stop(SystemConfig<?> system, TaskExecutor tasks) {
    try {
      system.close();
    } finally {
      tasks.stop();
    }
  }
}
