package mstc.cloud.worker.adapters.k8s.cluster;

import java.time.Duration;
import java.time.Instant;

/** A thread's clocks, and how it rests. Tests have their own time. */
public interface Timer {
  /** The time that all replicas share, more or less. */
  Instant now();

  /** Nanoseconds since some moment, by a clock that nobody sets. */
  long nanos();

  /** Waits for that long, or until it is woken, even if that was before. */
  void rest(Duration atMost) throws InterruptedException;

  void wake();
}
