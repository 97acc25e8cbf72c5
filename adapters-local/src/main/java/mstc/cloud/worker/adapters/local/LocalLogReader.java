package mstc.cloud.worker.adapters.local;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import mstc.cloud.worker.domain.view.LogReader;

/** Reads the file that a job's processes write. It holds nothing open between two reads. */
final class LocalLogReader implements LogReader {
  /** Nothing tells when a file grows. */
  private static final Duration LOOK_AGAIN = Duration.ofMillis(100);

  private final LocalJob job;
  private final boolean follow;
  private final long until;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition closing = lock.newCondition();
  private long position;
  private volatile boolean closed;

  private LocalLogReader(LocalJob job, long position, boolean follow, long until) {
    this.job = job;
    this.position = position;
    this.follow = follow;
    this.until = until;
  }

  static LocalLogReader open(LocalJob job, long position, boolean follow) {
    try {
      // More than any log has, and so little that it can be added to.
      long end = follow ? Long.MAX_VALUE / 2 : job.log().end();
      return new LocalLogReader(job, position, follow, end);
    } catch (IOException e) {
      throw failure(job, e);
    }
  }

  /**
   * Parses a position.
   *
   * @throws IllegalArgumentException if it is none
   */
  static long position(Optional<String> after) {
    String text = after.orElse("0");
    // Eighteen digits always fit.
    if (!text.matches("[0-9]{1,18}")) {
      throw new IllegalArgumentException("\"" + text + "\" is no position in a log");
    }
    return Long.parseLong(text);
  }

  private static RuntimeException failure(LocalJob job, IOException e) {
    return FileFailures.of("the log of job " + job.name(), e);
  }

  @Override
  public Result read(Duration atMost) throws InterruptedException {
    long deadline = System.nanoTime() + atMost.toNanos();
    while (!closed) {
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
      // First this: what is written until then is read below.
      boolean isOver = !follow || job.look().isLogOver();
      Optional<Piece> piece = next();
      if (piece.isPresent()) {
        position = Long.parseLong(piece.get().position());
        return new Result.More(piece.get());
      }
      if (isOver) {
        break;
      }
      long left = deadline - System.nanoTime();
      if (left <= 0) {
        return new Result.Nothing();
      }
      rest(Math.min(left, LOOK_AGAIN.toNanos()));
    }
    return new Result.End();
  }

  private Optional<Piece> next() throws InterruptedException {
    try {
      return job.log().read(position, until);
    } catch (ClosedByInterruptException e) {
      boolean _ = Thread.interrupted();
      throw (InterruptedException) new InterruptedException().initCause(e);
    } catch (IOException e) {
      throw failure(job, e);
    }
  }

  private void rest(long nanos) throws InterruptedException {
    long left = nanos;
    lock.lockInterruptibly();
    try {
      while (!closed && left > 0) {
        left = closing.awaitNanos(left);
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      closing.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
