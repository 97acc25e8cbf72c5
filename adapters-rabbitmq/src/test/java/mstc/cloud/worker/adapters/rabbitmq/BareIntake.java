package mstc.cloud.worker.adapters.rabbitmq;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import mstc.cloud.worker.domain.queue.DeliveryHandler;
import mstc.cloud.worker.wire.WorkRequestFormat;

/** An intake from any queue, over a session of its own, with pauses as the test wants them. */
final class BareIntake implements AutoCloseable {
  private final Pulse pulse = new Pulse(Duration.ofSeconds(15), Moment::now);
  private final BrokerSession session;
  private final Intake intake;

  BareIntake(RabbitSettings settings, String queue, Duration firstPause, DeliveryHandler handler)
      throws IOException, TimeoutException {
    pulse.start();
    session = BrokerSession.open(settings, pulse);
    intake = new Intake(queue, settings.timing().connection(), firstPause, new WorkRequestFormat());
    intake.attach(session, handler);
  }

  void demand(int deliveries) {
    intake.demand(deliveries);
  }

  @Override
  public void close() {
    session.abort("closed by the test");
    intake.detach();
    pulse.close();
  }
}
