package mstc.cloud.worker.adapters.k8s;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import mstc.cloud.worker.adapters.k8s.LogSource.Container;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings one container's log into the spool: followed from the container's start, because what is
 * read only at the end misses what was rotated away, and read once more after its end, because a
 * stream that breaks off may look like one that ended.
 *
 * <p>One thread runs it; others tell it when the container has ended.
 */
final class PodLog implements Runnable {
  private static final Logger LOG = LoggerFactory.getLogger(PodLog.class);

  private static final int BUFFER_BYTES = 64 * 1024;
  private static final Duration MARK_INTERVAL = Duration.ofSeconds(2);
  private static final Duration FIRST_PAUSE = Duration.ofMillis(300);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

  /** After a container's end: for how long a followed stream is silent once all of it has come. */
  private static final Duration SILENCE = Duration.ofMillis(150);

  /**
   * The same of a long log: on a busy machine more is still to come, so the kubelet's own end of
   * the stream is waited for, as a rule a second.
   */
  private static final Duration SILENCE_AFTER_A_LOT = Duration.ofSeconds(10);

  private static final long A_LOT_BYTES = 1 << 20;

  /** Above this, what came last came in several pieces, and might have broken off between two. */
  private static final int ONE_PIECE_BYTES = 16 * 1024;

  /** For how long an ended container's log is asked for that nobody gives. */
  private static final Duration PATIENCE = Duration.ofSeconds(90);

  /**
   * For how long an ended container's log waits for room on the disk: as long as a log waits for a
   * store that refuses it. The kubelet keeps it for as long as there is the pod.
   */
  private static final Duration DISK_PATIENCE = Duration.ofHours(1);

  /** A log that is read to its end and no more comes of, has broken off unnoticed. */
  private static final Duration STALLED = Duration.ofSeconds(30);

  /** So may one that is followed, but a job may as well be silent. */
  private static final Duration LONGEST_SILENCE = Duration.ofMinutes(15);

  /** What is missing of a log that nobody can read any more. */
  static final String GONE_TOO_SOON = "the pod was gone before its whole log was read";

  private final LogSource source;
  private final SpooledLog log;
  private final Container container;
  private final Timer timer;
  private final Rotation rotation;

  private final CountDownLatch done = new CountDownLatch(1);
  private volatile Optional<Instant> finishedAt = Optional.empty();
  private volatile boolean ended;
  private volatile boolean leaving;
  private volatile boolean closed;
  private volatile long endedNanos;

  // Only the running thread's.
  private boolean heardTheEnd;
  private long lastMarkNanos;

  /**
   * @param held the newest file, opened while another worker still read the log
   */
  PodLog(
      LogSource source,
      SpooledLog log,
      Container container,
      Timer timer,
      Rotation.Sizes sizes,
      Optional<LogStream> held) {
    this.source = source;
    this.log = log;
    this.container = container;
    this.timer = timer;
    this.rotation = new Rotation(source, log, container, timer, sizes, held);
  }

  SpooledLog spooled() {
    return log;
  }

  /**
   * The container has ended: what it wrote is all there is. May be repeated.
   *
   * @param at when it ended; empty where that is not known
   */
  void containerEnded(Optional<Instant> at) {
    finishedAt = finishedAt.or(() -> at);
    if (!ended) {
      endedNanos = timer.nanos();
      ended = true;
      timer.wake();
    }
  }

  /** Gives up; what was written stays for whoever continues. */
  void close() {
    closed = true;
    timer.wake();
  }

  /** The same, but first finds out up to where that is sure to be all that was written. */
  void leave() {
    leaving = true;
    timer.wake();
  }

  /** Whether it may be rotated before another worker reads it on. */
  boolean isLong() {
    return rotation.isNear();
  }

  /** Waits until the whole log is there, or nobody has more of it, or it was closed. */
  void awaitDone() throws InterruptedException {
    done.await();
  }

  /** The same, for at most that long. */
  void awaitDone(Duration atMost) throws InterruptedException {
    var _ = done.await(atMost.toNanos(), TimeUnit.NANOSECONDS);
  }

  /** Whether nothing is known to be missing; to be asked once done. */
  boolean isComplete() {
    return log.gaps().isEmpty() && !log.isTruncated();
  }

  /** What the client should know about the log; to be asked once done. */
  List<String> warnings() {
    return log.gaps().stream().map(PodLog::notComplete).toList();
  }

  static String notComplete(String gap) {
    return "the log is not complete: " + gap;
  }

  @Override
  public void run() {
    try (log;
        rotation) {
      if (log.isWhole() || collect()) {
        log.noteWhole(finishedAt);
      }
    } catch (InterruptedException e) {
      LOG.debug("pod={} its log is left to the next start", container.pod());
    } catch (IOException | RuntimeException e) {
      LOG.error("pod={} its log cannot be spooled", container.pod(), e);
      log.noteGap("the log could not be spooled: " + e);
    } finally {
      done.countDown();
    }
  }

  /** False where it was left before the log was whole. */
  private boolean collect() throws IOException, InterruptedException {
    Duration pause = FIRST_PAUSE;
    long endOfLastRead = -1;
    while (!isLeft()) {
      boolean last = ended;
      try {
        if (last) {
          rotation.lookAtTheEnd();
        } else {
          rotation.look();
        }
        long bytes = read(!last);
        if (log.isTruncated()) {
          return true;
        }
        pause = FIRST_PAUSE;
        if (last && bytes >= 0) {
          if (bytes <= ONE_PIECE_BYTES || log.size() == endOfLastRead) {
            return true;
          }
          endOfLastRead = log.size();
        }
        if (last || ended || bytes < 0) {
          continue;
        }
      } catch (LogSource.GoneException e) {
        if (!heardTheEnd) {
          log.noteGap(GONE_TOO_SOON);
        }
        return true;
      } catch (Spool.UnwritableException e) {
        LOG.warn("pod={} its log waits for room: {}", container.pod(), e.getMessage());
        if (last && endedFor().compareTo(DISK_PATIENCE) > 0) {
          log.noteGap("its end could not be spooled: " + e.getMessage());
          return true;
        }
      } catch (UnreadableException e) {
        LOG.debug("pod={} log: {}", container.pod(), e.getMessage());
        if (last && endedFor().compareTo(PATIENCE) > 0) {
          log.noteGap("its end could not be read: " + e.getMessage());
          return true;
        }
      }
      if (ended == last) {
        timer.rest(pause);
        pause = min(pause.multipliedBy(2), LONGEST_PAUSE);
      }
    }
    if (leaving && !closed) {
      rotation.lookBeforeLeaving();
    }
    return false;
  }

  private boolean isLeft() {
    return closed || leaving;
  }

  private Duration endedFor() {
    return Duration.ofNanos(timer.nanos() - endedNanos);
  }

  /** No stream, or one that broke off. */
  private static final class UnreadableException extends Exception {
    private static final long serialVersionUID = 1L;

    UnreadableException(String message, @Nullable Throwable cause) {
      super(message, cause);
    }
  }

  /**
   * Reads one stream to its end.
   *
   * @return how many bytes came that were not there before; negative where it was left before its
   *     end
   */
  private long read(boolean follow) throws IOException, UnreadableException, InterruptedException {
    try (LogStream stream = open(follow)) {
      stream.onArrival(timer::wake);
      SpooledLog.Reading reading = log.reading(timer.now());
      boolean whole = read(stream, reading, follow);
      Optional<String> words = reading.foreignWords();
      if (words.isPresent()) {
        log.noteUnwatched();
        throw new UnreadableException("the kubelet says: " + words.get(), null);
      }
      if (whole && reading.isShort()) {
        throw new UnreadableException("lines that were read before are not there any more", null);
      }
      return whole ? reading.newBytes() : -1;
    }
  }

  private LogStream open(boolean follow) throws UnreadableException, LogSource.GoneException {
    try {
      return follow
          ? source.follow(container, log.resumeFrom())
          : source.read(container, log.resumeFrom());
    } catch (LogSource.GoneException e) {
      throw e;
    } catch (IOException e) {
      throw new UnreadableException(String.valueOf(e.getMessage()), e);
    }
  }

  /** False where it was left before its end. */
  private boolean read(LogStream stream, SpooledLog.Reading reading, boolean follow)
      throws IOException, UnreadableException, InterruptedException {
    byte[] buffer = new byte[BUFFER_BYTES];
    long lastReadNanos = timer.nanos();
    while (!log.isTruncated() && !isLeft()) {
      boolean atTheEnd = ended;
      int count = readSome(stream, buffer);
      if (count < 0) {
        noteEndOfStream(follow, atTheEnd);
        return true;
      }
      if (count > 0) {
        lastReadNanos = timer.nanos();
        reading.add(buffer, count);
        saveMarkFromTimeToTime();
      }
      if (follow && rotation.isToBeLookedFor() && rotation.look()) {
        return false;
      }
      if (count == 0) {
        long since = follow && atTheEnd ? Math.max(lastReadNanos, endedNanos) : lastReadNanos;
        Duration left = longestSilence(follow, atTheEnd).minusNanos(timer.nanos() - since);
        if (!left.isPositive()) {
          return leaveSilent(follow, atTheEnd);
        }
        timer.rest(follow ? min(left, rotation.untilNextLook()) : left);
      }
    }
    return log.isTruncated();
  }

  private int readSome(LogStream stream, byte[] buffer) throws UnreadableException {
    try {
      return stream.read(buffer);
    } catch (IOException e) {
      log.noteUnwatched();
      throw new UnreadableException(String.valueOf(e.getMessage()), e);
    }
  }

  private void noteEndOfStream(boolean follow, boolean atTheEnd) {
    heardTheEnd |= atTheEnd;
    if (follow) {
      // All that was written by now has come, and there may be more of it yet.
      log.noteEmpty(timer.now());
      log.noteUnwatched();
    }
  }

  /**
   * Leaves a stream that nothing comes of any more: the kubelet notices only seconds later that
   * nothing more can come, and a broken connection may never be noticed.
   *
   * @return whether it was at its end
   */
  private boolean leaveSilent(boolean follow, boolean atTheEnd) throws UnreadableException {
    if (!follow) {
      throw new UnreadableException("nothing more came of it, nor its end", null);
    }
    heardTheEnd |= atTheEnd;
    if (!atTheEnd) {
      rotation.noteSilence();
    }
    return atTheEnd;
  }

  private Duration longestSilence(boolean follow, boolean atTheEnd) {
    if (!follow) {
      return STALLED;
    }
    if (!atTheEnd) {
      return LONGEST_SILENCE;
    }
    return log.size() > A_LOT_BYTES ? SILENCE_AFTER_A_LOT : SILENCE;
  }

  private void saveMarkFromTimeToTime() throws IOException {
    long now = timer.nanos();
    if (now - lastMarkNanos > MARK_INTERVAL.toNanos()) {
      log.saveMark();
      lastMarkNanos = now;
    }
  }

  private static Duration min(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }
}
