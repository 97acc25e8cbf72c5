package mstc.cloud.worker.adapters.rabbitmq;

import java.time.Duration;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells whether this process stood still: paused, or asleep with its machine. What it reads
 * afterwards may have been sent before, by a broker that has given it up since.
 */
final class Pulse implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Pulse.class);
  private static final int BEATS_PER_GAP = 4;

  private final Duration gap;
  private final Supplier<Moment> clock;
  private final Thread beating = Thread.ofVirtual().name("pulse").unstarted(this::beatOn);
  private volatile Moment lastBeat;
  private volatile Moment wentOn;

  /**
   * @param gap a process that does nothing for longer stood still
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

  /** Notes that the process is alive; to be called several times in a gap. */
  void beat() {
    Moment now = clock.get();
    Duration stillness = lastBeat.until(now);
    if (stillness.compareTo(gap) > 0) {
      log.info("This process stood still for {} ms", stillness.toMillis());
      wentOn = now;
    }
    lastBeat = now;
  }

  /**
   * Whether what came over a connection at one moment is to be believed, that is to say not long
   * ago, and not before or just after the process stood still.
   *
   * @param asked when the last question was asked over the connection that has been answered
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
