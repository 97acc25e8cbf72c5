package mstc.cloud.worker.adapters.k8s.log;

import io.fabric8.kubernetes.client.http.AsyncBody;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** A response body, as it arrives. */
final class ArrivingBytes implements LogStream, AsyncBody.Consumer<List<ByteBuffer>> {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition arrival = lock.newCondition();
  private final Queue<ByteBuffer> arrived = new ArrayDeque<>();
  private @Nullable AsyncBody body;
  private boolean asked;
  private boolean over;
  private @Nullable Throwable failure;

  private volatile Runnable onArrival = () -> {};

  @Override
  public void onArrival(Runnable toCall) {
    onArrival = toCall;
  }

  /** The response has begun. */
  void begin(AsyncBody response) {
    lock.lock();
    try {
      body = response;
    } finally {
      lock.unlock();
    }
    var _ =
        response
            .done()
            .whenComplete((done, broken) -> {
              lock.lock();
              try {
                over = true;
                failure = broken;
                arrival.signalAll();
              } finally {
                lock.unlock();
              }
              onArrival.run();
            });
  }

  @Override
  public void consume(List<ByteBuffer> bytes, AsyncBody from) {
    lock.lock();
    try {
      asked = false;
      arrived.addAll(bytes);
      arrival.signalAll();
    } finally {
      lock.unlock();
    }
    onArrival.run();
  }

  @Override
  public int read(byte[] into) throws IOException {
    lock.lock();
    try {
      int count = take(into);
      if (arrived.isEmpty() && !over && !asked && body != null) {
        asked = true;
        // Bytes may arrive at once, on this thread.
        body.consume();
        count += count == 0 ? take(into) : 0;
      }
      if (count == 0 && over) {
        if (failure != null) {
          throw new IOException("the stream broke off: " + failure, failure);
        }
        return -1;
      }
      return count;
    } finally {
      lock.unlock();
    }
  }

  private int take(byte[] into) {
    int count = 0;
    while (count < into.length && !arrived.isEmpty()) {
      ByteBuffer next = arrived.element();
      int length = Math.min(next.remaining(), into.length - count);
      next.get(into, count, length);
      count += length;
      if (!next.hasRemaining()) {
        arrived.remove();
      }
    }
    return count;
  }

  /**
   * Reads that many bytes, or to the end.
   *
   * @throws IOException also when that takes too long
   */
  byte[] readNBytes(int length, Duration atMost) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    byte[] buffer = new byte[length];
    long left = atMost.toNanos();
    lock.lock();
    try {
      while (bytes.size() < length) {
        int count = read(buffer);
        if (count < 0) {
          break;
        }
        bytes.write(buffer, 0, Math.min(count, length - bytes.size()));
        if (count == 0) {
          if (left <= 0) {
            throw new IOException("the rest of a response did not come within " + atMost);
          }
          left = arrival.awaitNanos(left);
        }
      }
      return bytes.toByteArray();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw (IOException) new InterruptedIOException("interrupted").initCause(e);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    AsyncBody open;
    lock.lock();
    try {
      open = body;
    } finally {
      lock.unlock();
    }
    if (open != null) {
      open.cancel();
    }
  }
}
