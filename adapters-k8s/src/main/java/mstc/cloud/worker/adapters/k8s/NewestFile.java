package mstc.cloud.worker.adapters.k8s;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Notices where the kubelet rotates a container's log: by asking what the newest file begins with,
 * from where on it may have been rotated; a log of less than that costs no call.
 *
 * <p>Only the thread that reads the log uses it.
 */
final class NewestFile {
  /** From where on kubelets rotate a file, as they are set; the first by default. */
  private static final List<Long> LIMITS = List.of(10L << 20, 20L << 20, 50L << 20, 100L << 20);

  /** Smaller ones are not rotated: less than the default, as sizes are not told. */
  private static final long LARGE_BYTES = 9L << 20;

  /** A file that is smaller by more than this is not rotated soon. */
  private static final long SOON_BYTES = 100_000;

  private static final long TIMES_KEPT_FROM_BYTES = 4L << 20;

  /** A file has a line's pipe and tag beside the time that a stream has. */
  private static final int MORE_BYTES_PER_LINE = 10;

  /** What comes sooner than this is read on, as what was read would be read again. */
  private static final long SLOW_BYTES_PER_SECOND = 2 << 20;

  /** The longest piece of a line that container runtimes write at once. */
  private static final int RECORD_BYTES = 16 * 1024;

  /** The kubelet looks at sizes every ten seconds, and so rotates a log at most that often. */
  private static final Duration ASK_INTERVAL = Duration.ofSeconds(4);

  private static final Duration TWO_ROTATIONS = Duration.ofSeconds(9);

  private final LogSource source;
  private final String pod;
  private final String container;
  private final SpooledLog log;

  private Optional<Instant> begins = Optional.empty();
  private long bytes;
  private long bytesSinceAsked;
  private long newBytesSinceAsked;
  private long bytesInPeriod;
  private long periodNanos = System.nanoTime();
  private boolean slow;
  private long notRotatedBytes;
  private int limit;
  private long askedNanos;
  private boolean asked;

  NewestFile(LogSource source, String pod, String container, SpooledLog log) {
    this.source = source;
    this.pod = pod;
    this.container = container;
    this.log = log;
  }

  /**
   * Notes what came of a stream.
   *
   * @param lines how many lines ended in it
   * @param newBytes how much of it was new
   */
  void read(int count, long lines, long newBytes) {
    long more = count + MORE_BYTES_PER_LINE * lines;
    bytes += more;
    bytesSinceAsked += more;
    newBytesSinceAsked += newBytes;
    bytesInPeriod += more;
    long now = System.nanoTime();
    long nanos = now - periodNanos;
    if (nanos > TimeUnit.SECONDS.toNanos(1)) {
      slow = bytesInPeriod < SLOW_BYTES_PER_SECOND * nanos / TimeUnit.SECONDS.toNanos(1);
      periodNanos = now;
      bytesInPeriod = 0;
    }
    if (bytes >= TIMES_KEPT_FROM_BYTES) {
      log.keepTimes(RECORD_BYTES);
    }
  }

  /** Its whole content will be read again. */
  void readAgain() {
    bytes = 0;
  }

  /** Whether it is so large that it may be rotated, or already was. */
  boolean isLarge() {
    return bytes >= LARGE_BYTES;
  }

  /** Whether it may be rotated within seconds, unless more comes than can be waited for. */
  boolean isRotatedSoon() {
    return bytes >= Math.max(LIMITS.get(limit) - SOON_BYTES, notRotatedBytes + SOON_BYTES / 5);
  }

  /** Nothing came for a while, however much came before. */
  void noteSilence() {
    slow = true;
    bytesInPeriod = 0;
    periodNanos = System.nanoTime();
  }

  /** Whether little came of late. */
  boolean isSlow() {
    long nanos = System.nanoTime() - periodNanos;
    return slow
        || (nanos > TimeUnit.SECONDS.toNanos(1)
            && bytesInPeriod < SLOW_BYTES_PER_SECOND * nanos / TimeUnit.SECONDS.toNanos(1));
  }

  /** It was large enough for longer than the kubelet waits, but it was not rotated. */
  void noteNotRotated(long size) {
    notRotatedBytes = size;
    if (size > LIMITS.get(limit) + SOON_BYTES && limit < LIMITS.size() - 1) {
      limit++;
    }
  }

  long bytes() {
    return bytes;
  }

  /** The time of its first line when it was asked for last; empty where it had none. */
  Optional<Instant> begins() {
    return begins;
  }

  /** Whether it may be another one than was known last. */
  boolean isToBeAskedAtTheEnd() {
    return isLarge() || (asked && begins.isEmpty());
  }

  boolean isToBeAsked() {
    return isToBeAskedAtTheEnd()
        && bytesSinceAsked > 0
        && (!asked || System.nanoTime() - askedNanos > ASK_INTERVAL.toNanos());
  }

  /**
   * Asks for it.
   *
   * @param lagging whether the stream is known to be still in the file before
   * @return whether it is another one than before
   */
  boolean ask(boolean lagging) throws IOException {
    Optional<Instant> now = source.newestFileBegins(pod, container);
    if (asked
        && newBytesSinceAsked >= LARGE_BYTES / 2
        && System.nanoTime() - askedNanos > TWO_ROTATIONS.toNanos()) {
      log.noteGap("its files may have been rotated twice while the cluster could not be asked");
    }
    boolean emptied = now.isEmpty() && log.firstTime().isPresent();
    boolean another = log.noteNewestFile(now, lagging) || (emptied && begins.isPresent());
    if (another || emptied) {
      // What came since it was asked last may be of it.
      bytes = lagging ? 0 : bytesSinceAsked;
      notRotatedBytes = 0;
    }
    begins = now;
    bytesSinceAsked = 0;
    newBytesSinceAsked = 0;
    askedNanos = System.nanoTime();
    asked = true;
    return another;
  }
}
