package mstc.cloud.worker.testkit.runtime;

import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import mstc.cloud.worker.domain.runtime.JobRuntimeException;
import mstc.cloud.worker.domain.view.LogReader;

/** What a job writes, for any number of readers. A position is a number of bytes. */
final class InMemoryLog {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private byte[] written = {};
  private int dropped;
  private boolean ended;

  void append(byte[] bytes) {
    change(() -> {
      int before = written.length;
      written = Arrays.copyOf(written, before + bytes.length);
      System.arraycopy(bytes, 0, written, before, bytes.length);
    });
  }

  /** Nothing more is written. */
  void end() {
    change(() -> ended = true);
  }

  /** Readers who come later do not get so many bytes, and are told so. */
  void dropBeginning(int bytes) {
    change(() -> dropped = Math.min(bytes, written.length));
  }

  /** What readers depend on may have changed. */
  void wake() {
    change(() -> {});
  }

  byte[] bytes() {
    lock.lock();
    try {
      return written.clone();
    } finally {
      lock.unlock();
    }
  }

  private void change(Runnable change) {
    lock.lock();
    try {
      change.run();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Opens it.
   *
   * @param isReachable whether it can still be read
   */
  LogReader open(Optional<String> after, boolean follow, BooleanSupplier isReachable) {
    return new Reader(after.map(InMemoryLog::parse).orElse(0), follow, isReachable);
  }

  private static int parse(String position) {
    int parsed = Integer.parseInt(position);
    if (parsed < 0) {
      throw new IllegalArgumentException("no position of a log: " + position);
    }
    return parsed;
  }

  private final class Reader implements LogReader {
    private final boolean follow;
    private final BooleanSupplier isReachable;
    private int position;
    private boolean closed;

    Reader(int position, boolean follow, BooleanSupplier isReachable) {
      this.position = position;
      this.follow = follow;
      this.isReachable = isReachable;
    }

    @Override
    public Result read(Duration atMost) throws InterruptedException {
      lock.lockInterruptibly();
      try {
        long left = atMost.toNanos();
        while (true) {
          if (closed) {
            return new Result.End();
          }
          if (!isReachable.getAsBoolean()) {
            throw JobRuntimeException.retryable("the log cannot be read, the test says", null);
          }
          if (position < written.length) {
            return new Result.More(next());
          }
          if (ended || !follow) {
            return new Result.End();
          }
          if (left <= 0) {
            return new Result.Nothing();
          }
          left = changed.awaitNanos(left);
        }
      } finally {
        lock.unlock();
      }
    }

    private Piece next() {
      Optional<String> notice =
          position < dropped
              ? Optional.of("%d bytes are no longer there".formatted(dropped - position))
              : Optional.empty();
      int from = Math.max(position, dropped);
      int until = Math.min(written.length, from + Piece.MAX_BYTES);
      if (until < written.length) {
        until = endOfLines(from, until);
      }
      position = until;
      return new Piece(
          Arrays.copyOfRange(written, from, until), Integer.toString(position), notice);
    }

    private int endOfLines(int from, int until) {
      int end = until;
      while (end > from && written[end - 1] != '\n') {
        end--;
      }
      return end == from ? until : end;
    }

    @Override
    public void close() {
      change(() -> closed = true);
    }
  }
}
