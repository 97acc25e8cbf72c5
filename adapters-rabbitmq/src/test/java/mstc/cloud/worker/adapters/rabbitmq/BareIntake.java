package mstc.cloud.worker.adapters.rabbitmq;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import mstc.cloud.worker.domain.queue.DeliveryHandler;

/** An intake from any queue, over a link of its own, with pauses as the test wants them. */
final class BareIntake implements AutoCloseable {
  private final Pulse pulse = new Pulse(Duration.ofSeconds(15), Moment::now);
  private final Link link;
  private final Intake intake;

  BareIntake(RabbitSettings settings, String queue, Duration firstPause, DeliveryHandler handler)
      throws IOException, TimeoutException {
    pulse.start();
    link = Link.open(settings, pulse);
    intake = new Intake(queue, settings.timing().connection(), firstPause);
    intake.attach(link, handler);
  }

  void demand(int deliveries) {
    intake.demand(deliveries);
  }

  @Override
  public void close() {
    link.abort("closed by the test");
    intake.detach();
    pulse.close();
  }
}
