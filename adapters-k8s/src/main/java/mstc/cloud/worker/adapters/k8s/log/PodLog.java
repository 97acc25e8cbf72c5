package mstc.cloud.worker.adapters.k8s.log;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import mstc.cloud.worker.adapters.k8s.cluster.Timer;
import mstc.cloud.worker.adapters.k8s.log.LogSource.Container;
import mstc.cloud.worker.domain.runtime.LogTexts;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings one container's log into the spool. It is followed from the container's start, because
 * reading it only at the end would miss what was rotated away. It is read once more after the
 * container's end, because a stream that breaks off may look like one that ended.
 *
 * <p>One thread runs it; others report when the container has ended.
 */
public final class PodLog implements Runnable {
  private static final Logger LOG = LoggerFactory.getLogger(PodLog.class);

  private static final int BUFFER_BYTES = 64 * 1024;

  /** If more than this came last, it came in pieces, and may have broken off between two. */
  private static final int ONE_PIECE_BYTES = 16 * 1024;

  /** What is missing in a log that nobody can read any more. */
  public static final String GONE_TOO_SOON = "the pod was gone before its whole log was read";

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

  // Only used by the running thread.
  private boolean heardTheEnd;
  private long lastMarkNanos;
  private boolean waitsForRoom;

  /**
   * @param pinned the newest file, opened while another worker still read the log
   */
  public PodLog(
      LogSource source,
      SpooledLog log,
      Container container,
      Timer timer,
      Rotation.Sizes sizes,
      Optional<LogStream> pinned) {
    this.source = source;
    this.log = log;
    this.container = container;
    this.timer = timer;
    this.rotation = new Rotation(source, log, container, timer, sizes, pinned);
  }

  public SpooledLog spooled() {
    return log;
  }

  /**
   * The container has ended: it writes nothing more. May be repeated.
   *
   * @param at when it ended; empty if that is not known
   */
  public void containerEnded(Optional<Instant> at) {
    finishedAt = finishedAt.or(() -> at);
    if (!ended) {
      endedNanos = timer.nanos();
      ended = true;
      timer.wake();
    }
  }

  /** Gives up; what was written stays for the next worker. */
  public void close() {
    closed = true;
    timer.wake();
  }

  /** The same, but first finds out up to where that is certain to be all that was written. */
  public void leave() {
    leaving = true;
    timer.wake();
  }

  /** Whether it may be rotated before another worker resumes it. */
  public boolean isLong() {
    return rotation.isNear();
  }

  /** Waits until the whole log is there, no more of it can be had, or it was closed. */
  public void awaitDone() throws InterruptedException {
    done.await();
  }

  /** The same, but no longer than that. */
  public void awaitDone(Duration atMost) throws InterruptedException {
    var _ = done.await(atMost.toNanos(), TimeUnit.NANOSECONDS);
  }

  /** Whether nothing is known to be missing; only valid once done. */
  public boolean isComplete() {
    return log.gaps().isEmpty() && !log.isTruncated();
  }

  /** What the client should know about the log; only valid once done. */
  public List<String> warnings() {
    return log.gaps().stream().map(LogTexts::notComplete).toList();
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

  /** False if it was left before the log was whole. */
  private boolean collect() throws IOException, InterruptedException {
    Duration pause = LogTimes.FIRST_PAUSE;
    long endOfLastRead = -1;
    while (!isLeft()) {
      boolean last = ended;
      try {
        if (last) {
          rotation.lookAtTheEnd();
        } else {
          rotation.look();
        }
        boolean follow = !last || rotation.hasNext();
        long bytes = read(follow);
        if (log.isTruncated()) {
          return true;
        }
        pause = LogTimes.FIRST_PAUSE;
        waitsForRoom = false;
        if (!follow && bytes >= 0) {
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
      } catch (SpoolRoom.UnwritableException e) {
        warnOfNoRoom(e);
        if (last && endedFor().compareTo(LogTimes.NO_ROOM_AT_THE_END) > 0) {
          log.noteGap("its end could not be spooled: " + e.getMessage());
          return true;
        }
      } catch (UnreadableException e) {
        LOG.debug("pod={} log: {}", container.pod(), e.getMessage());
        if (last && endedFor().compareTo(LogTimes.UNREADABLE_END) > 0) {
          log.noteGap("its end could not be read: " + e.getMessage());
          return true;
        }
      }
      rest(pause, last);
      pause = min(pause.multipliedBy(2), LogTimes.LONGEST_PAUSE);
    }
    if (leaving && !closed) {
      rotation.lookBeforeLeaving();
    }
    return false;
  }

  private boolean isLeft() {
    return closed || leaving;
  }

  /** Bytes that arrive from a closed stream do not shorten it. */
  private void rest(Duration pause, boolean knownToHaveEnded) throws InterruptedException {
    long until = timer.nanos() + pause.toNanos();
    while (ended == knownToHaveEnded && !isLeft() && until - timer.nanos() > 0) {
      timer.rest(Duration.ofNanos(until - timer.nanos()));
    }
  }

  private void warnOfNoRoom(SpoolRoom.UnwritableException e) {
    if (!waitsForRoom) {
      LOG.warn("pod={} its log waits for room: {}", container.pod(), e.getMessage());
    }
    waitsForRoom = true;
  }

  private Duration endedFor() {
    return Duration.ofNanos(timer.nanos() - endedNanos);
  }

  /** There is no stream, or it broke off. */
  private static final class UnreadableException extends Exception {
    private static final long serialVersionUID = 1L;

    UnreadableException(String message, @Nullable Throwable cause) {
      super(message, cause);
    }
  }

  /** Where a stream was left. */
  private enum Left {
    BEFORE_ITS_END,
    AT_ITS_END,
    /** Nothing can come after that, as its container had ended before. */
    AT_THE_LOGS_END
  }

  /**
   * Reads one stream to its end.
   *
   * @return how many new bytes came; negative if it was left before its end
   */
  private long read(boolean follow) throws IOException, UnreadableException, InterruptedException {
    try (LogStream stream = open(follow)) {
      stream.onArrival(timer::wake);
      SpooledLog.Reading reading = log.reading(timer.now());
      Left left = read(stream, reading, follow);
      if (left == Left.BEFORE_ITS_END) {
        return -1;
      }
      Optional<String> words = reading.foreignWords();
      if (words.isPresent()) {
        log.noteUnwatched();
        throw new UnreadableException("the kubelet says: " + words.get(), null);
      }
      if (reading.isShort()) {
        throw new UnreadableException("lines that were read before are not there any more", null);
      }
      heardTheEnd |= left == Left.AT_THE_LOGS_END;
      return reading.newBytes();
    }
  }

  private LogStream open(boolean follow) throws UnreadableException, LogSource.GoneException {
    Optional<LogStream> next = follow ? rotation.takeNext() : Optional.empty();
    if (next.isPresent()) {
      return next.get();
    }
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

  private Left read(LogStream stream, SpooledLog.Reading reading, boolean follow)
      throws IOException, UnreadableException, InterruptedException {
    byte[] buffer = new byte[BUFFER_BYTES];
    SilenceWatchdog watchdog = new SilenceWatchdog(timer);
    while (!log.isTruncated() && !isLeft()) {
      boolean atTheEnd = ended;
      int count = readSome(stream, buffer);
      if (count < 0) {
        if (follow) {
          noteEndOfStream();
        }
        return atTheEnd ? Left.AT_THE_LOGS_END : Left.AT_ITS_END;
      }
      if (count > 0) {
        watchdog.heard();
        reading.add(buffer, count);
        saveMarkFromTimeToTime();
      }
      if (follow && rotation.isToBeLookedFor() && rotation.look()) {
        return Left.BEFORE_ITS_END;
      }
      if (count == 0) {
        Duration left = silenceLeft(watchdog, follow, atTheEnd);
        if (!left.isPositive()) {
          return leaveSilent(follow, atTheEnd);
        }
        timer.rest(follow ? min(left, rotation.untilNextLook()) : left);
      }
    }
    return log.isTruncated() ? Left.AT_ITS_END : Left.BEFORE_ITS_END;
  }

  private int readSome(LogStream stream, byte[] buffer) throws UnreadableException {
    try {
      return stream.read(buffer);
    } catch (IOException e) {
      log.noteUnwatched();
      throw new UnreadableException(String.valueOf(e.getMessage()), e);
    }
  }

  /** All that was written by now has come, and more of it may follow. */
  private void noteEndOfStream() {
    log.noteEmpty(timer.now());
    log.noteUnwatched();
  }

  /**
   * Leaves a stream that brings nothing more: the kubelet notices only seconds later that nothing
   * more can come, and a broken connection may never be noticed.
   */
  private Left leaveSilent(boolean follow, boolean atTheEnd) throws UnreadableException {
    if (!follow) {
      throw new UnreadableException("nothing more came of it, nor its end", null);
    }
    if (atTheEnd) {
      return Left.AT_THE_LOGS_END;
    }
    rotation.noteSilence();
    return Left.BEFORE_ITS_END;
  }

  private Duration silenceLeft(SilenceWatchdog watchdog, boolean follow, boolean atTheEnd) {
    if (!follow) {
      return watchdog.leftToRead();
    }
    return atTheEnd ? watchdog.leftAtTheEnd(endedNanos, log.size()) : watchdog.leftToFollow();
  }

  private void saveMarkFromTimeToTime() throws IOException {
    long now = timer.nanos();
    if (now - lastMarkNanos > LogTimes.MARK_INTERVAL.toNanos()) {
      log.saveMark();
      lastMarkNanos = now;
    }
  }

  private static Duration min(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }
}
