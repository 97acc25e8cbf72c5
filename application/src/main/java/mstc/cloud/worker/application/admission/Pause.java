package mstc.cloud.worker.application.admission;

import java.time.Duration;
import mstc.cloud.worker.application.metrics.IntakePause;

/**
 * A time in which no requests are taken in.
 *
 * @param why the reason now; it may change before the pause is over
 * @param sinceNanos when it began, by {@link System#nanoTime}
 */
public record Pause(IntakePause why, long sinceNanos) {

  static Pause beginning(IntakePause why) {
    return new Pause(why, System.nanoTime());
  }

  /** The same pause, now for another reason. */
  Pause becauseOf(IntakePause reason) {
    return new Pause(reason, sinceNanos);
  }

  /** How long it has lasted. */
  public Duration duration() {
    return Duration.ofNanos(System.nanoTime() - sinceNanos);
  }
}
