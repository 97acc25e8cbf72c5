package mstc.cloud.worker.bootstrap.settings;

import static java.time.Duration.ofHours;
import static java.time.Duration.ofSeconds;
import static mstc.cloud.worker.bootstrap.configuration.ValueTypes.HOST;
import static mstc.cloud.worker.bootstrap.configuration.ValueTypes.PORT;
import static mstc.cloud.worker.bootstrap.configuration.ValueTypes.READABLE_FILE;
import static mstc.cloud.worker.bootstrap.configuration.ValueTypes.SECRET;
import static mstc.cloud.worker.bootstrap.configuration.ValueTypes.SWITCH;
import static mstc.cloud.worker.bootstrap.configuration.ValueTypes.TEXT;
import static mstc.cloud.worker.bootstrap.configuration.ValueTypes.duration;

import java.nio.file.Path;
import java.time.Duration;
import mstc.cloud.worker.adapters.rabbitmq.RabbitSettings;
import mstc.cloud.worker.bootstrap.configuration.ConfigurationValues;
import mstc.cloud.worker.bootstrap.configuration.Key;
import mstc.cloud.worker.bootstrap.configuration.Secret;
import mstc.cloud.worker.bootstrap.configuration.Section;

/** The keys {@code mstc.work-queue.*}: where RabbitMQ is, and as which user to connect. */
public final class WorkQueueSection extends Section {
  private final Key<String> host =
      key("mstc.work-queue.host", HOST, "localhost")
          .readBeforeFrom("WORK_QUEUE_HOST")
          .meaning("RabbitMQ's host.");
  private final Key<Integer> port =
      key("mstc.work-queue.port", PORT, 5672)
          .readBeforeFrom("WORK_QUEUE_PORT")
          .meaning("RabbitMQ's AMQP port; with TLS usually 5671.");
  private final Key<String> user =
      key("mstc.work-queue.user", TEXT, "guest")
          .readBeforeFrom("WORK_QUEUE_USER")
          .meaning("The user at RabbitMQ.");
  private final Key<Secret> password =
      key("mstc.work-queue.password", SECRET, new Secret("guest"))
          .readBeforeFrom("WORK_QUEUE_PASS")
          .meaning("That user's password.");
  private final Key<String> virtualHost =
      key("mstc.work-queue.virtual-host", TEXT, "/").meaning("The virtual host at RabbitMQ.");
  private final Key<Duration> heartbeat =
      key("mstc.work-queue.heartbeat", duration(ofSeconds(1), ofHours(1)), ofSeconds(30))
          .meaning(
              "How long the connection may be silent; after about two of them it counts as cut.");
  private final Key<Boolean> tls =
      key("mstc.work-queue.tls.enabled", SWITCH, false)
          .meaning("Whether the connection to RabbitMQ uses TLS.");
  private final Key<Path> caCertificate =
      key("mstc.work-queue.tls.ca-certificate", READABLE_FILE)
          .withDerivedDefault("those the JDK trusts")
          .meaning("A PEM file of the authorities to trust for RabbitMQ.");

  /** The RabbitMQ adapter's settings. */
  public RabbitSettings read(ConfigurationValues values) {
    values.warnOfBlankEnds(password);
    return new RabbitSettings(
        values.value(host),
        values.value(port),
        values.value(user),
        values.value(password).value(),
        values.value(virtualHost),
        "mstc-cloud-worker",
        RabbitSettings.Timing.DEFAULT.withHeartbeat(values.value(heartbeat)),
        new RabbitSettings.Tls(values.value(tls), values.optionalWith(tls, caCertificate), true),
        RabbitSettings.Names.DEFAULT);
  }
}
