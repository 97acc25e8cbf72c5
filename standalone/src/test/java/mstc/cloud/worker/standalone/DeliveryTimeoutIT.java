package mstc.cloud.worker.standalone;

import static mstc.cloud.worker.standalone.ClusterWorker.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import mstc.cloud.worker.domain.job.JobOutcome;
import mstc.cloud.worker.domain.reply.Reply;
import mstc.cloud.worker.faults.service.Broker;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A job may run longer than a broker bears a message unacknowledged: 30 minutes by RabbitMQ's
 * default, one minute here.
 */
class DeliveryTimeoutIT {
  private static final Duration PATIENCE = Duration.ofMinutes(5);

  @Test
  void aJobThatOutlivesTheDeliveryTimeoutIsRunAndAnsweredOnce(@TempDir Path folder)
      throws Exception {
    try (Broker broker = RabbitServer.start(folder.resolve("broker"), "consumer_timeout = 60000");
        ClusterWorker cluster = new ClusterWorker(folder, broker.port());
        Connection connection = connect(broker)) {
      // given
      cluster.start().awaitReady();

      // when
      cluster.client().send("long", request("long", "echo begin; sleep 180; echo end"));
      Channel careless = connection.createChannel();
      careless.queueDeclare("held", false, true, true, null);
      careless.basicConsume("held", false, (_, _) -> {}, _ -> {});
      careless.basicPublish("", "held", null, "never acked".getBytes(StandardCharsets.US_ASCII));

      // then
      Reply reply = cluster.client().awaitReply("long", PATIENCE);
      assertThat(reply.outcome()).isEqualTo(JobOutcome.Kind.SUCCEEDED);
      assertThat(reply.duration().orElseThrow()).isGreaterThan(Duration.ofSeconds(179));
      assertThat(cluster.text(reply)).isEqualTo("begin\nend\n");
      assertThat(cluster.client().replies("long")).hasSize(1);
      assertThat(cluster.jobs("long")).hasSize(1);
      // The timeout did strike who keeps a delivery.
      await().atMost(PATIENCE).until(() -> !careless.isOpen());
    }
  }

  private static Connection connect(Broker broker) throws Exception {
    ConnectionFactory factory = new ConnectionFactory();
    factory.setHost("127.0.0.1");
    factory.setPort(broker.port());
    return factory.newConnection("careless");
  }
}
