package mstc.cloud.worker.adapters.k8s.cluster;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** The clocks of this machine. A thread that is woken before it rests does not rest. */
public final class WakeableTimer implements Timer {
  private final Semaphore calls = new Semaphore(0);

  @Override
  public Instant now() {
    return Instant.now();
  }

  @Override
  public long nanos() {
    return System.nanoTime();
  }

  @Override
  public void rest(Duration atMost) throws InterruptedException {
    if (calls.tryAcquire(atMost.toNanos(), TimeUnit.NANOSECONDS)) {
      calls.drainPermits();
    }
  }

  @Override
  public void wake() {
    calls.release();
  }
}
