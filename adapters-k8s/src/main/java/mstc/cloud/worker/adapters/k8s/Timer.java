package mstc.cloud.worker.adapters.k8s;

import java.time.Duration;
import java.time.Instant;

/** The clocks that a thread looks at, and its rest. Tests have a time of their own. */
interface Timer {
  /** The time that all replicas share, more or less. */
  Instant now();

  /** Nanoseconds since any moment, which nobody sets. */
  long nanos();

  /** Waits for that long, or until it is woken, be that before. */
  void rest(Duration atMost) throws InterruptedException;

  void wake();
}
