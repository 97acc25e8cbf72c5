package mstc.cloud.worker.standalone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import mstc.cloud.worker.adapters.rabbitmq.RabbitSettings;
import mstc.cloud.worker.adapters.rabbitmq.RabbitWorkClient;
import mstc.cloud.worker.adapters.rabbitmq.RabbitWorkQueue;
import mstc.cloud.worker.domain.queue.Disposition;
import mstc.cloud.worker.domain.queue.ReplyReceipt;
import mstc.cloud.worker.domain.queue.WorkQueueException;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.domain.reply.ReplyAddress;
import mstc.cloud.worker.domain.request.WorkRequest;
import mstc.cloud.worker.faults.service.Broker;
import mstc.cloud.worker.testkit.diagnosis.Findings;
import mstc.cloud.worker.testkit.request.WorkRequests;
import mstc.cloud.worker.wire.WorkRequestFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A RabbitMQ whose operators declare everything, and give the worker's user no right to. */
class PredeclaredBrokerIT {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final RabbitSettings.Names NAMES = RabbitSettings.Names.DEFAULT;

  @TempDir private Path folder;

  @Test
  void aUserWithoutTheRightToConfigureWorksWithWhatIsThere() throws Exception {
    // given
    try (Broker broker = start();
        Connection connection = broker.connect("operator");
        Channel channel = connection.createChannel()) {
      declare(channel);
      String replies = channel.queueDeclare("replies", false, false, false, null).getQueue();
      List<String> requests = new CopyOnWriteArrayList<>();
      try (RabbitWorkQueue queue = new RabbitWorkQueue(settings(broker), new WorkRequestFormat())) {
        queue.open((delivery, _) -> {
          requests.add(delivery.correlationId().orElse(""));
          return new Disposition.DeadLetter("seen");
        });
        await().atMost(PATIENCE).until(queue::isConnected);
        queue.demand(1);

        // when
        channel.basicPublish(
            NAMES.exchange(),
            NAMES.queue(),
            new AMQP.BasicProperties.Builder().correlationId("c1").build(),
            "{}".getBytes(StandardCharsets.UTF_8));

        // then
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(requests).containsExactly("c1"));
        await()
            .atMost(PATIENCE)
            .untilAsserted(() -> assertThat(channel.messageCount(NAMES.deadQueue())).isOne());
        assertThat(
                queue.reply(new ReplyAddress(replies, Optional.empty()), Reply.invalid("no image")))
            .isEqualTo(ReplyReceipt.CONFIRMED);
      }
    }
  }

  @Test
  void whatIsMissingIsNamedWithTheRightThatIsNeeded() throws Exception {
    // given
    try (Broker broker = start();
        Connection connection = broker.connect("operator");
        Channel channel = connection.createChannel();
        RabbitWorkQueue queue = new RabbitWorkQueue(settings(broker), new WorkRequestFormat())) {
      declare(channel);
      channel.queueDelete(NAMES.deadQueue());
      var client = new RabbitWorkClient(settings(broker));
      WorkRequest request = WorkRequests.aWorkRequest().build();

      // when
      assertThatThrownBy(() -> client.run(request, "id", PATIENCE, _ -> {}))
          // then
          .isInstanceOf(WorkQueueException.class)
          .hasMessageContaining("the queue mstc.queue.dead does not exist")
          .hasMessageContaining("the right to configure it");
      queue.open((_, _) -> new Disposition.Acknowledge());
      declare(channel);
      await().atMost(PATIENCE).until(queue::isConnected);
    }
  }

  @Test
  void aDoctorFindsNothingWrongWithIt() throws Exception {
    // given
    try (Broker broker = start();
        Connection connection = broker.connect("operator");
        Channel channel = connection.createChannel()) {
      declare(channel);

      // when
      Findings findings = Findings.of(RabbitWorkQueue.diagnosis(settings(broker)));

      // then
      findings.assertSkipped("broker own queue", "may not declare queues of its own");
      findings.assertSkipped("broker consume", "nothing was published");
      findings.assertSkipped("broker binding", "may not bind");
      findings.assertSeen("broker publish", "gave it back");
      findings.assertSeen("broker work queue", "it is there");
      findings.assertPassedBut("broker own queue", "broker consume", "broker binding");

      // when
      channel.queueDelete(NAMES.deadQueue());
      Findings missing = Findings.of(RabbitWorkQueue.diagnosis(settings(broker)));

      // then
      missing.assertFailed(
          "broker dead queue", "does not exist", "give worker the right to configure it");
    }
  }

  private Broker start() throws Exception {
    Path definitions =
        Files.writeString(
            folder.resolve("definitions.json"),
            """
            {
              "vhosts": [{"name": "/"}],
              "users": [
                {"name": "guest", "password": "guest", "tags": "administrator"},
                {"name": "worker", "password": "secret", "tags": ""}
              ],
              "permissions": [
                {"user": "guest", "vhost": "/", "configure": ".*", "write": ".*", "read": ".*"},
                {"user": "worker", "vhost": "/", "configure": "^$", "write": "^amq\\\\.default$",
                 "read": "^mstc\\\\.queue\\\\.work$"}
              ]
            }
            """);
    return RabbitServer.start(folder.resolve("broker"), "load_definitions = " + definitions);
  }

  private static void declare(Channel channel) throws Exception {
    channel.exchangeDeclare(NAMES.exchange(), "direct", true);
    channel.queueDeclare(NAMES.queue(), true, false, false, null);
    channel.queueBind(NAMES.queue(), NAMES.exchange(), NAMES.queue());
    channel.queueDeclare(NAMES.deadQueue(), true, false, false, null);
  }

  private static RabbitSettings settings(Broker broker) {
    var shortly = Duration.ofSeconds(1);
    return RabbitSettings.of("127.0.0.1", broker.port(), "worker", "secret")
        .withTiming(
            new RabbitSettings.Timing(
                Duration.ofSeconds(10),
                Duration.ofSeconds(30),
                Duration.ofSeconds(30),
                shortly,
                shortly));
  }
}
