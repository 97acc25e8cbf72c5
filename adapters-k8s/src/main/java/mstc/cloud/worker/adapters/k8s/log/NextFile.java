package mstc.cloud.worker.adapters.k8s.log;

import java.io.IOException;
import java.time.Instant;
import java.util.Optional;
import mstc.cloud.worker.adapters.k8s.cluster.Timer;
import mstc.cloud.worker.adapters.k8s.log.LogSource.Container;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The file after one that was rotated, for as long as that is still being read. On a machine with
 * much to do this may take until the next rotation. So the next file is followed from the start,
 * and pinned anew as it grows, before anybody reads it.
 *
 * <p>Only used by the thread that reads the log.
 */
final class NextFile implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(NextFile.class);

  private final LogSource source;
  private final Container container;
  private final Timer timer;
  private final Instant rotatedAfter;

  private Optional<Instant> begins;
  private Instant askedAt;
  private Instant followedAt = Instant.MIN;
  private Optional<LogStream> followed = Optional.empty();
  private Optional<Pin> pinned = Optional.empty();
  private long lookedNanos;
  private boolean over;

  /**
   * @param begins the time of its first line; empty if it has none yet
   * @param askedAt when that was asked
   * @param rotatedAfter when the file before it was still the newest
   */
  NextFile(
      LogSource source,
      Container container,
      Timer timer,
      Optional<Instant> begins,
      Instant askedAt,
      Instant rotatedAfter) {
    this.source = source;
    this.container = container;
    this.timer = timer;
    this.begins = begins;
    this.askedAt = askedAt;
    this.rotatedAfter = rotatedAfter;
    lookedNanos = timer.nanos();
  }

  /** Opens a stream of it, if that is possible now. */
  void follow() {
    try {
      followed = Optional.of(source.follow(container, Optional.empty()));
      followedAt = timer.now();
    } catch (IOException e) {
      LOG.debug("pod={} its next file is not followed: {}", container.pod(), e.toString());
    }
  }

  /** Pins it anew if it is time for that and it is still the newest. May be called all the time. */
  void look() {
    if (over || timer.nanos() - lookedNanos < LogTimes.ROTATION_LOOK.toNanos()) {
      return;
    }
    lookedNanos = timer.nanos();
    try {
      pin();
    } catch (IOException e) {
      LOG.debug("pod={} its next file is not pinned: {}", container.pod(), e.toString());
    }
  }

  private void pin() throws IOException {
    Pin opened = Pin.open(source, container, timer, false);
    boolean ofThisFile = false;
    try {
      ofThisFile = isStillTheNewest();
    } finally {
      if (!ofThisFile) {
        opened.close();
      }
    }
    if (ofThisFile) {
      takePinned().ifPresent(Pin::close);
      pinned = Optional.of(opened);
    }
  }

  /** Whether it has a first line, and no other file is known to be newer. */
  private boolean isStillTheNewest() throws IOException {
    Instant now = timer.now();
    Optional<Instant> newest = source.newestFileBegins(container);
    if (begins.isEmpty()) {
      if (!timer.now().isBefore(rotatedAfter.plus(LogTimes.ONE_ROTATION))) {
        over = true;
        return false;
      }
      begins = newest;
    }
    over = !newest.equals(begins);
    if (!over) {
      askedAt = now;
    }
    return begins.isPresent() && !over;
  }

  /** The time of its first line; empty if none is known. */
  Optional<Instant> begins() {
    return begins;
  }

  /** When it was the newest and began with that. */
  Instant askedAt() {
    return askedAt;
  }

  boolean isFollowed() {
    return followed.isPresent();
  }

  /** When its stream was open. */
  Instant followedAt() {
    return followedAt;
  }

  /** Gives away the stream that follows it. */
  Optional<LogStream> takeFollowed() {
    Optional<LogStream> taken = followed;
    followed = Optional.empty();
    return taken;
  }

  /** Gives away what is pinned of it. */
  Optional<Pin> takePinned() {
    Optional<Pin> taken = pinned;
    pinned = Optional.empty();
    return taken;
  }

  @Override
  public void close() {
    takeFollowed().ifPresent(LogStream::close);
    takePinned().ifPresent(Pin::close);
  }
}
