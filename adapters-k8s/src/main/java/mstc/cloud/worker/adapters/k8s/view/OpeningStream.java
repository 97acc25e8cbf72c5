package mstc.cloud.worker.adapters.k8s.view;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.ReentrantLock;
import mstc.cloud.worker.adapters.k8s.log.LogStream;
import org.jspecify.annotations.Nullable;

/**
 * A stream that is being opened, on another thread: whoever waits for it may leave at any time, and
 * then it is closed as soon as it is there.
 */
final class OpeningStream implements AutoCloseable {
  /** The call that opens it. */
  interface Call {
    LogStream open() throws IOException;
  }

  private final Call call;
  private final Runnable toWake;
  private final ReentrantLock lock = new ReentrantLock();

  @GuardedBy("lock")
  private @Nullable LogStream stream;

  @GuardedBy("lock")
  private @Nullable IOException failure;

  @GuardedBy("lock")
  private boolean closed;

  private OpeningStream(Call call, Runnable toWake) {
    this.call = call;
    this.toWake = toWake;
  }

  /**
   * Begins to open a stream.
   *
   * @param toWake called when it is open, or cannot be opened, and when something arrives
   */
  static OpeningStream begin(Call call, Runnable toWake, Executor threads) {
    OpeningStream opening = new OpeningStream(call, toWake);
    try {
      threads.execute(opening::open);
    } catch (RejectedExecutionException e) {
      opening.fail(new IOException("the runtime is closed", e));
    }
    return opening;
  }

  private void open() {
    try {
      LogStream opened = call.open();
      opened.onArrival(toWake);
      keepOrClose(opened);
    } catch (IOException e) {
      fail(e);
    } catch (RuntimeException e) {
      fail(new IOException(e.toString(), e));
    }
    toWake.run();
  }

  private void keepOrClose(LogStream opened) {
    lock.lock();
    try {
      if (closed) {
        opened.close();
      } else {
        stream = opened;
      }
    } finally {
      lock.unlock();
    }
  }

  private void fail(IOException e) {
    lock.lock();
    try {
      failure = e;
    } finally {
      lock.unlock();
    }
  }

  /**
   * The stream; empty while it is being opened.
   *
   * @throws IOException if it could not be opened
   */
  Optional<LogStream> stream() throws IOException {
    lock.lock();
    try {
      if (failure != null) {
        throw failure;
      }
      return Optional.ofNullable(stream);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      if (stream != null) {
        stream.close();
      }
    } finally {
      lock.unlock();
    }
  }
}
