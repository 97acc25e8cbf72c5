package mstc.cloud.worker.adapters.rabbitmq;

import java.time.Duration;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells whether this process was paused, or asleep with its machine. What it reads afterwards may
 * have been sent before that, by a broker that has since given it up.
 */
final class Pulse implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Pulse.class);
  private static final int BEATS_PER_GAP = 4;

  private final Duration gap;
  private final Supplier<Moment> clock;
  private final Thread beating = Thread.ofVirtual().name("pulse").unstarted(this::beatOn);
  private volatile Moment lastBeat;
  private volatile Moment wentOn;

  /**
   * @param gap a process that does nothing for longer counts as paused
   */
  Pulse(Duration gap, Supplier<Moment> clock) {
    this.gap = gap;
    this.clock = clock;
    lastBeat = clock.get();
    wentOn = lastBeat;
  }

  void start() {
    beating.start();
  }

  private void beatOn() {
    try {
      while (true) {
        Thread.sleep(gap.dividedBy(BEATS_PER_GAP));
        beat();
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt(); // closed
    }
  }

  /** Notes that the process is running; to be called several times per gap. */
  void beat() {
    Moment now = clock.get();
    Duration stillness = lastBeat.until(now);
    if (stillness.compareTo(gap) > 0) {
      LOG.info("This process stood still for {} ms", stillness.toMillis());
      wentOn = now;
    }
    lastBeat = now;
  }

  /**
   * Whether what came over a connection at that moment can be relied on: it came recently, and not
   * before or just after the process was paused.
   *
   * @param asked when the last request was sent over the connection to which the broker has
   *     responded
   */
  boolean isFresh(Moment came, Moment asked) {
    Moment now = clock.get();
    Moment certain = came.isBefore(asked) ? asked : came;
    return certain.until(now).compareTo(gap) <= 0
        && lastBeat.until(now).compareTo(gap) <= 0
        && !asked.isBefore(wentOn);
  }

  Moment now() {
    return clock.get();
  }

  @Override
  public void close() {
    beating.interrupt();
  }
}
