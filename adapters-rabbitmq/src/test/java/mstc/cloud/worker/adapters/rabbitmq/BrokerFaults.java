package mstc.cloud.worker.adapters.rabbitmq;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import mstc.cloud.worker.domain.queue.DeliveryHandler;
import mstc.cloud.worker.domain.queue.Disposition;
import mstc.cloud.worker.wire.WorkRequestFormat;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** Tests of what goes wrong between the adapter and a broker that no other test uses. */
abstract class BrokerFaults {
  static final DeliveryHandler ACKNOWLEDGING = (_, _) -> new Disposition.Acknowledge();

  private final List<RabbitWorkQueue> queues = new ArrayList<>();
  RabbitBrokerSide broker;

  @BeforeEach
  final void connect() throws Exception {
    broker = new RabbitBrokerSide(TestBroker.any());
  }

  @AfterEach
  final void close() {
    queues.forEach(RabbitWorkQueue::close);
    broker.close();
  }

  final FaultyProxy tlsProxy(TestAuthority authority) throws Exception {
    return new FaultyProxy("localhost", broker.proxy().port(), authority.serverSockets());
  }

  final RabbitSettings tlsSettings(FaultyProxy tls, Path pem, boolean verifyHostname) {
    RabbitSettings plain = broker.settings();
    return RabbitSettings.of("localhost", tls.port(), plain.user(), plain.password())
        .withTiming(plain.timing())
        .withNames(plain.names())
        .withTls(new RabbitSettings.Tls(true, Optional.of(pem), verifyHostname));
  }

  final RabbitWorkQueue connected(DeliveryHandler handler) {
    return connected(broker.settings(), handler);
  }

  final RabbitWorkQueue connected(RabbitSettings settings, DeliveryHandler handler) {
    RabbitWorkQueue queue = opened(settings, handler);
    await().until(queue::isConnected);
    return queue;
  }

  final RabbitWorkQueue opened(RabbitSettings settings, DeliveryHandler handler) {
    RabbitWorkQueue queue = new RabbitWorkQueue(settings, new WorkRequestFormat());
    queues.add(queue);
    queue.open(handler);
    return queue;
  }

  static ConditionFactory await() {
    return Awaitility.await().pollInterval(Duration.ofMillis(20)).atMost(Duration.ofSeconds(30));
  }
}
