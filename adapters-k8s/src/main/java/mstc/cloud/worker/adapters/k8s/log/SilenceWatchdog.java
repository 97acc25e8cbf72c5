package mstc.cloud.worker.adapters.k8s.log;

import java.time.Duration;
import mstc.cloud.worker.adapters.k8s.cluster.Timer;

/**
 * Tells when to leave a silent stream: it may have broken off without anyone noticing, or may have
 * nothing more to bring. Only used by the thread that reads the stream.
 */
public final class SilenceWatchdog {
  /** A log of at least this size is long at its end. */
  private static final long LONG_BYTES = 1 << 20;

  private final Timer timer;
  private long heardNanos;

  /** The stream was opened just now. */
  public SilenceWatchdog(Timer timer) {
    this.timer = timer;
    this.heardNanos = timer.nanos();
  }

  /** Something came. */
  public void heard() {
    heardNanos = timer.nanos();
  }

  /**
   * How much longer a stream that is read to its end may be silent; not positive if it is to be
   * left.
   */
  public Duration leftToRead() {
    return left(LogTimes.STALLED, heardNanos);
  }

  /** The same for one that is followed. */
  public Duration leftToFollow() {
    return left(LogTimes.LONGEST_SILENCE, heardNanos);
  }

  /**
   * The same for one that was followed to its container's end.
   *
   * @param endedNanos when that was, by the timer
   * @param bytes how long the log is
   */
  public Duration leftAtTheEnd(long endedNanos, long bytes) {
    Duration longest =
        bytes > LONG_BYTES ? LogTimes.SILENCE_AT_A_LONG_END : LogTimes.SILENCE_AT_THE_END;
    return left(longest, Math.max(heardNanos, endedNanos));
  }

  private Duration left(Duration longest, long sinceNanos) {
    return longest.minusNanos(timer.nanos() - sinceNanos);
  }
}
