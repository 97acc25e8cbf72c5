package mstc.cloud.worker.application.view;

import java.time.Duration;
import java.util.Optional;
import mstc.cloud.worker.application.retry.Backoff;
import mstc.cloud.worker.domain.job.UniqueName;
import mstc.cloud.worker.domain.reply.StoredLog;
import mstc.cloud.worker.domain.runtime.JobRuntimeException;
import mstc.cloud.worker.domain.view.LogReader;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A job's log, read from wherever it is at the moment. What the runtime breaks off is read on from
 * there, and from the store once it is stored.
 */
public final class OpenLog implements LogReader {
  private static final Logger LOG = LoggerFactory.getLogger(OpenLog.class);

  /** How often a log that is not followed is tried again before it counts as failed. */
  private static final int MAX_FAILURES = 3;

  private final LogFinder finder;
  private final UniqueName name;
  private final boolean follow;
  private final Backoff backoff;
  private LogPosition position;
  private Optional<StoredLog> stored = Optional.empty();
  private Optional<String> notice = Optional.empty();
  private int failures;
  private volatile boolean ended;

  /** Where it is read from; null between two attempts. */
  private volatile @Nullable LogReader reader;

  OpenLog(
      LogFinder finder, UniqueName name, LogPosition position, boolean follow, Backoff backoff) {
    this.finder = finder;
    this.name = name;
    this.position = position;
    this.follow = follow;
    this.backoff = backoff;
  }

  void begin(LogFinder.Source.Running running) {
    reader = running.reader();
  }

  /** Leaves out what was read before. */
  void begin(LogFinder.Source.Store store) {
    stored = Optional.of(store.log());
    reader = store.reader();
    if (position.whole()) {
      store.reader().skip(position.bytes());
      position = LogPosition.inStore(position.bytes());
    } else {
      notice = Optional.of("something was missing before; this is the log as it was stored");
      position = LogPosition.inStore(0);
    }
  }

  /** The log that it is read from, if it is in the store by now. */
  public Optional<StoredLog> stored() {
    return stored;
  }

  /** Leaves out so many bytes of a log that is read from the store. */
  public void skip(long bytes) {
    if (!(reader instanceof StoredLogReader log)) {
      throw new IllegalStateException("the log of job " + name + " is not read from the store");
    }
    log.skip(bytes);
    position = LogPosition.inStore(position.bytes() + bytes);
  }

  /**
   * {@inheritDoc}
   *
   * @throws mstc.cloud.worker.domain.PortException when the log cannot be read further
   */
  @Override
  public Result read(Duration atMost) throws InterruptedException {
    long deadline = System.nanoTime() + atMost.toNanos();
    while (!ended) {
      Duration left = Duration.ofNanos(Math.max(0, deadline - System.nanoTime()));
      LogReader current = reader;
      try {
        if (current == null) {
          readOn(left);
        } else {
          return result(current.read(left));
        }
      } catch (JobRuntimeException e) {
        onFailure(e, left);
      }
      if (reader == null && deadline - System.nanoTime() <= 0) {
        return new Result.Nothing();
      }
    }
    return new Result.End();
  }

  private Result result(Result read) {
    return switch (read) {
      case Result.More(Piece piece) -> {
        failures = 0;
        yield new Result.More(counted(piece));
      }
      case Result.Nothing nothing -> nothing;
      case Result.End end -> {
        ended = true;
        yield end;
      }
    };
  }

  private Piece counted(Piece piece) {
    long bytes = position.bytes() + piece.text().length;
    Optional<String> missing = notice.or(piece::notice);
    notice = Optional.empty();
    position =
        stored.isPresent()
            ? LogPosition.inStore(bytes)
            : new LogPosition(
                Optional.of(piece.position()), bytes, position.whole() && piece.notice().isEmpty());
    return new Piece(piece.text(), position.toString(), missing);
  }

  private void readOn(Duration patience) throws InterruptedException {
    switch (finder.find(name, position, follow, patience)) {
      case LogFinder.Source.Running running -> begin(running);
      case LogFinder.Source.Store store -> begin(store);
      case LogFinder.Source.NotNow() -> LOG.debug("job={} has its log in neither place yet", name);
      case LogFinder.Source.Nothing _, LogFinder.Source.Unknown() -> ended = true;
    }
  }

  private void onFailure(JobRuntimeException failure, Duration left) throws InterruptedException {
    failures++;
    if (!failure.isRetryable() || (!follow && failures >= MAX_FAILURES)) {
      throw failure;
    }
    LOG.debug("job={} is read on after: {}", name, failure.getMessage());
    release();
    Duration delay = backoff.delayAfter(failures);
    Thread.sleep(delay.compareTo(left) < 0 ? delay : left);
  }

  @Override
  public void close() {
    ended = true;
    release();
  }

  private void release() {
    LogReader current = reader;
    reader = null;
    if (current != null) {
      current.close();
    }
  }
}
