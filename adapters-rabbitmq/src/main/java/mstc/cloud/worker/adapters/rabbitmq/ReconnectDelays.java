package mstc.cloud.worker.adapters.rabbitmq;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/**
 * How long to wait before the next attempt to connect: delays that double up to a bound, each
 * shortened by up to half at random, so that workers that lost a broker together do not reconnect
 * together. For one thread.
 */
final class ReconnectDelays {
  private final Duration first;
  private final Duration last;
  private Duration next;

  ReconnectDelays(Duration first, Duration last) {
    this.first = first;
    this.last = last;
    this.next = first;
  }

  Duration next() {
    Duration delay = next;
    Duration doubled = next.multipliedBy(2);
    next = doubled.compareTo(last) < 0 ? doubled : last;
    return shortened(delay);
  }

  /** The longest delay, for failures that last until someone intervenes. */
  Duration longest() {
    return shortened(last);
  }

  void reset() {
    next = first;
  }

  private static Duration shortened(Duration delay) {
    long millis = Math.max(1, delay.toMillis());
    return Duration.ofMillis(ThreadLocalRandom.current().nextLong(millis - millis / 2, millis + 1));
  }
}
