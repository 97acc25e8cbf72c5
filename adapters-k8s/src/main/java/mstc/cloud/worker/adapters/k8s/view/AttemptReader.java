package mstc.cloud.worker.adapters.k8s.view;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.Executor;
import mstc.cloud.worker.adapters.k8s.cluster.Timer;
import mstc.cloud.worker.adapters.k8s.log.LogSource;
import mstc.cloud.worker.adapters.k8s.log.LogSource.Container;
import mstc.cloud.worker.adapters.k8s.log.LogStream;
import mstc.cloud.worker.adapters.k8s.log.LogTimes;
import mstc.cloud.worker.adapters.k8s.log.SilenceWatchdog;
import mstc.cloud.worker.adapters.k8s.log.ViewedLog;
import mstc.cloud.worker.adapters.k8s.log.ViewedPosition;
import org.jspecify.annotations.Nullable;

/**
 * Reads the log of one container for one viewer, through a stream of its own. It never waits: each
 * step does what can be done at once. What is not read stays with the kubelet.
 */
final class AttemptReader implements AutoCloseable {
  private static final int BUFFER_BYTES = 16 * 1024;

  /** How long a part of a line waits for the rest, which normally follows at once. */
  private static final Duration REST_OF_LINE = Duration.ofMillis(200);

  /** How long a log is requested that cannot be read, such as that of a node that restarts. */
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /** The same for a viewer who wants to have what is there, and can come again. */
  private static final Duration SHORT_PATIENCE = Duration.ofSeconds(5);

  /** What came of a step. */
  sealed interface Step {
    /** The log continues. */
    record Next(ViewedLog.Given given) implements Step {}

    /** Nothing for now; to be repeated when it is woken, or after that time. */
    record Later(Duration atMost) implements Step {}

    /** All of it was given. */
    record Done() implements Step {}
  }

  private final LogSource source;
  private final Container container;
  private final ViewedLog log;
  private final boolean follow;
  private final Timer timer;
  private final Executor threads;
  private final RotationLook rotation;

  private volatile @Nullable OpeningStream opening;
  private volatile boolean closed;
  private boolean following;
  private boolean followedToTheEnd;
  private boolean done;
  private long bytes;
  private long endedNanos;
  private boolean endIsKnown;
  private long partSinceNanos;
  private SilenceWatchdog watchdog;
  private long openAgainNanos;
  private boolean pausesUntilEnd;
  private long failingSinceNanos;
  private Duration pause = LogTimes.FIRST_PAUSE;
  private boolean failing;

  /**
   * @param after up to where it was given before
   * @param startedAt when the container started
   * @param timer woken when there is something to do
   */
  AttemptReader(
      LogSource source,
      Container container,
      Optional<ViewedPosition> after,
      Instant startedAt,
      boolean follow,
      Timer timer,
      Executor threads) {
    this.source = source;
    this.container = container;
    this.log = new ViewedLog(after, startedAt);
    this.follow = follow;
    this.timer = timer;
    this.threads = threads;
    this.openAgainNanos = timer.nanos();
    this.watchdog = new SilenceWatchdog(timer);
    this.rotation = new RotationLook(source, container, timer, threads);
  }

  /**
   * Does what can be done now.
   *
   * @param ended whether the container writes nothing more
   * @throws LogSource.GoneException if the pod is gone, and not all of it was read
   * @throws IOException if it cannot be read, and could not be for a while
   */
  Step step(boolean ended) throws IOException {
    if (ended && !endIsKnown) {
      endIsKnown = true;
      endedNanos = timer.nanos();
    }
    if (done) {
      return log.takeAll().<Step>map(Step.Next::new).orElseGet(Step.Done::new);
    }
    try {
      OpeningStream current = opening;
      if (current == null) {
        return openAgain(ended);
      }
      Optional<LogStream> stream = current.stream();
      return stream.isEmpty() ? new Step.Later(LogTimes.RESPONSE) : read(stream.get(), ended);
    } catch (LogSource.GoneException e) {
      if (!followedToTheEnd) {
        throw e;
      }
      done = true;
      return step(ended);
    } catch (IOException e) {
      return failed(e);
    }
  }

  private Step openAgain(boolean ended) {
    long left = openAgainNanos - timer.nanos();
    if (left > 0 && !(ended && pausesUntilEnd)) {
      return new Step.Later(Duration.ofNanos(left));
    }
    pausesUntilEnd = false;
    following = follow && !followedToTheEnd;
    boolean asFollower = following;
    Optional<Instant> since = log.resumeFrom();
    log.beginStream();
    watchdog = new SilenceWatchdog(timer);
    OpeningStream begun =
        OpeningStream.begin(
            () -> asFollower ? source.follow(container, since) : source.read(container, since),
            timer::wake,
            threads);
    opening = begun;
    if (closed) {
      begun.close();
    }
    return new Step.Later(LogTimes.RESPONSE);
  }

  private Step read(LogStream stream, boolean ended) throws IOException {
    byte[] buffer = new byte[BUFFER_BYTES];
    int count = 0;
    while (log.room() >= BUFFER_BYTES) {
      count = stream.read(buffer);
      if (count <= 0) {
        break;
      }
      watchdog.heard();
      partSinceNanos = timer.nanos();
      bytes += count;
      failing = false;
      pause = LogTimes.FIRST_PAUSE;
      log.add(buffer, count);
    }
    if (following && !ended) {
      log.newest().flatMap(newest -> rotation.look(bytes, newest)).ifPresent(log::noteRotation);
    }
    Optional<ViewedLog.Given> lines = log.take();
    if (lines.isEmpty() && log.room() < BUFFER_BYTES) {
      lines = log.takeAll();
    }
    if (lines.isPresent()) {
      // The stream says again that it is over.
      return new Step.Next(lines.get());
    }
    if (count < 0) {
      endOfStream(ended);
      return step(ended);
    }
    return silent(ended);
  }

  private void endOfStream(boolean ended) throws IOException {
    Optional<String> words = log.foreignWords();
    if (words.isPresent()) {
      throw new IOException("the kubelet says: " + words.get());
    }
    closeStream();
    followedToTheEnd |= following && ended;
    if (following) {
      // Read once more: a stream that breaks off may look like one that ended.
      openAgainNanos = timer.nanos() + (ended ? 0 : pause.toNanos());
      pausesUntilEnd = true;
      pause = longer(pause);
    } else {
      // If more than this came last, it came in pieces, and may have broken off between two.
      done = !ended || log.newBytes() <= BUFFER_BYTES;
    }
  }

  private Step silent(boolean ended) throws IOException {
    if (log.hasUnfinishedLine()) {
      Duration left = REST_OF_LINE.minusNanos(timer.nanos() - partSinceNanos);
      return left.isPositive()
          ? new Step.Later(left)
          : log.takeAll().<Step>map(Step.Next::new).orElseGet(() -> new Step.Later(left));
    }
    Duration left = silenceLeft(ended);
    if (left.isPositive()) {
      return new Step.Later(left);
    }
    if (!following) {
      throw new IOException("nothing more came of it, nor its end");
    }
    // The kubelet notices only a second later that nothing more can come, and a broken connection
    // may never be noticed.
    closeStream();
    followedToTheEnd |= ended;
    return openAgain(ended);
  }

  private Duration silenceLeft(boolean ended) {
    if (!following) {
      return watchdog.leftToRead();
    }
    return ended ? watchdog.leftAtTheEnd(endedNanos, bytes) : watchdog.leftToFollow();
  }

  private Step failed(IOException e) throws IOException {
    closeStream();
    long now = timer.nanos();
    if (!failing) {
      failing = true;
      failingSinceNanos = now;
    }
    Duration patience = follow ? PATIENCE : SHORT_PATIENCE;
    if (now - failingSinceNanos >= patience.toNanos()) {
      throw e;
    }
    openAgainNanos = now + pause.toNanos();
    Duration waited = pause;
    pause = longer(pause);
    return new Step.Later(waited);
  }

  private static Duration longer(Duration pause) {
    return min(pause.multipliedBy(2), LogTimes.LONGEST_PAUSE);
  }

  private static Duration min(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }

  private void closeStream() {
    OpeningStream current = opening;
    opening = null;
    if (current != null) {
      current.close();
    }
  }

  /** Frees its stream. Any thread may do so. */
  @Override
  public void close() {
    closed = true;
    OpeningStream current = opening;
    if (current != null) {
      current.close();
    }
  }
}
