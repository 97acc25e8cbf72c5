package mstc.cloud.worker.adapters.rabbitmq;

import java.time.Duration;

/**
 * A moment by two clocks: the monotonic one, which is never set, and the wall clock, which goes on
 * while the machine sleeps.
 */
record Moment(long nanos, long millis) {
  static Moment now() {
    return new Moment(System.nanoTime(), System.currentTimeMillis());
  }

  /** The time between the two, by the clock that counted more. */
  Duration until(Moment later) {
    Duration counted = Duration.ofNanos(later.nanos - nanos);
    Duration onTheWall = Duration.ofMillis(later.millis - millis);
    return counted.compareTo(onTheWall) > 0 ? counted : onTheWall;
  }

  boolean isBefore(Moment other) {
    return nanos - other.nanos < 0;
  }
}
