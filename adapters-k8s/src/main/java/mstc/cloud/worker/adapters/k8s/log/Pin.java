package mstc.cloud.worker.adapters.k8s.log;

import java.io.IOException;
import java.time.Instant;
import mstc.cloud.worker.adapters.k8s.cluster.Timer;
import mstc.cloud.worker.adapters.k8s.log.LogSource.Container;

/**
 * A file that was opened to be left unread.
 *
 * @param at when it was the newest
 * @param nanos the same, by the timer
 * @param large whether it was known to be large, so that the kubelet waits in the middle of it
 */
record Pin(LogStream stream, Instant at, long nanos, boolean large) implements AutoCloseable {
  /**
   * Opens the newest file.
   *
   * @param large whether it is known to be large
   * @throws IOException if there is no stream now
   */
  static Pin open(LogSource source, Container container, Timer timer, boolean large)
      throws IOException {
    Instant askedAt = timer.now();
    LogStream stream = source.pin(container);
    return new Pin(stream, askedAt, timer.nanos(), large);
  }

  @Override
  public void close() {
    stream.close();
  }
}
